import io
import json
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from canonry.cli.contract import command
from canonry.contract.check.checker import Checker
from canonry.contract.check.violation import Verdict
from canonry.contract.examine import Examined, examine
from canonry.contract.recording import read_recording, write_line
from canonry.model.errors import NothingValidatedError, UserError
from tests.contract.judging import frames, judge, loaded
from tests.contract.samples import AGENT_EVENTS, RUN, START, Event, done, result, thought, tool


def line(event: Any, *, at: float | None = None, conn: str = "c", way: str | None = "out") -> bytes:
    return json.dumps({"v": 1, "dir": way, "t": at, "conn": conn, "event": event}).encode() + b"\n"


def lines(stream: list[Event], conn: str = "c") -> list[bytes]:
    return [line(event, at=float(n), conn=conn) for n, event in enumerate(stream)]


def examined(recording: list[bytes], **options: Any) -> Examined:
    return examine(loaded("agent-events"), [("rec.jsonl", recording)], **options)


def broken(found: Examined) -> list[tuple[str, int | None]]:
    return [(each.violation.rule, each.place.line if each.place else None) for each in found.findings]


def test_what_holds_has_no_finding():
    found = examined(lines(RUN))
    assert (found.findings, found.received, found.judged, found.violated) == ((), 5, 5, False)


def test_a_finding_has_its_line_its_witnesses_and_the_smallest_example():
    stream = [START, thought(1), tool(2, "a"), tool(3, "b"), result(4, "a"), thought(5), done(6)]
    (found,) = examined(lines(stream)).findings
    assert found.violation.rule == "tool.closed"
    assert (found.place.line, [each.line for each in found.witnesses]) == (7, [4])
    assert [(each.line, each.event) for each in found.example] == [(4, "tool_executing"), (7, "agent_completed")]


def test_a_smallest_example_at_the_end_of_the_stream():
    found = {each.violation.rule: [p.line for p in each.example] for each in examined(lines(RUN[:3])).findings}
    assert found == {"run.ended": [1], "tool.closed": [1, 3]}


FAULTS = {
    "a cut line": (b'{"v": 1, "dir": "out", "event": {"ty\n', "frame.json"),
    "not a number": (line(0).replace(b'"event": 0', b'"event": {"type": NaN}'), "frame.json"),
    "no UTF-8": (line({"type": "x"}).replace(b"x", b"\xff\xfe"), "frame.json"),
    "binary": (bytes(range(256)).replace(b"\n", b"") + b"\n", "frame.json"),
    "deep": (b'{"v": 1, "event": ' + b"[" * 100_000 + b"]" * 100_000 + b"}\n", "frame.json"),
    "a key twice": (line(START).replace(b'"seq": 0', b'"seq": 9, "seq": 0'), "frame.duplicate_key"),
    "a key twice, deep inside": (line({"type": "pong"}).replace(b'"pong"', b'"pong", "p": [{"a": 1, "a": 1}]'), "frame.duplicate_key"),
    "a list": (b"[1, 2]\n", "frame.event"),
    "a text": (line("hello"), "frame.event"),
    "a text that was no JSON": (b'{"v": 1, "dir": "out", "t": null, "conn": "c", "raw": "{oops"}\n', "frame.json"),
    "megabytes": (line({"type": "pong", "x": "y" * 10_000_000}), None),
    "more than is allowed": (line({"type": "pong", "x": "y" * 17_000_000}), "frame.size"),
    "no time": (line(START).replace(b'"t": null', b'"t": "noon"'), "recording.line"),
    "no direction": (line(START, way="up"), "recording.line"),
    "surrogates": (line({"type": "pong", "x": "\ud800"}), "frame.json"),
    "a huge number": (line({"type": "pong"}).replace(b'"pong"', b'"pong", "x": 1e999'), None),
}  # fmt: skip


@pytest.mark.parametrize(("text", "rule"), FAULTS.values(), ids=FAULTS.keys())
def test_what_is_wrong_with_a_line_is_a_finding(text, rule):
    found = examined([*lines(RUN), text], examples=False)
    rules = {each.violation.rule for each in found.findings if each.place and each.place.line == 6}
    assert (rule in rules) if rule else not rules
    assert found.judged == found.received == 6


def test_bare_events_have_their_own_times():
    stream = [{**event, "timestamp": f"2026-11-28T09:00:{n * 16:02}+00:00"} for n, event in enumerate(RUN[:4])]
    found = examined([json.dumps(event).encode() for event in stream])
    assert {rule for rule, _ in broken(found)} == {"deadline.between", "run.ended"}


