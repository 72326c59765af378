"""What judging events costs: compiled, interpreted, by hand, decoding alone; isolation; memory over closed runs.

CPU seconds of this process. Variants take turns over the same frames, a piece of 1,100 events at a time, so that what
else the machine does meets all of them. A piece is decoded once before: whoever came first would read it from memory,
the others from the cache, where a frame is that just came. Times and ratios are medians over all pieces of all rounds.

$ python benchmarks/contract_speed.py [--rounds 7] [--events 44000] [--closed-runs 200000]
"""

import argparse
import gc
import json
import resource
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from benchmarks.contract_by_hand import DECODE, ByHand, Recent
from canonry.contract.canary import make_canary
from canonry.contract.check.checker import Checker
from canonry.contract.check.isolation import Owners, SessionFacts
from canonry.contract.load import load_contract
from tests.contract.recorded import PROTOCOLS, streams

CONNECTIONS = 100
PIECE = 1_100
BARS = "bars: compiled >= 500,000 events/s, >= 0.25 x decoding, >= 0.7 x by hand; isolation <= 250 ns, <= 1.2 x"
Frames = list[tuple[int, bytes]]


def run_events(user: int, run: str, *, tools: int = 3, canary: str = "") -> Iterator[dict[str, Any]]:
    """One right run: 2 + 3 * tools events of about 250 bytes."""
    steps: list[tuple[str, dict[str, Any]]] = [("agent_started", {"goal": "answer the question of the user"})]
    for number in range(tools):
        call = {"tool_name": "search", "tool_call_id": f"call-{number}"}
        steps.append(("agent_thinking", {"thought": "looking at the numbers of the last quarter"}))
        steps.append(("tool_executing", {**call, "args": {"query": "revenue"}}))
        steps.append(("tool_completed", {**call, "results": {"rows": 3, "note": canary}}))
    steps.append(("agent_completed", {"final_response": "here is the answer"}))
    for seq, (name, payload) in enumerate(steps):
        yield {
            "type": name, "event_id": f"event-{user}-{run}-{seq}", "user_id": f"user-{user}",
            "thread_id": f"thread-{user}", "run_id": f"run-{user}-{run}", "seq": seq,
            "timestamp": "2026-11-28T09:00:00.123Z", "payload": payload,
        }  # fmt: skip


def frames(connections: int, events: int) -> Frames:
    """Frames of right runs, interleaved over connections as (connection, frame)."""
    found: Frames = []
    turn = 0
    while len(found) < events:
        runs = [list(run_events(user, str(turn))) for user in range(connections)]
        for step in zip(*runs, strict=True):
            found += [(user, json.dumps(event).encode()) for user, event in enumerate(step)]
        turn += 1
    return found


def pieces_of(all_frames: Frames) -> list[Frames]:
    """The frames in the pieces in which they are judged."""
    return [all_frames[begin : begin + PIECE] for begin in range(0, len(all_frames), PIECE)]


def received(receive: Sequence[Callable[..., Any]], frames_of: Frames, at: float) -> float:
    """CPU seconds an event of receiving these frames."""
    begun = time.process_time()
    for user, raw in frames_of:
        at += 0.00001
        receive[user](raw, at=at, direction="out")
    return (time.process_time() - begun) / len(frames_of)


def decoded(frames_of: Frames) -> float:
    """CPU seconds an event of decoding these frames into types, and no more."""
    decode = DECODE
    begun = time.process_time()
    for _, raw in frames_of:
        decode(raw)
    return (time.process_time() - begun) / len(frames_of)


def speed(events: int, rounds: int) -> None:
    all_frames = frames(CONNECTIONS, events)
    size = sum(len(raw) for _, raw in all_frames) / len(all_frames)
    print(f"{len(all_frames):,} events of {size:.0f} bytes on {CONNECTIONS} connections, {rounds} rounds")
    plan = load_contract("agent-events").plan
    checker, naive = Checker(plan), Checker(plan, interpreted=True)
    seconds: dict[str, list[float]] = {"compiled": [], "by hand": [], "decoding": [], "interpreted": []}
    for _ in range(rounds):
        for one in (checker, naive):
            one.owners.ids = Owners(len(plan.isolation.ids)).ids
        sessions = [checker.session(str(user)) for user in range(CONNECTIONS)]
        slow = [naive.session(str(user)) for user in range(CONNECTIONS)]
        owners = (Recent(1 << 17), Recent(1 << 17))
        hands = [ByHand(owners) for _ in range(CONNECTIONS)]
        gc.collect()
        for number, piece in enumerate(pieces_of(all_frames)):
            at = number * 0.011
            decoded(piece)
            seconds["compiled"].append(received([each.receive for each in sessions], piece, at))
            seconds["by hand"].append(received([each.receive for each in hands], piece, at))
            seconds["decoding"].append(decoded(piece))
            if number < 2:
                seconds["interpreted"].append(received([each.receive for each in slow], piece, at))
        assert not any(session.end().counted for session in sessions)
        assert not any(each.violations for each in hands)
        assert sum(session.judged for session in sessions) == len(all_frames)
    print("| variant | events/s | ns | compiled is |\n| -- | --: | --: | --: |")
    for name, taken in seconds.items():
        median = statistics.median(taken)
        ratio = (
            statistics.median(theirs / ours for theirs, ours in zip(taken, seconds["compiled"], strict=True))
            if name != "interpreted"
            else median / statistics.median(seconds["compiled"])
        )
        print(f"| {name} | {1 / median:,.0f} | {median * 1e9:,.0f} | {ratio:.2f} x |")


