"""What a session knows: open scopes and spans, what they owe, what was closed lately, what was violated."""

import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from canonry.contract.check.ring import Ring
from canonry.contract.check.violation import Violation
from canonry.contract.compile.plan import SESSION, Plan
from canonry.contract.compile.slots import Slots
from canonry.contract.language.field_types import is_id
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


class Instance:
    """An open scope, or the session itself. A ``ghost`` began before what was recorded, or where it must not.

    What rules have to know of it lies in further slots of its class (``shapes.py``): ``cells`` has them by the plan's
    layout, ``spans`` the open ones by the number of the span. Compiled contracts fill the slots themselves.
    """

    __slots__ = ("at", "folds", "ghost", "key", "kids", "n", "parent", "paused", "request", "scope")
    slots = Slots((), ())
    """The further slots of the class."""

    def __init__(self, scope: int, key: Any, n: int, at: float | None, ghost: bool = False) -> None:
        self.scope = scope
        self.key = key
        self.n = n
        self.at = at
        self.ghost = ghost
        self.paused = False
        self.parent: Instance | None = None
        self.kids: dict[Any, Instance] | None = None
        self.request: tuple[int, float | None] | None = None
        self.folds: dict[int, list[str]] | None = None
        for name, value in self.slots.fresh:
            setattr(self, name, value)
        for name in self.slots.tables:
            setattr(self, name, {})

    @property
    def cells(self) -> "Cells":
        """What rules know, by the plan's layout."""
        return Cells(self)

    @property
    def spans(self) -> "Tables":
        """The open spans of each kind, by their key."""
        return Tables(self)


class Cells:
    """The cells of an instance. One that no rule of its scope uses is None."""

    __slots__ = ("_inst",)

    def __init__(self, inst: Instance) -> None:
        self._inst = inst

    def __getitem__(self, index: int) -> Any:
        return getattr(self._inst, f"c{index}", None)

    def __setitem__(self, index: int, value: Any) -> None:
        setattr(self._inst, f"c{index}", value)


class Tables:
    """The tables of open spans of an instance. A kind of span that it does not hold has none open."""

    __slots__ = ("_inst",)

    def __init__(self, inst: Instance) -> None:
        self._inst = inst

    def __iter__(self) -> Iterator[dict[Any, Record]]:
        return (getattr(self._inst, name) for name in self._inst.slots.tables)

    def __getitem__(self, index: int) -> dict[Any, Record]:
        found: dict[Any, Record] = getattr(self._inst, f"s{index}", _NONE)
        return found


_NONE: dict[Any, Record] = {}
_NOTHING: Ring[int] = Ring(0)


HOT = ("frames", "mark", "n", "odd", "open", "root", "strange", "tails", "user", "whose")
"""What nearly every event is held against: it lies together."""
COLD = (
    "asked", "at", "closed", "connection", "direction", "event", "fired", "flawed", "get", "given_up", "ids", "implied",
    "live", "mine", "owned", "owner", "plan", "seen", "tally", "tokens", "unique", "unread", "users", "violations",
    "who", "wrapped",
)  # fmt: skip
_NO_SLOTS: tuple[str, ...] = ()


