"""Assertions that hold whatever happens: pure questions about single expressions."""

import ast
import operator
from collections.abc import Callable
from typing import Any

_Check = tuple[str, str]
"""The kind of tautology and the words that show it; empty strings where it is none."""

_NO: _Check = ("", "")
_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.eq,
    ast.In: lambda item, holder: item in holder,
    ast.NotIn: lambda item, holder: item not in holder,
}
_OPPOSITES: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.Is: ast.IsNot,
    ast.In: ast.NotIn,
    ast.NotEq: ast.Eq,
    ast.IsNot: ast.Is,
    ast.NotIn: ast.In,
    ast.Lt: ast.GtE,
    ast.GtE: ast.Lt,
    ast.Gt: ast.LtE,
    ast.LtE: ast.Gt,
}
_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
}
_DEPTH = 20
_REFLEXIVE = (ast.Eq, ast.Is, ast.LtE, ast.GtE)
_SAME = frozenset(
    """assertEqual assertEquals assertIs assertGreaterEqual assertLessEqual assertListEqual assertDictEqual
    assertTupleEqual assertSetEqual assertSequenceEqual assertCountEqual assertMultiLineEqual
    assertAlmostEqual""".split()
)
_BELOW_ANY_LENGTH = {"assertGreaterEqual": ast.GtE, "assertGreater": ast.Gt}
_ABOVE = {"assertLessEqual": ast.LtE, "assertLess": ast.Lt}


def always_true(test: ast.expr) -> _Check:
    """Why an asserted expression is true whatever happens.

    Kinds: ``constant``, ``tuple`` (and other literals that hold something), ``same`` (one name on both sides),
    ``read`` (one attribute or item on both sides, which code may compute), ``length``, ``object``, ``either``
    (``x or not x``), ``or`` (``... or True``).
    """
    look = _SHAPES.get(test.__class__)
    return look(test) if look is not None else _NO


def checks_nothing(node: ast.Call, name: str) -> _Check:
    """Why a call of unittest's assertion method ``name`` passes whatever happens; kinds as in `always_true`."""
    arguments = node.args
    if not arguments or any(isinstance(each, ast.Starred) for each in arguments):
        return _NO
    first = arguments[0]
    if name == "assertTrue":
        return always_true(first)
    if name == "assertFalse":
        return ("constant", "a constant") if isinstance(first, ast.Constant) and not first.value else _NO
    if name in ("assertIsNone", "assertIsNotNone"):
        settled = isinstance(first, ast.Constant) and (first.value is None) == (name == "assertIsNone")
        return ("constant", "a constant") if settled else _NO
    if len(arguments) < 2:
        return _NO
    second = arguments[1]
    if name == "assertIsInstance":
        return _object(second)
    if name in _SAME:
        kind = _same(first, second)
        if kind == "constant":
            return ("constant", "only constants")
        if kind:
            return (kind, "is" if name == "assertIs" else "==")
    for table, longer, bound in ((_BELOW_ANY_LENGTH, first, second), (_ABOVE, second, first)):
        if name in table and _is_length(longer) and _number(bound) == (0 if name.endswith("Equal") else -1):
            return ("length", "no length is negative")
    return _NO


def _constant(test: ast.Constant) -> _Check:
    return ("constant", "a constant") if test.value else _NO


def _literal(test: ast.Tuple | ast.List | ast.Set) -> _Check:
    holds = any(not isinstance(each, ast.Starred) for each in test.elts)
    return ("tuple", f"a {test.__class__.__name__.lower()} that holds something is true") if holds else _NO


def _dict(test: ast.Dict) -> _Check:
    holds = any(key is not None for key in test.keys)
    return ("tuple", "a dict that holds something is true") if holds else _NO


def _text(test: ast.JoinedStr) -> _Check:
    holds = any(isinstance(part, ast.Constant) and part.value for part in test.values)
    return ("constant", "a text that is never empty") if holds else _NO


def _made(_test: ast.expr) -> _Check:
    return ("constant", "a generator or a function is true")


def _not(test: ast.UnaryOp) -> _Check:
    if isinstance(test.op, ast.Not) and isinstance(test.operand, ast.Constant) and not test.operand.value:
        return ("constant", "a constant")
    return _NO


def _call(test: ast.Call) -> _Check:
    function = test.func
    if function.__class__ is ast.Name and function.id in ("isinstance", "issubclass") and len(test.args) == 2:
        return _object(test.args[1])
    return _NO


def _object(kinds: ast.expr) -> _Check:
    each = kinds.elts if isinstance(kinds, ast.Tuple) else [kinds]
    if any(isinstance(kind, ast.Name) and kind.id == "object" for kind in each):
        return ("object", "everything is an `object`")
    return _NO