def protocols(rounds: int) -> None:
    """How fast each contract that ships judges: its valid streams on new sessions, 100 at a time."""
    print("| contract | events/s | ns | bytes an event | a session, us |\n| -- | --: | --: | --: | --: |")
    for name in PROTOCOLS:
        made = [
            [
                (json.dumps(line["event"]).encode(), line["t"], line["dir"])
                for line in stream.lines
                if "event" in line and line["conn"] == connection
            ]
            for stream in streams(name, "valid")
            for connection in dict.fromkeys(line["conn"] for line in stream.lines)
        ]
        checker = Checker(load_contract(name).plan)
        taken, opening = [], []
        for number in range(rounds * len(made)):
            begun = time.process_time()
            receive = [checker.session(str(n)).receive for n in range(CONNECTIONS)]
            opening.append((time.process_time() - begun) / CONNECTIONS)
            work = [(one, made[(number + n) % len(made)]) for n, one in enumerate(receive)]
            begun = time.process_time()
            _receive_all(work)
            taken.append((time.process_time() - begun) / sum(len(stream) for _, stream in work))
        median = statistics.median(taken)
        size = sum(len(raw) for stream in made for raw, _, _ in stream) / sum(map(len, made))
        begin = statistics.median(opening) * 1e6
        print(f"| {name} | {1 / median:,.0f} | {median * 1e9:,.0f} | {size:.0f} | {begin:.1f} |")


def _receive_all(work: Sequence[tuple[Any, list[tuple[bytes, float | None, str]]]]) -> None:
    for receive, stream in work:
        for raw, at, way in stream:
            receive(raw, at=at, direction=way)


def isolation(events: int, rounds: int) -> None:
    """What canaries cost an event, at 1,000 and at 10,000 users: with them minus without, on the same frames."""
    plan = load_contract("agent-events").plan
    canaries = [make_canary() for _ in range(10_000)]
    medians = {}
    for users in (1_000, 10_000):
        step = users // CONNECTIONS
        all_frames: Frames = []
        for turn in range(max(1, events // CONNECTIONS // 11)):
            runs = [
                list(run_events(user * step, str(turn), canary=canaries[user * step])) for user in range(CONNECTIONS)
            ]
            for events_at in zip(*runs, strict=True):
                all_frames += [(user, json.dumps(event).encode()) for user, event in enumerate(events_at)]
        users_of = [{"user_id": f"user-{user}"} for user in range(users)]
        facts = {str(user): SessionFacts(user=known, canaries=(canaries[user],)) for user, known in enumerate(users_of)}
        bare = {str(user): SessionFacts(user=known) for user, known in enumerate(users_of)}
        watched, plain = Checker(plan, facts=facts), Checker(plan, facts=bare)
        costs = []
        for _ in range(rounds):
            for checker in (watched, plain):
                checker.owners.ids = Owners(len(plan.isolation.ids)).ids
            with_them = [watched.session(str(user * step)) for user in range(CONNECTIONS)]
            without = [plain.session(str(user * step)) for user in range(CONNECTIONS)]
            gc.collect()
            for number, piece in enumerate(pieces_of(all_frames)):
                decoded(piece)
                one, other = (with_them, without) if number % 2 else (without, with_them)
                first = received([session.receive for session in one], piece, number * 0.011)
                second = received([session.receive for session in other], piece, number * 0.011)
                costs.append(first - second if number % 2 else second - first)
            assert not any(session.end().counted for session in with_them)
        medians[users] = statistics.median(costs) * 1e9
    small, large = medians.values()
    print(f"isolation: {small:,.0f} ns an event at 1,000 users, {large:,.0f} ns at 10,000 ({large / small:.2f} x)")


def memory(runs: int) -> None:
    """How much the process grows while runs open and close on one connection: in all, and in the second half."""
    plan = load_contract("agent-events").plan
    session = Checker(plan).session("one")
    begun = half = 0
    for number in range(runs):
        for event in run_events(0, str(number), tools=1):
            session.receive(json.dumps(event).encode(), at=float(number), direction="out")
        if number == runs // 10:
            begun = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        if number == runs // 2:
            half = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    ended = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    grown, late = (ended - begun) / 1024, (ended - half) / 1024
    events = f"{session.received:,} events of {runs:,} closed runs"
    said = f"{grown:.1f} MB more than after a tenth of {events}, {late:.1f} MB more than after half"
    print(f"memory: {said}; {session.end().verdict}")


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--events", type=int, default=44_000)
    parser.add_argument("--closed-runs", type=int, default=200_000, help="runs of 5 events; 2,000,000 are 10 million")
    options = parser.parse_args()
    speed(options.events, options.rounds)
    protocols(options.rounds)
    isolation(options.events, options.rounds)
    memory(options.closed_runs)
    print(BARS)


if __name__ == "__main__":
    main()
