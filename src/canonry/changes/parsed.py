"""A Python source that parses, with what several readers of it ask for, found once and when it is first asked for."""

import ast
from functools import cached_property

from canonry.changes.nodes import nodes_and_parents
from canonry.changes.strings import TextToken, text_tokens
from canonry.source.syntax.text import SourceText


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
        return nodes_and_parents(self.tree)

    @cached_property
    def tokens(self) -> list[TextToken]:
        """The strings and comments, in order."""
        return list(text_tokens(self.text))
