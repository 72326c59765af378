"""What a contract demands of its events: order, numbers, times, belonging.

``per`` names what a rule counts by: ``session``, a scope such as ``run``, a span as ``span:tool``, or the token of a
span as ``token:request``. Points in time are an event's name, ``request`` (what an exchange says starts a run),
``first(run)``, ``run.open``, ``run.close``, ``span:tool.open`` and ``span:tool.close``. Durations are written
``300ms``, ``5s``, ``2m``.
"""

from enum import StrEnum
from typing import Annotated, Any

from msgspec import Meta, field

from canonry.contract.language.parts import Part, Range

Time = Annotated[
    str, Meta(pattern=r"^[0-9]+(\.[0-9]+)?(ms|s|m|h)$", extra={"one": "a duration such as `300ms` or `5s`"})
]


class OrderMode(StrEnum):
    """What an order demands."""

    IF_PRESENT = "if_present"
    """Where both are there, the first `before` precedes the first `event`."""
    REQUIRED = "required"
    """An `event` needs a `before` ahead of it."""
    ALL = "all"
    """No `before` comes after an `event`."""


class Order(Part, frozen=True, kw_only=True):
    """One event before another."""

    before: Annotated[str | list[str], Meta(description="What comes first.")]
    event: Annotated[str | list[str], Meta(description="What comes after it.")]
    mode: Annotated[OrderMode, Meta(description="How strictly.")] = OrderMode.IF_PRESENT
    per: Annotated[str, Meta(description="Within what. Default: the scope that the events belong to.")] = ""


class SequenceMode(StrEnum):
    """How numbers follow one another."""

    STRICT = "strict"
    """Each is the one before plus `step`."""
    NON_DECREASING = "non_decreasing"
    RISES = "rises"


class Sequence(Part, frozen=True, kw_only=True):
    """A number that counts events."""

    field: Annotated[str, Meta(description="Where it stands. Events without it are passed over.")]
    start: Annotated[int | None, Meta(description="The first one. Without it any number may be.")] = None
    step: Annotated[int, Meta(description="The distance of two, in mode `strict`.")] = 1
    mode: Annotated[SequenceMode, Meta(description="How they follow one another.")] = SequenceMode.STRICT
    per: Annotated[str, Meta(description="What it counts in. Default: the first scope, or the session.")] = ""
    events: Annotated[list[str], Meta(description="The events that carry it. Default: all.")] = []


class States(Part, frozen=True, kw_only=True):
    """A status that moves along edges."""

    field: Annotated[str, Meta(description="Where the status stands. Events without it are passed over.")]
    edges: Annotated[
        dict[str, list[str]], Meta(description="State -> the states that may follow. A state without any is the last.")
    ]
    initial: Annotated[list[str], Meta(description="The states to begin with. Default: every one.")] = []
    stay: Annotated[bool, Meta(description="Whether a state may be told again.")] = True
    per: Annotated[str, Meta(description="What has the status. Default: the first scope, or the session.")] = ""


class Fold(Part, frozen=True, kw_only=True):
    """Pieces whose sum is the whole that another event tells."""

    of: Annotated[str, Meta(description="The field that holds a piece of text.")]
    over: Annotated[str, Meta(description="What the pieces belong to: `span:NAME` or a scope.")]
    equals: Annotated[
        str | list[str],
        Meta(
            description=(
                "Where the whole stands: EVENT.FIELD. Where it is absent, nothing is compared. Where it is a list of "
                "texts (`content[].text`), those are the pieces, in any order."
            )
        ),
    ]
    events: Annotated[
        list[str], Meta(description="The events that hold pieces. Default: all that have the field.")
    ] = []
    alone: Annotated[bool, Meta(description="Whether the whole may come without any piece.")] = False


class Unique(Part, frozen=True, kw_only=True):
    """A field that no two events share. Of a long session the last 4,096 values are compared."""

    field: Annotated[str, Meta(description="The field; events without it are passed over.")]
    events: Annotated[list[str], Meta(description="The events that are compared. Default: all.")] = []


