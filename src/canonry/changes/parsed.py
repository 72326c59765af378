"""A Python source that parses, with what several readers of it ask for, found once and when it is first asked for."""

import ast
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


class ParsedText:
    """The text without its byte order mark, and its syntax tree. Whoever changes the tree has it for himself."""

    def __init__(self, text: SourceText, tree: ast.Module) -> None:
        self.text = text
        self.tree = tree

    @property
    def nodes(self) -> list[ast.AST]:
        """All nodes of the tree, parents before their children."""
        return self._walked[0]

    @property
    def parents(self) -> dict[ast.AST, ast.AST]:
        """What each node stands in."""
        return self._walked[1]

    @cached_property
    def _walked(self) -> tuple[list[ast.AST], dict[ast.AST, ast.AST]]:
        parents: dict[ast.AST, ast.AST] = dict.fromkeys(self.tree.body, self.tree)
        for each in self.tree.body:
            if isinstance(each, ast.ClassDef):
                parents.update(dict.fromkeys(each.body, each))
        nodes: list[ast.AST] = [self.tree]
        for part in self.parts:
            nodes += part.walk(parents)
        return nodes, parents

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
