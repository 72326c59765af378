"""Check 2: the result's tree is the source's with the planned replacements in their places, and nothing else.

Each edit has a host: the smallest expression or run of statements that holds it and whose new text, parsed alone, is
an expression or statements again. The new text of each host, parsed alone, takes the host's place in the source's tree.
What the file parses to as a whole must be that tree: a replacement that binds looser than its place, a bracket or
quote that takes in what follows, a line that slides into another block make it another one.
"""

import ast
import bisect
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from canonry.changes.checks.edited import EditedSource
from canonry.changes.nodes import parts_of, same_nodes
from canonry.changes.splice import splice
from canonry.model.edit import Edit
from canonry.source.syntax.parse import parse_source
from canonry.source.syntax.text import SourceText
from canonry.source.syntax.versions import Version

_NO_HOSTS = (ast.Starred, ast.Slice, ast.FormattedValue)
_STRINGS = tuple(kind for name in ("JoinedStr", "TemplateStr") if (kind := getattr(ast, name, None)))


class _Host(msgspec.Struct):
    """A place in the tree: statements ``first`` to ``last`` (exclusive) of a block, or an expression (``first`` -1)."""

    owner: Any
    field: str
    first: int
    last: int
    start: int
    end: int
    node: Any = None
    made: Any = None


def object_to_tree(source: EditedSource, target: Version) -> str | None:
    """Objects to a result that says anything else than the source with the edits made where they stand."""
    hosts: list[_Host] = []
    places = _Places(source.before)
    for edit in source.edits:
        host = _host_of(source, places, edit, target)
        if host is None:
            return f"the edit in {_line(source, edit)} makes no expression or statements that stand alone"
        hosts.append(host)
    outermost = _outermost(source, hosts, target)
    if outermost is None:
        return "neighbouring edits make no statements that stand alone"
    held = {old.node: new.node for old, new in source.held.items() if not old.head}  # before places of nodes change
    _replace(outermost)
    if not same_nodes(source.old.tree, source.new.tree, held=held):
        return f"it would say something else than planned around {_line(source, source.edits[0])}"
    return None


def _line(source: EditedSource, edit: Edit) -> str:
    return f"line {source.before.position(edit.start)[0]}"


class _Places:
    """Where the nodes of a source stand; the edits of a file ask for the same blocks again and again."""

    def __init__(self, text: SourceText) -> None:
        self.text = text
        self._blocks: dict[tuple[ast.AST, str], tuple[list[tuple[int, int]], list[int]]] = {}

    def span(self, node: Any) -> tuple[int, int]:
        """Where a node begins, with its first decorator, and where it ends."""
        start = self.text.offset(node.lineno, node.col_offset)
        for decorator in getattr(node, "decorator_list", ())[:1]:
            start = self.text.content.rindex(b"@", 0, self.text.offset(decorator.lineno, decorator.col_offset))
        return start, self.text.offset(node.end_lineno, node.end_col_offset)

    def touched(self, owner: ast.AST, field: str, edit: Edit) -> tuple[int, int] | None:
        """The statements of a block that an edit touches (the end exclusive), or the place between two of them.

        None where the block does not hold the edit.
        """
        spans, ends = self._spans(owner, field)
        if not isinstance(owner, ast.Module) and not (spans[0][0] <= edit.start and edit.end <= spans[-1][1]):
            return None
        first = last = bisect.bisect_left(ends, edit.start)
        while last < len(spans) and spans[last][0] <= edit.end:
            last += 1
        return first, last

    def _spans(self, owner: ast.AST, field: str) -> tuple[list[tuple[int, int]], list[int]]:
        known = self._blocks.get((owner, field))
        if known is None:
            spans = [self.span(each) for each in getattr(owner, field)]
            known = self._blocks[owner, field] = spans, [end for _, end in spans]
        return known


# hosts ---------------------------------------------------------------------------------------------------------------


