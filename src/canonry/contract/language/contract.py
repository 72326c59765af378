"""A whole contract, as it is written and as Python makes it."""

from typing import Annotated

from msgspec import Meta

from canonry.contract.language.parts import Discriminator, EventType, FieldType, Part, Range, Scope, Span, Transport
from canonry.contract.language.rules import (
    Deadline,
    Exchange,
    Fold,
    Isolation,
    Order,
    OwnTime,
    Policy,
    Profile,
    Quiet,
    Sequence,
    States,
    Unique,
    Unknown,
)


class Contract(Part, frozen=True, kw_only=True):
    """Which events a conversation has, with which fields, in which order, within which time, belonging to whom."""

    contract: Annotated[str, Meta(min_length=1, description="Name and version.", examples=["agent-events/1"])]
    description: Annotated[str, Meta(description="What it is about, for readers.")] = ""
    transport: Annotated[Transport, Meta(description="Frames and directions.")] = Transport()
    discriminator: Annotated[Discriminator, Meta(description="How an event's name is found.")] = Discriminator(
        field="type"
    )
    envelope: Annotated[
        dict[str, FieldType],
        Meta(
            description=(
                "Fields of every event that belongs to a scope. Events of scope `session` need them not, but where "
                "they have one, it is of that type."
            )
        ),
    ] = {}
    events: Annotated[
        dict[str, EventType | None],
        Meta(description="Events and variants. Names that rules mention need no entry. A name may be a pattern."),
    ] = {}
    unknown: Annotated[Unknown, Meta(description="What becomes of other events.")] = "reject"
    scopes: Annotated[dict[str, Scope], Meta(description="Scopes. Events belong to the first one by default.")] = {}
    spans: Annotated[dict[str, Span], Meta(description="Spans.")] = {}
    count: Annotated[
        dict[str, Range | dict[str, Range]],
        Meta(
            description=(
                "How often events and spans (`span:tool`) come in the first scope; below a scope's name or "
                "`session`, in that."
            )
        ),
    ] = {}
    order: Annotated[list[Order], Meta(description="What comes before what.")] = []
    sequence: Annotated[Sequence | list[Sequence], Meta(description="Numbers that count.")] = []
    states: Annotated[States | list[States], Meta(description="Status machines.")] = []
    fold: Annotated[list[Fold], Meta(description="Pieces and their whole.")] = []
    unique: Annotated[list[str | Unique], Meta(description="Fields that no two events of a session share.")] = []
    deadline: Annotated[list[Deadline], Meta(description="Times.")] = []
    isolation: Annotated[Isolation | None, Meta(description="What must not reach another user.")] = None
    quiet: Annotated[Quiet | list[Quiet], Meta(description="Silence after a close.")] = []
    close_codes: Annotated[
        dict[str, list[int | str]],
        Meta(description="Reason -> codes that a connection may be closed with, beside 1000 (`http403`: refused)."),
    ] = {}
    exchange: Annotated[list[Exchange], Meta(description="What a client's message brings about.")] = []
    policy: Annotated[dict[str, str | Policy], Meta(description="Choices, and the alternative that holds.")] = {}
    profiles: Annotated[dict[str, Profile], Meta(description="Places with other times.")] = {}
    time: Annotated[OwnTime | None, Meta(description="The event's own time.")] = None


def listed(value: object) -> list[object]:
    """The value as a list: a key that takes one or several."""
    if value is None or value == "":
        return []
    return list(value) if isinstance(value, list | tuple) else [value]