def _compare(test: ast.Compare) -> _Check:
    if len(test.ops) != 1:
        return _NO
    left, right, kind = test.left, test.comparators[0], test.ops[0].__class__
    if left.__class__ is right.__class__ and kind in _REFLEXIVE and (same := _same(left, right)) in ("same", "read"):
        return (same, "is" if kind is ast.Is else "==")
    if _is_length(left):
        bound = _number(right)
        if (kind is ast.GtE and bound == 0) or (kind is ast.Gt and bound == -1):
            return ("length", "no length is negative")
    elif _is_length(right):
        bound = _number(left)
        if (kind is ast.LtE and bound == 0) or (kind is ast.Lt and bound == -1):
            return ("length", "no length is negative")
    elif left.__class__ in _FOLDED and right.__class__ in _FOLDED and _folds_to_true(left, right, kind):
        return ("constant", "only constants")
    return _NO


def _bool(test: ast.BoolOp) -> _Check:
    found = [always_true(value) for value in test.values]
    if isinstance(test.op, ast.And):
        return found[0] if all(kind for kind, _ in found) else _NO
    for kind, why in found:
        if kind:
            return (kind, why) if kind in ("same", "read") else ("or", why)
    for number, value in enumerate(test.values):
        if any(_opposite(value, other) for other in test.values[number + 1 :]):
            return ("either", "one of the two is always true")
    return _NO


def _opposite(one: ast.expr, other: ast.expr) -> bool:
    for value, negated in ((one, other), (other, one)):
        if isinstance(negated, ast.UnaryOp) and isinstance(negated.op, ast.Not) and _alike(value, negated.operand):
            return True
    if not (isinstance(one, ast.Compare) and isinstance(other, ast.Compare)):
        return False
    if len(one.ops) != 1 or len(other.ops) != 1 or not _alike(one.left, other.left):
        return False
    if not _alike(one.comparators[0], other.comparators[0]):
        return False
    return _OPPOSITES.get(one.ops[0].__class__) is other.ops[0].__class__


def _alike(one: ast.expr, other: ast.expr) -> bool:
    """Whether two expressions are one and read only, `len` and `isinstance` included."""
    if one.__class__ is not other.__class__:
        return False
    if isinstance(one, ast.Call) and isinstance(other, ast.Call):
        named = isinstance(one.func, ast.Name) and one.func.id in ("len", "isinstance", "bool", "hasattr", "callable")
        return named and ast.dump(one) == ast.dump(other)
    if isinstance(one, ast.Compare):
        return ast.dump(one) == ast.dump(other) and not any(isinstance(each, ast.Call) for each in ast.walk(one))
    return bool(_same(one, other))


def _same(one: ast.expr, other: ast.expr) -> str:
    """``same`` for one name or constant twice, ``read`` for one attribute or item, ``constant`` for constants."""
    kind = one.__class__
    if kind is not other.__class__:
        return ""
    if kind is ast.Name:
        return "same" if one.id == other.id else ""  # type: ignore[attr-defined]
    if kind is ast.Constant:
        alike = one.value == other.value and one.value.__class__ is other.value.__class__  # type: ignore[attr-defined]
        return "constant" if alike else ""
    if kind is ast.Attribute:
        return "read" if one.attr == other.attr and _same(one.value, other.value) else ""  # type: ignore[attr-defined]
    if kind is ast.Subscript:
        read = ast.dump(one) == ast.dump(other)
        return "read" if read and not any(isinstance(each, ast.Call) for each in ast.walk(one)) else ""
    return ""


def _is_length(node: ast.expr) -> bool:
    return node.__class__ is ast.Call and node.func.__class__ is ast.Name and node.func.id == "len"


def _number(node: ast.expr, depth: int = _DEPTH) -> float | None:
    if isinstance(node, ast.Constant):
        return node.value if node.value.__class__ in (int, float) else None
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _number(node.operand, depth - 1) if depth else None
        return -inner if inner is not None else None
    if isinstance(node, ast.BinOp) and (work := _ARITHMETIC.get(node.op.__class__)) is not None:
        if not depth:
            return None
        left, right = _number(node.left, depth - 1), _number(node.right, depth - 1)
        return work(left, right) if left is not None and right is not None else None
    return None


def _folds_to_true(left: ast.expr, right: ast.expr, kind: type[ast.cmpop]) -> bool:
    work = _COMPARISONS.get(kind)
    if work is None:
        return False
    try:
        return bool(work(_value(left), _value(right)))
    except (ValueError, TypeError, SyntaxError, RecursionError):
        return False


def _value(node: ast.expr) -> Any:
    number = _number(node)
    return number if number is not None else ast.literal_eval(node)


_FOLDED = frozenset((ast.Constant, ast.BinOp, ast.UnaryOp, ast.Tuple, ast.List, ast.Set, ast.Dict))
_SHAPES: dict[type[ast.expr], Callable[[Any], _Check]] = {
    ast.Constant: _constant,
    ast.Tuple: _literal,
    ast.List: _literal,
    ast.Set: _literal,
    ast.Dict: _dict,
    ast.JoinedStr: _text,
    ast.GeneratorExp: _made,
    ast.Lambda: _made,
    ast.UnaryOp: _not,
    ast.Call: _call,
    ast.Compare: _compare,
    ast.BoolOp: _bool,
}
