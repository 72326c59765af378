"""One violation of a rule, made for a tree: from the rule's own examples, or from what the tree's canon declares."""

from collections.abc import Callable, Iterator

from canonry.canon.options import Canon, Mocks
from canonry.rules.rule import Example, Rule

Plant = dict[str, bytes]
"""Files to add, by path."""

_CANON = frozenset(("canonry.toml", "pyproject.toml", "pytest.ini", "setup.cfg", "tox.ini"))
_IDLE = "def test_planted():\n    assert sum([1, 2]) == 3\n"
_MOCKED = "from unittest.mock import Mock\n\n\ndef test_planted():\n    assert Mock().total() is not None\n"


def plants(rule: Rule, canon: Canon, exists: Callable[[str], bool]) -> Iterator[Plant]:
    """Ways to break a rule in a tree, the likeliest first; each only adds files."""
    if (made := _MAKERS.get(rule.code)) is not None:
        yield from made(canon)
    for example in rule.bad:
        files = {**example.files, example.path: example.code}
        if example.canon or example.before or _CANON & files.keys() or any(map(exists, files)):
            continue
        yield {path: text.encode() for path, text in files.items()}
    for example in rule.bad:
        yield from _elsewhere(example, canon)


def _elsewhere(example: Example, canon: Canon) -> Iterator[Plant]:
    """An example of one Python file, under a name that is free, where this tree keeps its tests."""
    if example.canon or example.before or example.files or not example.path.endswith(".py"):
        return
    folder = next((each.strip("./").rstrip("/") for each in canon.tests or () if "*" not in each), "tests")
    yield {f"{folder}/test_canonry_planted.py": example.code.encode()}


def _second_home(canon: Canon) -> Iterator[Plant]:
    for symbol in canon.canon.symbols:
        text = f"class {symbol.name}:\n    def planted(self):\n        return 1\n"
        yield {"canonry_planted.py": text.encode()}


def _two_doubles(_canon: Canon) -> Iterator[Plant]:
    text = "class FakePlanted:\n    def send(self):\n        return {}\n\n    def receive(self):\n        return {}\n"
    yield {f"canonry_planted_{number}.py": text.format(number, number).encode() for number in (1, 2)}


def _old_path(canon: Canon) -> Iterator[Plant]:
    for symbol in canon.canon.symbols:
        for alias in symbol.aliases:
            module, dot, name = alias.rpartition(".")
            if dot:
                yield {"canonry_planted.py": f"from {module} import {name}\n\n{name}\n".encode()}


def _real_service(canon: Canon) -> Iterator[Plant]:
    for category in canon.categories.values():
        if category.mocks is Mocks.FORBIDDEN:
            for path in category.paths:
                if "*" not in path and not path.endswith(".py"):
                    yield {f"{path.rstrip('/')}/test_canonry_planted.py": _MOCKED.encode()}


def _unchecked_flow(canon: Canon) -> Iterator[Plant]:
    for flow in canon.flows.values():
        if flow.contract:
            for path in flow.tests:
                if "*" not in path and not path.endswith(".py"):
                    yield {f"{path.rstrip('/')}/test_canonry_planted.py": _IDLE.encode()}


def _uncategorised(canon: Canon) -> Iterator[Plant]:
    if canon.categories:
        folder = next((each.strip("./").rstrip("/") for each in canon.tests or () if "*" not in each), "tests")
        yield {f"{folder}/canonry_planted/test_canonry_planted.py": _IDLE.encode()}


def _new_exemption(canon: Canon) -> Iterator[Plant]:
    text = "import pytest\n\npytest.main([])  # canonry: ignore[RUN001] planted to see whether anybody notices\n"
    yield {"canonry_planted.py": text.encode()}


_MAKERS: dict[str, Callable[[Canon], Iterator[Plant]]] = {
    "DUP001": _second_home,
    "DUP002": _two_doubles,
    "IMP003": _old_path,
    "MCK002": _real_service,
    "FLW001": _unchecked_flow,
    "CAT002": _uncategorised,
    "GOV004": _new_exemption,
}
