"""Both checkers say the same of runs that alternate on one connection, end, and begin again under the same key."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canonry.contract.check.checker import Checker
from canonry.contract.check.violation import Violation
from tests.contract.judging import loaded

CONTRACT = """
contract: alternate/1
envelope: {run: id, user: id, seq: int}
events: {start: , say: , stop: }
scopes: {run: {key: [run], open: [start], close: [stop], reopen: REOPEN, constant: [user]}}
sequence: {field: seq, start: 0, step: 1, per: run}
count: {say: 1..}
"""
PIECES = st.sampled_from([("start", "say", "stop"), ("start", "say"), ("start",), ("say",), ("say", "stop"), ("stop",)])
KEYS = st.sampled_from(["a", "b", 1])
PARTS = st.lists(st.tuples(PIECES, KEYS, st.integers(0, 11)), max_size=10)


@pytest.mark.parametrize("reopen", ["true", "false"])
@settings(max_examples=60, deadline=None)
@given(parts=PARTS)
def test_both_checkers_say_the_same(reopen: str, parts: list[tuple[tuple[str, ...], str | int, int]]) -> None:
    plan = loaded(CONTRACT.replace("REOPEN", reopen)).plan
    due: dict[str | int, int] = {}
    frames = []
    for names, run, slip in parts:
        for name in names:
            seq = due[run] = 0 if name == "start" else due.get(run, 0) + 1
            event = {"type": name, "run": run, "user": "v" if slip == 10 else "u", "seq": seq + (slip == 11)}
            frames.append(json.dumps(event).encode())
    assert _violations(Checker(plan), frames) == _violations(Checker(plan, interpreted=True), frames)


def _violations(checker: Checker, frames: list[bytes]) -> tuple[Violation, ...]:
    session = checker.session()
    for raw in frames:
        session.receive(raw)
    return session.end().violations