def _host_of(source: EditedSource, places: _Places, edit: Edit, target: Version) -> _Host | None:
    for host in _candidates(places, source.old.tree, edit):
        host.made = _parsed(source, host, target)
        if host.made is not None:
            return host
    return None


def _candidates(places: _Places, tree: ast.Module, edit: Edit) -> Iterator[_Host]:
    """The places that hold an edit, the smallest first."""
    chain: list[_Host] = []
    _descend(places, tree, edit, chain)
    for host in reversed(chain):
        yield host
        if host.first < 0:
            continue
        block = getattr(host.owner, host.field)
        for before, after in ((1, 0), (0, 1), (1, 1)):
            first, last = host.first - before, host.last + after
            if first >= 0 and last <= len(block):
                yield _run(places, host.owner, host.field, first, last, edit)


def _descend(places: _Places, node: ast.AST, edit: Edit, chain: list[_Host]) -> None:
    """Adds the hosts, from the outermost inwards."""
    for name in parts_of(node.__class__):
        value = getattr(node, name, None)
        if value.__class__ is not list:
            if value is not None and _holds(places, value, edit):
                _into(places, node, name, value, edit, chain)
        elif value and isinstance(value[0], ast.stmt):
            _into_block(places, node, name, value, edit, chain)
        else:
            for child in value:
                if child is not None and _holds(places, child, edit):
                    _into(places, node, name, child, edit, chain)
    if isinstance(node, ast.Module) and not node.body:
        chain.append(_run(places, node, "body", 0, 0, edit))


def _into(places: _Places, owner: ast.AST, field: str, child: ast.AST, edit: Edit, chain: list[_Host]) -> None:
    if isinstance(child, ast.expr) and not isinstance(child, _NO_HOSTS):
        start, end = places.span(child)
        chain.append(_Host(owner, field, -1, -1, start, end, child))
    if not isinstance(child, _STRINGS):  # positions inside were wrong before Python 3.12
        _descend(places, child, edit, chain)


def _into_block(
    places: _Places, owner: ast.AST, field: str, block: list[ast.stmt], edit: Edit, chain: list[_Host]
) -> None:
    touched = places.touched(owner, field, edit)
    if touched is None:
        return
    first, last = touched
    chain.append(_run(places, owner, field, first, last, edit))
    if last - first == 1:
        _descend(places, block[first], edit, chain)


def _run(places: _Places, owner: Any, field: str, first: int, last: int, edit: Edit) -> _Host:
    block = getattr(owner, field)[first:last]
    start, end = edit.start, edit.end
    if block:
        start, end = min(start, places.span(block[0])[0]), max(end, places.span(block[-1])[1])
    return _Host(owner, field, first, last, start, end)


def _holds(places: _Places, node: ast.AST, edit: Edit) -> bool:
    if node._attributes:  # the kinds of node that stand somewhere
        start, end = places.span(node)
        return start <= edit.start and edit.end <= end
    return any(_holds(places, child, edit) for child in ast.iter_child_nodes(node))


# new texts -----------------------------------------------------------------------------------------------------------


def _parsed(source: EditedSource, host: _Host, target: Version) -> Any:
    """The new text of a host as one expression or a list of statements, None where it is neither."""
    if host.owner is source.old.tree and host.first < host.last:
        whole = source.statements(host.start, host.end)
        if whole is not None:  # nothing to parse again, and nothing to compare
            return whole
    content = source.before.content
    inside = [edit for edit in source.edits if host.start <= edit.start and edit.end <= host.end]
    moved = [
        Edit(
            start=edit.start - host.start,
            end=edit.end - host.start,
            expected=edit.expected,
            replacement=edit.replacement,
            rule=edit.rule,
        )
        for edit in inside
    ]
    new = splice(content[host.start : host.end], moved)
    if host.first < 0:
        return _expression(new, target)
    line = max(content.rfind(b"\n", 0, host.start), content.rfind(b"\r", 0, host.start)) + 1
    lead = content[line : host.start]
    indented = (lead if not lead.strip() else b"") + new
    if host.first == host.last and not _fits(source.before, host, indented):
        return None
    return _statements(indented, target)


