"""Random mutations of valid streams: no crash, the same verdict twice, the same from both checkers.

``python -m benchmarks.contract_soak --count 100000`` takes turns among the shipped contracts. A mutation
changes one to three things: bytes of a frame, values, keys, the order, the time or the direction of events. Where a
checker raises, says something else the second time, or where the two differ, it ends with the frames that show it.
"""

import argparse
import sys
import time
from collections import Counter
from random import Random
from typing import Any

import msgspec

from canonry.contract.check.checker import Checker
from canonry.contract.check.violation import Violation
from canonry.contract.compile.plan import Plan
from canonry.contract.generate.stream import Line, Stream
from canonry.contract.generate.streams import Generator
from canonry.contract.load import load_contract, shipped
from canonry.contract.mutate.scene import leaves

_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**63, 1.5, 1e308, "", " ", "x", "\x00", "é\U0001f600", [], {}, [None],
    {"a": {"b": []}},
    ["x"] * 3, "2026-02-30T00:00:00Z", "2026-06-30T23:59:60Z", "U" * 40, "V" * 40,
)  # fmt: skip
_STREAMS = 12

Frame = tuple[bytes, float | None, str | None]


def main(arguments: list[str]) -> int:
    """Soak, and say how many mutations were judged."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--count", type=int, default=100_000, help="mutations")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    began = time.process_time()
    outcomes = soak(options.count, options.seed)
    spent = time.process_time() - began
    became = f"{outcomes['refused']:,} refused, {outcomes['accepted']:,} accepted"
    print(f"{options.count:,} mutations of {len(shipped())} contracts, {became}")
    print(f"{spent:.0f} CPU s; no crash, every verdict deterministic, compiled and interpreted the same")
    return 0


def soak(count: int, seed: int = 0) -> Counter[str]:
    """Return how many mutations were refused and accepted. Raises AssertionError where verdicts differ."""
    outcomes: Counter[str] = Counter()
    for index, name in enumerate(shipped()):
        share = count // len(shipped()) + (index < count % len(shipped()))
        outcomes += _soak_one(load_contract(name).plan, share, Random(f"{name}/{seed}"))
    return outcomes


def _soak_one(plan: Plan, count: int, rng: Random) -> Counter[str]:
    generator = Generator(plan)
    streams = [generator.stream(rng.randrange(2**32), runs=rng.randint(1, 2)) for _ in range(min(_STREAMS, count))]
    compiled = Checker(plan, keep=0, coverage=False)
    interpreted = Checker(plan, keep=0, interpreted=True)
    outcomes: Counter[str] = Counter()
    for _ in range(count):
        stream = rng.choice(streams)
        frames = mutated(stream, rng)
        first = _verdict(compiled, frames)
        if first != _verdict(compiled, frames):
            raise AssertionError(f"{plan.contract.contract}: another verdict the second time: {frames!r}")
        second = _verdict(interpreted, frames)
        if first != second:
            differing = sorted(set(first) ^ set(second))
            raise AssertionError(f"{plan.contract.contract}: the checkers differ in {differing!r}: {frames!r}")
        outcomes["refused" if first else "accepted"] += 1
    return outcomes


def _verdict(checker: Checker, frames: list[Frame]) -> list[Violation]:
    checker.forget()
    session = checker.session("a")
    for raw, at, direction in frames:
        session.receive(raw, at=at, direction=direction)
    return list(session.end(frames[-1][1] if frames else None, 1000).violations)


def mutated(stream: Stream, rng: Random) -> list[Frame]:
    """Return the frames of a stream, changed in one to three places."""
    lines = [line for line in stream.lines if line.event is not None]
    frames: list[Frame] = [(msgspec.json.encode(line.event), line.at, line.direction) for line in lines]
    for _ in range(rng.randint(1, 3)):
        if not frames:
            break
        n = rng.randrange(len(frames))
        raw, at, direction = frames[n]
        match rng.randrange(10):
            case 0:
                frames[n] = (_torn(raw, rng), at, direction)
            case 1 | 2 | 3:
                frames[n] = (_changed(raw, lines, rng), at, direction)
            case 4:
                del frames[n]
            case 5:
                frames.insert(rng.randrange(len(frames) + 1), frames[n])
            case 6:
                other = rng.randrange(len(frames))
                frames[n], frames[other] = frames[other], frames[n]
            case 7:
                frames[n] = (raw, rng.choice([None, -1.0, 0.0, 1e9, (at or 0.0) + rng.uniform(-1, 100)]), direction)
            case 8:
                frames[n] = (raw, at, rng.choice([None, "in", "out"]))
            case _:
                del frames[n:]
    return frames


def _torn(raw: bytes, rng: Random) -> bytes:
    """The frame with some bytes other."""
    at = rng.randrange(len(raw)) if raw else 0
    match rng.randrange(4):
        case 0:
            return raw[:at]
        case 1:
            return raw[:at] + bytes([rng.randrange(256)]) + raw[at + 1 :]
        case 2:
            return raw[:at] + raw[at : at + rng.randrange(20)] + raw[at:]
        case _:
            return rng.choice(
                [b"", b"null", b"[]", b"{}", b"NaN", b'"x"', b"[" * 3000, b'{"a":' * 2000, b"\xff\xfe", b"1e999"]
            )


def _changed(raw: bytes, lines: list[Line], rng: Random) -> bytes:
    """The event with one value or key other, or with a value of another event."""
    try:
        event = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return raw
    ways = [way for way, _ in leaves(event) if way]
    if not ways:
        return raw
    way = rng.choice(ways)
    way = way[: rng.randint(1, len(way))]
    container = event
    for part in way[:-1]:
        container = container[part]
    others = [value for _, value in leaves(rng.choice(lines).event)]
    if rng.random() < 0.2 and isinstance(container, dict):
        container.pop(way[-1])
    else:
        container[way[-1]] = rng.choice([*_VALUES, *others])
    return msgspec.json.encode(event)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