class Deadline(Part, frozen=True, kw_only=True):
    """A time within which something happens: `from` and `to`, or `between`, or `span`."""

    start: Annotated[str, Meta(description="The point it counts from.")] = field(name="from", default="")
    to: Annotated[str, Meta(description="The point that must come in time.")] = ""
    between: Annotated[
        str, Meta(description="`any`: no silence is longer while a scope or a span is open. Or an event's name.")
    ] = ""
    span: Annotated[str, Meta(description="The span that closes in time.")] = ""
    max: Annotated[Time, Meta(description="How long it may take.")]


class Streamed(Part, frozen=True, kw_only=True):
    """A text that comes in pieces."""

    field: Annotated[str, Meta(description="Where a piece stands.")]
    key: Annotated[list[str], Meta(description="The fields that say which text it continues.")] = []


class Isolation(Part, frozen=True, kw_only=True):
    """What belongs to one user and must not reach another."""

    session: Annotated[
        list[str], Meta(description="Fields with one value on a session: the given one, or the first that is seen.")
    ] = []
    owned: Annotated[
        dict[str, str],
        Meta(description="Fields whose values the session's owner must have; `$NAME` is the list given for a session."),
    ] = {}
    canary: Annotated[
        str, Meta(description="`$canary`: texts of other users, given for a session, appear nowhere, in no encoding.")
    ] = ""
    text: Annotated[
        list[Streamed],
        Meta(
            description=(
                "Fields that carry text piece by piece: a canary may be split over them. Default: all texts of the "
                "events, which takes longer."
            )
        ),
    ] = []
    forbid_ids_of: Annotated[
        str, Meta(description="`other_sessions`: keys of scopes and owned ids that another user's session has.")
    ] = ""


class Quiet(Part, frozen=True, kw_only=True):
    """A stretch after a close in which nothing of the scope comes, not even a new opening where that is allowed."""

    after: Annotated[str, Meta(description="The close, such as `run.close`.")]
    length: Annotated[Time, Meta(description="How long it is listened.")] = field(name="for")


class Exchange(Part, frozen=True, kw_only=True):
    """What a client's message must bring about."""

    request: Annotated[str, Meta(description="The message.")] = field(name="in")
    starts: Annotated[str, Meta(description="The scope that it opens.")] = ""
    reply: Annotated[str | list[str], Meta(description="The events that answer it.")] = ""
    key: Annotated[
        list[str], Meta(description="Fields that message and reply share. Default: first come, first served.")
    ] = []
    within: Annotated[Time | None, Meta(description="How long that may take.")] = None


class Overlay(Part, frozen=True, kw_only=True):
    """What a choice changes in the contract."""

    count: Annotated[
        dict[str, Range | dict[str, Range]], Meta(description="Counts that replace those of the same event.")
    ] = {}
    order: Annotated[list[Order], Meta(description="Orders that are added.")] = []
    without: Annotated[list[str], Meta(description="Rules, by their names, that are left out.")] = []


class Policy(Part, frozen=True, kw_only=True):
    """A choice that a project may make, and what each alternative means."""

    default: Annotated[str, Meta(description="The alternative that holds when nothing is chosen.")]
    alternatives: Annotated[dict[str, Overlay], Meta(description="Alternative -> what it changes.")]


class Profile(Part, frozen=True, kw_only=True):
    """Where the contract is checked: another place has other times."""

    deadline: Annotated[
        dict[str, Time],
        Meta(description="Deadlines that replace those of the same name: `to`, `span`, or `between`'s event."),
    ] = {}
    factor: Annotated[float, Meta(gt=0, description="What all other times are multiplied with.")] = 1.0
    policy: Annotated[dict[str, str], Meta(description="Choices: policy -> alternative.")] = {}


class TimeUnit(StrEnum):
    """How an event's own time is written."""

    RFC3339 = "rfc3339"
    SECONDS = "s"
    MILLISECONDS = "ms"


class OwnTime(Part, frozen=True, kw_only=True):
    """The event's own time, which serves where a recording holds no receive times."""

    field: Annotated[str, Meta(description="Where it stands.")]
    unit: Annotated[TimeUnit, Meta(description="How it is written.")] = TimeUnit.RFC3339


Unknown = str | list[str] | dict[str, Any]
"""What becomes of an event that the contract does not name: ``reject``, ``allow``, the names that are allowed, or one
of these for each direction: ``{in: allow, out: reject}``."""
