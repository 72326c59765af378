"""What the walk gathers while it is inside a function or block; becomes a fact when the walk leaves it."""

import ast
from dataclasses import dataclass, field

from canonry.source.facts import Site, Swallow
from canonry.source.python.scope import Scope, join
from canonry.source.syntax.text import SourceText

_TEAR_DOWNS = tuple("tear_down clean restore reset _clean _restore _reset __exit__ __aexit__".split())


@dataclass(slots=True)
class TryDraft:
    """A ``try`` whose body is being read: counts the assertions inside."""

    asserts: int = 0
    outcomes: int = 0
    broad: bool = False
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
    returns: bool = False
    bare: bool = False
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
    raised: int = 0
    raises: bool = False
    generator: bool = False
    calls: list[tuple[str, list[str]]] = field(default_factory=list)
    returns: Site | None = None
    attempts: list[TryDraft] = field(default_factory=list)
    handlers: list[HandlerDraft] = field(default_factory=list)
    swallowing: list[HandlerDraft] = field(default_factory=list)
    commands: dict[str, list[ast.expr]] = field(default_factory=dict)
    starts_tool: bool = False
    finishing: int = 0
    saved: set[str] = field(default_factory=set)
    decorators: tuple[str, ...] = ()
    self_owner: str = ""
    guards: int = 0
    guarded: int = 0
    placeholder: str = ""

    def saw_assertion(self, *, outcome: bool = False) -> None:
        """Counts an assertion here and in every function around; inside a handler it is that handler's answer.

        ``outcome``: it fails with an exception of pytest's that is no ``Exception``.
        """
        draft: Draft | None = self
        while draft is not None and draft.node is not None:
            draft.asserts += 1
            draft = draft.parent
        if self.guards and not outcome:  # `if broken: fail()` is no hope for a status
            self.guarded += 1
        for attempt in self.attempts:
            attempt.asserts += 1
            attempt.outcomes += outcome
        for handler in self.handlers:
            handler.fails = True

    def saw_raised_assertion(self) -> None:
        """Counts a ``raise AssertionError``, here and in every function around."""
        draft: Draft | None = self
        while draft is not None and draft.node is not None:
            draft.raised += 1
            draft = draft.parent

    @property
    def restores(self) -> bool:
        """Whether what happens here undoes something: a ``finally``, a tear-down, the part after a fixture's yield."""
        name = self.node.name.lower() if self.node is not None else ""
        return bool(self.finishing) or self.generator or name.startswith(_TEAR_DOWNS) or "teardown" in name

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

    def swallows(self, text: SourceText) -> tuple[Swallow, ...]:
        """The handlers of this function that raise nothing."""
        return tuple(
            Swallow(
                text.header(handler.node, words="except", symbol=self.symbol),
                handler.attempt.asserts,
                bool(self.asserts) and handler.attempt.asserts == self.asserts,
                handler.fails,
                handler.skips,
                handler.assigns,
                handler.collects,
                handler.continues,
                handler.home is not self,
                handler.attempt.records,
                handler.returns,
                handler.bare,
                handler.attempt.outcomes,
            )
            for handler in self.swallowing
            if not handler.raises
        )
