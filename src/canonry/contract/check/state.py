"""What a session knows: open scopes and spans, what they owe, what was closed lately, what was violated."""

import math
from collections import deque
from collections.abc import Callable
from typing import Any

import msgspec

from canonry.contract.check.ring import Ring
from canonry.contract.check.violation import Violation
from canonry.contract.compile.plan import SESSION, Plan
from canonry.contract.language.paths import Path

REMEMBERED = 1024
"""How many closed spans of each kind a scope remembers, at least."""
UNIQUE = 4096
"""For how many events, at least, a session remembers closed scopes and values that no two share; a power of two."""
MOST_VIOLATIONS = 1000
"""How many violations a session keeps; more are only counted."""
MOST_REQUESTS = 4096
MOST_UNREAD = 1024
"""How many of the last frames that could not be read, or placed, a session remembers."""


class Closed(msgspec.Struct, frozen=True, gc=False):
    """A scope that ended: by which kind of event, which event, when."""

    kind: int
    n: int
    at: float | None


class Record(msgspec.Struct, eq=False):
    """An open span. ``owed``: it has to be closed."""

    key: Any
    n: int
    at: float | None
    owed: bool
    same: tuple[Any, ...] = ()
    token: Any = None
    parents: tuple[Any, ...] = ()
    above: "tuple[Record, ...] | None" = None
    around: "Record | None" = None
    inner: "dict[Any, Record] | None" = None
    seqs: dict[int, Any] | None = None
    folds: dict[int, list[str]] | None = None


class Instance(msgspec.Struct, eq=False):
    """An open scope, or the session itself. A ``ghost`` began before what was recorded, or where it must not.

    ``cells`` holds what every rule has to know of it, as the plan's layout says; ``spans`` are the open ones.
    """

    scope: int
    key: Any
    n: int
    at: float | None
    cells: list[Any]
    spans: list[dict[Any, Record]]
    ghost: bool = False
    paused: bool = False
    parent: "Instance | None" = None
    kids: "dict[Any, Instance] | None" = None
    request: tuple[int, float | None] | None = None
    folds: dict[int, list[str]] | None = None


def new_instance(plan: Plan, scope: int, key: Any, n: int, at: float | None, *, ghost: bool = False) -> Instance:
    """Return a scope that opens."""
    return Instance(scope, key, n, at, plan.layout.fresh[:], [{} for _ in plan.spans], ghost)


class State:
    """Everything that is known of one session; the interpreter and the compiled checker both move it."""

    __slots__ = (
        "asked", "at", "closed", "connection", "direction", "event", "fired", "flawed", "get", "given_up", "ids",
        "implied", "live", "mark", "mine", "n", "open", "owned", "owner", "plan", "root", "seen", "tails", "tally",
        "tokens", "unique", "unread", "user", "users", "violations", "who", "wrapped",
    )  # fmt: skip

    def __init__(
        self,
        plan: Plan,
        connection: str,
        *,
        owner: dict[str, Any],
        owned: dict[str, frozenset[Any]],
        ids: list[Ring[Any]],
        users: dict[Any, Any],
        get: Callable[[Path, Any], Any],
    ) -> None:
        self.plan = plan
        self.get = get
        self.connection = connection
        self.n = 0
        self.at: float | None = None
        self.direction: str | None = None
        self.event = ""
        self.wrapped: Any = None
        self.flawed = False
        self.live: list[dict[Any, Instance]] = [{} for _ in plan.scopes]
        self.closed: list[Ring[Closed]] = [Ring(UNIQUE) for _ in plan.scopes]
        self.root = new_instance(plan, SESSION, (), 0, None)
        self.seen: list[Ring[int]] = [Ring(REMEMBERED) for _ in plan.spans]
        self.given_up: dict[int, Ring[int]] = {}
        self.tokens: list[dict[Any, Record]] = [{} for _ in plan.spans]
        self.implied: dict[int, tuple[Instance, Record]] = {}
        self.fired: set[int] = set()
        self.unique: list[Ring[int]] = [Ring(UNIQUE) for _ in plan.uniques]
        self.asked: list[deque[tuple[int, float | None, Any]]] = [deque(maxlen=MOST_REQUESTS) for _ in plan.exchanges]
        self.tails: Ring[str] = Ring(REMEMBERED)
        self.open = 0
        self.mark = math.inf
        self.who: Any = tuple(sorted((name, str(value)) for name, value in owner.items())) or None
        self.owner: list[Any] = [owner.get(path.text, owner.get(path.name)) for path, _ in plan.isolation.session]
        self.owned = [owned.get(name, owned.get(path.text)) for name, path, _ in plan.isolation.owned]
        self.ids = ids
        self.mine: list[Ring[bool]] = [Ring(UNIQUE) for _ in ids]
        self.users = users
        self.user: Any = None
        self.unread: deque[int] = deque(maxlen=MOST_UNREAD)
        self.violations: list[Violation] = []
        self.tally: dict[str, int] = {}

    def turn(self) -> None:
        """Forgets the older half of what is remembered; called once in so many events."""
        rings: list[Ring[Any]] = [*self.unique, *self.closed, *self.mine]
        for ring in rings:
            ring.turn()

    def key(self, paths: tuple[Path, ...], event: Any) -> Any:
        """What the fields of a key hold: the value of one, a tuple of several, None where one is missing or no id."""
        if len(paths) == 1:
            return _plain(self.get(paths[0], event))
        values = tuple(_plain(self.get(path, event)) for path in paths)
        return None if None in values else values

    def unplaced(self) -> None:
        """Notes that the present frame, or what counts in it, could not be read: a number may be missing for it."""
        if not self.unread or self.unread[-1] != self.n:
            self.unread.append(self.n)

    def report(self, rule: str, message: str, *witnesses: int) -> None:
        """Notes a violation at the present event."""
        if rule in self.plan.left_out:
            return
        self.flawed = True
        self.tally[rule] = self.tally.get(rule, 0) + 1
        if len(self.violations) < MOST_VIOLATIONS:
            self.violations.append(
                Violation(self.n, rule, message, self.connection, self.event, tuple(dict.fromkeys(witnesses)))
            )


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | float) else None