class State:
    """Everything that is known of one session; the interpreter and the compiled checker both move it.

    Each plan has a class of its own (``shapes.py``), in which the tables that are looked up most are fields.
    """

    __slots__: tuple[str, ...] = _NO_SLOTS
    shapes: tuple[type[Instance], ...] = ()
    """The classes of the session itself and of its scopes."""
    nobody: tuple[Instance, ...] = ()
    """For each kind of scope one whose key no event has: where there is no last one."""

    def __init__(
        self,
        plan: Plan,
        connection: str,
        *,
        owner: dict[str, Any],
        owned: dict[str, frozenset[Any]],
        ids: Sequence[Ring[Any]],
        users: dict[Any, Any],
        get: Callable[[Path, Any], Any],
        whose: Any = None,
        frames: list[Any] | None = None,
    ) -> None:
        self.plan = plan
        self.get = get
        self.connection = connection
        self.frames = [] if frames is None else frames
        self.strange = 0
        """How many events the contract does not name, or are none."""
        self.whose = whose
        self.n = 0
        self.at: float | None = None
        self.direction: str | None = None
        self.event = ""
        self.wrapped: Any = None
        self.flawed = False
        self.live: list[dict[Any, Instance]] = [{} for _ in plan.scopes]
        self.closed: list[Ring[Closed]] = [Ring(UNIQUE) for _ in plan.scopes]
        self.root = self.shapes[0](SESSION, (), 0, None)
        self.seen: list[Ring[int]] = [Ring(REMEMBERED) if span.refers else _NOTHING for span in plan.spans]
        self.given_up: dict[int, Ring[int]] = {}
        self.tokens: list[dict[Any, Record]] = [{} for _ in plan.spans]
        self.implied: dict[int, tuple[Instance, Record]] = {}
        self.fired: dict[int, bool] = {}
        """The spans that ever opened; an empty dictionary is smaller than a set."""
        self.unique: list[Ring[int]] = [Ring(UNIQUE) for _ in plan.uniques]
        self.asked: list[list[tuple[int, float | None, Any]]] = [[] for _ in plan.exchanges]
        self.tails: Ring[str] | None = None
        self.open = 0
        self.mark = math.inf
        who = tuple(sorted((name, str(value)) for name, value in owner.items())) or None
        self.who: Any = whose if who == whose else who
        self.owner: list[Any] = [owner.get(path.text, owner.get(path.name)) for path, _ in plan.isolation.session]
        self.owned = [owned.get(name, owned.get(path.text)) for name, path, _ in plan.isolation.owned]
        for index, values in enumerate(self.owned):
            setattr(self, f"owned_{index}", values)
        self.ids = ids
        self.mine: list[Ring[bool]] = [Ring(UNIQUE) for _ in ids]
        self.users = users
        self.user: Any = None
        self.unread: deque[int] | None = None
        """Made when it is needed: an empty one has the room of 64."""
        self.violations: list[Violation] = []
        self.tally: dict[str, int] = {}
        self.odd = any(isinstance(value, str) and not is_id(value) for value in self.owner)
        for scope in plan.scopes:
            self.gone(scope.index)
        self._lay_out()

    def gone(self, scope: int) -> None:
        """Forgets which scope of a kind the last event belonged to: it is not open any more."""
        setattr(self, f"last_{scope}", self.nobody[scope])

    def _lay_out(self) -> None:
        """Puts the tables into the fields that compiled contracts read."""
        for index, live in enumerate(self.live):
            setattr(self, f"live_{index}", live)
        for index, known in enumerate(self.owner):
            setattr(self, f"owner_{index}", known)
        for index, ring in enumerate(self.unique):
            setattr(self, f"fresh_{index}", ring.new)
            setattr(self, f"stale_{index}", ring.old or None)

    def own(self, index: int, value: Any) -> None:
        """Takes a field of the session's user for known."""
        self.owner[index] = value
        self.odd = self.odd or (isinstance(value, str) and not is_id(value))
        self._lay_out()

    def turn(self) -> None:
        """Forgets the older half of what is remembered; called once in so many events."""
        rings: list[Ring[Any]] = [*self.unique, *self.closed, *self.mine]
        for ring in rings:
            ring.turn()
        self._lay_out()

    def key(self, paths: tuple[Path, ...], event: Any) -> Any:
        """What the fields of a key hold: the value of one, a tuple of several, None where one is missing or no id."""
        if len(paths) == 1:
            return _plain(self.get(paths[0], event))
        values = tuple(_plain(self.get(path, event)) for path in paths)
        return None if None in values else values

    def request(self, index: int, key: Any) -> None:
        """Remembers the present event as a request of an exchange, and forgets the oldest where there are too many."""
        asked = self.asked[index]
        asked.append((self.n, self.at, key))
        if len(asked) > MOST_REQUESTS:
            del asked[0]

    def unplaced(self) -> None:
        """Notes that the present frame, or what counts in it, could not be read: a number may be missing for it."""
        if self.unread is None:
            self.unread = deque(maxlen=MOST_UNREAD)
        if not self.unread or self.unread[-1] != self.n:
            self.unread.append(self.n)

    def report(self, rule: str, message: str, *witnesses: int) -> None:
        """Notes a violation at the present event. ``odd``: what is known need not be right any more."""
        self.odd = True
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
