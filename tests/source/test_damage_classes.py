"""What is said of a source that does not parse: one root cause, with the class of damage."""

import time

import pytest

from tests.workbench import SOUND, facts_of

DAMAGE = {
    "closing-quote-moved": 'assert total("x)"\n',
    "string-quote-lost": 'x = "open\ny = 1\n',
    "triple-quote-unbalanced": '"""Prose.\n\ndef test_a():\n    assert 1\n',
    "opener-closed-at-once": "from shop.orders import ()\n    Order,\n)\n",
    "indentation": "def test_a():\n    x = 1\n  y = 2\n",
    "missing-body": "def test_a():\nassert 1\n",
    "wrong-closer": "x = go(1]\n",
    "bracket-unbalanced": "x = go(1\ny = 2\n",
    "prose-as-code": "def test_a():\n    It costs 3 apples, 08 pears\n",
    "tabs-and-spaces": "if 1:\n        x = 1\n\ty = 2\n",
    "f-string": "x = f'{}'\n",
    "statement": "x = = 1\n",
    "conflict-marker": "<<<<<<< HEAD\nx = 1\n=======\nx = 2\n>>>>>>> other\n",
    "nul-bytes": "x = 1\n\0y = 2\n",
    "encoding": b"x = '\xff'\n",
    "nesting": "x = a" + "[0]" * 20_000 + "\n",
}


@pytest.mark.parametrize(("damage", "code"), DAMAGE.items(), ids=DAMAGE)
def test_each_class_of_damage_is_named(damage: str, code: str | bytes) -> None:
    broken = facts_of(code).broken

    assert broken is not None
    assert broken.damage == damage


@pytest.mark.parametrize(
    ("code", "kind", "line"),
    [
        ("x = (\n", "syntax", 1),
        ("a = 1\nb = 2\n\0\n", "nul", 3),
        (b"a = 1\nb = '\xff'\n", "encoding", 1),
        (b"# coding: nonsense\nx = '\xe9'\n", "encoding", 1),
        (b"# coding: nonsense\nx = 1\n", "syntax", 1),
        (b"# coding: undefined\nx = '\xc3\xa9'\n", "encoding", 1),
        (b"# coding: unicode_escape\nx = '\\ud800 \xe9'\n", "encoding", 1),
        (b"# coding: rot13\nx = '\xc3\xa9'\n", "encoding", 1),
        ("a = 1\n<<<<<<< HEAD\n=======\n>>>>>>> b\n", "conflict", 2),
        ("a = 1\r\n<<<<<<< HEAD\r\n=======\r\n>>>>>>> b\r\n", "conflict", 2),
        ("a = 1\n<<<<<<< HEAD\n", "syntax", 2),  # a marker alone is no conflict
    ],
)
def test_the_kind_and_the_line(code: str | bytes, kind: str, line: int) -> None:
    broken = facts_of(code).broken

    assert broken is not None
    assert (broken.kind, broken.site.line) == (kind, line)


@pytest.mark.parametrize(
    "code",
    [
        "",
        "\n",
        "# nothing\n",
        SOUND,
        "TEXT = '''\n<<<<<<< HEAD\n=======\n>>>>>>> b\n'''\n",
        "# coding: latin-1\nx = 'é'\n".encode("latin-1"),
        "\ufeffx = 1\n".encode(),
        "x = 'é'\n",
        "x = 1\r\ny = 2\r\n",
        "\x0cx = 1\n",
        "x = (1,)\n\n",
        "if 1:\n\tx = 1\n\ty = 2\n",
        "x = '\\0'\n",
    ],
)
def test_what_parses_has_no_damage(code: str | bytes) -> None:
    assert facts_of(code).broken is None


@pytest.mark.parametrize(
    "code",
    [
        "def f(\n" + "\n" * 200_000,
        "x = (\n" + " " * 200_000,
        "x = (\n" + "=======\n" * 20_000 + "\n" * 20_000,
        "<<<<<<< a\n" * 20_000,
        "from a import (\n" * 5_000,
        '"' * 100_001,
        "x = (" * 3_000,
        "def f(:\n    pass\n" * 1_000,
    ],
    ids=["blank-lines", "spaces", "rules", "markers", "openers", "quotes", "parentheses", "functions"],
)
def test_damage_is_named_in_the_time_it_takes_to_read(code: str) -> None:
    started = time.process_time()

    assert facts_of(code).broken is not None
    assert time.process_time() - started < 8  # quadratic work would need minutes
