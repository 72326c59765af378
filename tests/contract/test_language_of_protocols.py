"""What the contracts of public protocols ask of the language, each on the smallest contract that shows it."""

import msgspec
import pytest

from canonry.contract.check.checker import Checker
from canonry.contract.check.isolation import SessionFacts
from canonry.contract.language.paths import lookup, parse_path
from canonry.contract.load import ContractError, load_contract, read_contract


def _rules(contract: str, *events: object, interpreted: bool) -> list[tuple[int, str]]:
    session = Checker(read_contract(contract).plan, interpreted=interpreted).session()
    for event in events:
        session.receive(msgspec.json.encode(event))
    return [(one.index, one.rule) for one in session.end().violations]


@pytest.fixture(params=[True, False], ids=["interpreted", "compiled"])
def interpreted(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def test_a_key_that_holds_dots_is_quoted() -> None:
    path = parse_path('meta["io.example/id"].name|plain')
    assert path is not None
    assert path.ways == (("meta", "io.example/id", "name"), ("plain",))
    assert lookup(path, {"meta": {"io.example/id": {"name": "x"}}}, {}) == "x"
    assert parse_path('meta["io.example') is None


def test_a_quoted_key_pairs_events(interpreted: bool) -> None:
    contract = """
contract: quoted/1
discriminator: {field: type}
spans: {talk: {open: begin, close: end, key: ['meta["io.example/id"]']}}
"""
    begin, end = ({"type": name, "meta": {"io.example/id": 1}} for name in ("begin", "end"))
    assert _rules(contract, begin, end, interpreted=interpreted) == []
    assert _rules(contract, begin, end, end, interpreted=interpreted) == [(2, "talk.opened")]


CHUNKS = """
contract: chunks/1
discriminator: {field: type}
spans: {call: {open: start, close: end, key: [id], implied: {by: [chunk], needs: [name]}}}
events: {other: {}}
"""


def test_only_the_chunk_that_opens_needs_its_fields(interpreted: bool) -> None:
    first, more, other = {"type": "chunk", "id": "a", "name": "n"}, {"type": "chunk"}, {"type": "other"}
    assert _rules(CHUNKS, first, more, {"type": "chunk", "id": "a"}, other, interpreted=interpreted) == []
    assert _rules(CHUNKS, first, other, {"type": "chunk", "id": "b"}, interpreted=interpreted) == [
        (2, "call.needs.name")
    ]


def test_the_id_beside_a_wrapped_event_is_known(interpreted: bool) -> None:
    contract = """
contract: wrapped/1
discriminator: {keys_present: [ask, answer], below: result}
exchange: [{in: ask, reply: answer, key: [$id|id]}]
"""
    ask, answer = {"id": 1, "ask": {}}, {"id": 1, "result": {"answer": {}}}
    assert _rules(contract, ask, answer, interpreted=interpreted) == []
    assert _rules(contract, ask, answer | {"id": 2}, interpreted=interpreted) == [(2, "exchange.ask")]


def test_a_pattern_stands_for_all_names_even_where_it_has_an_entry(interpreted: bool) -> None:
    contract = """
contract: patterns/1
discriminator: {field: type}
events: {on_model_start: {fields: {model: str}}, "on_*_start": {}, "on_*_end": {}}
spans: {step: {open: ["on_*_start"], close: ["on_*_end"], key: [id]}}
"""
    start = {"type": "on_model_start", "id": 1, "model": "m"}
    assert _rules(contract, start, {"type": "on_model_end", "id": 1}, interpreted=interpreted) == []
    assert _rules(contract, start, interpreted=interpreted) == [(1, "step.closed")]


REQUESTS = """
contract: requests/1
discriminator: {jsonrpc: true}
spans:
  request:
    open: ["request:*"]
    close: [response]
    key: [id|params.id]
    across: true
    abandon: ["notification:cancelled"]
    token: {set: params.token, get: params.token, events: ["notification:progress"]}
events: {"request:*": {}}
"""


def test_what_was_under_way_may_come_after_it_was_given_up(interpreted: bool) -> None:
    session = Checker(read_contract(REQUESTS).plan, interpreted=interpreted).session()

    def say(direction: str, **message: object) -> None:
        session.receive(msgspec.json.encode({"jsonrpc": "2.0", **message}), direction=direction)

    say("in", id=1, method="slow", params={"token": "p"})
    say("in", method="cancelled", params={"id": 1})
    say("out", method="progress", params={"token": "p"})
    assert session.end().violations == ()


def test_a_token_that_nobody_gave_is_refused(interpreted: bool) -> None:
    session = Checker(read_contract(REQUESTS).plan, interpreted=interpreted).session()
    event = {"jsonrpc": "2.0", "method": "progress", "params": {"token": {"a": 1}}}
    session.receive(msgspec.json.encode(event), direction="out")
    assert [one.rule for one in session.end().violations] == ["request.token"]


def test_a_policy_leaves_rules_out(interpreted: bool) -> None:
    contract = """
contract: choice/1
discriminator: {field: type}
spans: {step: {open: start, close: end, key: [id]}}
policy: {lost: {default: never, alternatives: {never: {}, maybe: {without: [step.closed]}}}}
"""
    for choice, rules in (("never", ["step.closed"]), ("maybe", [])):
        plan = read_contract(contract, policy={"lost": choice}).plan
        session = Checker(plan, interpreted=interpreted).session()
        session.receive(b'{"type": "start", "id": 1}')
        result = session.end()
        assert [one.rule for one in result.violations] == rules
        assert ("step.closed" in result.rules) == (choice == "never")


def test_a_rule_that_is_left_out_has_to_be_one() -> None:
    with pytest.raises(ContractError, match=r"`step.close` is no rule of this contract; did you mean `step.closed`\?"):
        read_contract(
            "contract: choice/1\nspans: {step: {open: start, close: end}}\n"
            "policy: {lost: {default: maybe, alternatives: {maybe: {without: [step.close]}}}}\n"
        )


def test_a_fallback_is_a_stream_of_langgraph_where_the_policy_says_so() -> None:
    def event(name: str, run: str, parents: list[str], **data: object) -> bytes:
        return msgspec.json.encode({"event": name, "name": run, "run_id": run, "parent_ids": parents, "data": data})

    session = Checker(load_contract("langgraph", policy={"failures": "caught"}).plan).session()
    session.receive(event("on_chain_start", "root", [], input=1))
    session.receive(event("on_chain_start", "fails", ["root"], input=1))
    session.receive(event("on_chain_start", "fallback", ["root"], input=1))
    session.receive(event("on_chain_end", "fallback", ["root"], output=2))
    session.receive(event("on_chain_end", "root", [], output=2))
    assert session.end().violations == ()


def test_each_opening_event_may_open_again_after_its_own_closes(interpreted: bool) -> None:
    contract = """
contract: again/1
discriminator: {field: type}
scopes: {run: {open: [start, fail], close: [end, fail], reopen: {start: [end, fail], fail: [end]}}}
"""

    def rules(*names: str) -> list[tuple[int, str]]:
        return _rules(contract, *({"type": name} for name in names), interpreted=interpreted)

    assert rules("start", "end", "start", "fail", "start", "end", "fail") == []
    assert rules("start", "fail", "fail") == [(2, "run.once")]


def test_ids_on_two_connections_are_foreign_only_where_their_users_are_known(interpreted: bool) -> None:
    task = b'{"task": {"id": "t", "contextId": "c", "status": {"state": "TASK_STATE_COMPLETED"}}}'

    def rules(*users: str | None) -> list[str]:
        checker = Checker(load_contract("a2a").plan, interpreted=interpreted)
        found: list[str] = []
        for number, user in enumerate(users):
            session = checker.session(str(number), SessionFacts(user={} if user is None else {"user": user}))
            session.receive(task)
            found += [one.rule for one in session.end().violations]
        return found

    assert rules(None, None) == []
    assert rules("ann", "ann") == []
    assert set(rules("ann", "bob")) == {"isolation.forbid_ids"}
