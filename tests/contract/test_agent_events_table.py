"""The table "The agent-events contract, exactly", line by line: what keeps it and what breaks it."""

import json
from typing import Any

from tests.contract.judging import checker_of

Event = dict[str, Any]
SESSION = ("connection_ready", "ping", "pong", "error", "user_message")
WHOSE = {"user_id": "u-1", "thread_id": "t-1", "run_id": "r-1"}
ABSENT = "<absent>"


def told(stream: list[Event]) -> set[str]:
    """The rules that a stream breaks, whose events have an envelope unless they say otherwise; both checkers agree."""
    sent, seq = [], 0
    for event in stream:
        if event["type"] in SESSION:
            sent.append(event)
            continue
        time = f"2026-03-01T09:00:0{min(seq, 9)}Z"
        whole = {**WHOSE, "seq": seq, "timestamp": time, "payload": {}} | event
        sent.append({key: value for key, value in whole.items() if value != ABSENT})
        seq += 1
    found = []
    for interpreted in (True, False):
        checker = checker_of("agent-events", interpreted=interpreted)
        checker.forget()
        session = checker.session()
        for event in sent:
            session.receive(json.dumps(event).encode())
        found.append({each.rule for each in session.end().violations})
    assert found[0] == found[1]
    return found[0]


def p(event: Event, **payload: Any) -> Event:
    """The event with other values in its payload."""
    return {**event, "payload": {**event.get("payload", {}), **payload}}


def m(event: Event, **fields: Any) -> Event:
    """The event with other fields."""
    return {**event, **fields}


S: Event = {"type": "agent_started"}
T: Event = {"type": "agent_thinking", "payload": {"thought": "x"}}
X: Event = {"type": "tool_executing", "payload": {"tool_name": "n", "tool_call_id": "c1"}}
Y: Event = {"type": "tool_completed", "payload": {"tool_name": "n", "tool_call_id": "c1", "results": {"a": 1}}}
C: Event = {"type": "agent_completed", "payload": {"result": "done"}}
E: Event = {"type": "agent_error", "payload": {"error": {"message": "boom"}}}
NO_ID = (ABSENT, None, "", [], {}, True, 1.5, "   ", "null", "None", "undefined", "${run_id}", "{{run_id}}", "<run_id>",
         "string", "00000000-0000-0000-0000-000000000000", "0" * 32, "\u2003")  # fmt: skip
NOTHING = (None, "", [], {}, "  ")

GOOD: dict[str, list[Event]] = {
    "min": [S, T, C],
    "goal": [p(S, goal="g", message="hi"), T, C],
    "extra fields": [m(S, extra=1, parent_run_id="p", parent_ids=["a"]), T, C],
    "agent_name": [m(S, agent_name="a", event_id="e1"), m(T, event_id="e2"), C],
    "tool": [S, T, X, Y, C],
    "args": [S, T, p(X, args={}), Y, C],
    "tool err": [
        S,
        T,
        X,
        {"type": "tool_completed", "payload": {"tool_name": "n", "tool_call_id": "c1", "error": "no"}},
        C,
    ],
    "tool err obj": [
        S,
        T,
        X,
        {
            "type": "tool_completed",
            "payload": {"tool_name": "n", "tool_call_id": "c1", "results": [], "error": {"message": "no"}},
        },
        C,
    ],
    "results list": [S, T, X, p(Y, results=[1]), C],
    "results 0": [S, T, X, p(Y, results=0), C],
    "results str": [S, T, X, p(Y, results="x"), C],
    "err str": [S, T, p(E, error="boom")],
    "err code": [S, T, p(E, error={"message": "b", "code": "E1", "retryable": True})],
    "err code int": [S, T, p(E, error={"message": "b", "code": 500, "retryable": False})],
    "step": [S, T, m(S, step_id="s1"), m(T, step_id="s1"), m(C, step_id="s1"), C],
    "step fail": [S, T, m(S, step_id="s1"), m(E, step_id="s1"), C],
    "label": [S, m(T, step_id="lab"), m(X, step_id="lab"), m(Y, step_id="lab"), C],
    "nested steps": [S, T, m(S, step_id="s1"), m(S, step_id="s2"), m(C, step_id="s2"), m(C, step_id="s1"), C],
    "final": [S, T, {"type": "agent_completed", "payload": {"final_response": "x"}}],
    "result obj": [S, T, p(C, result={"a": 1})],
    "both": [S, T, p(C, final_response="x")],
    "conn": [{"type": "connection_ready"}, S, {"type": "ping"}, T, {"type": "pong"}, C],
    "int ids": [m(S, run_id=7), m(T, run_id=7), m(C, run_id=7)],
    "offset time": [
        m(S, timestamp="2026-03-01T09:00:00+01:00"),
        m(T, timestamp="2026-03-01T09:00:00.123456+01:00"),
        m(C, timestamp="2026-03-01t09:00:01z"),
    ],
    "error event": [S, T, {"type": "error", "message": "x"}, C],
    "null step": [m(S, step_id=None), T, C],
    "null final": [S, T, p(C, final_response=None)],
    "interleaved tools": [S, T, X, p(X, tool_call_id="c2"), p(Y, tool_call_id="c2"), Y, C],
    "same tool twice": [S, T, X, Y, p(X, tool_call_id="c2"), p(Y, tool_call_id="c2"), C],
    "names": [S, T, p(X, tool_name="string_tool"), p(Y, tool_name="string_tool"), C],
}
BAD: dict[str, list[Event]] = {}
for k in ("user_id", "thread_id", "run_id"):
    for v in NO_ID:
        BAD[f"{k}={v!r}"] = [m(S, **{k: v}), m(T, **{k: v}), m(C, **{k: v})]
        BAD[f"one {k}={v!r}"] = [S, m(T, **{k: v}), C]