def test_bare_events_are_from_the_service():
    found = examined([json.dumps({"type": "other"}).encode(), *[json.dumps(event).encode() for event in RUN]])
    assert broken(found) == [("events.unknown", 1)]


def test_a_newer_recording_is_refused():
    with pytest.raises(UserError, match="version 2"):
        examined([line(START).replace(b'"v": 1', b'"v": 2')])


def test_connections_are_sessions_of_their_own():
    mixed = [
        each
        for pair in zip(lines(RUN, "a"), lines([{**e, "run_id": "r2"} for e in RUN], "b"), strict=True)
        for each in pair
    ]
    assert examined(mixed).findings == ()
    assert {rule for rule, _ in broken(examined(mixed[:-1]))} == {"run.ended"}


def test_how_a_connection_was_closed():
    end = [b'{"v": 1, "dir": null, "t": 9, "conn": "c", "closed": 1011}\n']
    assert examined([*lines(RUN), *end]).findings == ()
    assert broken(examined([*lines(RUN), end[0].replace(b"1011", b"4000")])) == [("close_codes", None)]


def test_where_nothing_is_judged_nothing_holds():
    for recording in ([], [b"\n"], [line({"type": "x"}, way="in")]):
        with pytest.raises(NothingValidatedError):
            examined(recording)


def test_what_is_written_is_read_again():
    out = io.BytesIO()
    write_line(out, b'{"type": "ping"}', at=1.5, direction="in", connection="a")
    write_line(out, b"no json", connection="b")
    plan = loaded("agent-events").plan
    read = list(read_recording(out.getvalue().splitlines(keepends=True), plan))
    assert [(each.raw, each.at, each.direction, each.connection) for each in read] == [
        (b'{"type": "ping"}', 1.5, "in", "a"), (b"no json", None, None, "b"),
    ]  # fmt: skip


def test_verdicts_are_pending_until_the_end():
    session = Checker(loaded("agent-events").plan).session()
    for raw, at, way in frames(RUN):
        session.receive(raw, at=at, direction=way)
    assert session.result().verdict is Verdict.PENDING
    assert session.end().verdict is Verdict.HOLDS
    assert session.end() == session.end()


def test_a_session_says_what_it_saw():
    session = Checker(loaded("agent-events").plan, coverage=True).session()
    for raw, at, _ in frames([*RUN[:2], RUN[1]]):
        session.receive(raw, at=at, direction="out")
    assert session.seen == {
        ("agent_started", "out", "ok"): 1, ("agent_thinking", "out", "ok"): 1, ("agent_thinking", "out", "violated"): 1,
    }  # fmt: skip


@pytest.mark.parametrize("interpreted", [True, False], ids=["interpreted", "compiled"])
def test_closed_runs_cost_no_memory(interpreted):
    session = Checker(loaded("agent-events").plan, interpreted=interpreted).session()
    for number in range(2500 if interpreted else 12_000):
        run = [{**event, "run_id": str(number), "at": number / 100} for event in (START, thought(1), done(2))]
        for raw, at, way in frames(run):
            session.receive(raw, at=at, direction=way)
    state = session.state
    assert session.violations == ()
    assert not state.live[0]
    assert state.open == 0
    assert all(len(ring) <= 2 * 4096 + 2 for ring in (*state.closed, *state.unique, *state.mine))


def test_a_bad_frame_costs_little_time():
    begun = time.process_time()
    for raw in (
        b'{"type":' * 200_000,
        b'{"type":"agent_started","payload":{' + b'"a":1,' * 200_000 + b'"a":1}}',
        b"[" * 1_000_000,
    ):
        judge(AGENT_EVENTS, [(raw, None, None)])
    assert time.process_time() - begun < 20


def call(*arguments: str, stdin: bytes | None = None) -> tuple[int, str, BaseException | None]:
    found = CliRunner().invoke(command, ["check", *arguments], input=stdin, standalone_mode=False)
    return found.return_value, found.output, found.exception


