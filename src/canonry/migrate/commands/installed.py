"""Whether a tree declares a package among what it installs: requirements, build metadata, environments."""

import configparser
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator

_FILES = re.compile(
    r"(?:.*/)?(?:(?:[\w.-]*requirements?[\w.-]*|constraints?|deps|test|tests|dev|ci|all|base)\.(?:txt|in)"
    r"|setup\.cfg|environment[\w.-]*\.ya?ml|Pipfile|pixi\.toml|tox\.ini|pyproject\.toml)"
)
_USUAL = (
    "pyproject.toml setup.cfg Pipfile pixi.toml environment.yml environment.yaml tox.ini requirements.txt"
    " requirements.in requirements-dev.txt requirements-dev.in requirements-test.txt requirements-tests.txt"
    " requirements_dev.txt requirements_test.txt dev-requirements.txt test-requirements.txt constraints.txt"
    " requirements/dev.txt requirements/dev.in requirements/test.txt requirements/test.in requirements/tests.txt"
    " requirements/ci.txt requirements/all.txt requirements/base.txt requirements/requirements.txt"
).split()
"""Asked for by name: a listing of a tree holds only what canonry reads."""
_LARGEST = 1_000_000
_ASKING = frozenset("deps requires install_requires tests_require setup_requires".split())
"""Keys of `tox.ini` and `setup.cfg` that hold requirements."""


def declares(paths: Iterable[str], read: Callable[[str], bytes | None], package: str) -> bool:
    """Whether a file of requirements, ``pyproject.toml`` or another file of that kind asks for a package by name."""
    line = re.compile(rf"(?mi)^[ \t\-\"']*{re.escape(package)}(?=[ \t]*(?:$|[\"'#,;\[<>=!~@]))")
    for path in dict.fromkeys((*_USUAL, *filter(_FILES.fullmatch, paths))):
        content = read(path)
        if content is None or len(content) > _LARGEST or package.encode() not in content.lower():
            continue
        text = content.decode("utf-8", "replace")
        if path.endswith((".toml", "Pipfile")):
            if any(_asks(text_of, package) for text_of in _requirements(text)):
                return True
        elif path.endswith((".ini", ".cfg")):
            if any(_asks(each, package) for each in _of_ini(text)):
                return True
        elif line.search(text):
            return True
    return False


def installs(text: str, package: str) -> bool:
    """Whether a script or configuration installs a package by a command or a key of its own."""
    return (
        re.search(
            rf"(?:\b(?:install|add|sync|deps|--with)\b[^\n]*?|^\s*(?:-\s*)?)(?<![\w./-]){package}\b(?!\s+run)",
            text,
            re.MULTILINE,
        )
        is not None
    )


def _requirements(text: str) -> Iterator[str]:
    """The requirements of a TOML file, wherever it keeps them: strings in lists, and keys of tables of dependencies."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    tool = table.pop("tool", {})
    yield from _strings(table)
    for name in ("poetry", "pdm", "uv", "hatch", "pixi", "flit", "rye"):
        yield from _strings(tool.get(name, {}) if isinstance(tool, dict) else {})


def _of_ini(text: str) -> Iterator[str]:
    """The requirements of a `tox.ini` or `setup.cfg`: those of some keys, for commands name programs in lines, too."""
    parser = configparser.ConfigParser(strict=False, interpolation=None, allow_no_value=True)
    try:
        parser.read_string(text)
    except configparser.Error:
        return
    for section in parser.sections():
        for key, value in parser.items(section):
            if key in _ASKING or section.endswith("extras_require"):
                yield from (re.sub(r"^[\w,!-]+:\s+", "", line.strip()) for line in (value or "").splitlines())


def _strings(value: object, *, key: str = "") -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _strings(each)
    elif isinstance(value, dict):
        if re.search(r"dependenc|packages", key):
            yield from (name for name in value if isinstance(name, str))
        for name, each in value.items():
            yield from _strings(each, key=f"{key}.{name}")


def _asks(requirement: str, package: str) -> bool:
    return re.match(rf"(?i)\s*{re.escape(package)}\s*(?:$|[#\[<>=!~;@])", requirement) is not None