for v in (ABSENT, None, "0", True, 1.5, [], -1, 3):
    BAD[f"seq={v!r}"] = [S, m(T, seq=v), C]
for v in (
    ABSENT,
    None,
    "",
    0,
    1709283600,
    "2026-03-01",
    "2026-03-01T09:00:00",
    "09:00",
    "2026-13-01T00:00:00Z",
    "2026-03-01T25:00:00Z",
    "yesterday",
    True,
):
    BAD[f"ts={v!r}"] = [S, m(T, timestamp=v), C]
for v in (ABSENT, None, "x", [], 1):
    BAD[f"payload={v!r}"] = [m(S, payload=v), T, C]
for v in (None, "", 1, []):
    BAD[f"type={v!r}"] = [S, m(T, type=v), T, C]
for v in ("", None, "  ", [], {}, 1, True):
    BAD[f"thought={v!r}"] = [S, p(T, thought=v), T, C]
BAD["no thought"] = [S, m(T, payload={}), T, C]
BAD["no thinking"] = [S, C]
BAD["thinking after"] = [S, T, C, T]
BAD["thinking before"] = [T, S, T, C]
for k in ("tool_name", "tool_call_id"):
    for v in (None, "", "  ", [], True, "undefined", "{{id}}"):
        BAD[f"x {k}={v!r}"] = [S, T, p(X, **{k: v}), Y, C]
        BAD[f"y {k}={v!r}"] = [S, T, X, p(Y, **{k: v}), C]
for v in NOTHING:
    BAD[f"results={v!r}"] = [S, T, X, p(Y, results=v), C]
    BAD[f"error={v!r}"] = [
        S,
        T,
        X,
        {"type": "tool_completed", "payload": {"tool_name": "n", "tool_call_id": "c1", "error": v}},
        C,
    ]
for v in NOTHING:
    BAD[f"result={v!r}"] = [S, T, p(C, result=v)]
    BAD[f"final={v!r}"] = [S, T, {"type": "agent_completed", "payload": {"final_response": v}}]
for v in (
    None,
    "",
    {},
    {"message": ""},
    {"message": None},
    {"code": "x"},
    [],
    1,
    "  ",
    {"message": 5},
    {"message": "b", "retryable": "yes"},
    {"message": "b", "code": []},
):
    BAD[f"err={v!r}"] = [S, T, p(E, error=v)]
BAD |= {
    "unopened step": [S, T, m(C, step_id="s9"), C],
    "unopened step err": [S, T, m(E, step_id="s9"), C],
    "step not closed": [S, T, m(S, step_id="s1"), C],
    "step twice": [S, T, m(S, step_id="s1"), m(S, step_id="s1"), m(C, step_id="s1"), C],
    "step reopened": [S, T, m(S, step_id="s1"), m(C, step_id="s1"), m(S, step_id="s1"), m(C, step_id="s1"), C],
    "after step": [S, T, m(S, step_id="s1"), m(C, step_id="s1"), m(T, step_id="s1"), C],
    "step before run": [m(S, step_id="s1"), S, T, C],
    "twice": [S, S, T, C],
    "completed twice": [S, T, C, C],
    "err then comp": [S, T, E, C],
    "comp then err": [S, T, C, E],
    "err twice": [S, T, E, E],
    "tool open": [S, T, X, C],
    "tool open err": [S, T, X, E],
    "tool twice": [S, T, X, X, Y, C],
    "tool closed twice": [S, T, X, Y, Y, C],
    "other id": [S, T, X, p(Y, tool_call_id="c2"), C],
    "other name": [S, T, X, p(Y, tool_name="z"), C],
    "tool before": [X, S, T, Y, C],
    "no end": [S, T],
    "only start": [S],
    "unknown": [S, T, {"type": "agent_done"}, C],
    "event id": [m(S, event_id="e"), m(T, event_id="e"), C],
    "agent name": [m(S, agent_name=5), T, C],
    "step id empty": [m(S, step_id=""), T, C],
    "call id again": [S, T, X, Y, X, Y, C],
    "result after": [S, T, X, C, Y],
}


def test_what_keeps_the_table_holds() -> None:
    assert {name: rules for name, stream in GOOD.items() if (rules := told(stream))} == {}


def test_what_breaks_the_table_is_refused() -> None:
    assert [name for name, stream in BAD.items() if not told(stream)] == []
    assert len(BAD) > 200
