"""One pass over a syntax tree: statements, scopes and the shape of functions and classes.

The pass is the price of a cold audit, so it visits every node once, keeps no parents and asks for a node's place only
where a fact needs it. Bodies of functions are read after the scope around them is complete, as Python runs them.
"""

import ast
from collections import deque
from collections.abc import Callable, Iterable

from canonry.source.facts import ClassFact, Flag, FunctionFact, Import, MainBlock, Shared
from canonry.source.python.assignments import Assignments
from canonry.source.python.attached import read_attaching
from canonry.source.python.draft import Draft, HandlerDraft, TryDraft
from canonry.source.python.expressions import ONLY_CONSTANTS
from canonry.source.python.instances import read_shared
from canonry.source.python.probes import read_flag
from canonry.source.python.records import class_fact, function_fact, main_block
from canonry.source.python.scope import (
    Scope,
    bind_import,
    bind_import_from,
    bound_names,
    imported_names,
    parameters,
    reference,
)
from canonry.source.python.shapes import (
    hands_out_nothing,
    is_broad,
    is_for_checkers,
    is_main_test,
    takes_everything,
)
from canonry.source.python.verdicts import asks_status, may_run_as_test
from canonry.source.python.vocabularies import read_enumeration
from canonry.source.syntax.text import SourceText

_SKIPS = frozenset(("unittest.SkipTest", "unittest.case.SkipTest", "pytest.skip.Exception"))
_CONSTANTS = (ast.Name, ast.Attribute)

_FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


