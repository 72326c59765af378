"""How much the tests of a text demand: their cases, what excuses them, and their assertions, each as far as it goes."""

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

_EXACT = frozenset(
    "assertEqual assertEquals assertIs assertDictEqual assertListEqual assertTupleEqual assertSetEqual "
    "assertCountEqual assertSequenceEqual assertMultiLineEqual assertAlmostEqual".split()
)
_LOOSE = frozenset("assertTrue assertIsNone assertIsNotNone assertIsInstance assertNotEqual assertIsNot".split())
_CALLS = {
    f"assert_{said}": rank
    for rank, words in (
        (3, "called_once_with called_with any_call has_calls awaited_once_with awaited_with any_await has_awaits"),
        (2, "called_once awaited_once not_called not_awaited"),
        (1, "called awaited"),
    )
    for said in words.split()
}
"""What mocks assert of their calls: with these arguments, this often, at all."""
_RAISES = frozenset(("raises", "assertRaises", "assertRaisesRegex"))
_ENDS = frozenset(("pytest.skip", "pytest.xfail", "pytest.fail", "self.skipTest", "self.fail", "sys.exit", "os._exit"))
_FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef
_STARTS = re.compile(rb"(?:async def|def|class|@)\b|@|#|import |from |\s*$")


class Assertion(NamedTuple):
    """What one assertion looks at, how closely (3 one value, 2 a range or a choice, 1 that there is one), its text.

    ``is_value`` says that it names one value, if one that says little, as 0: what another value was compared with may
    be compared with this one now, and what is compared with this one may be asked for its truth.
    """

    subject: str
    rank: int
    text: str
    is_value: bool = False

    @property
    def closest(self) -> int:
        """How closely it looks where another expected value is no offence."""
        return 3 if self.is_value else self.rank


class Strength(NamedTuple):
    """What one function demands.

    ``cases`` are the parametrised cases that have to pass, 1 without any, None where they cannot be counted.
    ``excused`` says what keeps it from being run or from having to pass, empty where nothing does. ``assertions`` are
    those that can be reached, also in functions inside it; ``calls`` what is called in statements of its own besides.
    """

    cases: int | None
    excused: str
    assertions: tuple[Assertion, ...]
    calls: tuple[str, ...] = ()


def strengths(content: bytes) -> dict[str, Strength]:
    """The functions of a text by qualified name; none where it does not parse. The last of one name counts."""
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError, RecursionError):
        return {}
    found: dict[str, Strength] = {}
    try:
        _collect(tree.body, "", _Around(_names(tree.body), [], ""), found)
    except RecursionError:
        return {}
    return found


def differing(base: bytes, head: bytes) -> tuple[bytes, bytes] | None:
    """The definitions at the margin that only one of two texts has; None where more than those and imports differ.

    Texts are cut where a line begins at the margin. What is cut in the wrong place, as within a long string, does not
    parse by itself, or stands on both sides.
    """
    one, two = _blocks(base), _blocks(head)
    same = set(one) & set(two)
    left, right = [each for each in one if each not in same], [each for each in two if each not in same]
    if not all(_STARTS.match(each) for each in (*left, *right)):
        return None
    return b"".join(left), b"".join(right)


def weaker(before: Strength, now: Strength) -> list[tuple[Assertion, Assertion]]:
    """The assertions of a test that look less closely at what they looked at: as they were, and as they are."""
    gone, new = _beyond(before.assertions, now.assertions), _beyond(now.assertions, before.assertions)
    found: list[tuple[Assertion, Assertion]] = []
    for each in gone:
        if any(other.closest >= each.rank and other.subject == each.subject for other in new):
            continue
        less = next(
            (other for other in new if other.closest < each.rank and other.subject and other.subject in each.subject),
            None,
        )
        if less is not None:
            new.remove(less)
            found.append((each, less))
    return found


