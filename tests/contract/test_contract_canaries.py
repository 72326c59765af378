import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonry.contract.canary import Canaries, make_canary
from canonry.contract.check.checker import Checker
from canonry.contract.check.isolation import SessionFacts
from tests.contract.judging import frames, loaded
from tests.contract.samples import RUN, START, agent, changed, thought

TEXTS = st.one_of(st.builds(make_canary), st.text(min_size=8, max_size=40))


def watching(text: str) -> Canaries:
    canaries = Canaries()
    canaries.add(text, "owner")
    return canaries


@given(text=TEXTS, before=st.text(max_size=20), after=st.text(max_size=20))
def test_a_text_of_another_is_found_plain_and_as_json_escapes_it(text, before, after):
    canaries = watching(text)
    whole = before + text + after
    for frame in (json.dumps({"a": whole}), json.dumps({"a": whole}, ensure_ascii=False)):
        assert canaries.find(frame, "other") is not None
        assert canaries.find(frame.encode("utf-8", "surrogatepass"), "other") is not None
        assert canaries.find(frame, "owner") is None


@given(text=TEXTS, before=st.binary(max_size=7), after=st.binary(max_size=7), url=st.booleans())
def test_a_text_of_another_is_found_in_base64_at_every_alignment(text, before, after, url):
    raw = before + text.encode("utf-8", "surrogatepass") + after
    encoded = (base64.urlsafe_b64encode(raw) if url else base64.b64encode(raw)).decode()
    canaries = watching(text)
    assert canaries.find(json.dumps({"a": encoded}), "other") == text
    assert canaries.find(json.dumps({"a": encoded}), "owner") is None


@given(other=st.text(max_size=200))
def test_nothing_is_found_where_nothing_is(other):
    canary = make_canary()
    assert watching(canary).find(json.dumps(other), "other") is None


def test_many_texts_are_found_too():
    canaries = Canaries()
    texts = [f"secret number {n} of somebody" for n in range(300)]
    for n, text in enumerate(texts):
        canaries.add(text, n)
    assert canaries.find(f"x{texts[250]}y", 1) == texts[250]
    assert canaries.find(f"x{texts[250]}y", 250) is None


@pytest.mark.parametrize("interpreted", [True, False], ids=["interpreted", "compiled"])
@pytest.mark.parametrize("cut", range(1, 32))
@pytest.mark.parametrize("encode", [False, True], ids=["plain", "base64"])
def test_a_canary_is_found_that_is_split_over_pieces(encode, cut, interpreted):
    canary = make_canary()
    whole = "a" + canary + "b"
    text = base64.b64encode(whole.encode()).decode() if encode else whole
    facts = {"c": SessionFacts(user={"user_id": "u"}), "d": SessionFacts(user={"user_id": "v"}, canaries=(canary,))}
    checker = Checker(loaded("agent-events").plan, facts=facts, interpreted=interpreted)
    session = checker.session("c")
    pieces = [piece for piece in (text[:cut], text[cut : cut + 9], text[cut + 9 :]) if piece]
    for raw, at, way in frames([START, *[thought(1 + n, piece) for n, piece in enumerate(pieces)]]):
        session.receive(raw, at=at, direction=way)
    assert [each.rule for each in session.violations] == ["isolation.canary"]


@pytest.mark.parametrize("interpreted", [True, False], ids=["interpreted", "compiled"])
def test_users_see_their_own_and_nobody_elses(interpreted):
    mine, theirs = make_canary(), make_canary()
    facts = {
        "c": SessionFacts(user={"user_id": "u"}, owned={"thread_id": ("t",)}, canaries=(mine,)),
        "d": SessionFacts(user={"user_id": "v"}, owned={"thread_id": ("t2",)}, canaries=(theirs,)),
    }
    checker = Checker(loaded("agent-events").plan, facts=facts, interpreted=interpreted)
    kept, broken = checker.session("c"), checker.session("d")
    for raw, at, way in frames(changed(1, payload={"thought": mine})):
        kept.receive(raw, at=at, direction=way)
    other = [{**event, "user_id": "v", "run_id": "r9"} for event in changed(1, payload={"thought": mine})]
    for raw, at, way in frames(other):
        broken.receive(raw, at=at, direction=way)
    assert kept.end().violations == ()
    found = {each.rule for each in broken.end().violations}
    assert found == {"isolation.canary", "isolation.thread_id", "isolation.forbid_ids"}


@pytest.mark.parametrize("interpreted", [True, False], ids=["interpreted", "compiled"])
def test_two_connections_of_one_user_may_share_ids(interpreted):
    checker = Checker(loaded("agent-events").plan, interpreted=interpreted)
    for name in "ab":
        session = checker.session(name)
        for raw, at, way in frames([{**event, "run_id": name} for event in RUN]):
            session.receive(raw, at=at, direction=way)
        assert session.end().violations == ()
    stranger = checker.session("c")
    for raw, at, way in frames([agent("agent_started", 0, user_id="v")]):
        stranger.receive(raw, at=at, direction=way)
    assert [each.rule for each in stranger.violations] == ["isolation.forbid_ids"]
