"""Events, scopes and spans: the parts of a contract that rules speak of.

Paths are dotted keys such as ``payload.tool_name``; ``0`` takes the first item of a list, ``items[]`` each of them,
``a|b`` the first of several that is present, and ``meta["a.b/c"]`` a key that holds dots. ``null`` counts as absent.
Below a discriminator's ``below`` paths begin inside the wrapper, whose ``id`` is ``$id``. ``$type`` is the event's name
on the wire, ``$kind`` and ``$phase`` what a template captured, ``$direction`` is ``in`` or ``out``.

Wherever events are listed, a name with ``*`` stands for all names that it matches, and ``any NAME`` for an event
together with its variants; the bare ``NAME`` is the event that is none of its variants.
"""

from enum import StrEnum
from typing import Annotated, Any

import msgspec
from msgspec import Meta, field


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A table of a contract; a key that it does not declare is a mistake."""


class Direction(StrEnum):
    """Which way an event goes: ``in`` from client to service, ``out`` from service to client."""

    IN = "in"
    OUT = "out"


class Frame(StrEnum):
    """What one frame of the transport holds."""

    JSON = "json"


FieldType = str | list[Any]
"""A type in words (``id``, ``str``, ``text?``, ``object|null``), or the list of values that are allowed.

``id`` a string that is not empty, or a whole number · ``str`` any string · ``text`` a string with more than white
space · ``filled`` anything but null, an empty string, list or object · ``int`` · ``number`` · ``bool`` · ``object`` ·
``list`` · ``any`` · ``one`` exactly one of the field's alternatives · ``null`` · ``rfc3339`` a time with its zone ·
``rfc3339z`` one that ends in Z · ``base64``. With ``[]`` in the path each item of the list has it. ``?`` at the end,
of the type or of the field's name: may be absent. ``|`` between: one of them.
"""

Condition = str | int | float | bool | list[Any] | dict[str, Any]
"""What a field must be: ``present``, ``absent``, ``empty`` (absent, null, ``""``, ``[]`` or ``{}``), ``filled``, a
value, a list of values, or ``{not: VALUE}``."""

Range = int | str
"""How often: ``1``, ``1..``, ``..3`` or ``2..5``."""


class Transport(Part, frozen=True, kw_only=True):
    """What one frame is and which directions a recording holds."""

    frame: Annotated[Frame, Meta(description="What a frame holds.")] = Frame.JSON
    direction: Annotated[list[Direction], Meta(description="The directions that a recording holds.")] = field(
        default_factory=lambda: [Direction.IN, Direction.OUT]
    )
    max_bytes: Annotated[int, Meta(ge=1, description="A longer frame is a violation.")] = 16 * 1024 * 1024


class Discriminator(Part, frozen=True, kw_only=True):
    """How the name of an event is found. One of ``field``, ``keys_present``, ``template`` and ``jsonrpc``."""

    field: Annotated[str, Meta(description="The field that holds the name; with `template` too.")] = ""
    keys_present: Annotated[list[str], Meta(description="The name is the one of these keys that is there.")] = []
    template: Annotated[
        str,
        Meta(
            description="How the field's text is built of `{kind}` and `{phase}`, which are values too.",
            examples=["on_{kind}_{phase}"],
        ),
    ] = ""
    jsonrpc: Annotated[
        bool,
        Meta(description=("JSON-RPC 2.0: the name is `request:METHOD`, `notification:METHOD`, `response` or `error`.")),
    ] = False
    below: Annotated[
        str, Meta(description="A key that may wrap the event: where it is there, paths begin inside it.")
    ] = ""
    beside: Annotated[dict[str, FieldType], Meta(description="Fields that stand beside a wrapped event.")] = {}


class EventType(Part, frozen=True, kw_only=True):
    """An event, or a variant of one: an event by the value or presence of its fields, usable wherever an event is."""

    of: Annotated[str, Meta(description="The event that this is a variant of. The first that matches is taken.")] = ""
    where: Annotated[
        dict[str, Condition], Meta(description="What makes an event this variant: field -> condition.")
    ] = {}
    fields: Annotated[
        dict[str, FieldType], Meta(description="Fields and their types. A variant has those of its event too.")
    ] = {}
    schema: Annotated[
        dict[str, Any] | None, Meta(description="A JSON Schema for the whole event (a subset of draft 2020-12).")
    ] = None
    scope: Annotated[
        str,
        Meta(
            description=(
                "The scope that the event must belong to, or `session` for none. Default: the first one declared. An "
                "event also belongs to every scope inside it whose keys it carries."
            )
        ),
    ] = ""
    direction: Annotated[Direction | None, Meta(description="The only way in which it may go.")] = None


class Scope(Part, frozen=True, kw_only=True):
    """A stretch of a session that an event opens and another closes: a run, a response, a task."""

    open: Annotated[
        list[str], Meta(description="The events that open it. One that stands in `close` too does both.")
    ] = []
    close: Annotated[list[str], Meta(description="The events that close it.")] = []
    key: Annotated[
        list[str],
        Meta(
            description=(
                "The fields that say which one an event belongs to. Without any, a session has at most one open at a "
                "time, and events belong to that."
            )
        ),
    ] = []
    inside: Annotated[str, Meta(description="The scope around it: open before it opens, and closed after it.")] = ""
    reopen: Annotated[
        bool | list[str] | dict[str, list[str]],
        Meta(
            description=(
                "Whether a key may open again after its close, or after which closing events it may; or, for each "
                "opening event that may, after which."
            )
        ),
    ] = False
    repeat: Annotated[
        bool | list[str],
        Meta(
            description=(
                "Whether an opening event may come again while it is open, as an ordinary event; or which ones may."
            )
        ),
    ] = False
    strict: Annotated[
        bool,
        Meta(
            description=(
                "Whether its events need it open. If not, keys that were never opened are nobody's business, unless an "
                "event closes one."
            )
        ),
    ] = True
    constant: Annotated[list[str], Meta(description="Fields that have one value in all its events.")] = []
    pause: Annotated[
        list[str],
        Meta(description="Events after which the stream may end, and deadlines stand still until the next event."),
    ] = []
    must_close: Annotated[bool, Meta(description="Whether it must be closed when the stream ends.")] = True
    must_close_before: Annotated[
        str | list[str] | None,
        Meta(
            description="The close of which scope (`run.close`), or which events, find it closed. Default: `inside`'s."
        ),
    ] = None


class Implied(Part, frozen=True, kw_only=True):
    """Events that open a span by themselves and keep it open: chunks."""

    by: Annotated[list[str], Meta(description="The events that open or continue it.")]
    kept_open_by: Annotated[list[str], Meta(description="Other events that leave it open. All others close it.")] = []
    closed_by: Annotated[list[str], Meta(description="Those of `by` that close it: an empty chunk.")] = []
    needs: Annotated[list[str], Meta(description="Fields that the one which opens it must have.")] = []


class Refers(Part, frozen=True, kw_only=True):
    """Events that name a span which the session has seen, in this scope or an earlier one."""

    events: Annotated[list[str], Meta(description="The events that refer to it.")]
    closed: Annotated[bool, Meta(description="Whether the span must have been closed by then.")] = False
    unless: Annotated[
        list[str], Meta(description="After one of these on the session, spans that were never seen may be named too.")
    ] = []
    once: Annotated[bool, Meta(description="Whether a span may be referred to only once.")] = False


class Token(Part, frozen=True, kw_only=True):
    """A second name for an open span, under which some events find it. It is free again when the span closes."""

    set: Annotated[str, Meta(description="The field of the opening event that gives it.")]
    get: Annotated[str, Meta(description="The field of the other events that names it.")]
    events: Annotated[list[str], Meta(description="Those other events.")]


class Known(Part, frozen=True, kw_only=True):
    """An event that tells of spans which began elsewhere: a snapshot."""

    event: Annotated[str, Meta(description="The snapshot.")]
    path: Annotated[str, Meta(description="Where their keys stand, such as `messages[].toolCalls[].id`.")]
    open: Annotated[bool, Meta(description="Whether they count as open; they owe no close.")] = False


class Parents(Part, frozen=True, kw_only=True):
    """Nesting that each event spells out: the keys of the spans around it, from the root."""

    path: Annotated[str, Meta(description="The list of keys, the root's first.")]


class Span(Part, frozen=True, kw_only=True):
    """A pair of events around others: a tool call, a message, a part of it, a request and its response."""

    open: Annotated[str | list[str], Meta(description="The events that open it.")] = []
    close: Annotated[str | list[str], Meta(description="The events that close it.")] = []
    key: Annotated[
        list[str],
        Meta(description="The fields that say which one. Without any, at most one is open at a time."),
    ] = []
    inside: Annotated[str, Meta(description="The scope or span around it; without it, the session.")] = ""
    during: Annotated[list[str], Meta(description="Events that need it open.")] = []
    same: Annotated[list[str], Meta(description="Fields that the closing event repeats unchanged.")] = []
    must_close: Annotated[bool, Meta(description="Whether it must be closed by the end of what is around it.")] = True
    must_close_before: Annotated[
        str | list[str] | None,
        Meta(
            description=(
                "The close of which scope (`run.close`), or which events, find it closed; of those that close the span "
                "around it, each its own. Default: `inside`'s."
            )
        ),
    ] = None
    concurrent: Annotated[bool, Meta(description="Whether several may be open at once.")] = True
    reopen: Annotated[bool, Meta(description="Whether a key may be used again after its close.")] = False
    implied: Annotated[Implied | None, Meta(description="Events that open it without saying so.")] = None
    parents: Annotated[Parents | None, Meta(description="The spans around it, as each event names them.")] = None
    refers: Annotated[Refers | None, Meta(description="Events that name one which may be closed already.")] = None
    known_from: Annotated[list[Known], Meta(description="Events that tell of ones begun elsewhere.")] = []
    token: Annotated[Token | None, Meta(description="A second name for it while it is open.")] = None
    across: Annotated[
        bool,
        Meta(description="Whether it is closed from the other side, so that both sides may use one key at once."),
    ] = False
    abandon: Annotated[
        list[str],
        Meta(description="Events of the opener's side after which a close may come or not."),
    ] = []
    forbids: Annotated[list[str], Meta(description="Events that may not name it while it is open.")] = []