def covered(before: Strength, now: Strength) -> int:
    """How many assertions about parts of a thing one takes the place of that says now what all of it is."""
    gone, new = _beyond(before.assertions, now.assertions), _beyond(now.assertions, before.assertions)
    found = 0
    for whole in (each for each in new if each.rank == 3):
        parts = [each for each in gone if _is_part(each.subject, whole.subject)]
        found += max(0, len(parts) - 1)
        gone = [each for each in gone if each not in parts]
    return found


def _is_part(subject: str, whole: str) -> bool:
    """Whether a subject is an item, an attribute or the length of the whole, or itself."""
    subject = subject.removeprefix("Call(func=Name(id='len', ctx=Load()), args=[")
    while not subject.startswith(whole):
        shorter = subject.removeprefix("Subscript(value=").removeprefix("Attribute(value=")
        if shorter == subject:
            return False
        subject = shorter
    return True


def _beyond(mine: tuple[Assertion, ...], others: tuple[Assertion, ...]) -> list[Assertion]:
    left = list(others)
    found: list[Assertion] = []
    for each in mine:
        if each in left:
            left.remove(each)
        else:
            found.append(each)
    return found


def _blocks(content: bytes) -> list[bytes]:
    """A text cut before each line that begins at the margin, decorators kept with what they decorate."""
    blocks: list[list[bytes]] = []
    decorated = False
    for line in content.replace(b"\r\n", b"\n").split(b"\n"):
        at_margin = line[:1] not in (b"", b" ", b"\t", b")", b"]", b"}")
        if not blocks or (at_margin and not decorated):
            blocks.append([])
        if at_margin:
            decorated = line.startswith(b"@")
        blocks[-1].append(line)
    return [b"\n".join(block).rstrip() + b"\n" for block in blocks]


class _Around(NamedTuple):
    """What stands around a definition: literal values by name, marks for all of it, what excuses all of it."""

    names: dict[str, ast.expr]
    marks: list[ast.expr]
    excused: str


def _collect(body: list[ast.stmt], prefix: str, around: _Around, found: dict[str, Strength]) -> None:
    around = _Around(around.names, [*around.marks, *_own_marks(body)], around.excused or _switched_off(body))
    for node in body:
        if isinstance(node, _FUNCTION):
            marks = [*around.marks, *node.decorator_list]
            excused = around.excused or next(filter(None, map(_excuse, marks)), "")
            reached = list(_reached(node.body))
            assertions = tuple(each for part in reached for each in _assertions_of(part))
            calls = tuple(filter(None, map(_call_alone, reached)))
            found[f"{prefix}{node.name}"] = Strength(_cases(marks, around.names), excused, assertions, calls)
        elif isinstance(node, ast.ClassDef):
            marks = [*around.marks, *node.decorator_list]
            _collect(node.body, f"{prefix}{node.name}.", _Around(around.names, marks, around.excused), found)
        elif isinstance(node, ast.Delete):
            for target in node.targets:
                if isinstance(target, ast.Name) and (deleted := found.get(f"{prefix}{target.id}")) is not None:
                    found[f"{prefix}{target.id}"] = deleted._replace(excused="it is deleted again")
        elif isinstance(node, ast.If):
            never = "it stands under a condition that is never true" if _is_false(node.test) else ""
            _collect(node.body, prefix, _Around(around.names, around.marks, around.excused or never), found)
            _collect(node.orelse, prefix, around, found)
        elif isinstance(node, ast.Try | ast.With):
            for part in ("body", "orelse", "finalbody"):
                _collect(getattr(node, part, []), prefix, around, found)


def _names(body: list[ast.stmt]) -> dict[str, ast.expr]:
    """The values that a module gives names once."""
    found: dict[str, ast.expr] = {}
    for node in body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            found[name] = ast.Starred(node.value) if name in found else node.value
    return found


def _own_marks(body: list[ast.stmt]) -> list[ast.expr]:
    for node in body:
        if isinstance(node, ast.Assign) and any(isinstance(e, ast.Name) and e.id == "pytestmark" for e in node.targets):
            return list(node.value.elts) if isinstance(node.value, ast.List | ast.Tuple) else [node.value]
    return []