def _fits(text: SourceText, host: _Host, new: bytes) -> bool:
    """Whether new statements between others have the indentation of their block."""
    block = getattr(host.owner, host.field)
    column = text.offset(block[0].lineno, block[0].col_offset) - text.offset(block[0].lineno, 0) if block else 0
    indent = _indent(new)
    return indent is None or len(indent) == column


def _indent(new: bytes) -> bytes | None:
    """The indentation of the first line that holds code, None where there is none."""
    for line in new.splitlines():
        code = line.lstrip(b" \t\f")
        if code and not code.startswith(b"#"):
            return line[: len(line) - len(code)]
    return None


def _expression(new: bytes, target: Version) -> ast.expr | None:
    tree = _tree(b"(" + new + b"\n)", target)
    if tree is None or len(tree.body) != 1 or not isinstance(tree.body[0], ast.Expr) or not new.strip():
        return None
    return tree.body[0].value


def _statements(new: bytes, target: Version) -> list[ast.stmt] | None:
    if not _indent(new):
        tree = _tree(new, target)
        return None if tree is None else tree.body
    tree = _tree(b"if 1:\n" + new, target)
    if tree is None or len(tree.body) != 1 or not isinstance(tree.body[0], ast.If) or tree.body[0].orelse:
        return None
    return tree.body[0].body


def _tree(text: bytes, target: Version) -> ast.Module | None:
    tree, _, _ = parse_source(text, target)
    return tree


# the expected tree ---------------------------------------------------------------------------------------------------


def _outermost(source: EditedSource, hosts: Sequence[_Host], target: Version) -> list[_Host] | None:
    """The hosts that lie in no other one; runs of one block that meet are one run."""
    kept: list[_Host] = []
    for host in sorted(hosts, key=lambda each: (each.start, -each.end, each.first >= 0 and -1)):
        last = kept[-1] if kept else None
        if last is not None and host.start >= last.start and host.end <= last.end and not _beside(last, host):
            continue
        if last is not None and host.owner is last.owner and host.field == last.field and _meet(last, host):
            joined = _Host(
                last.owner,
                last.field,
                min(last.first, host.first),
                max(last.last, host.last),
                min(last.start, host.start),
                max(last.end, host.end),
            )
            joined.made = _parsed(source, joined, target)
            if joined.made is None:
                return None
            kept[-1] = joined
        else:
            kept.append(host)
    return kept


def _beside(last: _Host, host: _Host) -> bool:
    """Whether two insertions between statements share a place without one holding the other."""
    return last.start == last.end == host.start == host.end and (last.owner, last.first) != (host.owner, host.first)


def _meet(last: _Host, host: _Host) -> bool:
    return last.first >= 0 and host.first >= 0 and host.first < last.last


def _replace(hosts: list[_Host]) -> None:
    """Puts the new texts into the source's tree, the last one first so that indices stay true."""
    for host in reversed(hosts):
        value = getattr(host.owner, host.field)
        if host.first >= 0:
            value[host.first : host.last] = host.made
            continue
        _set_context(host.made, getattr(host.node, "ctx", None))
        if isinstance(value, list):
            places = [index for index, each in enumerate(value) if each is host.node]
            value[places[0]] = host.made
        else:
            setattr(host.owner, host.field, host.made)


def _set_context(node: ast.AST, context: ast.expr_context | None) -> None:
    if context is None or not hasattr(node, "ctx"):
        return
    node.ctx = context
    if isinstance(node, ast.Tuple | ast.List):
        for each in node.elts:
            _set_context(each, context)
    elif isinstance(node, ast.Starred):
        _set_context(node.value, context)
