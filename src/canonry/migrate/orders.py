"""Whether classes elsewhere can still be made once a class that they derive from has another base."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from canonry.migrate.module import Module
from canonry.source.index import Definition, External, Index

Node = Definition | str
_KNOWN: dict[str, tuple[str, ...]] = {
    "unittest.IsolatedAsyncioTestCase": ("unittest.TestCase",),
    "canonry.testing.SSotBaseTestCase": ("unittest.TestCase",),
    "canonry.testing.SSotAsyncTestCase": ("canonry.testing.SSotBaseTestCase",),
}
"""The bases of cases that stand outside of the tree, as far as they matter for an order."""
_CASE, _ASYNC_CASE = "unittest.TestCase", "unittest.IsolatedAsyncioTestCase"
_SAME = {"unittest.case.TestCase": _CASE, "unittest.async_case.IsolatedAsyncioTestCase": _ASYNC_CASE}
Replaced = Callable[[Node, Node], Node]


class _NoOrderError(Exception):
    """The bases of a class have no order: Python refuses to make it."""


class _UnknownError(Exception):
    """A base is computed, or nobody knows it."""


def heir_without_order(
    module: Module, definition: Definition, old: str, new: Node, cases: Sequence[Node]
) -> Definition | None:
    """A class whose bases would have no order any more if ``new`` stood in the place of ``old`` in a class's bases.

    Asked with the cases that other classes name as they are, and with each of ``cases`` (the canon's) in their place,
    since they are edited, too. Without ``old`` the new base is added. Source: the linearisation C3, as in Python's
    documentation of the method resolution order.
    """
    index = module.file.index
    for heir in _heirs(module, definition):
        if not _has_order(index, heir, lambda _node, base: base):
            continue
        for case in (None, *cases):
            if not _has_order(index, heir, partial(_instead, definition, _named(old), _named(new), case)):
                return heir
    return None


def _instead(changed: Node, old: Node, new: Node, case: Node | None, node: Node, base: Node) -> Node:
    """What a class names instead of a base."""
    if node == changed:
        return new if base == old else base
    return case if case is not None and base in (_CASE, _ASYNC_CASE) and not isinstance(node, str) else base


def _has_order(index: Index, definition: Definition, replaced: Replaced) -> bool:
    try:
        _linear(index, definition, replaced, ())
    except _NoOrderError:
        return False
    except _UnknownError:
        return True  # nobody can tell; what is there works
    return True


def _heirs(module: Module, definition: Definition) -> Iterator[Definition]:
    """A class and what derives from it, directly or not, as far as it has several bases."""
    waiting, seen = [definition], {definition}
    while waiting:
        each = waiting.pop()
        fact = module.file.index.class_fact(each)
        if fact is not None and len(fact.bases) > 1:
            yield each
        for heir in module.surroundings.heirs(each):
            if heir not in seen:
                seen.add(heir)
                waiting.append(heir)


def _named(node: Node) -> Node:
    return _SAME.get(node, node) if isinstance(node, str) else node


def _bases(index: Index, node: Node, replaced: Replaced) -> list[Node]:
    if isinstance(node, str):
        return list(_KNOWN.get(node, ()))
    fact = index.class_fact(node)
    if fact is None:
        raise _UnknownError
    found: list[Node] = []
    for base in fact.bases:
        target = index.resolve(node.path, base)
        if isinstance(target, Definition) and target.qualname:
            each: Node = target
        elif isinstance(target, External):
            each = _named(target.name)
        else:
            raise _UnknownError
        found.append(replaced(node, each))
    added = replaced(node, "")
    return [*found, added] if added else found


def _linear(index: Index, node: Node, replaced: Replaced, above: tuple[Node, ...]) -> list[Node]:
    if node in above:
        raise _UnknownError
    bases = [each for each in _bases(index, node, replaced) if each not in ("object", "*.object", "builtins.object")]
    if len(set(bases)) < len(bases):
        raise _NoOrderError
    lines = [_linear(index, each, replaced, (*above, node)) for each in bases]
    lines.append(bases)
    found: list[Node] = [node]
    while any(lines):
        head = next(
            (line[0] for line in lines if line and not any(line[0] in other[1:] for other in lines)),
            None,
        )
        if head is None:
            raise _NoOrderError
        found.append(head)
        lines = [line[1:] if line and line[0] == head else line for line in lines]
    return found
