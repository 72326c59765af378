"""Where a content calls or names something: read only when a rule of the user's asks for it.

The facts keep the calls that our own rules need. A rule such as "`requests.get` is banned here" may ask for any name,
so its uses are read from the content: by the same references as in the facts, path-free, so kept per content.
A content whose bytes lack the last part of a name is ruled out unread.
"""

import ast
from collections import deque
from collections.abc import Iterable
from typing import Any

import msgspec

from canonry.source.code import DOCUMENTS, mentions_version
from canonry.source.facts import Site
from canonry.source.python.scope import Scope, bind_import, bind_import_from, bound_names, join, parameters, reference
from canonry.source.syntax.parse import parse_source
from canonry.source.syntax.text import SourceText
from canonry.source.syntax.versions import Version

_Function = ast.FunctionDef | ast.AsyncFunctionDef


class Mention(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One use of a name. ``reference`` is in the notation of the facts; ``called`` says that it is called there."""

    reference: str
    called: bool
    site: Site


def mentions_of(content: bytes, names: Iterable[str], target: Version) -> tuple[Mention, ...]:
    """The uses of these dotted names in a content, and of all others that end in the same word; none in a broken one.

    What the names really are is for the index to say, because only it knows the other files.
    """
    lasts = frozenset(name.rpartition(".")[2] for name in names)
    if not any(last.encode() in content for last in lasts):
        return ()
    tree, text, _ = parse_source(content, target)
    if tree is None:
        return ()
    reader = _Reader(text, lasts)
    try:
        reader.module(tree)
    except RecursionError:
        return ()
    return tuple(sorted(reader.found, key=lambda each: (each.site.line, each.site.column)))


def mention_variant(names: Iterable[str], target: Version) -> int:
    """The part of the cache key that is not content: the names, the code that reads, the target Python."""
    return 2 * DOCUMENTS + mentions_version(repr((sorted(names), target)))


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(tuple[Mention, ...])


def encode_mentions(mentions: tuple[Mention, ...]) -> bytes:
    """The mentions as MessagePack bytes."""
    return _ENCODER.encode(mentions)


def decode_mentions(data: bytes) -> tuple[Mention, ...] | None:
    """What `encode_mentions` wrote, None for anything else."""
    try:
        return _DECODER.decode(data)
    except msgspec.MsgspecError:
        return None


class _Block:
    """A module, class body or function with its names."""

    def __init__(self, symbol: str, scope: Scope, outer: "_Block | None" = None, *, is_class: bool = False) -> None:
        self.symbol = symbol
        self.scope = scope
        self.outer = outer
        self.is_class = is_class


class _Reader:
    """Reads statements in their order; bodies of functions after the scope around them is complete."""

    def __init__(self, text: SourceText, lasts: frozenset[str]) -> None:
        self.found: list[Mention] = []
        self._text = text
        self._lasts = lasts
        self._deferred: deque[tuple[_Function, _Block]] = deque()

    def module(self, tree: ast.Module) -> None:
        """Reads the whole module."""
        self._body(tree.body, _Block("<module>", {}))
        while self._deferred:
            node, outer = self._deferred.popleft()
            around: _Block | None = outer
            while around is not None and around.is_class:  # a class body's names are not seen from its methods
                around = around.outer
            scope: Scope = dict(around.scope) if around else {}
            scope.update(dict.fromkeys(parameters(node.args)))
            self._body(node.body, _Block(_inside(outer, node.name), scope, outer))

    def _body(self, statements: Iterable[ast.stmt], block: _Block) -> None:
        for statement in statements:
            self._statement(statement, block)

    def _statement(self, node: ast.stmt, block: _Block) -> None:
        scope = block.scope
        match node:
            case ast.Import():
                bind_import(node, scope)
            case ast.ImportFrom():
                bind_import_from(node, scope)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                defaults = [each for each in node.args.kw_defaults if each is not None]
                annotations = [each.annotation for each in ast.walk(node.args) if isinstance(each, ast.arg)]
                self._read([*node.decorator_list, *node.args.defaults, *defaults], block)
                self._read([each for each in (*annotations, node.returns) if each is not None], block)
                if not block.is_class:
                    scope[node.name] = f":{_inside(block, node.name)}"
                self._deferred.append((node, block))
            case ast.ClassDef():
                self._read([*node.decorator_list, *node.bases, *(each.value for each in node.keywords)], block)
                inner = _Block(_inside(block, node.name), dict(scope), block, is_class=True)
                scope[node.name] = f":{inner.symbol}"
                self._body(node.body, inner)
            case ast.Assign():
                self._read([node.value], block)
                for target in node.targets:
                    self._assign(target, node.value, block)
            case ast.AnnAssign():
                self._read([each for each in (node.annotation, node.value) if each is not None], block)
                self._assign(node.target, node.value, block)
            case ast.For() | ast.AsyncFor():
                self._read([node.iter], block)
                self._bind(node.target, block)
                self._body([*node.body, *node.orelse], block)
            case ast.With() | ast.AsyncWith():
                for item in node.items:
                    self._read([item.context_expr], block)
                    if item.optional_vars is not None:
                        self._bind(item.optional_vars, block)
                self._body(node.body, block)
            case ast.Try() | ast.TryStar():
                self._try(node, block)
            case _:
                self._other(node, block)

    def _try(self, node: ast.Try | ast.TryStar, block: _Block) -> None:
        self._body(node.body, block)
        for handler in node.handlers:
            before = dict(block.scope)
            self._read([handler.type] if handler.type is not None else [], block)
            if handler.name is not None:
                block.scope[handler.name] = None
            self._body(handler.body, block)
            block.scope.update({name: bound for name, bound in before.items() if bound is not None})
        self._body([*node.orelse, *node.finalbody], block)

    def _other(self, node: ast.AST, block: _Block) -> None:
        """Everything that binds nothing: its expressions, then its statements."""
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self._read([child], block)
            elif isinstance(child, ast.stmt):
                self._statement(child, block)
            else:
                if isinstance(child, ast.MatchAs | ast.MatchStar) and child.name:
                    block.scope[child.name] = None
                self._other(child, block)

    def _assign(self, target: ast.expr, value: ast.expr | None, block: _Block) -> None:
        if isinstance(target, ast.Name) and value is not None:
            bound = reference(value, block.scope) if isinstance(value, ast.Name | ast.Attribute) else ""
            made = reference(value, block.scope) if isinstance(value, ast.Call) else ""
            if made.rpartition(".")[2][:1].isupper():  # an instance: its methods are those of the class
                bound = made
            block.scope[target.id] = bound if bound and not bound.startswith("*") else None
        else:
            self._bind(target, block)

    def _bind(self, target: ast.expr, block: _Block) -> None:
        block.scope.update(dict.fromkeys(bound_names(target)))
        if not isinstance(target, ast.Name):
            self._read([target], block)

    def _read(self, expressions: list[Any], block: _Block) -> None:
        """Reads expressions; what a comprehension or lambda binds is hidden inside it."""
        waiting: list[tuple[Any, Scope]] = [(each, block.scope) for each in expressions]
        while waiting:
            node, scope = waiting.pop()
            if isinstance(node, ast.Lambda):
                scope = scope | dict.fromkeys(parameters(node.args))
            elif isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
                scope = scope | dict.fromkeys(name for each in node.generators for name in bound_names(each.target))
            elif isinstance(node, ast.NamedExpr):
                block.scope[node.target.id] = None
            called = isinstance(node, ast.Call)
            named = node.func if called else node
            if isinstance(named, ast.Name | ast.Attribute) and isinstance(named.ctx, ast.Load):
                self._name(named, node, scope, block, called=called)
                while isinstance(named, ast.Attribute):  # `a.b` in `a.b.c` is a name too
                    named = named.value
                    if isinstance(named, ast.Attribute | ast.Name):
                        self._name(named, named, scope, block, called=False)
                if not isinstance(named, ast.Name):
                    waiting.append((named, scope))
                if called:
                    waiting += [(each, scope) for each in (*node.args, *node.keywords)]
                continue
            waiting += [(child, scope) for child in ast.iter_child_nodes(node)]

    def _name(self, named: ast.expr, whole: Any, scope: Scope, block: _Block, *, called: bool) -> None:
        found = _reference(named, scope)
        if found and found.rpartition(".")[2] in self._lasts:
            self.found.append(Mention(found, called, self._text.site(whole, block.symbol)))


def _reference(node: ast.expr, scope: Scope) -> str:
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Call):
        made = reference(node.value, scope)  # `Session().get`
        return join(made, [node.attr]) if made.rpartition(".")[2][:1].isupper() else ""
    return reference(node, scope)


def _inside(block: _Block, name: str) -> str:
    return name if block.symbol == "<module>" else f"{block.symbol}.{name}"
