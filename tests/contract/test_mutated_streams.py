"""The compiled checker says what the interpreter says, of whatever comes."""

import copy
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.contract.judging import frames, judge
from tests.contract.samples import SAMPLES, Sample

VALUES = (
    None,
    "",
    " ",
    "x",
    "c1",
    "m",
    0,
    1,
    2,
    1.5,
    True,
    False,
    [],
    {},
    ["a"],
    {"a": 1},
    -1,
    2**70,
    "2026-11-28T09:00:00+0000",
    "\ud83d\ude00",
)
WAYS = ("in", "out", None)


def spots(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path] * bool(path) + [spot for key, one in inner for spot in spots(one, (*path, key))]


def mutated(random: Random, sample: Sample) -> list[tuple[bytes, float | None, str | None]]:
    """Frames of a stream of the sample, changed in a few places."""
    streams = [*sample.good, *(stream for stream, _ in sample.bad.values())]
    stream = copy.deepcopy(random.choice(streams))
    for _ in range(random.choice((1, 1, 2, 3, 6))):
        if not stream:
            break
        at = random.randrange(len(stream))
        match random.randrange(9):
            case 0:
                del stream[at]
            case 1:
                stream.insert(random.randrange(len(stream) + 1), copy.deepcopy(stream[at]))
            case 2:
                other = random.randrange(len(stream))
                stream[at], stream[other] = stream[other], stream[at]
            case 3:
                stream = stream[:at]
            case 4:
                stream[at:at] = copy.deepcopy(random.choice(streams))
            case 5:
                stream[at]["dir"] = random.choice(WAYS)
            case 6:
                moments = sorted(random.choice((0.1, 1.0, 9.0, 30.0)) * random.random() * 20 for _ in stream)
                stream = [{**event, "at": moment} for event, moment in zip(stream, moments, strict=True)]
            case _:
                places = spots(stream[at]) or [("type",)]
                place = random.choice(places)
                owner = stream[at]
                for key in place[:-1]:
                    owner = owner[key]
                values = [
                    one for event in stream for spot in spots(event) if spot == place for one in [found(event, spot)]
                ]
                if random.random() < 0.2 and isinstance(owner, dict):
                    owner.pop(place[-1], None)
                else:
                    owner[place[-1]] = copy.deepcopy(random.choice([*VALUES, *values]))
    for event in stream:
        if event.get("dir") not in WAYS:
            event["dir"] = None
        if not isinstance(event.get("at"), float):
            event["at"] = None
    return [(torn(random, raw), at, way) for raw, at, way in frames(stream)]


def found(event: Any, spot: tuple[Any, ...]) -> Any:
    for key in spot:
        event = event[key]
    return event


def torn(random: Random, raw: bytes) -> bytes:
    """The frame, rarely with bytes that are not as they were."""
    if random.random() < 0.97 or not raw:
        return raw
    at = random.randrange(len(raw))
    return random.choice(
        (
            raw[:at],
            raw[:at] + bytes([random.randrange(256)]) + raw[at + 1 :],
            raw + b" ",
            b"[" * 5000,
            b'{"a":1e999,' + raw[1:],
        )
    )


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**48))
def test_it_says_what_the_interpreter_says(sample, seed):
    stream = mutated(Random(seed), sample)
    compiled, interpreted = judge(sample, stream), judge(sample, stream, interpreted=True)
    assert compiled == interpreted
    assert compiled.judged == compiled.received == len(stream)
    assert judge(sample, stream) == compiled
