"""What a process keeps of violations: the first of each rule in full, and of a multitude no more than that."""

import io
import json
import tracemalloc

import msgspec

from canonry.contract.check.checker import Checker, Session
from canonry.contract.load import load_contract
from canonry.load.ending import end
from canonry.load.result import merge
from canonry.load.spec import LoadSpec
from canonry.load.trace import Trace
from canonry.load.witnesses import Witnesses
from canonry.model.load import WITNESSES, LoadResult, Sample, Totals
from canonry.report.load import full, html

PLAN = load_contract("agent-events").plan
NOTHING = Sample(0.0, 0, 0, 0, 0, 0, 0)


def broken(witnesses: Witnesses, checker: Checker, name: str, count: int) -> dict[str, int]:
    """What a conversation broke that had so many frames which are no JSON, taken as a connection takes them."""
    session = checker.session(name)
    for number in range(count):
        session.receive(f"{name}, frame {number}, {'x' * 500}", at=float(number), direction="out")
        if session.state.violations:
            witnesses.take(session, name, float(number))
    return ended(witnesses, session, name, float(count))


def violate(witnesses: Witnesses, session: Session, number: int) -> None:
    frame = json.dumps({"type": "connection_ready", "payload": f"{number}{'x' * 300}"})
    session.receive(frame, at=number, direction="out")
    witnesses.take(session, session.state.connection, number)


def ended(witnesses: Witnesses, session: Session, name: str, at: float) -> dict[str, int]:
    before = dict(session.state.tally)
    counts = end(session, at, 1000, is_ours=False).broken
    witnesses.take(session, name, at, only={rule: count - before.get(rule, 0) for rule, count in counts.items()})
    witnesses.ended(counts, at)
    return counts


def merged(*parts: tuple[Witnesses, dict[str, int]]) -> LoadResult:
    """The result of processes that saw this."""
    spec = LoadSpec(scenario="golden", url="http://127.0.0.1:1", users=1, seconds=1.0)
    traces = [
        msgspec.json.decode(
            msgspec.json.encode(
                Trace(
                    spec=spec, started=0.0, seconds=9.0, cpu=1.0, memory=1, lag=0.0, latencies={}, failures={},
                    totals=Totals(users=1, frames=9, received=9, judged=9, streams=1, done=1), first_failures={},
                    rules=rules, leaks=witnesses.leaks, samples=[NOTHING], steady=(NOTHING, NOTHING), disturbed={},
                    ids={}, reach=witnesses.reach,
                )
            ),
            type=Trace,
        )
        for witnesses, rules in parts
    ]  # fmt: skip
    return merge(traces, spec=spec, contract="agent-events/1")


def test_twenty_thousand_violations_take_the_room_of_the_first_hundred() -> None:
    checker, witnesses = Checker(PLAN, keep=4), Witnesses(0.0)
    sessions = [checker.session(f"s{index}") for index in range(20)]
    for session in sessions:  # what a session has made for its first violation is not what the others take
        violate(witnesses, session, 0)
    tracemalloc.start()
    for session in sessions:
        for number in range(1, 1_001):
            violate(witnesses, session, number)
    room = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()

    rule = "envelope.payload"
    assert sum(session.state.tally[rule] for session in sessions) == 20_020
    assert sum(leak.rule == rule for leak in witnesses.leaks) == WITNESSES
    assert room < 250_000


def test_counts_stay_exact_when_processes_are_merged_and_reports_say_how_many_more() -> None:
    checker = Checker(PLAN, keep=4)
    one, other = Witnesses(0.0), Witnesses(0.0)
    first = broken(one, checker, "ada", 130)
    second = broken(other, checker, "bob", 45)
    result = merged((one, first), (other, second))

    assert result.rules["frame.json"] == 175
    assert sum(leak.rule == "frame.json" for leak in result.leaks) == WITNESSES
    assert result.reach["frame.json"].streams == 2
    assert (result.reach["frame.json"].first, result.reach["frame.json"].last) == (0.0, 129.0)
    page, text = io.StringIO(), io.StringIO()
    html.render(result, page)
    full.render(result, text, color=False)
    assert "155 more alike; all of them in 2 conversations" in page.getvalue()
    assert "173 more alike; all of them in 2 conversations, 0 ms to 129 s after the begin" in text.getvalue()


def test_every_rule_keeps_its_first_witnesses_however_many_others_there_are() -> None:
    checker, witnesses = Checker(PLAN, keep=4), Witnesses(0.0, most=3)
    broken(witnesses, checker, "ada", 50)
    session = checker.session("bob")
    session.receive('{"type":"agent_completed"}', at=60.0, direction="out")
    rules = {one.rule for one in session.violations}
    witnesses.take(session, "bob", 60.0)

    assert rules
    assert rules <= {leak.rule for leak in witnesses.leaks}
    assert [leak.index for leak in witnesses.leaks if leak.rule == "frame.json"] == [0, 1, 2]


def test_what_the_client_left_open_is_taken_for_no_violation() -> None:
    checker, witnesses = Checker(PLAN, keep=4), Witnesses(0.0)
    session = checker.session("ada")
    session.receive(
        '{"type":"agent_started","event_id":"e","seq":0,"user_id":"u","thread_id":"t","run_id":"r",'
        '"agent_name":"a","timestamp":"2026-01-01T00:00:00Z","payload":{}}',
        at=0.0,
        direction="out",
    )
    session.state.violations.clear()
    found = end(session, 0.1, None, is_ours=True)
    witnesses.take(session, "ada", 0.1, only=found.broken)

    assert found.left_open
    assert session.state.tally
    assert not witnesses.leaks
    assert not session.state.violations
