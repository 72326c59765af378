"""Streams judged by the contracts that ship with canonry."""

from functools import cache

import msgspec

from canonry.contract.check.checker import Checker, Result
from canonry.contract.check.isolation import SessionFacts
from canonry.contract.compile.plan import Plan
from canonry.contract.language.field_types import parse_time
from canonry.contract.language.paths import lookup
from canonry.contract.language.rules import TimeUnit
from canonry.contract.load import load_contract
from tests.contract.recorded import Line, Stream


@cache
def plan_of(protocol: str) -> Plan:
    return load_contract(protocol).plan


def judge(stream: Stream, *, interpreted: bool = True) -> tuple[Result, ...]:
    """What the shipped contract says of each connection of a stream, once it has ended."""
    plan = plan_of(stream.protocol)
    facts = SessionFacts(user={"user": "one", **stream.session})
    checker = Checker(plan, interpreted=interpreted)
    sessions = {line["conn"]: checker.session(line["conn"], facts) for line in stream.lines}
    for line in stream.lines:
        sessions[line["conn"]].receive(msgspec.json.encode(line["event"]), at=_time(plan, line), direction=line["dir"])
    return tuple(session.end() for session in sessions.values())


def _time(plan: Plan, line: Line) -> float | None:
    """The receive time, or the event's own."""
    if line["t"] is not None or plan.time is None:
        return line["t"]
    path, unit = plan.time
    own = lookup(path, line["event"], {})
    if unit is TimeUnit.RFC3339:
        return parse_time(own)
    return None if own is None else own / (1000 if unit is TimeUnit.MILLISECONDS else 1)
