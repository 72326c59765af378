"""A value that is read from the environment and put back is a restore, however `os` was imported."""

from pathlib import Path

import pytest

from canonry.source.python.extract import extract
from canonry.source.python.walk import Walk
from tests.workbench import ROOT

TARGET = (3, 11)
PUT_BACK = [
    ("import os\nold = os.environ['A']\nos.environ['A'] = old\n", ["read", "restore"]),
    ("import os as system\nold = system.environ.get('A')\nsystem.environ['A'] = old\n", ["read", "restore"]),
    ("import os.path\nold = os.getenv('A')\nos.environ['A'] = old\n", ["read", "restore"]),
    ("import sys, os\nold = os.environ.copy()\nos.environ['A'] = old\n", ["read", "restore"]),
    ("from os import environ as e, getenv as g\nold = g('A')\ne['A'] = old\n", ["read", "restore"]),
    ("def f():\n    import os\n    old = os.environ['A']\n    os.environ['A'] = old\n", ["read", "restore"]),
    (
        "try:\n    import os\nexcept ImportError:\n    pass\nold = os.environ['A']\nos.environ['A'] = old\n",
        ["read", "restore"],
    ),
    ("if x:\n    from os import environb\nold = environb[b'A']\nenvironb[b'A'] = old\n", []),
    ("import os\nold = 'a'\nos.environ['A'] = old\n", ["write"]),
    ("import os.path as p\nold = p.environ['A']\np.environ['A'] = old\n", []),
    ("from mine import os\nold = os.environ['A']\nos.environ['A'] = old\n", []),
    ("from .os import environ\nold = environ['A']\nenviron['A'] = old\n", []),
    ("old = os.environ['A']\nos.environ['A'] = old\n", []),
]


@pytest.mark.parametrize(("source", "kinds"), PUT_BACK)
def test_what_was_read_is_put_back(source: str, kinds: list[str]) -> None:
    facts = extract(source.encode(), TARGET)

    assert [use.kind for use in sorted(facts.environment, key=lambda use: use.site.line)] == kinds


@pytest.mark.parametrize("folder", ["src/canonry/source", "src/canonry/audit", "tests/source", "demo", "benchmarks"])
def test_looking_only_where_os_is_imported_loses_nothing(monkeypatch: pytest.MonkeyPatch, folder: str) -> None:
    contents = [file.read_bytes() for file in sorted(Path(ROOT, folder).rglob("*.py"))]
    contents += [source.encode() for source, _ in PUT_BACK]
    found = [extract(content, TARGET) for content in contents]
    monkeypatch.setattr(Walk, "_imports_os", property(lambda _walk: True, lambda _walk, _value: None), raising=False)

    assert found == [extract(content, TARGET) for content in contents]
