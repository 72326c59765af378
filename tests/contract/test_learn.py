"""`canonry contract learn`: what is proposed from good recordings, and what it is worth on others."""

import json
import random
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canonry.contract.examine import examine
from canonry.contract.learn.propose import Learned, learn
from canonry.contract.load import LoadedContract, read_contract
from canonry.model.errors import NothingValidatedError, UserError
from tests.contract.recorded import streams
from tests.workbench import call_canonry

Event = dict[str, Any]
Stream = list[Event]


def chat(seed: int, *, user: str | None = None) -> Stream:
    """A turn of a protocol that canonry does not know: its names, its nesting and its counters are its own."""
    dice = random.Random(seed)
    turn, who = f"turn-{seed}", user or f"u{seed % 3}"
    number, clock = 0, 100.0

    def event(kind: str, **body: Any) -> Event:
        nonlocal number, clock
        number += 1
        clock += dice.uniform(0.01, 0.2)
        found = {"op": kind, "ctx": {"turnId": turn, "owner": who}, "ordinal": number, "body": body}
        return {"v": 1, "dir": "out", "t": round(clock, 3), "conn": f"c{seed}", "event": found}

    asked = {"op": "ask", "body": {"text": f"question {seed}"}}
    lines = [{"v": 1, "dir": "in", "t": clock, "conn": f"c{seed}", "event": asked}, event("turn.begin", model="m")]
    for call in range(dice.randrange(3)):
        tool = dice.choice(["search", "weather", "ledger"])
        lines.append(event("lookup.begin", callId=f"{turn}-{call}", tool=tool, input={dice.choice("abc"): 1}))
        outcome = {"data": ["found"]} if dice.random() < 0.7 else {"fault": {"message": "no"}}
        lines.append(event("lookup.end", callId=f"{turn}-{call}", tool=tool, **outcome))
    pieces = [f"{dice.choice('abcdef')}{at} " for at in range(dice.randrange(2, 6))]
    lines += [event("text.piece", piece=piece) for piece in pieces]
    if dice.random() < 0.8:
        lines.append(event("turn.done", text="".join(pieces), tokens=len(pieces)))
    else:
        lines.append(event("turn.failed", fault={"message": "no"}))
    return lines


def lines_of(stream: Stream) -> list[bytes]:
    return [msgspec.json.encode(line) for line in stream]


def learned_from(recorded: Iterable[Stream]) -> tuple[Learned, LoadedContract]:
    found = learn((f"{index}.jsonl", lines_of(stream)) for index, stream in enumerate(recorded))
    return found, read_contract(json.dumps(found.document))


def broken(contract: LoadedContract, stream: Stream) -> set[str]:
    examined = examine(contract, [("other.jsonl", lines_of(stream))], examples=False, interpreted=True)
    return {finding.violation.rule for finding in examined.findings}


@pytest.fixture(scope="module")
def known() -> tuple[Learned, LoadedContract]:
    return learned_from(chat(seed) for seed in range(40))


def place(stream: Stream, kind: str, which: int = 0) -> int:
    return [index for index, line in enumerate(stream) if line["event"]["op"] == kind][which]


def test_what_is_proposed_of_a_protocol_that_nobody_told(known: tuple[Learned, LoadedContract]) -> None:
    document = known[0].document

    assert document["discriminator"] == {"field": "op"}
    assert document["scopes"] == {
        "turn": {
            "key": ["ctx.turnId"], "open": ["turn.begin"], "close": ["turn.done", "turn.failed"], "constant": ["ctx.owner"],
        }
    }  # fmt: skip
    assert document["spans"] == {
        "lookup": {
            "open": ["lookup.begin"], "close": ["lookup.end"], "key": ["body.callId"], "inside": "turn", "same": ["body.tool"],
        }
    }  # fmt: skip
    assert document["sequence"] == [{"field": "ordinal", "start": 1, "per": "turn"}]
    assert document["fold"] == [
        {"of": "body.piece", "over": "turn", "equals": "turn.done.body.text", "events": ["text.piece"]}
    ]
    assert document["exchange"] == [{"in": "ask", "starts": "turn"}]
    assert document["events"]["lookup.end"]["fields"]["body.data|body.fault"] == "filled"
    assert not any(path.startswith("body.input.") for path in document["events"]["lookup.begin"]["fields"])
    assert next(one for one in document["deadline"] if one.get("span") == "lookup")["max"] == "1s"
    assert document["isolation"] == {"session": ["ctx.owner"], "forbid_ids_of": "other_sessions"}


def test_every_guess_says_what_it_rests_on(known: tuple[Learned, LoadedContract]) -> None:
    found = known[0]
    (number,) = [guess for path, guess in found.guesses.items() if path == ("sequence", 0)]

    assert (number.held, number.of, number.thin) == (40, "run", False)
    assert found.guesses["scopes", "turn"].seen == f"40 opened, 40 closed, {found.events - 40} events"
    assert found.enough
    assert any("close codes" in each for each in found.unknown)
    assert found.dropped == ()


