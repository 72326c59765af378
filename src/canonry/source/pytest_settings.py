"""What the repository tells pytest about its tests: file, class and function patterns, asyncio mode, import roots."""

import configparser
import fnmatch
import re
import shlex
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import msgspec

_BEGINNING = re.compile(r"(?:=|\[|,|^)\s*[\"']?(\w+)")
_FILES = ("test_*.py", "*_test.py")
_FILES_WITHOUT_PYTEST = (*_FILES, "tests.py")  # what unittest's and Django's discovery find besides


class PytestSettings(msgspec.Struct, frozen=True):
    """Patterns as pytest applies them; the defaults are pytest's own."""

    files: tuple[str, ...] = _FILES
    classes: tuple[str, ...] = ("Test",)
    functions: tuple[str, ...] = ("test",)
    asyncio_mode: str = "strict"
    pythonpath: tuple[str, ...] = ()
    source: str = ""
    markers: tuple[tuple[str, int], ...] = ()
    """The registered markers, each with its line in ``source``."""
    testpaths: tuple[str, ...] = ()
    """Where pytest collects when it is called without arguments, as declared."""

    def is_test_path(self, path: str) -> bool:
        """Whether a file at this path is collected; a pattern with a ``/`` is matched against the end of the path."""
        return _names(self.files, path)

    def is_usual_test_path(self, path: str) -> bool:
        """Whether a file at this path is named as test files are without any configuration."""
        return _names(_FILES, path)

    def is_test_class(self, name: str) -> bool:
        """Whether a class of this name is collected (unless unittest's rules apply)."""
        return _matches(name, self.classes)

    def is_test_function(self, name: str) -> bool:
        """Whether a function of this name is collected."""
        return _matches(name, self.functions)


def _names(patterns: tuple[str, ...], path: str) -> bool:
    name = path.rpartition("/")[2]
    return any(
        fnmatch.fnmatchcase(f"/{path}", f"*/{pattern}") if "/" in pattern else fnmatch.fnmatchcase(name, pattern)
        for pattern in patterns
    )


@lru_cache(maxsize=200_000)
def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(name.startswith(p) or ("*" in p and fnmatch.fnmatchcase(name, p)) for p in patterns)


def read_pytest_settings(read: Callable[[str], bytes | None]) -> PytestSettings:
    """The settings at the root, from the first of the files that pytest looks at. Unreadable ones count as absent."""
    values, name = read_pytest_values(read)
    return _settings(values, name, read(name) or b"") if name else PytestSettings(files=_FILES_WITHOUT_PYTEST)


def read_pytest_values(read: Callable[[str], bytes | None]) -> tuple[dict[str, Any], str]:
    """The raw settings with the file that holds them; the file is empty where there are none.

    Source of the order, and of what each file has to hold to count: `CONFIG_LOADERS_BY_NAME` of pytest 9.
    """
    for name in ("pytest.toml", ".pytest.toml"):
        content = read(name)
        if content is not None:
            values = _toml(content, "pytest")
            return (values if isinstance(values, dict) else {}), name
    for name in ("pytest.ini", ".pytest.ini"):
        content = read(name)
        if content is not None:
            return _ini(content, "pytest") or {}, name
    found = _pyproject(read("pyproject.toml"))
    if found is not None:
        return found, "pyproject.toml"
    for name, section in (("tox.ini", "pytest"), ("setup.cfg", "tool:pytest")):
        found = _ini(read(name), section)
        if found is not None:
            return found, name
    return {}, ""


def _ini(content: bytes | None, section: str) -> dict[str, Any] | None:
    if content is None:
        return None
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(content.decode("utf-8", "replace"))
    except configparser.Error:
        return None
    return dict(parser[section]) if parser.has_section(section) else None


def _pyproject(content: bytes | None) -> dict[str, Any] | None:
    if content is None or b"pytest" not in content:
        return None
    table = _toml(content, "tool", "pytest")
    if not isinstance(table, dict):
        return None
    options = table.get("ini_options", table or None)
    return options if isinstance(options, dict) else None


def _toml(content: bytes, *keys: str) -> object:
    import tomllib

    try:
        found: object = tomllib.loads(content.decode("utf-8", "replace"))
    except tomllib.TOMLDecodeError:
        return None
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found


def _settings(values: dict[str, Any], source: str, content: bytes) -> PytestSettings:
    def listed(key: str, default: tuple[str, ...]) -> tuple[str, ...]:
        value = values.get(key)
        if isinstance(value, list):
            return tuple(str(each) for each in value) or default
        if isinstance(value, str):
            without_comments = re.sub(r"(?m)\s#.*$", "", value)
            try:
                return tuple(shlex.split(without_comments)) or default
            except ValueError:
                return tuple(without_comments.split()) or default
        return default

    mode = str(values.get("asyncio_mode", "strict")).strip()
    addopts = values.get("addopts", "")
    if str(values.get("anyio_mode", "")).strip() == "auto" or str(values.get("trio_mode", "")).lower() == "true":
        mode = "auto"
    if "asyncio-mode=auto" in (" ".join(map(str, addopts)) if isinstance(addopts, list) else str(addopts)):
        mode = "auto"
    return PytestSettings(
        listed("python_files", _FILES),
        listed("python_classes", ("Test",)),
        listed("python_functions", ("test",)),
        mode,
        listed("pythonpath", ()),
        source,
        _markers(values.get("markers"), content),
        listed("testpaths", ()),
    )


def _markers(value: object, content: bytes) -> tuple[tuple[str, int], ...]:
    """The names of the registered markers, in order, each with the line that registers it."""
    entries = value.splitlines() if isinstance(value, str) else value if isinstance(value, list) else []
    names = [re.split(r"[:(]", str(entry), maxsplit=1)[0].strip() for entry in entries]
    lines = content.decode("utf-8", "replace").splitlines()
    start = next((number for number, line in enumerate(lines) if re.match(r"\s*\"?markers\"?\s*=", line)), 0)
    places: dict[str, int] = {}
    for number in range(start, len(lines)):
        for word in _BEGINNING.findall(lines[number]):
            places.setdefault(word, number)
    found = {name: places.get(name, start) + 1 for name in names if name.isidentifier()}
    return tuple(found.items())