def test_the_command(tmp_path: Path):
    good, bad = tmp_path / "good.jsonl", tmp_path / "bad.jsonl"
    good.write_bytes(b"".join(lines(RUN)))
    bad.write_bytes(b"".join(lines(RUN[:3])))
    status, text, _ = call("agent-events", str(good))
    assert (status, "holds: agent-events/1; 5 events received, 5 judged, 1 connection" in text) == (0, True)
    status, text, _ = call("agent-events", str(bad))
    assert status == 1
    assert f"witness: {bad}:3 tool_executing" in text
    status, text, _ = call("agent-events", str(bad), str(good), "--output-format", "json")
    document = json.loads(text)
    assert (status, document["verdict"], document["judged"], len(document["violations"])) == (1, "violated", 8, 2)
    assert {each["id"]: each["verdict"] for each in document["rules"]}["tool.closed"] == "violated"
    status, text, _ = call("agent-events", "-", "--output-format", "concise", stdin=bad.read_bytes())
    assert (status, text.splitlines()[0].startswith("-: end of stream [c]: run.ended")) == (1, True)
    assert isinstance(call("agent-events", "-", stdin=b"")[2], NothingValidatedError)
    assert isinstance(call("agent-events", str(tmp_path / "none"))[2], UserError)
    assert isinstance(call("agent-event", str(good))[2], UserError)
    assert call("agent-events", str(good), "--session", "user_id=u")[0] == 0
    assert call("agent-events", str(good), "--session", "user_id=v")[0] == 1
    assert call("agent-events", str(good), "--canary", "no such text")[0] == 0
    assert call("agent-events", str(good), "--canary", "search")[0] == 1
    assert call("agent-events", str(good), "--profile", "staging")[0] == 0
    assert isinstance(call("agent-events", str(good), "--profile", "stagin")[2], UserError)
    assert call("agent-events", str(good), "--policy", "tools=forbidden")[0] == 1


def test_whose_the_connections_are(tmp_path: Path):
    recording, sessions = tmp_path / "rec.jsonl", tmp_path / "sessions.json"
    other = [{**event, "user_id": "v", "thread_id": "t2", "run_id": "r2"} for event in RUN]
    facts = {
        "a": {"user_id": "u", "owned": {"thread_id": ["t"]}, "canaries": ["blue horse"]},
        "b": {"user_id": "v", "owned": {"thread_id": ["t2"]}, "canaries": ["green bird"]},
    }
    sessions.write_text(json.dumps(facts))

    def rules_of(first: list[Event], second: list[Event]) -> list[tuple[str, str]]:
        recording.write_bytes(b"".join(lines(first, "a") + lines(second, "b")))
        _, text, _ = call("agent-events", str(recording), "--sessions", str(sessions), "--output-format", "json")
        return sorted((each["connection"], each["rule"]) for each in json.loads(text)["violations"])

    assert rules_of(RUN, other) == []
    assert rules_of([RUN[0], thought(1, "the blue horse"), *RUN[2:]], other) == []
    assert rules_of([RUN[0], thought(1, "the green bird"), *RUN[2:]], other) == [("a", "isolation.canary")]
    taken = [{**event, "thread_id": "t"} for event in other]
    assert {rule for conn, rule in rules_of(RUN, taken) if conn == "b"} == {
        "isolation.forbid_ids",
        "isolation.thread_id",
    }
    recording.write_bytes(b"".join(lines(RUN, "a") + lines(other, "b")))
    assert isinstance(call("agent-events", str(recording), "--session", "user_id=u")[2], UserError)
    for wrong in ("[]", "{", '{"a": 1}', '{"a": {"owned": []}}', '{"a": {"canaries": "x"}}'):
        sessions.write_text(wrong)
        assert isinstance(call("agent-events", str(recording), "--sessions", str(sessions))[2], UserError)


def test_what_a_contract_cannot_judge_is_said(tmp_path: Path):
    contract, recording = tmp_path / "c.yaml", tmp_path / "r.jsonl"
    contract.write_text("contract: c/1\nevents: {a: }\n")
    recording.write_bytes(line({"type": "a"}))
    assert "canaries would judge nothing" in str(call(str(contract), str(recording), "--canary", "x")[2])
    status, text, _ = call(str(contract), str(recording), "--session", "user_id=u")
    assert (status, "the contract has no `user_id` of a session" in text) == (0, True)


def test_a_checker_that_is_passed_by_for_one_line_validated_nothing(monkeypatch: pytest.MonkeyPatch):
    """What came is counted apart from the checker: one that does not hear of a frame cannot say that all holds."""
    begin = Checker.session

    def deaf(self: Checker, *given: Any, **named: Any) -> Any:
        session = begin(self, *given, **named)
        hear, ignored = session.receive, iter((True,))
        session.receive = lambda raw, **how: -1 if next(ignored, False) else hear(raw, **how)
        return session

    monkeypatch.setattr(Checker, "session", deaf)
    with pytest.raises(NothingValidatedError, match="6 events were handed to the checker, which judged 5"):
        examined([line({"type": "pong"}), *lines(RUN)])
