"""The tools that agents may call. A tool knows the run it is called in and nothing else; what it needs it is given."""

import ast
import operator
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

import msgspec

from reference_chat.agents.turn import Turn
from reference_chat.model.wire import FunctionOffer, ToolOffer

Result = dict[str, object]
"""What a tool found; `summary` says it in a sentence."""

_OPERATORS: Mapping[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_LONGEST_EXPRESSION = 200
_MOST_NOTES = 5


class ToolError(Exception):
    """The tool cannot do what it was asked; the model is told, and may ask otherwise."""


class Meeting(Protocol):
    """Where runs wait for each other."""

    async def wait(self, name: str, parties: int) -> int:
        """Returns when `parties` have come to `name`."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A function that the model may call; `arguments` is the type that they are checked against."""

    name: str
    description: str
    arguments: type[msgspec.Struct]
    run: Callable[[Any, Turn], Awaitable[Result]]
    offer: ToolOffer = field(init=False)
    """How it is offered to the model."""

    def __post_init__(self) -> None:
        (schema,), definitions = msgspec.json.schema_components([self.arguments])
        parameters = definitions[self.arguments.__name__] if "$ref" in schema else schema
        object.__setattr__(self, "offer", ToolOffer(FunctionOffer(self.name, self.description, parameters)))


class _Nothing(msgspec.Struct, forbid_unknown_fields=True):
    """No arguments."""


class _Expression(msgspec.Struct):
    expression: str


class _Query(msgspec.Struct):
    query: str


class _Place(msgspec.Struct):
    name: str
    parties: int


def user_tools() -> tuple[Tool, ...]:
    """What every agent that looks something up may use."""
    return (
        Tool("lookup_notes", "Finds what the user said earlier in this thread.", _Query, _lookup_notes),
        Tool("clock", "Tells the time in UTC.", _Nothing, _clock),
        Tool("calculator", "Computes a sum of numbers with + - * / and brackets.", _Expression, _calculate),
    )


def barrier_tool(meeting: Meeting) -> Tool:
    """Waits until as many runs as `parties` have come to the barrier `name`; for tests of runs that overlap."""

    async def wait(place: _Place, turn: Turn) -> Result:
        if not 1 <= place.parties <= 1_000:
            raise ToolError("`parties` is between 1 and 1000")
        number = await meeting.wait(place.name, place.parties)
        return {"summary": f"{place.parties} runs met.", "number": number}

    return Tool("barrier", "Waits for other runs.", _Place, wait)


async def _clock(_: _Nothing, turn: Turn) -> Result:
    now = datetime.now(UTC)
    return {"summary": f"It is {now:%H:%M:%S} UTC on {now:%Y-%m-%d}.", "time": now.isoformat()}


async def _calculate(given: _Expression, turn: Turn) -> Result:
    value = evaluate(given.expression)
    return {"summary": f"{given.expression} = {value:.12g}.", "value": value}


async def _lookup_notes(given: _Query, turn: Turn) -> Result:
    found = matching(turn.notes, given.query)
    if not found:
        return {"summary": "You said nothing about it before.", "notes": []}
    return {"summary": f"You said before: {' / '.join(found)}", "notes": found}


def matching(notes: Sequence[str], query: str) -> list[str]:
    """The last notes that share a word of four letters or more with the query, oldest first."""
    words = _words(query)
    return [note for note in notes if words & _words(note)][-_MOST_NOTES:]


def _words(text: str) -> set[str]:
    letters = "".join(character if character.isalnum() else " " for character in text.lower())
    return {word for word in letters.split() if len(word) >= 4}


def evaluate(expression: str) -> float:
    """The value of a sum. Raises `ToolError` for what is none."""
    if len(expression) > _LONGEST_EXPRESSION:
        raise ToolError(f"an expression has at most {_LONGEST_EXPRESSION} characters")
    try:
        return float(_value(ast.parse(expression.strip(), mode="eval").body))
    except ZeroDivisionError:
        raise ToolError("nothing can be divided by zero") from None
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError):
        raise ToolError(f"`{expression}` is no sum of numbers") from None


def _value(node: ast.expr) -> float:
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand)
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _OPERATORS:
            return float(_OPERATORS[type(sign)](_value(left), _value(right)))
    raise ValueError
