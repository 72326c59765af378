"""Recordings that try to hide something, or that no honest client wrote: a finding or a sentence, never a crash."""

import json
from pathlib import Path

import pytest

from canonry.contract.examine import examine
from tests.contract.judging import loaded
from tests.workbench import Folder

WHOSE = {"user_id": "u", "thread_id": "t", "run_id": "r", "timestamp": "2026-01-01T00:00:00Z"}
HUGE = "1" + "0" * 400
SECRET = "https://bob.example/secret"


def run_of(thought: str = '"ok"', **changed: str) -> list[str]:
    """A sound run of agent-events as texts; ``thought`` is raw JSON."""
    whose = json.dumps(WHOSE | changed)[1:-1]
    parts = [
        ("agent_started", "{}"),
        ("agent_thinking", '{"thought": %s}' % thought),  # noqa: UP031 - braces
        ("agent_completed", '{"result": "done"}'),
    ]
    return [f'{{"type": "{name}", {whose}, "seq": {seq}, "payload": {body}}}' for seq, (name, body) in enumerate(parts)]


def rules_of(lines: list[str], *, contract: str = "agent-events", canaries: tuple[str, ...] = ()) -> set[str]:
    found = {
        interpreted: {
            finding.violation.rule
            for finding in examine(
                loaded(contract),
                [("r.jsonl", [line.encode() for line in lines])],
                canaries=canaries,
                interpreted=interpreted,
            ).findings
        }
        for interpreted in (False, True)
    }
    assert found[False] == found[True]
    return found[False]


def test_a_sound_run_is_none_of_these() -> None:
    assert rules_of(run_of(), canaries=(SECRET,)) == set()


@pytest.mark.parametrize(
    "thought", ['"https:\\/\\/bob.example\\/secret"', '"https://bob.ex\\u0061mple/secret"', json.dumps(SECRET)]
)
def test_a_canary_is_found_however_json_escapes_it(thought: str) -> None:
    assert rules_of(run_of(thought), canaries=(SECRET,)) == {"isolation.canary"}


def test_a_canary_is_found_in_a_frame_that_cannot_be_read() -> None:
    raw = json.dumps({"v": 1, "dir": "out", "t": None, "conn": "", "raw": '{"type": "agent_thinking", "x": "' + SECRET})
    assert {"frame.json", "isolation.canary"} <= rules_of([*run_of(), raw], canaries=(SECRET,))


@pytest.mark.parametrize("user", ["", " ", "undefined", "None", "NULL", "[object Object]", "<placeholder>", "unknown"])
def test_an_id_that_is_empty_or_a_placeholder_is_none(user: str) -> None:
    assert "envelope.user_id" in rules_of(run_of(user_id=user))


def test_numbers_that_no_clock_shows_are_no_times() -> None:
    event = '{"type": "RUN_STARTED", "threadId": "t", "runId": "r", "timestamp": %s}' % HUGE  # noqa: UP031 - braces
    assert rules_of([event], contract="ag-ui") == {"run.ended"}
    line = '{"v": 1, "dir": "out", "t": %s, "conn": "a", "event": %s}' % (HUGE, run_of()[0])  # noqa: UP031 - braces
    assert "recording.line" in rules_of([line])


def test_a_key_of_the_envelope_that_stands_twice_hides_nothing() -> None:
    first, *rest = run_of()
    twice = '{"v": 1, "dir": "out", "t": 1, "conn": "", "event": {"x": 1}, "event": %s}' % first  # noqa: UP031 - braces
    assert rules_of([twice, *rest]) == {"frame.duplicate_key"}


def enveloped(times: list[float]) -> list[str]:
    return [
        json.dumps({"v": 1, "dir": "out", "t": at, "conn": "", "event": json.loads(event)})
        for at, event in zip(times, run_of(), strict=True)
    ]


def test_a_clock_that_jumps_back_is_no_silence() -> None:
    assert rules_of(enveloped([100.0, 40.0, 100.4])) == set()
    assert "deadline.between" in rules_of(enveloped([100.0, 101.0, 130.0]))


def test_a_frame_after_the_close_is_told() -> None:
    closed = json.dumps({"v": 1, "dir": "out", "t": None, "conn": "", "closed": 1000})
    ready = json.dumps({"type": "connection_ready"})
    assert "recording.line" in rules_of([*run_of(), closed, ready])


