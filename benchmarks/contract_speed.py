"""What judging events costs: compiled, interpreted, by hand, decoding alone; isolation; memory over closed runs.

CPU seconds of this process. Variants take turns over the same frames, round by round, and the ratios are medians of
ratios of the same round.

$ python benchmarks/contract_speed.py [--rounds 7] [--events 44000] [--closed-runs 200000]
"""

import argparse
import gc
import json
import resource
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from benchmarks.contract_by_hand import DECODE, ByHand, Recent
from canonry.contract.canary import make_canary
from canonry.contract.check.checker import Checker
from canonry.contract.check.isolation import SessionFacts
from canonry.contract.load import load_contract
from tests.contract.recorded import PROTOCOLS, streams

CONNECTIONS = 100
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


def timed(work: Callable[[], None]) -> float:
    """CPU seconds of one call."""
    gc.collect()
    begun = time.process_time()
    work()
    return time.process_time() - begun


def judging(sessions: Sequence[Any], all_frames: Frames) -> Callable[[], None]:
    """The work of receiving every frame."""

    def work() -> None:
        receive = [session.receive for session in sessions]
        at = 0.0
        for user, raw in all_frames:
            at += 0.00001
            receive[user](raw, at=at, direction="out")

    return work


def decoding(all_frames: Frames) -> Callable[[], None]:
    def work() -> None:
        decode = DECODE
        for _, raw in all_frames:
            decode(raw)

    return work


def speed(events: int, rounds: int) -> None:
    all_frames = frames(CONNECTIONS, events)
    size = sum(len(raw) for _, raw in all_frames) / len(all_frames)
    print(f"{len(all_frames):,} events of {size:.0f} bytes on {CONNECTIONS} connections, {rounds} rounds")
    plan = load_contract("agent-events").plan
    seconds: dict[str, list[float]] = {"compiled": [], "by hand": [], "decoding": [], "interpreted": []}
    few = all_frames[: len(all_frames) // 10]
    for _ in range(rounds):
        checker = Checker(plan)
        sessions = [checker.session(str(user)) for user in range(CONNECTIONS)]
        seconds["compiled"].append(timed(judging(sessions, all_frames)) / len(all_frames))
        assert not any(session.end().counted for session in sessions)
        assert sum(session.judged for session in sessions) == len(all_frames)
        owners = (Recent(1 << 17), Recent(1 << 17))
        hands = [ByHand(owners) for _ in range(CONNECTIONS)]
        seconds["by hand"].append(timed(judging(hands, all_frames)) / len(all_frames))
        assert not any(each.violations for each in hands)
        seconds["decoding"].append(timed(decoding(all_frames)) / len(all_frames))
        naive = Checker(plan, interpreted=True)
        slow = [naive.session(str(user)) for user in range(CONNECTIONS)]
        seconds["interpreted"].append(timed(judging(slow, few)) / len(few))
    print("| variant | events/s | ns | compiled is |\n| -- | --: | --: | --: |")
    for name, taken in seconds.items():
        median = statistics.median(taken)
        ratio = statistics.median(theirs / ours for theirs, ours in zip(taken, seconds["compiled"], strict=True))
        print(f"| {name} | {1 / median:,.0f} | {median * 1e9:,.0f} | {ratio:.2f} x |")


def protocols(rounds: int) -> None:
    """How fast each contract that ships judges: its valid streams, many times, each on a session of its own."""
    print("| contract | events/s | bytes an event |\n| -- | --: | --: |")
    for name in PROTOCOLS:
        made = [
            [(json.dumps(line["event"]).encode(), line["t"], line["dir"]) for line in stream.lines if "event" in line]
            for stream in streams(name, "valid")
        ]
        checker = Checker(load_contract(name).plan, keep=1)
        copies = max(1, 20_000 // sum(map(len, made)))
        taken = []
        for _ in range(rounds):
            work = [(checker.session(str(n)).receive, made[n % len(made)]) for n in range(copies * len(made))]
            taken.append(timed(partial(_receive_all, work)))
        events = copies * sum(map(len, made))
        size = sum(len(raw) for stream in made for raw, _, _ in stream) / sum(map(len, made))
        print(f"| {name} | {events / statistics.median(taken):,.0f} | {size:.0f} |")


def _receive_all(work: Sequence[tuple[Any, list[tuple[bytes, float | None, str]]]]) -> None:
    for receive, stream in work:
        for raw, at, way in stream:
            receive(raw, at=at, direction=way)


def isolation(events: int, rounds: int) -> None:
    """What canaries cost an event, at 1,000 and at 10,000 users: with them minus without, on the same frames."""
    plan = load_contract("agent-events").plan
    taken: dict[int, list[float]] = {1_000: [], 10_000: []}
    canaries = [make_canary() for _ in range(10_000)]
    made: dict[int, Frames] = {}
    for users in taken:
        step = users // CONNECTIONS
        made[users] = []
        for turn in range(max(1, events // CONNECTIONS // 11)):
            runs = [
                list(run_events(user * step, str(turn), canary=canaries[user * step])) for user in range(CONNECTIONS)
            ]
            for events_at in zip(*runs, strict=True):
                made[users] += [(user, json.dumps(event).encode()) for user, event in enumerate(events_at)]
    for _ in range(rounds):
        for users, all_frames in made.items():
            step = users // CONNECTIONS
            facts = {
                str(user): SessionFacts(user={"user_id": f"user-{user}"}, canaries=(canaries[user],))
                for user in range(users)
            }
            watched, plain = Checker(plan, facts=facts), Checker(plan)
            with_them = [watched.session(str(user * step)) for user in range(CONNECTIONS)]
            without = [plain.session(str(user * step)) for user in range(CONNECTIONS)]
            difference = timed(judging(with_them, all_frames)) - timed(judging(without, all_frames))
            assert not any(session.end().counted for session in with_them)
            taken[users].append(difference / len(all_frames))
    small, large = (statistics.median(values) * 1e9 for values in taken.values())
    print(f"isolation: {small:,.0f} ns an event at 1,000 users, {large:,.0f} ns at 10,000 ({large / small:.2f} x)")


def memory(runs: int) -> None:
    """How much the process grows while runs open and close on one connection, after the first tenth."""
    plan = load_contract("agent-events").plan
    session = Checker(plan).session("one")
    begun = 0
    for number in range(runs):
        for event in run_events(0, str(number), tools=1):
            session.receive(json.dumps(event).encode(), at=float(number), direction="out")
        if number == runs // 10:
            begun = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - begun
    events = f"{session.received:,} events of {runs:,} closed runs"
    print(f"memory: {grown / 1024:.1f} MB more after {events}; {session.end().verdict}")


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
