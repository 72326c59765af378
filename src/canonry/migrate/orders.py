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
_OBJECT = ("object", "*.object", "builtins.object")
Replaced = Callable[[Node, Node], Node]


class NoOrderError(Exception):
    """The bases of a class have no order: Python refuses to make it."""


class UnknownError(Exception):
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
        linear(definition, lambda node: _bases(index, node, replaced))
    except NoOrderError:
        return False
    except UnknownError:
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
        raise UnknownError
    found: list[Node] = []
    for base in fact.bases:
        target = index.resolve(node.path, base)
        if isinstance(target, Definition) and target.qualname:
            each: Node = target
        elif isinstance(target, External):
            each = _named(target.name)
        else:
            raise UnknownError
        found.append(replaced(node, each))
    added = replaced(node, "")
    found += [added] if added else []
    return [each for each in found if each not in _OBJECT]


def linear(node: Node, bases_of: Callable[[Node], list[Node]], above: tuple[Node, ...] = ()) -> list[Node]:
    """A class and what it derives from, in the order in which Python looks for a method (C3).

    Raises `NoOrderError` where there is none.
    """
    if node in above:
        raise UnknownError
    bases = bases_of(node)
    if len(set(bases)) < len(bases):
        raise NoOrderError
    lines = [linear(each, bases_of, (*above, node)) for each in bases]
    lines.append(bases)
    found: list[Node] = [node]
    while any(lines):
        lines = [line for line in lines if line]
        heads = (line[0] for line in lines)
        head = next((each for each in heads if not any(each in other[1:] for other in lines)), None)
        if head is None:
            raise NoOrderError
        found.append(head)
        lines = [line[1:] if line[0] == head else line for line in lines]
    return found