@pytest.mark.parametrize("error", [{"code": 1}, {"message": ""}, "", "  "])
def test_an_error_says_what_it_is(error: object) -> None:
    lines = run_of()
    lines[-1] = (
        lines[-1].replace("agent_completed", "agent_error").replace('{"result": "done"}', json.dumps({"error": error}))
    )
    assert any(rule.startswith("fields.agent_error") for rule in rules_of(lines))
    assert rules_of([line.replace(json.dumps(error), '"no"') if line == lines[-1] else line for line in lines]) == set()


def test_what_is_said_of_a_session_has_to_be_known(tmp_path: Path) -> None:
    folder = Folder(tmp_path).write(
        {"r.jsonl": "\n".join(run_of()), "s.json": '{"": {"userid": "u"}}', "e.json": '{"": {"canaries": [""]}}'}
    )
    for arguments, said in (
        (("--session", "usr_id=u"), "knows no `usr_id` of a session; did you mean `user_id`?"),
        (("--sessions", "s.json"), "knows no `userid` of a session; did you mean `user_id`?"),
        (("--canary", ""), "a canary is empty"),
        (("--sessions", "e.json"), "is empty, and would be found nowhere"),
    ):
        done = folder.call("contract", "check", "agent-events", "r.jsonl", *arguments)
        assert (done.returncode, said in done.stderr) == (2, True), done.stderr
    tap = ("tap", "agent-events", "--target", "http://127.0.0.1:9", "--session", "usr_id=u")
    for arguments in (tap, ("cover", "agent-events", "r.jsonl", "--sessions", "s.json")):
        done = folder.call("contract", *arguments)
        assert (done.returncode, "of a session; did you mean `user_id`?" in done.stderr) == (2, True), done.stderr


def thoughts(count: int) -> list[str]:
    """A sound run with many thoughts."""
    started, thinking, completed = run_of()
    middle = [thinking.replace('"seq": 1', f'"seq": {seq}') for seq in range(1, count + 1)]
    return [started, *middle, completed.replace('"seq": 2', f'"seq": {count + 1}')]


