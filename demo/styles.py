"""How people write tests: each style turns the same checks into the text of a test file."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from demo.check import Check

STANDARD_LIBRARY = ("import asyncio", "import os", "import sys", "import unittest")


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """What a style makes: import lines, then everything below them."""

    imports: tuple[str, ...]
    body: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """A way to write a test file; ``plants`` are the rules that every such file breaks."""

    name: str
    weight: int
    write: Callable[[str, Sequence[Check], Random], Module]
    plants: tuple[str, ...] = ()
    since: str = ""


def render(style: Style, title: str, checks: Sequence[Check], rng: Random) -> str:
    """The text of a whole test file. ``title`` is a few words with underscores."""
    module = style.write(title, checks, rng)
    docstring = f'"""{title.replace("_", " ").capitalize()}."""'
    return "\n".join([docstring, "", *_sorted_imports(module.imports), *module.body]).rstrip("\n") + "\n"


def functions(title: str, checks: Sequence[Check], rng: Random) -> Module:
    """Plain functions."""
    body: list[str] = []
    for check in checks:
        body += ["", "", f"def test_{check.says}():", *_indent(_pytest_body(check))]
    return Module(imports=_pytest_imports(checks), body=tuple(body))


def documented(title: str, checks: Sequence[Check], rng: Random) -> Module:
    """Functions with a docstring each, some over several lines."""
    body: list[str] = []
    for check in checks:
        sentence = check.says.replace("_", " ").capitalize() + "."
        more = ["", f"Part of the {title.replace('_', ' ')}; it doesn't need anything else.", '"""']
        docstring = [f'"""{sentence}', *more] if rng.random() < 0.5 else [f'"""{sentence}"""']
        lines = _pytest_body(check)
        gap = [""] * ("def " in lines[0])
        body += ["", "", f"def test_{check.says}():", *_indent([*docstring, *gap, *lines])]
    return Module(imports=_pytest_imports(checks), body=tuple(body))


def grouped(title: str, checks: Sequence[Check], rng: Random) -> Module:
    """A class without a base."""
    body = ["", "", f"class Test{_camel(title)}:"]
    for number, check in enumerate(checks):
        body += [""] * bool(number)
        body += [f"    def test_{check.says}(self):", *_indent(_pytest_body(check), 2)]
    return Module(imports=_pytest_imports(checks), body=tuple(body))


def tables(title: str, checks: Sequence[Check], rng: Random) -> Module:
    """Parametrised where nothing has to be prepared."""
    body: list[str] = []
    for check in checks:
        if check.arrange or check.raises or check.asynchronous:
            body += ["", "", f"def test_{check.says}():", *_indent(_pytest_body(check))]
            continue
        body += ["", "", "@pytest.mark.parametrize(", '    ("actual", "expected"),', "    ["]
        body += [f"        ({actual}, {expected})," for actual, expected in check.equal]
        body += ["    ],", ")", f"def test_{check.says}(actual, expected):", "    assert actual == expected"]
    return Module(imports=(*_pytest_imports(checks), "import pytest"), body=tuple(body))


def canonical(title: str, checks: Sequence[Check], rng: Random) -> Module:
    """The base case of the repository, the asynchronous one where a check awaits."""
    base = "ShopAsyncTestCase" if any(check.asynchronous for check in checks) else "ShopTestCase"
    body = _unittest_class(f"Test{_camel(title)}", base, checks)
    return Module(imports=(*_imports(checks), f"from tests.framework.cases import {base}"), body=body)


def old_unittest(title: str, checks: Sequence[Check], rng: Random) -> Module:
    """unittest as it was, with a main block."""
    _, body = _plain_case(title, checks, rng, "unittest.TestCase", "unittest.IsolatedAsyncioTestCase")
    main = ("", "", 'if __name__ == "__main__":', "    unittest.main()")
    return Module(imports=(*_imports(checks), "import unittest"), body=(*body, *main))


def quiet_unittest(title: str, checks: Sequence[Check], rng: Random) -> Module:
    """unittest under its short name, without a main block."""
    base, body = _plain_case(title, checks, rng, "TestCase", "IsolatedAsyncioTestCase")
    return Module(imports=(*_imports(checks), f"from unittest import {base}"), body=body)


def rival(title: str, checks: Sequence[Check], rng: Random) -> Module:
    """The base case of the orders team; awaits by hand."""
    body = _unittest_class(f"{_camel(title)}Test", "BaseTestCase", checks, awaits=False)
    extra = ("import asyncio",) if any(check.asynchronous for check in checks) else ()
    return Module(imports=(*_imports(checks), *extra, "from tests.support.base import BaseTestCase"), body=body)


def self_starting(title: str, checks: Sequence[Check], rng: Random) -> Module:
    """Functions, and a main block that starts pytest."""
    plain = functions(title, checks, rng)
    options = rng.choice(['[__file__, "-v"]', "[__file__]", '["-q", __file__]', '[__file__, "-s", "--tb=short"]'])
    main = ("", "", 'if __name__ == "__main__":', f"    sys.exit(pytest.main({options}))")
    return Module(imports=(*plain.imports, "import pytest", "import sys"), body=(*plain.body, *main))


def chatty(title: str, checks: Sequence[Check], rng: Random) -> Module:
    """Functions that celebrate themselves."""
    body: list[str] = []
    for check in checks:
        words = check.says.replace("_", " ")
        body += ["", "", f"def test_{check.says}():", f'    print("🚀 {words}")', *_indent(_pytest_body(check))]
        body += [f'    print("✅ {words}: PASSED")']
    return Module(imports=_pytest_imports(checks), body=tuple(body))