def _switched_off(body: list[ast.stmt]) -> str:
    for node in body:
        if isinstance(node, ast.Assign) and any(isinstance(e, ast.Name) and e.id == "__test__" for e in node.targets):
            return "`__test__` says that it is none" if _is_false(node.value) else ""
    return ""


def _is_false(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and not value.value


# marks ---------------------------------------------------------------------------------------------------------------


def _last(value: ast.expr) -> str:
    """The last name of what is called or named."""
    value = value.func if isinstance(value, ast.Call) else value
    return value.attr if isinstance(value, ast.Attribute) else value.id if isinstance(value, ast.Name) else ""


def _dotted(value: ast.expr) -> str:
    if isinstance(value, ast.Attribute) and isinstance(value.value, ast.Name):
        return f"{value.value.id}.{value.attr}"
    return ""


def _excuse(mark: ast.expr) -> str:
    """What a mark excuses, where it does so on every machine. Skips are the rule TST005's."""
    name = _last(mark)
    if name not in ("xfail", "expectedFailure"):
        return ""
    conditional = isinstance(mark, ast.Call) and (mark.args or any(each.arg == "condition" for each in mark.keywords))
    return "" if conditional and name == "xfail" else "it is expected to fail"


def _cases(marks: list[ast.expr], names: dict[str, ast.expr]) -> int | None:
    count = 1
    for mark in marks:
        if _last(mark) != "parametrize" or not isinstance(mark, ast.Call):
            continue
        values = mark.args[1] if len(mark.args) > 1 else None
        values = next((each.value for each in mark.keywords if each.arg == "argvalues"), values)
        if isinstance(values, ast.Name):
            values = names.get(values.id)
        if not isinstance(values, ast.List | ast.Tuple | ast.Set):
            return None
        if any(isinstance(each, ast.Starred) for each in values.elts):
            return None
        count *= sum(1 for each in values.elts if not _is_excused_case(each))
    return count


def _is_excused_case(value: ast.expr) -> bool:
    if not (isinstance(value, ast.Call) and _last(value) == "param"):
        return False
    marks = next((each.value for each in value.keywords if each.arg == "marks"), None)
    listed = marks.elts if isinstance(marks, ast.List | ast.Tuple) else [] if marks is None else [marks]
    return any(_last(each) == "skip" or _excuse(each) for each in listed)


# assertions ----------------------------------------------------------------------------------------------------------


def _reached(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a block that are reached, and those inside them."""
    for node in body:
        yield node
        if isinstance(node, ast.If | ast.While) and _is_false(node.test):
            yield from _reached(node.orelse)
            continue
        for part in ("body", "orelse", "finalbody"):
            yield from _reached(getattr(node, part, []))
        for handler in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
            yield from _reached(handler.body)
        if isinstance(node, ast.Return | ast.Raise | ast.Break | ast.Continue) or (
            isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and _dotted(node.value.func) in _ENDS
        ):
            return


def _assertions_of(node: ast.stmt) -> Iterator[Assertion]:
    if isinstance(node, ast.Assert):
        yield from _of_condition(node.test)
    elif isinstance(node, ast.Expr) and isinstance(call := _awaited(node.value), ast.Call):
        yield from _of_call(call)
    elif isinstance(node, ast.With | ast.AsyncWith):
        for item in node.items:
            if isinstance(item.context_expr, ast.Call) and _last(item.context_expr) in _RAISES:
                yield _of_raises(item.context_expr, node)
    elif isinstance(node, ast.Raise) and node.exc is not None and _last(node.exc) == "AssertionError":
        yield Assertion("", 1, ast.unparse(node))


def _call_alone(node: ast.stmt) -> str:
    """The last name of what a statement calls, where its result goes nowhere and it is no assertion itself."""
    call = _awaited(node.value) if isinstance(node, ast.Expr) else None
    name = _last(call) if isinstance(call, ast.Call) else ""
    return "" if name.startswith("assert") or name in _RAISES else name


def _awaited(value: ast.expr) -> ast.expr:
    return value.value if isinstance(value, ast.Await) else value


def _of_condition(test: ast.expr) -> Iterator[Assertion]:
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        for each in test.values:
            yield from _of_condition(each)
        return
    if (pairs := _pairs(test)) is not None:
        for pair in pairs:
            yield from _of_condition(pair)
        return
    text = ast.unparse(test)
    if isinstance(test, ast.BoolOp):
        yield Assertion(next(_of_condition(test.values[0])).subject, 0, text)
    elif isinstance(test, ast.Compare):
        lefts = [test.left, *test.comparators]
        for left, op, right in zip(lefts, test.ops, test.comparators, strict=False):
            said = text if len(test.ops) == 1 else ast.unparse(ast.Compare(left, [op], [right]))
            if isinstance(left, ast.Constant) and not isinstance(right, ast.Constant):
                left, right = right, left
            yield Assertion(ast.dump(left), _closeness(op, right), said, isinstance(op, ast.Eq | ast.Is))
    elif isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        yield Assertion(ast.dump(test.operand), 1, text)
    else:
        looked_at = test.args[0] if isinstance(test, ast.Call) and _last(test) == "isinstance" and test.args else test
        yield Assertion(ast.dump(looked_at), 1, text)


def _pairs(test: ast.expr) -> list[ast.Compare] | None:
    """The comparisons that `(a, b) == (1, 2)` makes at once; None for anything else."""
    if not (isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq)):
        return None
    left, right = test.left, test.comparators[0]
    if not (isinstance(left, ast.Tuple) and isinstance(right, ast.Tuple) and 0 < len(left.elts) == len(right.elts)):
        return None
    if any(isinstance(each, ast.Starred) for each in (*left.elts, *right.elts)):
        return None
    return [ast.Compare(one, [ast.Eq()], [other]) for one, other in zip(left.elts, right.elts, strict=True)]


def _closeness(op: ast.cmpop, right: ast.expr) -> int:
    if isinstance(op, ast.Eq | ast.Is):
        return 1 if _says_little(right) else 3
    return 1 if isinstance(op, ast.IsNot | ast.NotEq) else 2


def _says_little(value: ast.expr) -> bool:
    """Whether to be equal to it is about to be true or false, or empty."""
    if isinstance(value, ast.Constant):
        return not value.value or value.value is True
    if isinstance(value, ast.Dict):
        return not value.keys
    return isinstance(value, ast.List | ast.Tuple) and not value.elts


def _of_call(call: ast.Call) -> Iterator[Assertion]:
    name, text = _last(call), ast.unparse(call)
    if name in _RAISES:
        yield _of_raises(call, call)
    elif name == "assertTrue" and call.args:
        yield from _of_condition(call.args[0])
    elif name == "assertFalse" and call.args:
        yield from _of_condition(ast.UnaryOp(ast.Not(), call.args[0]))
    elif name in _CALLS and isinstance(call.func, ast.Attribute):
        yield Assertion(f"calls of {ast.dump(call.func.value)}", _CALLS[name], text)
    elif name.startswith("assert"):
        subject = ast.dump(call.args[0]) if call.args else ""
        if (name in _EXACT or name.startswith("assert_")) and len(call.args) > 1:
            one, two = call.args[:2]
            if isinstance(one, ast.Constant) and not isinstance(two, ast.Constant):
                one, two = two, one
            yield Assertion(ast.dump(one), 1 if _says_little(two) else 3, text, is_value=True)
        else:
            yield Assertion(subject, 1 if name in _LOOSE else 2, text, name == "assertIsNone")
    elif name == "fail":
        yield Assertion("", 1, text)


def _of_raises(call: ast.Call, around: ast.With | ast.AsyncWith | ast.Call) -> Assertion:
    """That a block raises: any exception, a class of them, or one that says something."""
    block = around.body if not isinstance(around, ast.Call) else around.args[1:]
    broad = not call.args or _last(call.args[0]) in ("Exception", "BaseException")
    says = any(each.arg == "match" for each in call.keywords) or _last(call) == "assertRaisesRegex"
    subject = "raises " + " ".join(map(ast.dump, block))
    return Assertion(subject, (1 if broad else 2) + says, ast.unparse(call))
