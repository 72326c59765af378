"""A Python file that parses, as a codemod sees it: facts and index as rules have them, the syntax tree, the bytes."""

import ast
import bisect
import codecs
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Any

import msgspec

from canonry.changes.nodes import children_of, nodes_of
from canonry.changes.parsed import Parents, ParsedText
from canonry.migrate.answers import Needed, Splice
from canonry.migrate.commands.surroundings import Surroundings
from canonry.rules.view import FileView
from canonry.source.facts import Site
from canonry.source.index import Definition
from canonry.source.syntax.text import SourceText

Function = ast.FunctionDef | ast.AsyncFunctionDef
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_STAR = re.compile(rb"import[\s\\]*\*")
_SCOPES = (*_FUNCTIONS, ast.ClassDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class Words(msgspec.Struct, frozen=True):
    """What of a tree speaks of names: the uses and bindings of each, strings, imports, what functions share."""

    names: dict[str, list[ast.Name]]
    strings: list[ast.Constant]
    imports: list[ast.Import | ast.ImportFrom]
    shared: frozenset[str]


class Module:
    """One file. Offsets are those of its bytes, the byte order mark included."""

    def __init__(
        self,
        file: FileView,
        content: bytes,
        parse: Callable[[], ParsedText],
        *,
        surroundings: Surroundings | None = None,
    ) -> None:
        self.file = file
        self.surroundings = surroundings or Surroundings()
        self.path = file.path
        self.content = content
        self._parse = parse
        self.mark = len(codecs.BOM_UTF8) if content.startswith(codecs.BOM_UTF8) else 0
        self.text = SourceText(content[self.mark :])
        self._promised: dict[str, Needed] = {}

    @cached_property
    def _parsed(self) -> ParsedText:
        return self._parse()

    @property
    def tree(self) -> ast.Module:
        """The syntax tree, parsed when it is first asked for: many findings are answered from facts alone."""
        return self._parsed.tree

    @property
    def nodes(self) -> list[ast.AST]:
        """All nodes of the tree, parents before their children."""
        return self._parsed.nodes

    @cached_property
    def words(self) -> Words:
        """The nodes of the tree that speak of names, told apart once for all who ask."""
        return words_of(self.nodes)

    # places -----------------------------------------------------------------------------------------------------------

    def start(self, node: ast.AST) -> int:
        """Where a node begins; decorators do not belong to it."""
        return self.mark + self.text.offset(node.lineno, node.col_offset)  # type: ignore[attr-defined]

    def end(self, node: ast.AST) -> int:
        """Where a node ends."""
        return self.mark + self.text.offset(node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]

    def source(self, node: ast.AST) -> str:
        """The text of a node."""
        return self.content[self.start(node) : self.end(node)].decode()

    def replace(self, node: ast.AST, text: str) -> Splice:
        """The edit that puts a text in the place of a node."""
        return Splice(self.start(node), self.end(node), text.encode())

    def insert(self, at: int, text: str) -> Splice:
        """The edit that puts a text at an offset."""
        return Splice(at, at, text.encode())

    def has_comment(self, start: int, end: int) -> bool:
        """Whether a comment begins in a range (told from the tokens; the text only says where none can)."""
        if b"#" not in self.content[start:end]:
            return False
        index = bisect.bisect_left(self._comments, start)
        return index < len(self._comments) and self._comments[index] < end

    def comments_in(self, start: int, end: int) -> list[str]:
        """The comments that begin in a range, in order."""
        if b"#" not in self.content[start:end]:
            return []
        found = re.compile(rb"[^\r\n]*")
        texts = (found.match(self.content, at) for at in self._comments if start <= at < end)
        return [match[0].decode().rstrip() for match in texts if match is not None]

    @cached_property
    def _comments(self) -> list[int]:
        return [self.mark + token.start for token in self._parsed.tokens if token.comment]

    def line_end(self, offset: int) -> bytes:
        """How the line at an offset ends; at the last line as those before it."""
        found = re.compile(rb"\r\n|\r|\n").search(self.content, offset)
        if found is None:
            every = re.findall(rb"\r\n|\r|\n", self.content[:offset])
            return every[-1] if every else b"\n"
        return found.group()

    # nodes ------------------------------------------------------------------------------------------------------------

    def nodes_at(self, site: Site) -> list[ast.AST]:
        """The nodes that begin at a place and end where it ends, the outermost first."""
        end = site.end_line, self._bytes(site.end_line, site.end_column)
        return [
            node
            for node in self.starting_at(site)
            if (node.end_lineno, node.end_col_offset) == end  # type: ignore[attr-defined]
        ]

    def starting_at(self, site: Site) -> list[ast.AST]:
        """The nodes that begin at a place, the outermost first."""
        return self._parsed.starting_at(site.line, self._bytes(site.line, site.column))

    def _bytes(self, line: int, column: int) -> int:
        """The parser's column, in bytes from 0, of a column in characters from 1."""
        start = self.text.offset(line, 0)
        before = self.text.content[start : start + 4 * (column - 1)]
        return column - 1 if before.isascii() else len(before.decode("utf-8", "ignore")[: column - 1].encode())

    @property
    def parents(self) -> Parents:
        """What each node stands in."""
        return self._parsed.parents

    def enclosing(self, node: ast.AST, kinds: type | tuple[type, ...]) -> ast.AST | None:
        """The nearest node of a kind around a node."""
        above = self.parents.get(node)
        while above is not None and not isinstance(above, kinds):
            above = self.parents.get(above)
        return above

    def statement_of(self, node: ast.AST) -> ast.stmt:
        """The innermost statement that a node is or stands in."""
        found: ast.AST | None = node
        while found is not None and not isinstance(found, ast.stmt):
            found = self.parents.get(found)
        assert found is not None
        return found

    def functions_around(self, node: ast.AST) -> Iterator[ast.AST]:
        """The functions that a node stands in, the innermost first."""
        above = self.enclosing(node, _FUNCTIONS)
        while above is not None:
            yield above
            above = self.enclosing(above, _FUNCTIONS)

    # names ------------------------------------------------------------------------------------------------------------

    def name_for(self, module: str, name: str, *, at: ast.AST, alias: str = "") -> Needed | None:
        """The name by which a node's replacement may speak of `module.name`, to be given in the change's ``needs``.

        An import of the same thing at the top of the file is used. None where the name (``alias``, where one is given)
        means something else in the file or around the node.
        """
        promised = self._promised.get(f"{module}:{name}") or self._present(module, name)
        if promised is None:
            bound = alias or name
            if bound in self.bound or bound in self._star_names:
                return None
            promised = Needed(module, name, bound)
        if not self._may_name(promised.bound):  # then no scope binds it
            self._promised[f"{module}:{name}"] = promised
            return promised
        if any(promised.bound in self.locals_of(each) for each in self.functions_around(at)):
            return None
        if promised.bound in self.class_names_around(at):
            return None
        self._promised[f"{module}:{name}"] = promised
        return promised

    def _may_name(self, name: str) -> bool:
        """Whether the text holds a name, also where the parser has to normalise it first."""
        return name.encode() in self.content or (not self.content.isascii() and name in self._normalised)

    @cached_property
    def _normalised(self) -> str:
        return unicodedata.normalize("NFKC", self.content.decode("utf-8", "replace"))

    def _present(self, module: str, name: str) -> Needed | None:
        """The import of it that stands at the top level, outside of any condition, and is bound once."""
        for statement in self.tree.body:
            if isinstance(statement, ast.ImportFrom) and statement.level == 0 and statement.module == module:
                for alias in statement.names:
                    bound = alias.asname or alias.name
                    if alias.name == name and self.bound.get(bound, 0) == 1:
                        return Needed(module, name, bound)
        return None

    @cached_property
    def bound(self) -> dict[str, int]:
        """The names that the module binds at its top level, conditions and loops included, and how often."""
        found: dict[str, int] = {}
        for name in _bound_in(self.tree):
            found[name] = found.get(name, 0) + 1
        return found

    def is_rebound(self, name: str) -> bool:
        """Whether the file binds a name more than once at its top level, and not by imports alone.

        None does not count: it stands for what could not be imported.
        """
        return self.bound.get(name, 0) > 1 and any(map(self._binds_otherwise, self.words.names.get(name, ())))

    def _binds_otherwise(self, name: ast.Name) -> bool:
        if not isinstance(name.ctx, ast.Store) or self.enclosing(name, _SCOPES) is not None:
            return False
        statement = self.statement_of(name)
        value = statement.value if isinstance(statement, ast.Assign | ast.AnnAssign) else None
        return not (isinstance(value, ast.Constant) and value.value is None)

    @cached_property
    def _star_names(self) -> frozenset[str]:
        """The names that star imports of the tree's own modules bring."""
        found: set[str] = set()
        for statement in self.nodes if _STAR.search(self.content) else ():
            if isinstance(statement, ast.ImportFrom) and statement.names[0].name == "*":
                start = "." * statement.level + (statement.module or "")
                target = self.file.index.resolve(self.path, start)
                facts = self.file.index.facts(target.path) if isinstance(target, Definition) else None
                if facts is not None:
                    found.update((*facts.bindings, *facts.assigned))
        return frozenset(found)

    def locals_of(self, function: ast.AST) -> frozenset[str]:
        """The names that are a function's own: parameters, and what it binds and does not declare global."""
        known = self._locals.get(function)
        if known is None:
            known = self._locals[function] = frozenset(_locals(function))
        return known

    def imported_in(self, function: ast.AST) -> dict[str, str]:
        """What the imports of a function bind, by name, as dotted names."""
        known = self._imported.get(function)
        if known is None:
            known = {}
            for node in nodes_of(function):
                if isinstance(node, ast.ImportFrom) and node.level == 0:
                    known.update((each.asname or each.name, f"{node.module}.{each.name}") for each in node.names)
                elif isinstance(node, ast.Import):
                    known.update(
                        (
                            each.asname or each.name.partition(".")[0],
                            each.name if each.asname else each.name.partition(".")[0],
                        )
                        for each in node.names
                    )
            self._imported[function] = known
        return known

    @cached_property
    def _imported(self) -> dict[ast.AST, dict[str, str]]:
        return {}

    @cached_property
    def _locals(self) -> dict[ast.AST, frozenset[str]]:
        return {}

    def class_names_around(self, node: ast.AST) -> frozenset[str]:
        """The names bound in the body of the class in which a node stands directly, outside of its methods."""
        above = self.enclosing(node, _SCOPES)
        return frozenset(_bound_in(above)) if isinstance(above, ast.ClassDef) else frozenset()


def words_of(nodes: Iterable[ast.AST]) -> Words:
    """What of these nodes speaks of names; most are of none of these kinds, so they are told apart by their class."""
    names: dict[str, list[ast.Name]] = {}
    strings: list[ast.Constant] = []
    imports: list[ast.Import | ast.ImportFrom] = []
    shared: set[str] = set()
    node: Any
    for node in nodes:
        kind = node.__class__
        if kind is ast.Name:
            names.setdefault(node.id, []).append(node)
        elif kind is ast.Constant:
            if node.value.__class__ is str:
                strings.append(node)
        elif kind is ast.Import or kind is ast.ImportFrom:
            imports.append(node)
        elif kind is ast.Global or kind is ast.Nonlocal:
            shared.update(node.names)
    return Words(names, strings, imports, frozenset(shared))


def _bound_in(scope: ast.AST) -> Iterator[str]:
    """The names that a module or a class body binds, in order; functions and classes in it keep theirs."""
    waiting = children_of(scope)[::-1]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names if alias.name != "*")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
            yield node.id
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            yield node.name
        elif isinstance(node, ast.Global):
            yield from node.names
        if isinstance(node, _COMPREHENSIONS):
            waiting += [each for each in ast.walk(node) if isinstance(each, ast.NamedExpr)]
        elif not isinstance(node, _SCOPES):
            waiting += children_of(node)[::-1]


def _locals(function: ast.AST) -> Iterator[str]:
    assert isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    arguments = function.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    yield from (each.arg for each in every if each is not None)
    if isinstance(function, ast.Lambda):
        return
    shared: set[str] = set()
    found: set[str] = set()
    for statement in function.body:
        holder = ast.Module([statement], [])
        found.update(_bound_in(holder))
        for node in nodes_of(statement):
            if isinstance(node, ast.Global | ast.Nonlocal):
                shared.update(node.names)
    yield from found - shared
