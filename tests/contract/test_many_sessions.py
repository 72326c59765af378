"""Both checkers say the same of several users at once: whose ids, whose texts, and in which spelling."""

import base64
import json
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canonry.contract.canary import TAG
from canonry.contract.check.checker import Checker, Result
from canonry.contract.check.isolation import SessionFacts
from tests.contract.judging import loaded
from tests.contract.samples import NESTED, RUN, SESSION, Event, ev

CANARIES = [TAG + f"{number:016x}" for number in (1, 2, 3)]
USERS: tuple[Any, ...] = ("u", "7", "null")
TENANTS = """
contract: tenants/1
envelope: {user?: id, tenant?: id, thread?: id}
events: {hello: {scope: session}, start: , say: {fields: {text: str}}, stop: }
scopes: {run: {key: [thread], open: [start], close: [stop], constant: [user]}}
isolation:
  {session: [user, tenant], owned: {thread: $threads}, canary: $canary, text: [{field: text, key: [thread]}],
   forbid_ids_of: other_sessions}
"""
TALK = [
    ev("hello", user="u", tenant=1),
    ev("start", thread="t"),
    ev("say", thread="t", text="hm"),
    ev("say", thread="t", text="so"),
    ev("stop", thread="t"),
]


def spelled(random: Random, canary: str) -> list[str]:
    """A canary as it may stand in one text, or torn in two."""
    text = random.choice((canary, f"see {canary} there", f"U{canary}", _encoded(random, canary)))
    if random.random() < 0.5:
        return [text]
    at = random.randrange(1, len(text))
    return [text[:at], text[at:]]


def _encoded(random: Random, canary: str) -> str:
    return base64.b64encode(b"x" * random.randrange(3) + canary.encode()).decode()


def event_text(random: Random, event: Event) -> str:
    """The frame of an event, with letters or slashes escaped that need not be."""
    text = json.dumps(event)
    match random.randrange(6):
        case 0:
            return text.replace("U", "\\u0055")
        case 1:
            return text.replace("/", "\\/")
    return text


def talk(random: Random, streams: list[list[Event]], names: dict[str, str], texts: tuple[str, ...]) -> list[Any]:
    """Events of one connection, of one user but for slips, as frames."""
    found: list[Any] = []
    waiting: list[str] = []
    own = random.randrange(len(USERS))
    for event in random.choice(streams):
        made = json.loads(json.dumps(event))
        at, way = made.pop("at", None), made.pop("dir", None)
        user = own if random.random() < 0.9 else random.randrange(len(USERS))
        for field, prefix in names.items():
            if field in made and random.random() < 0.95:
                made[field] = f"{prefix}{user if random.random() < 0.9 else 0}" if prefix else USERS[user]
                made[field] = 7 if made[field] == "7" and random.random() < 0.3 else made[field]
        target = made.get("payload", made)
        if random.random() < 0.5 and isinstance(target, dict):
            waiting = waiting or spelled(random, random.choice([CANARIES[own], *CANARIES]))
            target[random.choice(texts)] = waiting.pop(0)
        found.append((event_text(random, made).encode(), at, way))
    return found


CASES = {
    "agent-events": ("agent-events", [RUN, NESTED, SESSION], {"user_id": "", "thread_id": "t", "run_id": "r"},
                     ("thought", "final_response", "note")),
    "tenants": (TENANTS, [TALK, TALK[1:]], {"user": "", "tenant": "n", "thread": "t"}, ("text", "note")),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**48))
def test_both_checkers_say_the_same_of_all(case: str, seed: int) -> None:
    text, streams, names, texts = CASES[case]
    random = Random(seed)
    facts = {}
    for number in range(3):
        user: dict[str, Any] = {next(iter(names)): USERS[number]} if random.random() < 0.5 else {}
        owned = {"threads": (f"t{number}",)} if random.random() < 0.3 else {}
        canaries = (CANARIES[number],) if random.random() < 0.8 else ()
        facts[f"c{number}"] = SessionFacts(user=user, owned=owned, canaries=canaries)
    talks = [talk(random, streams, names, texts) for _ in range(3)]
    turns = [number for number, frames_of in enumerate(talks) for _ in frames_of]
    random.shuffle(turns)
    assert judged(text, facts, talks, turns) == judged(text, facts, talks, turns, interpreted=True)


def judged(
    text: str, facts: dict[str, SessionFacts], talks: list[Any], turns: list[int], **options: Any
) -> list[Result]:
    checker = Checker(loaded(text).plan, facts=facts, **options)
    sessions = [checker.session(name) for name in facts]
    waiting = [iter(each) for each in talks]
    for number in turns:
        raw, at, way = next(waiting[number])
        sessions[number].receive(raw, at=at, direction=way)
    return [session.end() for session in sessions]