class Walk(Assignments):
    """Gathers the facts of one syntax tree; read them from the attributes after `module`."""

    def __init__(self, text: SourceText, *, hints: bool) -> None:
        super().__init__(text, hints=hints)
        self.imports: list[Import] = []
        self.classes: list[ClassFact] = []
        self.functions: list[FunctionFact] = []
        self.flags: list[Flag] = []
        self.main_blocks: list[MainBlock] = []
        self._drafts: dict[str, Draft] = {}
        self.class_nodes: list[tuple[str, ast.ClassDef]] = []
        self._mains: list[tuple[ast.If, Draft]] = []
        self._deferred: deque[tuple[_FunctionNode, Draft]] = deque()

    def module(self, tree: ast.Module) -> None:
        """Reads the whole module."""
        draft = Draft("<module>", {})
        self._drafts[""] = draft
        self._body(tree.body, draft)
        self.verdicts.module(tree.body, draft.scope)
        while self._deferred:
            node, function = self._deferred.popleft()
            self._function_body(node, function)
        self.main_blocks = [main_block(node, block, self._drafts, self.text) for node, block in self._mains]

    def release(self) -> None:
        """Lets the tree go: drafts refer to one another in circles, and nothing collects while files are read."""
        for _, draft in self._finished:
            draft.node = draft.parent = None
            draft.swallowing.clear()
        self._finished.clear()
        self._drafts.clear()
        self._mains.clear()
        self.class_nodes.clear()

    # statements ------------------------------------------------------------------------------------------------------

    def _body(self, statements: Iterable[ast.stmt], draft: Draft) -> None:
        table = _STATEMENTS
        for statement in statements:
            handle = table.get(statement.__class__)
            if handle is not None:
                handle(self, statement, draft)

    def _expression(self, node: ast.Expr, draft: Draft) -> None:
        value = self.statement = node.value
        if value.__class__ is ast.Call:
            stack: list[ast.expr] = []
            self.call(value, draft, stack)
            if stack:
                self.expressions(stack, draft)
        elif value.__class__ is not ast.Constant:
            if self.handling and isinstance(value, ast.Yield) and isinstance(value.value, _CONSTANTS):
                self.doubles.named(value.value, draft)
            self.expressions([value], draft)

    def _function(self, node: _FunctionNode, draft: Draft) -> None:
        qualname = f"{draft.owner or draft.symbol}.{node.name}" if draft.owner or draft.node else node.name
        arguments = node.args
        roots: list[ast.expr] = [*node.decorator_list, *arguments.defaults]
        roots += [default for default in arguments.kw_defaults if default is not None]
        if roots:
            self.expressions(roots, draft)
        nested = draft.nested or draft.node is not None
        if draft.node is not None:
            self._note_decorators(node.decorator_list, draft)
        child = Draft(qualname, {}, owner=draft.owner, nested=nested, parent=draft, node=node)
        if not draft.owner:
            self.bind(draft, node.name, f":{qualname}")
        self._drafts[qualname] = child
        self._deferred.append((node, child))

    def _note_decorators(self, decorators: list[ast.expr], draft: Draft) -> None:
        """A decorator of an inner function is a call of it here."""
        for decorator in decorators:
            if isinstance(decorator, ast.Name) and decorator.id in draft.scope and not draft.scope[decorator.id]:
                draft.calls.append(("&", [decorator.id]))
            elif target := reference(decorator, draft.scope):
                draft.calls.append((target, []))

    def _function_body(self, node: _FunctionNode, draft: Draft) -> None:
        outer = draft.parent
        while outer is not None and outer.owner:  # a class body's names are not seen from its methods
            outer = outer.parent
        owner, draft.owner = draft.owner, ""
        scope: Scope = dict(outer.scope) if outer else {}
        draft.decorators = tuple(reference(decorator, scope) or "?" for decorator in node.decorator_list)
        for name in parameters(node.args):
            scope[name] = None
        draft.scope = scope
        draft.self_owner = owner or (draft.parent.self_owner if draft.parent else "")
        self._body(node.body, draft)
        if may_run_as_test(node):
            self.verdicts.marks(node.decorator_list, outer.scope if outer else {}, draft.symbol)
            draft.placeholder = self.verdicts.body(node, draft)
        draft.owner = owner
        self._finished.append((node, draft))

    def functions_found(self) -> list[FunctionFact]:
        """The facts of all functions, in the order of the text."""
        facts = [function_fact(node, draft, self.text) for node, draft in self._finished]
        facts.sort(key=lambda fact: (fact.site.line, fact.site.column))
        return facts

    def shared_found(self, tree: ast.Module) -> tuple[Shared, ...]:
        """The functions that hand out one object of the module again and again."""
        functions = (
            (node, draft.symbol, draft.owner.rpartition(".")[2], draft.decorators) for node, draft in self._finished
        )
        return tuple(read_shared(functions, tree, self._drafts[""].scope, self.text))

    def attaching_found(self) -> tuple[str, ...]:
        """The functions that attach an event contract."""
        return read_attaching(self.text.content, ((node, draft.symbol) for node, draft in self._finished))

    def _class(self, node: ast.ClassDef, draft: Draft) -> None:
        prefix = draft.owner or (draft.symbol if draft.node else "")
        qualname = f"{prefix}.{node.name}" if prefix else node.name
        self.expressions([*node.decorator_list, *node.bases, *(keyword.value for keyword in node.keywords)], draft)
        scope = draft.scope
        bases = tuple(reference(base, scope) or "?" for base in node.bases)
        decorators = tuple(reference(decorator, scope) or "?" for decorator in node.decorator_list)
        if not draft.owner:
            self.bind(draft, node.name, f":{qualname}")
        nested = draft.nested or draft.node is not None
        body = Draft(
            qualname, dict(scope), owner=qualname, nested=nested, parent=draft, in_main=draft.in_main, depth=draft.depth
        )
        self._body(node.body, body)
        if self.handling:
            self.doubles.defined(node.name)
        if node.decorator_list:
            self.verdicts.marks(node.decorator_list, scope, qualname)
        self.class_nodes.append((qualname, node))
        self.classes.append(class_fact(node, body, bases, decorators, scope, self.text))
        if not nested and (found := read_enumeration(node, bases, self.text, qualname)) is not None:
            self.constants.append(found)

    def _import(self, node: ast.Import, draft: Draft) -> None:
        bind_import(node, draft.scope)
        top = draft.node is None and not draft.owner
        column, end = self._columns(node)
        for alias in node.names:
            if alias.name == "os" or alias.name.startswith("os."):
                self.imports_os = True
            self.imports.append(
                Import(alias.name, 0, (), node.lineno, column, node.end_lineno or 0, end, draft.symbol, top)
            )
            if top and alias.asname:
                self.bindings.setdefault(alias.asname, alias.name)
            elif top:
                self.bindings.setdefault(alias.name.partition(".")[0], alias.name.partition(".")[0])

    def _import_from(self, node: ast.ImportFrom, draft: Draft) -> None:
        before = dict(draft.scope) if self.handling else None
        bind_import_from(node, draft.scope)
        if node.module == "os":
            self.imports_os = True
            self.leaves = ONLY_CONSTANTS
        if before is not None:  # a fallback does not hide what the first try binds
            draft.scope.update({name: bound for name, bound in before.items() if bound is not None})
        top = draft.node is None and not draft.owner
        names = tuple((alias.name, alias.asname or alias.name) for alias in node.names)
        column, end = self._columns(node)
        self.imports.append(
            Import(
                node.module or "", node.level, names, node.lineno, column, node.end_lineno or 0, end, draft.symbol, top
            )
        )
        if top:
            for _, bound in imported_names(node):
                self.bindings.setdefault(bound, draft.scope.get(bound) or "")
        if node.level:
            self.count("relative-imports")

    def _columns(self, node: ast.stmt) -> tuple[int, int]:
        end = self.text.characters(node.end_lineno or node.lineno, node.end_col_offset or 0)
        return self.text.characters(node.lineno, node.col_offset) + 1, end + 1

    def _if(self, node: ast.If, draft: Draft) -> None:
        at_top = draft.parent is None and draft.node is None and not draft.owner
        first, made, guard = node, self.doubles.made, not node.orelse and asks_status(node.test)
        draft.guards += guard
        while True:
            if at_top and is_main_test(node.test):
                block = Draft("__main__", draft.scope, in_main=True, parent=None)
                block.commands = draft.commands
                self._drafts.setdefault("__main__", block)
                self._mains.append((node, block))
                self._body(node.body, block)
            else:
                self.expressions([node.test], draft)
                self._body(node.body, draft)
            orelse = node.orelse
            if len(orelse) != 1 or orelse[0].__class__ is not ast.If:
                break
            node = orelse[0]  # a chain of `elif` is as deep as it is long
        if orelse:
            if is_for_checkers(node.test):
                self._forget(orelse, draft)
            self._body(orelse, draft)
        draft.guards -= guard
        if self.doubles.made != made:
            self.fallbacks.branch(first, draft)

    def _forget(self, statements: list[ast.stmt], draft: Draft) -> None:
        """Takes back what type checkers alone are told of names that these statements bind."""
        for each in statements:
            targets = each.targets if isinstance(each, ast.Assign) else []
            names = [name for target in targets for name in bound_names(target)]
            names += [getattr(each, "name", "")]
            names += [bound for _, bound in imported_names(each)] if isinstance(each, ast.ImportFrom) else []
            for name in names:
                if draft.scope.get(name) is not None:
                    draft.scope[name] = None
                    if draft.node is None and not draft.owner:
                        self.bindings.pop(name, None)

    def _try(self, node: ast.Try | ast.TryStar, draft: Draft) -> None:
        if draft.node is None and not draft.owner and (flag := read_flag(node, self.text)) is not None:
            self.flags.append(flag)
        attempt = TryDraft(broad=any(is_broad(handler, draft.scope) for handler in node.handlers))
        draft.attempts.append(attempt)
        self._body(node.body, draft)
        draft.attempts.pop()
        for handler in node.handlers:
            broad = draft.node is not None and is_broad(handler, draft.scope)
            if handler.type is not None:
                self.expressions([handler.type], draft)
            if handler.name is not None:
                self.shadow(handler.name, draft)
            self.handling += 1
            self.verdicts.caught.append((node, handler))
            made = self.doubles.made
            if broad:
                caught = HandlerDraft(handler, attempt, bare=takes_everything(handler, draft.scope))
                draft.handlers.append(caught)
                draft.caught(caught)
                self._body(handler.body, draft)
                draft.handlers.pop()
            else:
                self._body(handler.body, draft)
            if self.doubles.made != made:
                self.fallbacks.handler(node, handler, draft)
            self.verdicts.caught.pop()
            self.handling -= 1
        self._body(node.orelse, draft)
        draft.finishing += 1
        self._body(node.finalbody, draft)
        draft.finishing -= 1

    def _return(self, node: ast.Return, draft: Draft) -> None:
        value = node.value
        if value is None:
            return
        if self.handling and value.__class__ in _CONSTANTS:
            self.doubles.named(value, draft)
        for handler in draft.handlers:
            handler.returns = True
        if draft.returns is None and not hands_out_nothing(value, draft):
            draft.returns = self.text.site(node, draft.symbol)
        if value.__class__ not in self.leaves:
            self.expressions([value], draft)

    def _raise(self, node: ast.Raise, draft: Draft) -> None:
        raised = reference(node.exc, draft.scope) if node.exc is not None else ""
        if raised in _SKIPS:
            self.verdicts.raised(node, raised, draft)
            for handler in draft.handlers:
                handler.skips = True
        elif not any(attempt.broad for attempt in draft.attempts):  # else a handler of this function takes it
            draft.raises = True
            if raised == "*.AssertionError":
                draft.saw_raised_assertion()
        for handler in draft.handlers:
            handler.raises = True
        self.expressions([part for part in (node.exc, node.cause) if part is not None], draft)

    def _assert(self, node: ast.Assert, draft: Draft) -> None:
        draft.saw_assertion()
        self.verdicts.asserted(node, draft)
        self.expressions([node.test] if node.msg is None else [node.test, node.msg], draft)

    def _continue(self, _node: ast.Continue, draft: Draft) -> None:
        for handler in draft.handlers:
            handler.continues = True

    def _delete(self, node: ast.Delete, draft: Draft) -> None:
        self.expressions(list(node.targets), draft)

    def _for(self, node: ast.For | ast.AsyncFor, draft: Draft) -> None:
        for name in bound_names(node.target):
            self.shadow(name, draft)
        self.expressions([node.iter], draft)
        self.verdicts.around.append(node)
        self._body(node.body, draft)
        self.verdicts.around.pop()
        self._body(node.orelse, draft)

    def _while(self, node: ast.While, draft: Draft) -> None:
        self.expressions([node.test], draft)
        self.verdicts.around.append(node)
        self._body(node.body, draft)
        self.verdicts.around.pop()
        self._body(node.orelse, draft)

    def _with(self, node: ast.With | ast.AsyncWith, draft: Draft) -> None:
        for item in node.items:
            self.expressions([item.context_expr], draft)
            if item.optional_vars is not None:
                for name in bound_names(item.optional_vars):
                    self.shadow(name, draft)
        self.verdicts.around.append(node)
        self._body(node.body, draft)
        self.verdicts.around.pop()

    def _match(self, node: ast.Match, draft: Draft) -> None:
        self.expressions([node.subject], draft)
        for case in node.cases:
            if case.guard is not None:
                self.expressions([case.guard], draft)
            self._body(case.body, draft)


_STATEMENTS: dict[type[ast.AST], Callable[..., None]] = {
    ast.FunctionDef: Walk._function,
    ast.AsyncFunctionDef: Walk._function,
    ast.ClassDef: Walk._class,
    ast.Import: Walk._import,
    ast.ImportFrom: Walk._import_from,
    ast.If: Walk._if,
    ast.Try: Walk._try,
    ast.TryStar: Walk._try,
    ast.Assign: Walk.assign,
    ast.AugAssign: Walk.augmented,
    ast.AnnAssign: Walk.annotated,
    ast.Return: Walk._return,
    ast.Raise: Walk._raise,
    ast.Assert: Walk._assert,
    ast.Delete: Walk._delete,
    ast.For: Walk._for,
    ast.AsyncFor: Walk._for,
    ast.While: Walk._while,
    ast.With: Walk._with,
    ast.AsyncWith: Walk._with,
    ast.Match: Walk._match,
    ast.Expr: Walk._expression,
    ast.Continue: Walk._continue,
}
