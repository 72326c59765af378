"""One case for each class of damage: the broken text, and what must stand in the result."""

import ast

import pytest

from canonry.repair.lines.mend import mend

CASES = [
    ("closing quote behind the bracket", 'def f():\n    go("x)"\n', 'def f():\n    go("x")\n'),
    ("closing quote behind bracket and colon", 'with open("x):"\n    pass\n', 'with open("x"):\n    pass\n'),
    ("opening quote lost", 'import os\np = os / lib"\n', 'import os\np = os / "lib"\n'),
    ("f-string without quotes", "n = 1\nx = frun_{n}_now\n", 'n = 1\nx = f"run_{n}_now"\n'),
    ("triple quote shrunk", 'def f():\n    ""What it does."\n    return 1\n', "return 1"),
    ("triple quote shrunk at the end", 'def f():\n    """What it does.\n\n    More of it.\n    "\n    return 1\n', "return 1"),
    ("triple quote split", '"\n""\nProse of a module.\n"\n""\nimport os\n', "import os"),
    ("triple quote repeated", '"""\n"""\nProse of a module here.\n"""\n"""\nimport os\n', "import os"),
    ("triple quote lost", 'def f():\n    """\n    Tells what it does.\n    return 1\n', "return 1"),
    ("docstring without quotes", "def f():\n    Tells what it does here.\n    return 1\n", "return 1"),
    ("four quotes", 'def f():\n    """"What it does."""\n    return (1\n', "return (1)"),
    ("both quotes lost", "def f(a):\n    a(two words)\n    a(more words here)\n", 'a("two words")'),
    ("keys without quotes", 'x = {\n    "one: 1,\n    two": 2,\n    three: 3,\n}\n', '"three": 3'),
    ("line repeated", 'def f(x):\n    x("a b")"\n    x("a b")""\n    return x\n', 'def f(x):\n    x("a b")\n    return x\n'),
    ("opener closed", "from os import ()\n    path,\n    sep,\n)\n", "from os import (\n    path,\n    sep,\n)\n"),
    ("opener closed before entries", 'def f(a):\n    x = a()\n    one=1,\n    two=2\n    )\n', "one=1"),
    ("wrong closer", "x = {\n    1: 2,\n)\n", "x = {\n    1: 2,\n}\n"),
    ("wrong closer on one line", "x = {1: 2)\n", "x = {1: 2}\n"),
    ("closer dropped", "def f(a, b:\n    return a\n", "def f(a, b):\n    return a\n"),
    ("closer dropped before a statement", "x = max(\n    1,\n    2\ny = 3\n", "y = 3"),
    ("colon dropped", "def f(a)\n    return a\n", "def f(a):\n    return a\n"),
    ("colon strayed", "def f(a, b,:\n      c):\n    return a\n", "def f(a, b,\n      c):\n    return a\n"),
    ("quote behind code", 'def f(a):\n    a()"\n    return 1\n', "def f(a):\n    a()\n    return 1\n"),
    ("body at the head", "def f(a):\n    if a:\n    return 1\n    return 2\n", "    if a:\n        return 1\n"),
    ("body commented", "if 1:\n    # REMOVED: x = 1\ny = 2\n", "if 1:\n    x = 1\ny = 2\n"),
    ("body lost", "def f():\n\ndef g():\n    return 1\n", "def g():\n    return 1\n"),
    ("handler lost", "try:\n    x = 1\ny = 2\n", "try:\n    x = 1\nfinally:\n    pass\ny = 2\n"),
    ("orphan clause", "x = 1\nexcept OSError:\n    y = 2\n", "y = 2"),
    ("conflict", "<<<<<<< HEAD\nx = 1\n=======\nx = 1\n>>>>>>> other\n", "x = 1\n"),
    ("import split", "from os import ()\npath,\nsep\n)\nx = 1\n", "x = 1"),
    ("method out of its class", "class A:\n    x = 1\ndef f(self):\n        return 1\n    def g(self):\n        return 2\n", "    def f(self):"),
    ("decorator at another column", "class A:\n    @one\n@two(1)\n    def f(self):\n        return 1\n", "    @one\n    @two(1)\n    def f(self)"),
    ("doubled line ends", "x = 1\n\nif x:\n\n    assert x, \\\n\n        'no'\n\nz = 1\n\na = 2\n\n", "    assert x, \\\n        'no'\nz = 1"),
    ("arguments of a comment", "def f(a):\n    x = a()  # was: Client(\n        host=1,\n    )\n    return x\n", "    return x"),
    ("indentation too deep", "x = 1\n    y = 2\nz = 3\n", "x = 1\ny = 2\nz = 3\n"),
    ("comma lost", "x = [\n    1,\n    2\n    3,\n]\n", "    2,\n    3,\n"),
    ("two dots", "from a.b..c import d\n", "from a.b.c import d\n"),
]  # fmt: skip


@pytest.mark.parametrize(("broken", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_damage_is_undone(broken: str, expected: str) -> None:
    with pytest.raises(SyntaxError):
        ast.parse(broken)

    mended = mend(broken)

    assert mended.parses
    ast.parse(mended.text)
    assert expected in mended.text
    live = [line for line in mended.text.split("\n") if not line.lstrip().startswith("#")]
    assert any(line.strip() in "\n".join(live) for line in expected.split("\n"))


def test_code_is_not_swallowed_by_a_docstring() -> None:
    broken = 'class A:\n    def one(self):\n        ""Send it.\n        if self.x:\n            raise OSError(gone away)"\n        self.y = 1\n'

    tree = ast.parse(mend(broken).text)

    assert [type(node).__name__ for node in ast.walk(tree)].count("Raise") == 1


def test_what_resists_is_kept_as_a_marked_comment() -> None:
    mended = mend("def f():\n    return 1\n)(]} ?? word ?? [({\nx = 2\n")

    assert mended.parses
    assert "x = 2" in mended.text.split("\n")
    assert all("word" in mended.text.split("\n")[line - 1] for line in mended.marked)


def test_the_cost_grows_with_the_damage() -> None:
    one = mend('x = 1\ny = go("x)"\nz = 2\n')
    two = mend('x = go("x)"\ny = go("x)"\nz = 2\n')

    assert 0 < one.cost < two.cost
