"""What a session knows: open scopes and spans, what they owe, what was closed lately, what was violated."""

import math
from collections import deque
from collections.abc import Callable
from typing import Any

from canonry.contract.check.ring import Ring
from canonry.contract.check.violation import Violation
from canonry.contract.compile.plan import SESSION, Plan
from canonry.contract.language.paths import Path

REMEMBERED = 1024
"""How many closed scopes and spans a session remembers at least, of each kind."""
UNIQUE = 4096
"""With how many values of events before it a field is compared that no two events share, at least; a power of two."""
MOST_VIOLATIONS = 1000
"""How many violations a session keeps; more are only counted."""
MOST_REQUESTS = 4096


class Closed:
    """A scope that ended: by which kind of event, which event, when."""

    __slots__ = ("at", "kind", "n")

    def __init__(self, kind: int, n: int, at: float | None) -> None:
        self.kind = kind
        self.n = n
        self.at = at


class Record:
    """An open span."""

    __slots__ = ("above", "at", "folds", "key", "n", "owed", "parents", "same", "seqs", "token")

    def __init__(self, key: Any, n: int, at: float | None, *, owed: bool) -> None:
        self.key = key
        self.n = n
        self.at = at
        self.owed = owed
        self.same: tuple[Any, ...] = ()
        self.token: Any = None
        self.parents: tuple[Any, ...] = ()
        self.above: tuple[Record, ...] | None = None
        self.seqs: dict[int, Any] | None = None
        self.folds: dict[int, list[str]] | None = None


class Instance:
    """An open scope, or the session itself. A ``ghost`` began before what was recorded, or where it must not."""

    __slots__ = (
        "at", "closed", "consts", "counts", "folds", "ghost", "key", "kids", "marks", "n", "orders", "parent", "paused",
        "request", "scope", "seqs", "spans", "starts", "states",
    )  # fmt: skip

    def __init__(self, plan: Plan, scope: int, key: Any, n: int, at: float | None, *, ghost: bool = False) -> None:
        self.scope = scope
        self.key = key
        self.n = n
        self.at = at
        self.ghost = ghost
        self.paused = False
        self.parent: Instance | None = None
        self.kids: dict[Any, Instance] | None = None
        self.request: tuple[int, float | None] | None = None
        sizes = plan.sizes[scope]
        self.consts: list[Any] = [None] * sizes[0]
        self.counts: list[int] = [0] * sizes[1]
        self.seqs: list[Any] = [None] * sizes[2]
        self.marks: list[int] = [0] * sizes[2]
        self.states: list[Any] = [None] * sizes[3]
        self.orders: list[Any] = [None] * sizes[4]
        self.starts: list[Any] = [None] * sizes[5]
        self.spans: list[dict[Any, Record]] = [{}] if sizes[6] == 1 else [{} for _ in range(sizes[6])]
        self.closed: list[Ring[Any] | None] = [None] * sizes[6]
        self.folds: dict[int, list[str]] | None = None


class State:
    """Everything that is known of one session; the interpreter and the compiled checker both move it."""

    __slots__ = (
        "asked", "at", "closed", "connection", "direction", "event", "fired", "flawed", "get", "given_up", "ids",
        "implied", "live", "mark", "mine", "n", "open", "owned", "owner", "plan", "root", "seen", "tails", "tally",
        "tokens", "unique", "user", "users", "violations", "wrapped",
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
        self.closed: list[Ring[Closed]] = [Ring(REMEMBERED) for _ in plan.scopes]
        self.root = Instance(plan, SESSION, (), 0, None)
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
        self.owner: list[Any] = [owner.get(path.text, owner.get(path.name)) for path, _ in plan.isolation.session]
        self.owned = [owned.get(name, owned.get(path.text)) for name, path, _ in plan.isolation.owned]
        self.ids = ids
        self.mine: list[Ring[bool]] = [Ring(REMEMBERED) for _ in ids]
        self.users = users
        self.user: Any = None
        self.violations: list[Violation] = []
        self.tally: dict[str, int] = {}

    def turn(self) -> None:
        """Forgets the older half of the values that no two events share."""
        for ring in self.unique:
            ring.turn()

    def key(self, paths: tuple[Path, ...], event: Any) -> Any:
        """What the fields of a key hold: the value of one, a tuple of several, None where one is missing or no id."""
        if len(paths) == 1:
            return _plain(self.get(paths[0], event))
        values = tuple(_plain(self.get(path, event)) for path in paths)
        return None if None in values else values

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
