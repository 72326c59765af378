"""A contract with every name resolved: what a checker, a generator and a mutator work on.

Kinds of events, scopes, spans and rules are numbered; a set of kinds is a frozenset of numbers. Scope ``-1`` is the
session itself.
"""

from functools import cached_property
from typing import Any

import msgspec

from canonry.contract.language.contract import Contract
from canonry.contract.language.field_types import FieldKind, is_filled
from canonry.contract.language.marks import KeyPath
from canonry.contract.language.paths import Path
from canonry.contract.language.rules import OrderMode, SequenceMode, TimeUnit

SESSION = -1
OTHER = "*"
"""The kind of events that the contract does not name."""
WAY_RULE = "direction"
"""The rule of a contract that tells of one direction: everything in it goes that way."""
NO_LIMIT = -1


class Rule(msgspec.Struct, frozen=True):
    """A rule that events can break: its stable id, what it demands, and where the contract says so."""

    id: str
    sentence: str
    path: KeyPath


class FieldRule(msgspec.Struct, frozen=True):
    """A field of a kind of event. ``envelope`` ones are judged only where present in events of session scope."""

    path: Path
    kind: FieldKind
    rule: str
    items: tuple[tuple[str | int, ...], tuple[tuple[str | int, ...], ...]] | None = None
    """The way to the items of a list that each have it, and the ways on from there."""


class Test(msgspec.Struct, frozen=True):
    """What a field must be for an event to be a variant: one of ``values``, or ``word``; ``negated``: the opposite."""

    path: Path
    word: str = ""
    values: tuple[Any, ...] = ()
    negated: bool = False

    def holds(self, value: Any) -> bool:
        """Whether a value is what makes an event a variant."""
        match self.word:
            case "present":
                found = value is not None
            case "absent":
                found = value is None
            case "empty":
                found = not is_filled(value)
            case "filled":
                found = is_filled(value)
            case _:
                found = any(value == one and isinstance(value, bool) == isinstance(one, bool) for one in self.values)
        return found != self.negated


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """An event or a variant of one. ``needed``: scopes it must belong to, outermost first; ``possible``: others."""

    index: int
    name: str
    base: str
    tests: tuple[Test, ...] = ()
    fields: tuple[FieldRule, ...] = ()
    schemas: tuple[tuple[str, dict[str, Any]], ...] = ()
    needed: tuple[int, ...] = ()
    possible: tuple[int, ...] = ()
    direction: str = ""
    way_rule: str = ""
    """The rule that says which way it goes."""


class ScopePlan(msgspec.Struct, frozen=True, kw_only=True):
    """A scope. ``inside`` is its parent or -1; ``due_at`` are the kinds at which it must be closed."""

    index: int
    name: str
    key: tuple[Path, ...]
    opens: frozenset[int]
    closes: frozenset[int]
    pauses: frozenset[int]
    inside: int
    reopen: frozenset[int]
    reopens: dict[int, frozenset[int]]
    """Opening kind -> the closes after which it may open again, where a contract says so for each."""
    repeat: frozenset[int]
    """Opening kinds that may come while it is open."""
    strict: bool
    constant: tuple[Path, ...]
    must_close: bool
    due_at: frozenset[int]