def configured(title: str, checks: Sequence[Check], rng: Random) -> Module:
    """Functions behind a switch in the environment."""
    plain = functions(title, checks, rng)
    name = rng.choice(["SHOP_VERBOSE", "SHOP_DEBUG", "SHOP_TRACE"])
    switch = ("", f'VERBOSE = os.environ.get("{name}", "0") == "1"')
    return Module(imports=(*plain.imports, "import os"), body=(*switch, *plain.body))


STYLES = (
    Style(name="functions", weight=24, write=functions),
    Style(name="documented", weight=12, write=documented),
    Style(name="grouped", weight=14, write=grouped),
    Style(name="tables", weight=9, write=tables),
    Style(name="canonical", weight=18, write=canonical),
    Style(name="chatty", weight=4, write=chatty),
    Style(name="old unittest", weight=6, write=old_unittest, plants=("BAS001", "RUN003")),
    Style(name="quiet unittest", weight=3, write=quiet_unittest, plants=("BAS001",)),
    Style(name="rival", weight=3, write=rival, plants=("BAS001",), since="tests-5"),
    Style(name="self-starting", weight=5, write=self_starting, plants=("RUN001",)),
    Style(name="configured", weight=2, write=configured, plants=("ENV001",)),
)


def _pytest_body(check: Check) -> list[str]:
    arrange = [line.replace("RAISES(", "pytest.raises(") for line in check.arrange]
    if check.asynchronous:
        actual = ", ".join(actual for actual, _ in check.equal)
        expected = ", ".join(expected for _, expected in check.equal)
        wrap = "({})".format if len(check.equal) > 1 else str
        scenario = _indent([*arrange, f"return {wrap(actual)}"])
        return ["async def scenario():", *scenario, "", _assert("asyncio.run(scenario())", wrap(expected))]
    body = [*arrange, *(_assert(actual, expected) for actual, expected in check.equal)]
    for error, statement in check.raises:
        body += [f"with pytest.raises({error}):", f"    {statement}"]
    return body


def _assert(actual: str, expected: str) -> str:
    negation = {"True": "", "False": "not "}.get(expected)
    return f"assert {actual} == {expected}" if negation is None else f"assert {negation}{actual}"


def _self_assert(actual: str, expected: str) -> str:
    if expected in ("True", "False"):
        return f"self.assert{expected}({actual})"
    return f"self.assertEqual({actual}, {expected})"


def _unittest_body(check: Check) -> list[str]:
    body = [line.replace("RAISES(", "self.assertRaises(") for line in check.arrange]
    body += [_self_assert(actual, expected) for actual, expected in check.equal]
    for error, statement in check.raises:
        body += [f"with self.assertRaises({error}):", f"    {statement}"]
    return body


def _unittest_class(name: str, base: str, checks: Sequence[Check], *, awaits: bool = True) -> tuple[str, ...]:
    body = ["", "", f"class {name}({base}):"]
    for number, check in enumerate(checks):
        body += [""] * bool(number)
        if check.asynchronous and not awaits:
            lines = ["async def scenario():", *_indent(_unittest_body(check)), "", "asyncio.run(scenario())"]
            body += [f"    def test_{check.says}(self):", *_indent(lines, 2)]
            continue
        start = "async def" if check.asynchronous else "def"
        body += [f"    {start} test_{check.says}(self):", *_indent(_unittest_body(check), 2)]
    return tuple(body)


def _plain_case(
    title: str, checks: Sequence[Check], rng: Random, plain: str, awaiting: str
) -> tuple[str, tuple[str, ...]]:
    base = awaiting if any(check.asynchronous for check in checks) else plain
    name = rng.choice(["{}Test", "Test{}", "{}TestCase"]).format(_camel(title))
    return base, _unittest_class(name, base, checks)


def _imports(checks: Sequence[Check]) -> tuple[str, ...]:
    return tuple(line for check in checks for line in check.imports)


def _pytest_imports(checks: Sequence[Check]) -> tuple[str, ...]:
    lines = list(_imports(checks))
    if any(check.raises or any("RAISES(" in line for line in check.arrange) for check in checks):
        lines.append("import pytest")
    if any(check.asynchronous for check in checks):
        lines.append("import asyncio")
    return tuple(lines)


def _sorted_imports(lines: Sequence[str]) -> list[str]:
    """Standard library, pytest, own: each in a block, names from one module on one line."""
    names: dict[str, set[str]] = {}
    for line in lines:
        if line.startswith("from "):
            module, _, imported = line.removeprefix("from ").partition(" import ")
            names.setdefault(module, set()).update(imported.split(", "))
    own = [f"from {module} import {', '.join(sorted(found))}" for module, found in sorted(names.items())]
    plain = sorted({line for line in lines if line.startswith("import ")})
    standard = [line for line in plain if line in STANDARD_LIBRARY]
    standard += [line for line in own if line.startswith("from unittest ")]
    blocks = [standard, [line for line in plain if line not in STANDARD_LIBRARY]]
    blocks.append([line for line in own if line not in standard])
    return "\n\n".join("\n".join(block) for block in blocks if block).split("\n")


def _indent(lines: Sequence[str], levels: int = 1) -> list[str]:
    return ["    " * levels + line if line else "" for line in lines]


def _camel(words: str) -> str:
    return "".join(word.capitalize() for word in words.split("_"))
