"""A generated recording: its lines, and whose its connections are."""

from collections.abc import Iterator
from typing import Any

import msgspec

from canonry.contract.check.isolation import SessionFacts
from canonry.contract.recording import VERSION


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a recording. ``kind`` is the name of the event in the contract; ``text`` replaces the whole line.

    ``raw`` is the text of a frame that is no event, ``closed`` the code that the connection is closed with.
    """

    connection: str
    at: Any = None
    direction: str | None = None
    event: Any = None
    kind: str = ""
    raw: str | None = None
    closed: int | str | None = None
    text: str | None = None

    def encode(self) -> bytes:
        """Return the line as a recording holds it, without its end."""
        if self.text is not None:
            return self.text.encode()
        found: dict[str, Any] = {"v": VERSION, "dir": self.direction, "t": self.at, "conn": self.connection}
        if self.closed is not None:
            found["closed"] = self.closed
        elif self.raw is not None:
            found["raw"] = self.raw
        else:
            found["event"] = self.event
        return msgspec.json.encode(found)


class Stream(msgspec.Struct, frozen=True):
    """Lines in the order of their times, and whose the connections are, by name."""

    lines: tuple[Line, ...]
    facts: dict[str, SessionFacts]

    def encode(self) -> Iterator[bytes]:
        """Yield the lines of the recording, each with its end."""
        for line in self.lines:
            yield line.encode() + b"\n"

    def sessions(self) -> dict[str, dict[str, Any]]:
        """Return what `canonry contract check --sessions` takes."""
        return {
            name: {
                **{path.rpartition(".")[2]: value for path, value in fact.user.items()},
                "owned": {field: list(ids) for field, ids in fact.owned.items()},
                "canaries": list(fact.canaries),
            }
            for name, fact in self.facts.items()
        }