def test_it_accepts_other_streams_of_the_same_kind(known: tuple[Learned, LoadedContract]) -> None:
    refused = {seed: rules for seed in range(1000, 1100) if (rules := broken(known[1], chat(seed)))}

    assert len(refused) <= 2, refused


def drop(kind: str) -> Callable[[Stream], None]:
    return lambda stream: stream.pop(place(stream, kind, -1)) and None


def edit(kind: str, change: Callable[[Event], Any]) -> Callable[[Stream], None]:
    return lambda stream: change(stream[place(stream, kind, -1)]["event"]) and None


MUTANTS = {
    "no terminal event": (drop("turn.done"), "turn.ended"),
    "no opening event": (drop("turn.begin"), "turn.opened"),
    "another tool's id": (edit("lookup.end", lambda e: e["body"].update(callId="other")), "lookup.opened"),
    "a tool that never ends": (drop("lookup.end"), "lookup.closed"),
    "another tool's name": (edit("lookup.end", lambda e: e["body"].update(tool="other")), "lookup.same.body.tool"),
    "a gap": (edit("turn.done", lambda e: e.update(ordinal=e["ordinal"] + 1)), "sequence.ordinal"),
    "a text that is not the sum": (edit("turn.done", lambda e: e["body"].update(text="else")), "fold.turn.piece"),
    "another turn's event": (edit("text.piece", lambda e: e["ctx"].update(turnId="else")), "turn.opened"),
    "a field that is missing": (edit("text.piece", lambda e: e["body"].pop("piece")), "fields.text.piece.body.piece"),
    "a field of another type": (edit("turn.done", lambda e: e["body"].update(tokens="x")), "fields.turn.done.body.tokens"),
    "an event nobody knows": (edit("text.piece", lambda e: e.update(op="text.else")), "events.unknown"),
    "neither result nor fault": (
        lambda stream: [stream[place(stream, "lookup.end", -1)]["event"]["body"].pop(key, None) for key in ("data", "fault")] and None,
        "fields.lookup.end.body.data|body.fault",
    ),
    "an answer that takes too long": (
        lambda stream: [line.update(t=line["t"] + 900) for line in stream[place(stream, "turn.done") :]] and None,
        "deadline.turn.close",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MUTANTS)
def test_it_refuses_broken_streams(known: tuple[Learned, LoadedContract], name: str) -> None:
    change, rule = MUTANTS[name]
    seed = next(
        seed
        for seed in range(2000, 2100)
        if {"turn.done", "lookup.end"} <= {line["event"]["op"] for line in chat(seed)}
    )
    stream = json.loads(json.dumps(chat(seed)))
    assert not broken(known[1], stream)

    change(stream)

    assert rule in broken(known[1], stream)


def test_from_agent_events_it_learns_what_their_contract_says() -> None:
    valid = [list(stream.lines) for stream in streams("agent-events", "valid")]
    found, contract = learned_from(valid)

    assert found.document["scopes"]["run"] == {
        "key": ["run_id"], "open": ["agent_started"], "close": ["agent_completed", "agent_error"],
        "constant": ["thread_id", "user_id"],
    }  # fmt: skip
    assert found.document["scopes"]["step"]["key"] == ["run_id", "step_id"]
    assert found.document["spans"]["tool"]["same"] == ["payload.tool_name"]
    assert found.document["sequence"] == [{"field": "seq", "start": 0, "per": "run"}]
    bad = [stream for stream in streams("agent-events", "broken") if not stream.session]
    missed = [stream.name for stream in bad if not broken(contract, list(stream.lines))]
    assert len(missed) * 5 <= len(bad), missed


def test_a_stream_that_it_was_not_learned_from_is_accepted_mostly() -> None:
    """Each hand-written stream shows something that no other has; half of them are accepted all the same."""
    valid = [list(stream.lines) for stream in streams("agent-events", "valid")]

    accepted = [
        not broken(learned_from([*valid[:index], *valid[index + 1 :]])[1], stream) for index, stream in enumerate(valid)
    ]

    assert sum(accepted) * 2 >= len(valid)


@pytest.mark.parametrize("protocol", ["ag-ui", "openai-responses", "langgraph", "mcp"])
def test_other_protocols_give_a_contract_that_accepts_what_it_was_learned_from(protocol: str) -> None:
    valid = [list(stream.lines) for stream in streams(protocol, "valid")]

    found, contract = learned_from(valid)

    assert [broken(contract, stream) for stream in valid] == [set()] * len(valid)
    assert (
        found.document["discriminator"]
        == {
            "ag-ui": {"field": "type"},
            "openai-responses": {"field": "type"},
            "langgraph": {"field": "event"},
            "mcp": {"jsonrpc": True},
        }[protocol]
    )


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "b", "2026-03-01T09:00:00Z"]),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["id", "x", "a b", "seq"]), inner, max_size=3)
    ),
    max_leaves=4,
)
EVENTS = st.builds(
    lambda kind, rest: {"type": kind, **rest},
    st.sampled_from(["open", "close", "a_start", "a_end", "note"]),
    st.dictionaries(st.sampled_from(["run_id", "id", "n", "data", "status"]), VALUES, max_size=4),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(EVENTS, min_size=1, max_size=8), min_size=1, max_size=5))
