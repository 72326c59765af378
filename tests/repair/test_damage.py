"""The class of damage follows from what a repair had to change."""

import pytest

from canonry.repair.damage import classes_of_damage

CASES = [
    ("closing-quote-moved", 'go("x)"', 'go("x")'),
    ("string-quotes-lost", 'p = root / lib"', 'p = root / "lib"'),
    ("string-quotes-lost", "go(name)", 'go("name")'),
    ("f-string-quotes-lost", "print(f{name} is here)", 'print(f"{name} is here")'),
    ("stray-quote", 'total = count()"', "total = count()"),
    ("stray-quote-in-comment", "# don't do this'", "# don't do this"),
    ("triple-quote-shrunk", '"Says what it does."""', '"""Says what it does."""'),
    ("triple-quote-lost", "Says what it does.", '"""Says what it does."""'),
    ("triple-quote-extra", '"""Says it."""\n"""', '"""Says it."""'),
    ("triple-quote-extra", '""""Says it."""', '"""Says it."""'),
    ("opener-closed-at-once", "from m import ()\n    name,\n)", "from m import (\n    name,\n)"),
    ("wrong-closer", "rows = {k: 1)", "rows = {k: 1}"),
    ("bracket-unbalanced", "go(1", "go(1)"),
    ("bracket-unbalanced", "go(1\n", "go(1\n)\n"),
    ("indentation", "if x:\nreturn 1", "if x:\n    return 1"),
    ("line-repeated", 'name = "a"\nname = "a""', 'name = "a"'),
    ("lines-deleted", "try:\n    go()", "try:\n    go()\nexcept ValueError:\n    stop()"),
    ("lines-fused", 'go(""last")', 'go("first")\nstay("last")'),
    ("pictograms-rewritten", "x = '[U+2713] done'", "x = '\u2713 done'"),
    ("f-string-replaced", 'print("formatted_string")', 'print(f"{name} is here")'),
    ("code-commented-out", "if x:\n    # REMOVED: go(1)", "if x:\n    go(1)"),
    ("merge-conflict-marker", "<<<<<<< HEAD\na = 1\n=======\na = 1\n>>>>>>> side", "a = 1"),
]


@pytest.mark.parametrize(("kind", "broken", "mended"), CASES)
def test_damage_is_named_by_its_class(kind: str, broken: str, mended: str) -> None:
    assert kind in classes_of_damage(broken.split("\n"), mended.split("\n"))


def test_nothing_was_done_to_a_text_that_is_the_same() -> None:
    lines = [line for _, broken, _ in CASES for line in broken.split("\n")]

    assert not classes_of_damage(lines, lines)


def test_damage_is_counted_by_line() -> None:
    broken = ['a = go("x)"', "b = 2", 'c = go("y)"']

    assert classes_of_damage(broken, ['a = go("x")', "b = 2", 'c = go("y")']) == {"closing-quote-moved": 2}
