"""Judgements of single files are kept, and used only while everything that they looked at is unchanged."""

import random
import sqlite3
from functools import cached_property
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from canonry.canon.options import Canon
from canonry.rules.view import FileView, Project
from canonry.source.index import Index
from canonry.source.pytest_settings import PytestSettings
from demo.make_repository import make_repository
from tests.workbench import Folder, builtins, facts_of

CASES = "import unittest\n\nclass ShopCase(unittest.TestCase):\n    def check(self, value):\n        assert value\n"
USER = (
    "from tests.cases import ShopCase\n\nclass TestTotal(ShopCase):\n    def test_total(self):\n        self.check(3)\n"
)
HELPER = "from tests.deep import look\n\ndef check_total(value):\n    look(value)\n"
DEEP = "def look(value):\n    assert value\n"
CALLER = "from tests.steps import check_total\n\ndef test_total():\n    check_total(3)\n"
CALLERS = {"tests/test_caller.py", "tests/test_second_caller.py"}
USERS = {"tests/test_user.py", "tests/test_second_user.py"}


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths that are judged anew."""
    paths: list[str] = []
    original = FileView.__init__

    def noted(self: FileView, path: str, *arguments: object, **options: object) -> None:
        paths.append(path)
        original(self, path, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(FileView, "__init__", noted)
    return paths


@pytest.fixture
def shop(tmp_path: Path) -> Folder:
    files: dict[str, str | bytes] = {
        "tests/cases.py": CASES,
        "tests/steps.py": HELPER,
        "tests/deep.py": DEEP,
        "tests/__init__.py": "",
        "tests/test_user.py": USER,
        "tests/test_caller.py": CALLER,
        "tests/test_second_caller.py": CALLER,
        "tests/test_second_user.py": USER,
        "tests/test_alone.py": "def test_alone():\n    assert 1 + 1 == 2\n",
        "canonry.toml": "[canon]\nbase-cases = []\n",
    }
    folder = Folder(tmp_path / "shop").start(files)
    folder.audit(cache=True)
    return folder


@pytest.mark.parametrize(
    ("path", "content", "again"),
    [
        pytest.param("tests/test_alone.py", "def test_alone():\n    print(1)\n", {"tests/test_alone.py"}, id="leaf"),
        pytest.param("tests/deep.py", "def look(value):\n    print(value)\n", CALLERS | {"tests/deep.py"}, id="helper"),
        pytest.param("tests/cases.py", CASES.replace("assert", "print"), USERS | {"tests/cases.py"}, id="base"),
    ],
)  # fmt: skip
def test_a_change_is_judged_with_all_that_looked_at_it(
    shop: Folder, judged: list[str], path: str, content: str, again: set[str]
) -> None:
    judged.clear()
    shop.write({path: content})
    kept = shop.audit(cache=True)

    assert again <= set(judged)
    assert "tests/test_alone.py" not in set(judged) - again
    assert builtins(kept) == builtins(shop.audit(cache=False))


def test_a_new_file_changes_what_names_mean(shop: Folder) -> None:
    shop.write({"tests/steps/__init__.py": "def check_total(value):\n    pass\n"})
    (shop.root / "tests/steps.py").unlink()

    assert builtins(shop.audit(cache=True)) == builtins(shop.audit(cache=False))


@pytest.mark.parametrize(
    ("files", "anew"),
    [
        ({"README.md": "shop\n"}, set()),
        ({"tests/test_new.py": "def test_new():\n    assert sum([1]) == 1\n"}, {"tests/test_new.py"}),
        ({"shop/cases.py": "x = 1\n"}, {"shop/cases.py", *USERS}),
        ({"tests/conftest.py": "x = 1\n"}, {"tests/conftest.py", *USERS}),
    ],
)
def test_a_new_name_judges_what_looked_for_it_and_no_other(
    shop: Folder, judged: list[str], files: dict[str, str | bytes], anew: set[str]
) -> None:
    shop.write(files)

    kept = shop.audit(cache=True)
    assert set(judged) == anew
    assert builtins(kept) == builtins(shop.audit(cache=False))


def test_names_that_come_and_go_leave_the_answer_as_a_fresh_one(demo: Folder) -> None:
    paths = sorted(path for path in demo.git("ls-files", "*.py").splitlines() if (demo.root / path).is_file())
    chance = random.Random(7)
    try:
        for path in chance.sample(paths, 5):
            folder, _, name = path.rpartition("/")
            chosen = chance.choice(["gone", "moved", "package"])
            if chosen == "gone":
                (demo.root / path).unlink()
            elif chosen == "moved":
                (demo.root / path).rename(demo.root / folder / f"other_{name}")
            else:
                demo.write({f"{path.removesuffix('.py')}/__init__.py": (demo.root / path).read_bytes()})
            assert builtins(demo.audit(cache=True)) == builtins(demo.audit(cache=False))
    finally:
        demo.git("checkout", "--quiet", ".")
        demo.git("clean", "--quiet", "--force", "-d")


def test_another_canon_judges_anew(shop: Folder, judged: list[str]) -> None:
    judged.clear()
    shop.write({"canonry.toml": "[canon]\nbase-cases = ['tests.cases:ShopCase']\n"})
    kept = shop.audit(cache=True)

    assert "tests/test_user.py" in judged
    assert builtins(kept) == builtins(shop.audit(cache=False))


def test_a_change_of_the_canonical_base_judges_all_anew(shop: Folder) -> None:
    shop.write({"canonry.toml": "[canon]\nbase-cases = ['tests.cases:ShopCase']\n"})
    shop.audit(cache=True)
    shop.write({"tests/cases.py": CASES.replace("ShopCase", "OtherCase")})

    assert builtins(shop.audit(cache=True)) == builtins(shop.audit(cache=False))


def test_damaged_verdicts_are_judged_anew(shop: Folder) -> None:
    with sqlite3.connect(shop.root / ".canonry/cache.db") as connection:
        assert connection.execute("update verdicts set data = x'0102030405' where number > 1").rowcount > 1
    shop.write({"tests/test_alone.py": "def test_alone():\n    print(1)\n"})

    assert builtins(shop.audit(cache=True)) == builtins(shop.audit(cache=False))


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    folder = Folder(make_repository(tmp_path_factory.mktemp("demo") / "shop", files=250).path)
    folder.commit(message="save everything")
    folder.audit(cache=True)
    return folder


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_kept_and_fresh_judgements_are_the_same_whatever_changes(demo: Folder, seed: int) -> None:
    chance = random.Random(seed)
    paths = sorted(path for path in demo.git("ls-files", "*.py").splitlines() if (demo.root / path).is_file())
    for path in chance.sample(paths, 4):
        other = (demo.root / chance.choice(paths)).read_bytes()
        mine = (demo.root / path).read_bytes()
        demo.write(
            {path: chance.choice([other, mine + b"\n", mine[: len(mine) // 2], mine.replace(b"assert", b"print")])}
        )
    try:
        assert builtins(demo.audit(cache=True)) == builtins(demo.audit(cache=False))
    finally:
        demo.git("checkout", "--quiet", ".")


def test_nothing_of_the_project_is_found_out_while_files_are_judged() -> None:
    """What `Project` remembers of the index would be charged to the first file that asks, and to no other."""
    index = Index(["tests/cases.py"], lambda _path: facts_of(CASES))
    project = Project(Canon(), PytestSettings(), index, target=(3, 11), paths=frozenset(("tests/cases.py",)))
    looked_at = index.track()
    lazy = [name for name, value in vars(Project).items() if isinstance(value, cached_property)]
    assert all(getattr(project, name) for name in lazy)
    assert looked_at == set()