def test_whatever_is_recorded_the_contract_loads_and_accepts_it(recorded: list[list[Event]]) -> None:
    found = learn((str(index), [msgspec.json.encode(e) for e in events]) for index, events in enumerate(recorded))

    contract = read_contract(json.dumps(found.document))

    examined = examine(
        contract,
        [(str(i), [msgspec.json.encode(e) for e in events]) for i, events in enumerate(recorded)],
        examples=False,
        interpreted=True,
    )
    assert not examined.findings


def test_the_command_writes_a_contract_that_the_checker_takes(tmp_path: Path) -> None:
    recording = tmp_path / "good.jsonl"
    recording.write_bytes(b"\n".join(line for seed in range(6) for line in lines_of(chat(seed))))

    done = call_canonry(
        "contract", "learn", recording, "--name", "chat/1", "--output", tmp_path / "chat.yaml", cwd=tmp_path
    )

    assert done.returncode == 0, done.stderr
    assert "all recordings are accepted" in done.stderr
    written = (tmp_path / "chat.yaml").read_text()
    assert "# guess: 6 opened, 6 closed" in written
    assert "no counter-example in 6 runs" in written
    checked = call_canonry("contract", "check", tmp_path / "chat.yaml", recording, cwd=tmp_path)
    assert checked.returncode == 0, checked.stdout
    again = call_canonry("contract", "learn", recording, "--output", tmp_path / "chat.yaml", cwd=tmp_path)
    assert (again.returncode, "is there already" in again.stderr) == (2, True)


def test_few_runs_are_called_few(tmp_path: Path) -> None:
    recording = tmp_path / "one.jsonl"
    recording.write_bytes(b"\n".join(lines_of(chat(1))))

    done = call_canonry("contract", "learn", recording, cwd=tmp_path)

    assert done.returncode == 0
    assert "These recordings are too few" in done.stdout
    assert "thin guess" in done.stdout
    assert "count:" not in done.stdout


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([b'{"v":1,"dir":"out","event":{"type":"a"}}', b'{"v":1,"dir":"out","raw":"no json"}'], "line 2 is no JSON object"),
        ([b'{"type":"a","type":"b"}'], "without faults"),
        ([b'{"x":1}', b'{"y":2,"z":1}'], "no field says"),
        ([b"[1]"], "line 1 is no JSON object"),
    ],
)  # fmt: skip
def test_recordings_with_faults_are_refused_in_one_sentence(lines: list[bytes], said: str) -> None:
    with pytest.raises(UserError, match=said):
        learn([("bad.jsonl", lines)])


def test_nothing_recorded_is_no_contract() -> None:
    with pytest.raises(NothingValidatedError):
        learn([("empty.jsonl", [b"", b"\n"])])


def talks(*messages: tuple[str, str], each: int = 3, key: str = "") -> list[tuple[str, list[bytes]]]:
    """Three connections, on each of which these (direction, type) come again and again; ``key`` numbers the rounds."""
    return [
        (
            f"{talk}.jsonl",
            [
                json.dumps(
                    {"v": 1, "dir": way, "conn": "c", "event": {"type": name} | ({key: f"{talk}-{n}"} if key else {})}
                ).encode()
                for n in range(each + talk)
                for way, name in messages
            ]
            + [b'{"v":1,"dir":"out","conn":"c","event":{"type":"%b"}}' % last],
        )
        for talk, last in enumerate((b"hello", b"note", b"hello"))
    ]


def test_what_answers_a_message_is_found_where_no_runs_are() -> None:
    recorded = [
        (name, [b'{"v":1,"dir":"out","conn":"c","event":{"type":"hello"}}', *lines])
        for name, lines in talks(("in", "ask"), ("out", "answer"))
    ]

    assert learn(recorded).document["exchange"] == [{"in": "ask", "reply": "answer"}]


def test_messages_that_came_inside_of_runs_are_not_said_to_be_missing() -> None:
    found = learn(talks(("in", "ask"), ("out", "begun"), ("in", "more"), ("out", "done"), key="run_id"))

    assert any("`ask`, `more` (`dir: in`) came inside of runs" in each for each in found.unknown)
    assert not any("no recording holds" in each for each in found.unknown)


def test_that_no_message_of_a_client_was_recorded_is_said() -> None:
    found = learn(talks(("out", "begun"), ("out", "done"), key="run_id"))

    assert any("no recording holds a message from client to service" in each for each in found.unknown)
