"""Streams written by hand, one YAML list a file, and what their short form stands for.

A stream has a `name`, the place in the specification that it rests on (`spec`), and `lines`. A broken one says in one
sentence what it breaks (`breaks`) and which rule has to say so (`rule`). `session` is the user whose it is, `canaries` are
texts of other users. A line is one of

- a recording line, told by its key `v`: `{v: 1, dir: out, t: 0.5, conn: a, event: {...}}`;
- `{in: EVENT}` or `{out: EVENT}`, with `t` and `conn` where they matter: client to service, service to client;
- an event alone: service to client, without receive time.

`every` of a stream holds fields that its events carry unless they say otherwise: `<count>` counts up from 0 within one
`run_id` (or the stream), going on from a number that an event writes itself; `<clock>` is a time of day that goes on by
a tenth of a second an event. A field of the value `<absent>` is left out.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

FOLDER = Path(__file__).parent / "recordings"
PROTOCOLS = ("agent-events", "ag-ui", "openai-responses", "langgraph", "a2a", "mcp")

_START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
_TICK = timedelta(milliseconds=100)

Line = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One named stream of a protocol: recording lines, what they rest on, and what is wrong with them."""

    protocol: str
    name: str
    spec: str
    lines: tuple[Line, ...]
    breaks: str | None = None
    rule: str | None = None
    session: Mapping[str, Any] = field(default_factory=dict)
    canaries: tuple[str, ...] = ()
    verifier: str | None = None
    refused: int | None = None
    differs: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a stream is written, and its name: known without reading the YAML, which takes seconds for all files."""

    protocol: str
    file: str
    index: int
    name: str

    def read(self) -> Stream:
        """The stream that is written there."""
        found = streams(self.protocol, self.file)
        assert len(found) == len(places(self.protocol, self.file))
        assert found[self.index].name == self.name
        return found[self.index]


def places(protocol: str, file: str) -> tuple[Place, ...]:
    """The places of the streams of a file, in the order they are written."""
    text = (FOLDER / protocol / f"{file}.yaml").read_text()
    names = (name.strip('"') for name in re.findall("^- name: (.*)$", text, re.MULTILINE))
    return tuple(Place(protocol, file, index, name) for index, name in enumerate(names))


@cache
def streams(protocol: str, file: str) -> tuple[Stream, ...]:
    """The streams of one file of a protocol's folder, such as `valid` or `broken`, in the order they are written."""
    written = YAML(typ="safe").load(FOLDER / protocol / f"{file}.yaml")
    return tuple(
        Stream(
            protocol=protocol,
            lines=tuple(_lines(stream["lines"], stream.get("every", {}))),
            canaries=tuple(stream.get("canaries", ())),
            **{key: value for key, value in stream.items() if key not in {"lines", "every", "canaries"}},
        )
        for stream in written
    )


def _lines(written: list[Any], every: Mapping[str, Any]) -> Iterator[Line]:
    counts: dict[Any, int] = {}
    clock = _START
    for line in written:
        if "v" in line:
            yield dict(line)
            continue
        direction = next((side for side in ("in", "out") if side in line), None)
        event = dict(line[direction] if direction else line)
        if direction != "in":
            event = _filled(event, every, counts, clock)
            clock += _TICK
        outer = line if direction else {}
        yield {
            "v": 1,
            "dir": direction or "out",
            "t": outer.get("t"),
            "conn": outer.get("conn", "c1"),
            "event": {key: value for key, value in event.items() if value != "<absent>"},
        }


def _filled(event: dict[str, Any], every: Mapping[str, Any], counts: dict[Any, int], clock: datetime) -> dict[str, Any]:
    filled = {**every, **event}
    for key, value in every.items():
        if value == "<clock>" and key not in event:
            filled[key] = clock.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        elif value == "<count>":
            run = filled.get("run_id")
            if key not in event:
                filled[key] = counts.get(run, 0)
            if isinstance(filled[key], int):
                counts[run] = filled[key] + 1
    return filled