class SpanPlan(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """A span. ``home`` is the scope that holds it, ``outer`` the span around it, both -1 where there is none."""

    index: int
    name: str
    home: int
    outer: int
    opens: frozenset[int]
    closes: frozenset[int]
    during: frozenset[int]
    key: tuple[Path, ...]
    same: tuple[Path, ...]
    must_close: bool
    due_at: frozenset[int]
    within: bool
    """Whether it ends with the span around it; ``due_within``: by which closes of that it must be closed."""
    due_within: frozenset[int]
    concurrent: bool
    reopen: bool
    chunks: frozenset[int] = frozenset()
    chunks_keep: frozenset[int] = frozenset()
    chunks_end: frozenset[int] = frozenset()
    chunks_need: tuple[Path, ...] = ()
    parents: Path | None = None
    refers: frozenset[int] = frozenset()
    refers_closed: bool = False
    refers_once: bool = False
    refers_unless: frozenset[int] = frozenset()
    known: tuple[tuple[int, Path, bool], ...] = ()
    token_set: Path | None = None
    token_get: Path | None = None
    token_events: frozenset[int] = frozenset()
    across: bool = False
    abandons: frozenset[int] = frozenset()
    forbids: frozenset[int] = frozenset()

    @cached_property
    def touched(self) -> frozenset[int]:
        """Every kind that this span has to look at."""
        return self.plain | {kind for kind, _, _ in self.known}

    @cached_property
    def plain(self) -> frozenset[int]:
        """Every kind that this span has to look at, but for snapshots."""
        return (
            self.opens | self.closes | self.during | self.chunks | self.refers | self.token_events | self.abandons
            | self.forbids
        )  # fmt: skip


class CountPlan(msgspec.Struct, frozen=True):
    """How often kinds, or a span, come in a scope. ``high`` -1 is no limit."""

    scope: int
    kinds: frozenset[int]
    span: int
    low: int
    high: int
    name: str
    rule: str


class OrderPlan(msgspec.Struct, frozen=True):
    """What precedes what in a scope."""

    scope: int
    before: frozenset[int]
    event: frozenset[int]
    mode: OrderMode
    names: tuple[str, str]
    rule: str


class SequencePlan(msgspec.Struct, frozen=True):
    """A number that counts per scope, or per span (by its key, or by its token)."""

    scope: int
    span: int
    path: Path
    start: int | None
    step: int
    mode: SequenceMode
    kinds: frozenset[int]
    rule: str


class StatesPlan(msgspec.Struct, frozen=True):
    """A status machine per scope."""

    scope: int
    path: Path
    edges: dict[str, frozenset[str]]
    initial: frozenset[str]
    stay: bool
    rule: str


class FoldPlan(msgspec.Struct, frozen=True):
    """Pieces of a span or scope, and the wholes they are compared with. ``wholes`` is kind -> path."""

    scope: int
    span: int
    path: Path
    kinds: frozenset[int]
    wholes: dict[int, Path]
    alone: bool
    rule: str


class Point(msgspec.Struct, frozen=True):
    """A point in time: ``event`` (kinds), ``request``, ``open`` or ``close`` (of a scope), and those of a span."""

    what: str
    kinds: frozenset[int] = frozenset()
    index: int = -1


class DeadlinePlan(msgspec.Struct, frozen=True):
    """A time from one point to another within a scope, ``between`` events, or of a ``span``. Seconds."""

    scope: int
    start: Point
    to: Point
    seconds: float
    rule: str
    text: str


class SilencePlan(msgspec.Struct, frozen=True):
    """The longest silence while something is open. ``kinds`` empty: between any events."""

    kinds: frozenset[int]
    seconds: float
    rule: str


class IsolationPlan(msgspec.Struct, frozen=True):
    """What belongs to a user: fields and the rules that say so."""

    session: tuple[tuple[Path, str], ...] = ()
    owned: tuple[tuple[str, Path, str], ...] = ()
    ids: tuple[Path, ...] = ()
    text: tuple[tuple[Path, tuple[Path, ...]], ...] = ()
    forbid: str = ""
    canary: str = ""


class ExchangePlan(msgspec.Struct, frozen=True):
    """What a message brings about. ``seconds`` -1: whenever."""

    request: frozenset[int]
    starts: int
    reply: frozenset[int]
    key: tuple[Path, ...]
    seconds: float
    rule: str


class UniquePlan(msgspec.Struct, frozen=True):
    """A field that no two events share."""

    path: Path
    kinds: frozenset[int]
    rule: str


class Layout(msgspec.Struct, frozen=True):
    """Where the cells of a scope begin that rules of a kind use, and the cells of one that opens."""

    consts: int
    counts: int
    seqs: int
    marks: int
    states: int
    orders: int
    starts: int
    closed: int
    fresh: list[Any] = []


class Plan(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """Everything that a checker of one contract, under one profile, has to know."""

    contract: Contract
    kinds: tuple[Kind, ...]
    families: dict[str, tuple[int, ...]]
    """Name on the wire, or pattern -> its kinds, the most special variant first and the event itself last."""
    scopes: tuple[ScopePlan, ...]
    spans: tuple[SpanPlan, ...]
    counts: tuple[CountPlan, ...]
    orders: tuple[OrderPlan, ...]
    sequences: tuple[SequencePlan, ...]
    states: tuple[StatesPlan, ...]
    folds: tuple[FoldPlan, ...]
    uniques: tuple[UniquePlan, ...]
    deadlines: tuple[DeadlinePlan, ...]
    silences: tuple[SilencePlan, ...]
    isolation: IsolationPlan
    quiet: dict[int, tuple[float, str]]
    close_codes: frozenset[str] | None
    exchanges: tuple[ExchangePlan, ...]
    allowed: tuple[tuple[str, tuple[str, ...]], ...]
    """Direction -> the patterns of events that are allowed though the contract does not name them."""
    time: tuple[Path, TimeUnit] | None
    beside: tuple[FieldRule, ...]
    """What stands beside an event that is wrapped."""
    rules: tuple[Rule, ...]
    left_out: frozenset[str] = frozenset()
    """Rules that a policy leaves out."""
    notes: tuple[str, ...] = ()

    @cached_property
    def layout(self) -> "Layout":
        """Where a scope keeps what."""
        constants = max((len(scope.constant) for scope in self.scopes), default=0)
        lengths = (
            constants, len(self.counts), len(self.sequences), len(self.sequences), len(self.states),
            2 * len(self.orders), len(self.deadlines), len(self.spans),
        )  # fmt: skip
        begins = [sum(lengths[:index]) for index in range(len(lengths))]
        fresh: list[Any] = [None] * sum(lengths)
        fresh[begins[1] : begins[2]] = [0] * lengths[1]
        consts, counts, seqs, marks, states, orders, starts, closed = begins
        return Layout(consts, counts, seqs, marks, states, orders, starts, closed, fresh)

    @property
    def other(self) -> Kind:
        """The kind of events that the contract does not name."""
        return self.kinds[-1]
