"""Where pytest has its root: what is said here is what pytest itself finds."""

import tempfile
from pathlib import Path

from _pytest.config.findpaths import determine_setup
from hypothesis import given, settings
from hypothesis import strategies as st

from canonry.source.pytest_root import pytest_root
from canonry.source.pytest_settings import read_pytest_values

FILES = {
    "pytest.toml": ("", "[pytest]\nxfail_strict = true\n"),
    "pytest.ini": ("", "[pytest]\naddopts = -q\n"),
    "pyproject.toml": ("[project]\nname = 'a'\n", "[tool.pytest.ini_options]\n", "[tool.pytest]\naddopts = ['-q']\n"),
    "tox.ini": ("[tox]\n", "[pytest]\n"),
    "setup.cfg": ("[metadata]\n", "[tool:pytest]\n"),
    "setup.py": ("",),
}
FOLDERS = ("", "a", "a/b", "c", "c/d")
PLACES = (*FOLDERS, "a/b/test_a.py", "c/test_c.py", "gone")

trees = st.dictionaries(
    st.tuples(
        st.sampled_from(FOLDERS), st.sampled_from([(name, text) for name, texts in FILES.items() for text in texts])
    ),
    st.none(),
    max_size=4,
)


@settings(max_examples=150, deadline=None)
@given(tree=trees, here=st.sampled_from(FOLDERS), named=st.lists(st.sampled_from(PLACES), max_size=3))
def test_the_root_is_pytests_own(tree: dict[tuple[str, tuple[str, str]], None], here: str, named: list[str]) -> None:
    with tempfile.TemporaryDirectory() as place:
        top = Path(place).resolve()
        for folder in FOLDERS:
            (top / folder).mkdir(exist_ok=True)
        for path in ("a/b/test_a.py", "c/test_c.py"):
            (top / path).write_text("")
        for folder, (name, text) in tree:
            (top / folder / name).write_text(text)
        paths = [top / each for each in named]
        root, file, *_ = determine_setup(
            inifile=None,
            override_ini=None,
            args=[str(each) for each in paths],
            rootdir_cmd_arg=None,
            invocation_dir=top / here,
        )
        found = pytest_root(top / here, paths)

        assert found == root if found is not None else not file
        if found is not None and file is not None:
            said = read_pytest_values(lambda name: (found / name).read_bytes() if (found / name).is_file() else None)[1]
            assert said == file.name or file.name == "pyproject.toml"
