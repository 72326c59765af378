"""Every bad example of every rule, as text inside a program: strings, comments and docstrings prove nothing."""

import ast
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from canonry.rules.registry import all_rules
from tests.workbench import Folder

CANON = """
[canon]
base-cases = ["tests.cases:ShopCase"]

[[canon.symbols]]
name = "WebSocketManager"
home = "shop.realtime.manager"
aliases = ["UnifiedWebSocketManager", "shop.ws.manager.WebSocketManager"]
"""
AROUND: dict[str, str | bytes] = {
    "canonry.toml": CANON,
    "shop/realtime/manager.py": "class WebSocketManager:\n    pass\n",
    "tests/cases.py": "import unittest\n\n\nclass ShopCase(unittest.TestCase):\n    pass\n",
}
EXAMPLES = sorted({(code, example.code) for code, rule in all_rules().items() for example in rule.bad})
Wrap = Callable[[str], str]
"""Text -> an expression that holds it."""


def triple(text: str) -> str:
    for quotes in ('"""', "'''"):
        if quotes not in text and not text.endswith((quotes[0], "\\")) and "\0" not in text:
            return f"r{quotes}{text}{quotes}"
    return repr(text)


def f_string(text: str) -> str:
    return "f" + repr(text.replace("{", "{{").replace("}", "}}"))


def f_string_with_parts(text: str) -> str:
    whole = f_string(text)
    return f"{whole[:2]}{{len(NAME)}}{whole[2:-1]}{{NAME!r:>{{10}}}}{whole[-1]}"


EXPRESSIONS: dict[str, Wrap] = {
    "string": repr,
    "triple": triple,
    "bytes": lambda text: repr(text.encode()),
    "f-string": f_string,
    "f-string-with-parts": f_string_with_parts,
    "lines": lambda text: "(" + "\n    ".join(map(repr, text.splitlines(keepends=True) or [""])) + ")",
    "string-of-string": lambda text: repr(repr(text)),
    "string-of-triple": lambda text: repr(triple(text)),
    "triple-of-comment": lambda text: triple("".join(f"# {line}\n" for line in text.splitlines())),
    "list": lambda text: f"[{text!r}, [{text!r}]]",
    "dict": lambda text: f"{{{text!r}: {triple(text)}}}",
    "call": lambda text: f"len({triple(text)})",
    "method": lambda text: f"{triple(text)}.strip()",
    "formatted": lambda text: f"({text!r} % ())",
    "comparison": lambda text: f"(NAME != {text!r})",
    "conditional": lambda text: f"({text!r} if NAME else {triple(text)})",
    "lambda": lambda text: f"(lambda: {text!r})",
    "default-of-lambda": lambda text: f"(lambda text={text!r}: text)",
    "slice": lambda text: f"{text!r}[1:]",
}
STATEMENTS: dict[str, Wrap] = {
    "docstring": lambda expression: f"def work():\n    {expression}\n",
    "class-docstring": lambda expression: f"class Notes:\n    {expression}\n",
    "method-docstring": lambda expression: f"class Notes:\n    def work(self):\n        {expression}\n",
    "assignment": lambda expression: f"TEXT = {expression}\n",
    "annotation": lambda expression: f"text: {expression} = NAME\n",
    "attribute": lambda expression: f"class Notes:\n    text = {expression}\n",
    "default": lambda expression: f"def work(text={expression}):\n    return text\n",
    "return": lambda expression: f"def work():\n    return {expression}\n",
    "assertion": lambda expression: f"def test_work():\n    assert NAME == 'notes', {expression}\n",
    "raise": lambda expression: f"def work():\n    raise ValueError({expression})\n",
    "in-a-test": lambda expression: f"def test_work():\n    text = {expression}\n    assert text != NAME\n",
    "loop": lambda expression: f"for text in [{expression}]:\n    NAMES.append(text)\n",
    "match": lambda expression: f"match {expression}:\n    case _:\n        pass\n",
    "main-block": lambda expression: f"if __name__ == '__main__':\n    print({expression})\n",
    "try": lambda expression: f"try:\n    TEXT = {expression}\nexcept ValueError:\n    TEXT = ''\n",
}
HEAD = '"""Notes."""\n\nNAME = "notes"\nNAMES: list[object] = []\n\n'
TAIL = "\n\ndef test_notes():\n    assert NAME == 'notes'\n"
PATHS = ["tests/test_notes.py", "tests/support/notes.py", "scripts/run_tests.py", "shop/notes.py"]


def comments(text: str) -> str:
    return "".join(f"# {line}\n" for line in text.replace("\0", "").splitlines())


def found_in(folder: Folder, path: str, program: str) -> list[str]:
    ast.parse(program)
    for other in PATHS:  # of an earlier example: two files with one class would be an offence
        (folder.root / other).unlink(missing_ok=True)
    folder.write(AROUND | {path: program})
    return [f"{finding.code} {finding.path}:{finding.line}: {finding.message}" for finding in folder.findings()]


def test_the_shell_itself_is_clean_and_its_offences_are_found(folder: Folder) -> None:
    assert found_in(folder, PATHS[0], HEAD + TAIL) == []
    assert found_in(folder, PATHS[0], HEAD + "import pytest\n\npytest.main()\n" + TAIL) != []


@pytest.mark.parametrize("path", PATHS)
def test_a_program_that_quotes_every_offence_in_every_way(folder: Folder, path: str) -> None:
    parts = [HEAD]
    statements = list(STATEMENTS.values())
    number = 0
    for _, text in EXAMPLES:
        parts.append(comments(text))
        for wrap in EXPRESSIONS.values():
            number += 1
            parts.append(statements[number % len(statements)](wrap(text)).replace("test_work", f"test_work_{number}"))

    assert len(parts) > 1_000
    assert found_in(folder, path, "\n".join([*parts, TAIL])) == []


@pytest.mark.parametrize("expression", EXPRESSIONS.values(), ids=EXPRESSIONS)
def test_each_way_of_quoting_stands_in_each_statement(folder: Folder, expression: Wrap) -> None:
    text = "import pytest, os\nif __name__ == '__main__':\n    os.system('pytest')\n    pytest.main()\n"
    statements = enumerate(STATEMENTS.values())
    parts = [wrap(expression(text)).replace("test_work", f"test_work_{number}") for number, wrap in statements]

    assert found_in(folder, PATHS[0], "\n".join([HEAD, *parts, TAIL])) == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_offences_quoted_in_offences_are_still_text(folder: Folder, data: st.DataObject) -> None:
    parts = [HEAD]
    for number in range(data.draw(st.integers(1, 4))):
        text = data.draw(st.sampled_from(EXAMPLES))[1]
        for _ in range(data.draw(st.integers(1, 3))):
            text = data.draw(st.sampled_from(list(EXPRESSIONS.values())))(text)
            text = data.draw(st.sampled_from(["", "# pytest.main()\n", "import os\n"])) + text
        wrapped = data.draw(st.sampled_from(list(EXPRESSIONS.values())))(text)
        statement = data.draw(st.sampled_from(list(STATEMENTS.values())))(wrapped)
        parts += [comments(text), statement.replace("test_work", f"test_work_{number}")]

    assert found_in(folder, data.draw(st.sampled_from(PATHS)), "\n".join([*parts, TAIL])) == []


@pytest.mark.parametrize("path", PATHS)
def test_a_program_of_comments_around_one_live_test(folder: Folder, path: str) -> None:
    everything = "".join(comments(text) for _, text in EXAMPLES)

    assert found_in(folder, path, f"{HEAD}{everything}{TAIL}{everything}") == []
