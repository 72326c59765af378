"""Every row of the fault matrix, and every fault that belongs to it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from golden_path.matrix.cases import BOTH, Case

DEFECTS: Mapping[int, str] = MappingProxyType(
    {
        1: "an event is lost",
        2: "events are out of order",
        3: "an event comes twice",
        4: "something comes after the terminal event",
        5: "no terminal event comes",
        6: "a tool's pair is broken",
        7: "an event has another shape, is no JSON, is too large",
        8: "the first event is late, or a gap is too long",
        9: "another user's event arrives",
        10: "another user's text arrives",
        11: "one object serves two users",
        12: "the context of a run changes, or its id is used again",
        13: "a message before the accept or before authentication",
        14: "bad credentials are accepted",
        15: "a ticket is spent twice, by another, or after its time",
        16: "the token's expiry ends a run",
        17: "a user is in one store only",
        18: "a reconnect loses or repeats events",
        19: "events of a closed connection reach who comes next",
        20: "dead connections stay, or leave something behind",
        21: "a second implementation",
        22: "the breaker does not do its work",
        23: "one slow reader holds up the others",
        24: "something blocks the event loop",
        25: "limits do not hold",
        26: "events get lost between processes",
        27: "an answer is sent and not stored",
        28: "a dependency is gone",
        29: "the process is killed",
        30: "a proxy takes headers away",
        31: "a check cannot fail",
        32: "a checker is bypassed",
        33: "a message reaches no handler, two, or the wrong one",
    }
)


def _events(row: int, key: str, *expects: str, check: str = "test_events.py::test_a_question_is_answered", **faults: Any) -> Case:
    return Case(row=row, key=key, check=check, expects=expects, faults=faults)


CASES: tuple[Case, ...] = (
    _events(1, "drop-in-number", "sequence.seq", drop={"type": "agent_thinking", "numbered": True}),
    _events(1, "drop-unnumbered", "tool.closed", drop={"type": "tool_completed", "numbered": False}),
    _events(2, "swap", "sequence.seq", swap={"type": "agent_thinking"}),
    _events(3, "dup", "unique.event_id", dup={"type": "agent_thinking"}),
    _events(4, "late", "run.closed", late={"type": "agent_thinking"}),
    _events(4, "two-terminals", "run.closed", late={"type": "agent_completed"}),
    _events(5, "stall", "run.ended", stall={"type": "agent_completed"}),
    _events(6, "pair", "tool.opened", mutate={"type": "tool_completed", "field": "payload.tool_call_id", "value": "call_other"}),
    _events(6, "other-tool", "tool.same.payload.tool_name", mutate={"type": "tool_completed", "field": "payload.tool_name", "value": "other"}),
    _events(7, "no-user", "envelope.user_id", mutate={"type": "agent_completed", "field": "user_id", "remove": True}),
    _events(7, "empty-answer", "fields.agent_completed.payload.final_response|payload.result", mutate={"type": "agent_completed", "field": "payload.final_response", "value": ""}),
    _events(7, "no-json", "frame.json", mutate={"type": "tool_executing", "raw": "{not json"}),
    _events(7, "oversize", "frame.size", mutate={"type": "agent_thinking", "size": 17_000_000}),
    _events(8, "late-first", "deadline.first(run)", delay={"type": "agent_started", "seconds": 2.0}),
    _events(8, "gap", "deadline.between", delay={"type": "tool_completed", "seconds": 2.6}),
    _events(9, "misroute", "isolation.user_id", check="test_isolation.py::test_two_users_see_their_own", misroute={"type": "*"}),
    _events(10, "shared-state", "isolation.canary", check="test_isolation.py::test_two_users_see_their_own", shared_state={}),
)