UNREAD = {
    "a cut frame": (lambda line: line[: len(line) // 2], {"frame.json"}),
    "no JSON": (lambda _: "oops", {"frame.json"}),
    "a list": (lambda _: "[1]", {"frame.event"}),
    "no type": (lambda line: line.replace("agent_thinking", ""), {"frame.event"}),
    "a type that is no text": (lambda line: line.replace('"agent_thinking"', "7"), {"frame.event"}),
    "a number that is a text": (lambda line: line.replace('"seq": 3', '"seq": "3"'), {"envelope.seq"}),
    "no number": (lambda line: line.replace('"seq": 3', '"seq": null'), {"envelope.seq"}),
    "a number that is true": (lambda line: line.replace('"seq": 3', '"seq": true'), {"envelope.seq"}),
    "a payload that is a text": (
        lambda line: line.replace('{"thought": "ok"}', '"ok"'), {"envelope.payload", "fields.agent_thinking.payload.thought"},
    ),
    "a run that is none": (lambda line: line.replace('"run_id": "r"', '"run_id": ""'), {"envelope.run_id"}),
    "a run that is a list": (lambda line: line.replace('"run_id": "r"', '"run_id": ["r"]'), {"envelope.run_id"}),
    "another type": (lambda line: line.replace("agent_thinking", "agent_pondering"), {"events.unknown"}),
}  # fmt: skip


@pytest.mark.parametrize(("damage", "rules"), UNREAD.values(), ids=UNREAD.keys())
def test_a_frame_that_cannot_be_read_is_one_offence_and_had_its_number(damage, rules) -> None:
    lines = thoughts(5)
    assert rules_of([*lines[:3], damage(lines[3]), *lines[4:]]) == rules
    found = rules_of([*lines[:3], damage(lines[3]), *lines[5:]])
    assert found == rules | {"sequence.seq"}, "one more than could not be read is missing"


def test_frames_that_cannot_be_read_are_no_silence() -> None:
    times = [0.0, 10.0, 20.0, 30.0]
    lines = [
        json.dumps({"v": 1, "dir": "out", "t": at, "conn": "", "raw": event})
        for at, event in zip(times, ["oops" if n == 1 else one for n, one in enumerate(thoughts(2))], strict=True)
    ]
    assert rules_of(lines) == {"frame.json"}


def test_the_first_number_may_be_that_of_a_frame_that_could_not_be_read() -> None:
    assert rules_of(["oops", *thoughts(2)[1:]]) == {"frame.json", "run.opened"}


ENVELOPES = {
    "no version": ({"v": None}, "there is no `v`"),
    "a version that is true": ({"v": True}, "`v` is `true`"),
    "a version that is a text": ({"v": "1"}, "`v` is the text `1`"),
    "version 0": ({"v": 0}, "`v` is the number 0"),
    "a version with a point": ({"v": 1.0}, "`v` is the number 1.0"),
    "no such direction": ({"dir": "up"}, "`dir` is the text `up`"),
    "a direction that is true": ({"dir": True}, "`dir` is `true`"),
    "a time that is a text": ({"t": "noon"}, "`t` is no time"),
    "a connection that is a list": ({"conn": ["a"]}, "`conn` is a list"),
    "nothing": ({"event": None}, "expected one of `event`, `raw` and `closed`"),
    "an event and a close": ({"closed": 1000}, "expected one of `event`, `raw` and `closed`"),
    "a frame that is a number": ({"event": None, "raw": 7}, "`raw` is the number 7"),
    "a close that is true": ({"event": None, "closed": True}, "`closed` is `true`"),
}


@pytest.mark.parametrize(("changed", "said"), ENVELOPES.values(), ids=ENVELOPES.keys())
def test_what_is_odd_about_an_envelope_is_told_at_its_line(changed, said) -> None:
    extra = {"v": 1, "dir": "out", "t": None, "conn": "", "event": {"type": "ping"}} | changed
    kept = {key: value for key, value in extra.items() if value is not None or key not in ("v", "event")}
    found = examine(
        loaded("agent-events"), [("r.jsonl", [*(one.encode() for one in run_of()), json.dumps(kept).encode()])]
    ).findings
    assert {(one.violation.rule, one.place.line) for one in found if one.place} == {("recording.line", 4)}
    assert said in found[0].violation.message


def test_an_object_that_only_looks_like_an_envelope_is_an_event() -> None:
    assert rules_of(['{"event": "on_chain_start", "v": "of its own", "type": "connection_ready"}', *run_of()]) == set()


@pytest.mark.parametrize(
    "text", [b'"\xff"', b'{"a": "\xed\xa0\x80"}', b"{", b'{"a": tru}', b"[" * 100_000, b'{"a": 1e}', b'"\\ud800"']
)
def test_no_message_names_a_decoder(text: bytes) -> None:
    for line in (text, b'{"v": 1, "conn": "", "event": ' + text + b"}"):
        found = examine(loaded("agent-events"), [("r.jsonl", [*(one.encode() for one in run_of()), line])]).findings
        message = next(one.violation.message for one in found if one.violation.rule == "frame.json")
        assert not any(word in message for word in ("codec", "decode", "malformed", "Expected", "surrogate", "line 1"))


def test_what_is_said_of_sessions_is_said_once_and_of_connections_that_are_there(tmp_path: Path) -> None:
    lines = enveloped([1.0, 2.0, 3.0])
    folder = Folder(tmp_path).write(
        {
            "r.jsonl": "\n".join(line.replace('"conn": ""', '"conn": "alice"') for line in lines),
            "twice.json": '{"alice": {"user_id": "u"}, "alice": {"user_id": "v"}}',
            "slip.json": '{"alcie": {"user_id": "u"}}',
            "more.json": '{"alice": {"user_id": "u"}, "bob": {"user_id": "v"}}',
        }
    )
    for file, status, said in (
        ("twice.json", 2, "has the key `alice` twice"),
        ("slip.json", 2, "did you mean `alice`?"),
        ("more.json", 0, "not judged: the connection `bob`, which no recording holds"),
    ):
        done = folder.call("contract", "check", "agent-events", "r.jsonl", "--sessions", file)
        assert (done.returncode, said in done.stderr) == (status, True), done.stderr
