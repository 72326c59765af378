"""What a user's small contract says without saying it: judged alike by both checkers."""

import json

import pytest

from canonry.contract.canary import Canaries
from canonry.contract.check.checker import Checker
from canonry.contract.check.isolation import SessionFacts
from tests.contract.judging import frames, loaded, rules
from tests.contract.samples import Event, ev

SECRET = 'Mrs. Parker said "4711"'
ONE = "contract: one/1\ndiscriminator: {field: type}\nevents: {tick: {}}\n"
OUT = f"{ONE}transport: {{direction: [out]}}\n"
LATE = """
contract: late/1
events: {tick: {}}
discriminator: {field: type}
scopes: {run: {key: [run], open: [start], close: [stop]}}
deadline: [{from: start, to: tick, max: 500ms}]
"""
TEXTS = f"{ONE}isolation: {{canary: $canary}}\nunknown: allow\n"


def run(*events: tuple[str, float]) -> list[Event]:
    return [ev(name, run=1, at=at) for name, at in events]


CASES: dict[str, tuple[str, list[Event], set[str]]] = {
    "an event without a name": (ONE, [ev("tick"), {"tock": 1}], {"frame.event"}),
    "an empty name": (ONE, [ev("tick"), ev("")], {"frame.event"}),
    "what the client says is not told of": (OUT, [{"prompt": "hi", "dir": "in"}, ev("ask", dir="in"), ev("tick")], set()),
    "the client sends the service's event": (OUT, [ev("tick", dir="in")], {"direction"}),
    "in time": (LATE, run(("start", 1.0), ("tick", 1.4), ("stop", 9.0)), set()),
    "too late": (LATE, run(("start", 1.0), ("tick", 1.6), ("stop", 9.0)), {"deadline.tick"}),
    "never, and the run goes on": (LATE, run(("start", 1.0), ("stop", 9.0)), {"deadline.tick"}),
    "never, and the run ends before": (LATE, run(("start", 1.0), ("stop", 1.3)), set()),
    "split over any text": (
        TEXTS,
        [ev("tick", a={"b": ["x" + SECRET[:7]]}), ev("tick", a={"b": [SECRET[7:12]]}), ev("tick", a={"b": [SECRET[12:]]})],
        {"isolation.canary"},
    ),
    "halves in two texts": (TEXTS, [ev("tick", a=SECRET[:7], b=""), ev("tick", a="", b=SECRET[7:])], set()),
}  # fmt: skip


@pytest.mark.parametrize(("text", "stream", "broken"), CASES.values(), ids=CASES.keys())
def test_what_is_not_written_holds_as_well(text: str, stream: list[Event], broken: set[str]) -> None:
    for interpreted in (True, False):
        canaries = (SECRET,) if text is TEXTS else ()
        session = Checker(loaded(text).plan, canaries=canaries, interpreted=interpreted).session("c")
        for raw, at, way in frames(stream):
            session.receive(raw, at=at, direction=way)
        result = session.end()
        assert rules(result) == broken
        assert result.judged == len(stream)


ISOLATED = """
contract: isolated/1
discriminator: {field: type}
events: {tick: {}}
isolation: {session: [user], owned: {thread: $threads}, forbid_ids_of: other_sessions}
"""


@pytest.mark.parametrize("interpreted", [True, False], ids=["interpreted", "compiled"])
@pytest.mark.parametrize(
    ("mine", "theirs", "thread", "broken"),
    [
        ((), ("t2",), "t2", {"isolation.forbid_ids"}),
        ((), ("t2",), "t3", set()),
        (("t2",), ("t2",), "t2", set()),
        (("t1",), ("t2",), "t2", {"isolation.forbid_ids", "isolation.thread"}),
    ],
)
def test_an_id_is_anothers_before_its_owner_is_heard(
    mine: tuple[str, ...], theirs: tuple[str, ...], thread: str, broken: set[str], interpreted: bool
) -> None:
    owned = [{"threads": each} if each else {} for each in (mine, theirs)]
    facts = {name: SessionFacts(user={"user": name}, owned=dict(each)) for name, each in zip("ab", owned, strict=True)}
    checker = Checker(loaded(ISOLATED).plan, facts=facts, interpreted=interpreted)
    for _ in range(2):
        session = checker.session("a")
        for raw, at, way in frames([ev("tick", user="a", thread=thread)]):
            session.receive(raw, at=at, direction=way)
        assert rules(session.end()) == broken
        checker.forget()


def test_a_text_is_found_in_json_within_json() -> None:
    canaries = Canaries()
    canaries.add(SECRET, "owner")
    frame = json.dumps({"arguments": json.dumps({"body": json.dumps({"said": SECRET})})})
    assert canaries.find(frame, "other") == SECRET
