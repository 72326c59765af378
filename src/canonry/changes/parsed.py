"""A Python source that parses, with what several readers of it ask for, found once and when it is first asked for."""

import ast
import bisect
from collections.abc import Iterable
from functools import cached_property

from canonry.changes.nodes import children_of, walk
from canonry.changes.strings import TextToken, text_tokens
from canonry.source.syntax.text import SourceText


class Part:
    """A piece of a source: a statement of the module, one of a class there, or the head of such a class.

    ``start`` and ``end`` are offsets; decorators belong to it. A head ends where the body of its class begins.
    """

    __slots__ = ("_nodes", "end", "head", "inner", "node", "start")

    def __init__(self, node: ast.stmt, start: int, end: int, *, head: bool = False, inner: bool = False) -> None:
        self.node = node
        self.start, self.end = start, end
        self.head, self.inner = head, inner
        self._nodes: list[ast.AST] | None = None

    @property
    def nodes(self) -> list[ast.AST]:
        """All nodes of it, parents before their children."""
        return self._nodes if self._nodes is not None else self.walk(None)

    def walk(self, parents: dict[ast.AST, ast.AST] | None) -> list[ast.AST]:
        """The nodes; what each stands in goes into ``parents``."""
        if not self.head:
            self._nodes = walk([self.node], parents)
            return self._nodes
        assert isinstance(self.node, ast.ClassDef)
        body = set(self.node.body)
        roots = [each for each in children_of(self.node) if each not in body]
        if parents is not None:
            parents.update(dict.fromkeys(roots, self.node))
        self._nodes = [self.node, *walk(roots, parents)]
        return self._nodes


class Parents:
    """What each node of a source stands in; found part by part, for most questions are about few of them.

    It does not hold the source, which holds it: trees in circles are freed late.
    """

    def __init__(self, source: "ParsedText") -> None:
        self._text, self._parts, self._starts = source.text, source.parts, source.starts
        self._known: dict[ast.AST, ast.AST] = dict.fromkeys(source.tree.body, source.tree)
        for each in source.tree.body:
            if isinstance(each, ast.ClassDef):
                self._known.update(dict.fromkeys(each.body, each))
        self._walked: set[Part] = set()

    def __getitem__(self, node: ast.AST) -> ast.AST:
        found = self.get(node)
        if found is None:
            raise KeyError(node)
        return found

    def get(self, node: ast.AST) -> ast.AST | None:
        """What a node stands in; None for the module, and for what is none of its nodes."""
        found = self._known.get(node)
        if found is not None or isinstance(node, ast.Module):
            return found
        if node._attributes:
            offset = self._text.offset(node.lineno, node.col_offset)  # type: ignore[attr-defined]
            index = bisect.bisect_right(self._starts, offset)
            self._walk(self._parts[index - 1 : index])
        if node not in self._known:
            self._walk(self._parts)
        return self._known.get(node)

    def _walk(self, parts: Iterable[Part]) -> None:
        for part in parts:
            if part not in self._walked:
                self._walked.add(part)
                part.walk(self._known)


class ParsedText:
    """The text without its byte order mark, and its syntax tree. Whoever changes the tree has it for himself."""

    def __init__(self, text: SourceText, tree: ast.Module) -> None:
        self.text = text
        self.tree = tree

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """All nodes of the tree, parents before their children."""
        return [self.tree, *(node for part in self.parts for node in part.nodes)]

    @cached_property
    def parents(self) -> "Parents":
        """What each node stands in."""
        return Parents(self)

    def part_at(self, offset: int) -> Part | None:
        """The part that begins last before an offset, or there; None before the first."""
        index = bisect.bisect_right(self.starts, offset)
        return self.parts[index - 1] if index else None

    @cached_property
    def starts(self) -> list[int]:
        """Where each part begins."""
        return [part.start for part in self.parts]

    def starting_at(self, line: int, column: int) -> list[ast.AST]:
        """The nodes that begin at a place of the parser, the outermost first."""
        part = self.part_at(self.text.offset(line, column))
        found = self._starting(part).get((line, column)) if part is not None else None
        if found is None:  # before Python 3.12, places inside of f-strings may be others than their own
            found = [node for each in self.parts for node in self._starting(each).get((line, column), ())]
        return found

    def _starting(self, part: Part) -> dict[tuple[int, int], list[ast.AST]]:
        known = self._by_start.get(part)
        if known is None:
            known = self._by_start[part] = {}
            for node in part.nodes:
                if node._attributes:  # the kinds of node that stand somewhere
                    known.setdefault((node.lineno, node.col_offset), []).append(node)  # type: ignore[attr-defined]
        return known

    @cached_property
    def _by_start(self) -> dict[Part, dict[tuple[int, int], list[ast.AST]]]:
        return {}

    @cached_property
    def parts(self) -> list[Part]:
        """The pieces that the source consists of, in order."""
        found: list[Part] = []
        for each in self.tree.body:
            start, end = self.span(each)
            if isinstance(each, ast.ClassDef):
                inner = [Part(one, *self.span(one), inner=True) for one in each.body]
                found += [Part(each, start, inner[0].start, head=True), *inner]
            else:
                found.append(Part(each, start, end))
        return found

    @cached_property
    def tokens(self) -> list[TextToken]:
        """The strings and comments, in order."""
        return list(text_tokens(self.text))

    def span(self, node: ast.stmt) -> tuple[int, int]:
        """Where a statement begins, with its first decorator, and where it ends."""
        start = self.text.offset(node.lineno, node.col_offset)
        for decorator in getattr(node, "decorator_list", ())[:1]:
            start = self.text.content.rindex(b"@", 0, self.text.offset(decorator.lineno, decorator.col_offset))
        return start, self.text.offset(node.end_lineno or node.lineno, node.end_col_offset or 0)
