"""What the walk gathers while it is inside a function or block; becomes a fact when the walk leaves it."""

import ast
from collections.abc import Callable
from dataclasses import dataclass, field

from canonry.source.facts import Site, Swallow
from canonry.source.scope import Scope, join


@dataclass(slots=True)
class TryDraft:
    """A ``try`` whose body is being read: counts the assertions inside."""

    asserts: int = 0
    records: bool = False


@dataclass(slots=True)
class HandlerDraft:
    """A handler for every exception: what it does with the failure."""

    node: ast.ExceptHandler
    attempt: TryDraft
    raises: bool = False
    fails: bool = False
    skips: bool = False
    assigns: bool = False
    collects: bool = False
    continues: bool = False
    home: "Draft | None" = None


@dataclass(slots=True)
class Draft:
    """One function, the main block or the rest of the module."""

    symbol: str
    scope: Scope
    owner: str = ""
    nested: bool = False
    in_main: bool = False
    parent: "Draft | None" = None
    node: ast.FunctionDef | ast.AsyncFunctionDef | None = None
    depth: int = 0
    asserts: int = 0
    raises: bool = False
    generator: bool = False
    calls: list[tuple[str, list[str]]] = field(default_factory=list)
    returns: Site | None = None
    attempts: list[TryDraft] = field(default_factory=list)
    handlers: list[HandlerDraft] = field(default_factory=list)
    swallowing: list[HandlerDraft] = field(default_factory=list)
    commands: dict[str, list[ast.expr]] = field(default_factory=dict)
    starts_tool: bool = False
    decorators: tuple[str, ...] = ()
    self_owner: str = ""

    def saw_assertion(self, *, fails: bool) -> None:
        """Counts an assertion here and in every function around; inside a handler it is that handler's answer."""
        draft: Draft | None = self
        while draft is not None and draft.node is not None:
            draft.asserts += 1
            draft = draft.parent
        for attempt in self.attempts:
            attempt.asserts += 1
        if fails:
            for handler in self.handlers:
                handler.fails = True

    def caught(self, handler: HandlerDraft) -> None:
        """A handler of this function is one of every function around it too."""
        handler.home = self
        draft: Draft | None = self
        while draft is not None and draft.node is not None:
            draft.swallowing.append(handler)
            draft = draft.parent

    def saw_record(self) -> None:
        """Something is assigned: by the handlers around, or in the tries around."""
        for handler in self.handlers:
            handler.assigns = True
        for attempt in self.attempts:
            attempt.records = True

    def references(self) -> tuple[str, ...]:
        """The distinct references of the calls, in order. A call keeps its attributes innermost first."""
        return tuple(dict.fromkeys(join(target, attributes[::-1]) for target, attributes in self.calls))

    def swallows(self, place: Callable[[ast.ExceptHandler, str], Site]) -> tuple[Swallow, ...]:
        """The handlers of this function that raise nothing."""
        return tuple(
            Swallow(
                place(handler.node, self.symbol),
                handler.attempt.asserts,
                bool(self.asserts) and handler.attempt.asserts == self.asserts,
                handler.fails,
                handler.skips,
                handler.assigns,
                handler.collects,
                handler.continues,
                handler.home is not self,
                handler.attempt.records,
            )
            for handler in self.swallowing
            if not handler.raises
        )
