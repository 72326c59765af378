"""Coverage of a contract, counted by hand."""

import json
from pathlib import Path

import pytest

from canonry.contract.cover import Item, cover, denominator
from canonry.contract.generate.streams import generate
from canonry.contract.load import load_contract, read_contract, shipped
from canonry.model.errors import NothingValidatedError
from tests.contract.mutants import first_mutants
from tests.workbench import call_canonry

CONTRACT = """\
contract: shop/1
discriminator: {field: type}
envelope: {order: id}
events:
  ordered: {direction: out}
  paid: {direction: out, fields: {amount: int}}
  note: {direction: out, scope: session}
  ask: {direction: in, scope: session}
scopes:
  order: {key: [order], open: [ordered], close: [shipped, cancelled]}
spans:
  parcel: {open: packed, close: [sent], key: [parcel], inside: order}
states: {field: state, edges: {new: [paid], paid: [sent]}}
exchange: [{in: ask, reply: note}]
isolation: {owned: {order: $orders}}
close_codes: {gone: [1001], busy: [1013]}
"""
RECORDING = [
    {"dir": "in", "conn": "a", "event": {"type": "ask"}},
    {"dir": "out", "conn": "a", "event": {"type": "note"}},
    {"dir": "out", "conn": "a", "event": {"type": "ordered", "order": 1, "state": "new"}},
    {"dir": "out", "conn": "a", "event": {"type": "paid", "order": 1, "state": "paid", "amount": 5}},
    {"dir": "out", "conn": "a", "event": {"type": "paid", "order": 1, "amount": "five"}},
    {"dir": "out", "conn": "a", "event": {"type": "packed", "order": 1, "parcel": "p"}},
    {"dir": "out", "conn": "a", "event": {"type": "sent", "order": 1, "parcel": "p"}},
    {"dir": "out", "conn": "a", "event": {"type": "shipped", "order": 1}},
    {"dir": "in", "conn": "a", "event": {"type": "ask"}},
    {"conn": "a", "closed": 1001},
    {"dir": "out", "conn": "b", "event": {"type": "note", "order": 1}},
]
BY_HAND = {
    "events": {
        "in ask: ok": 1,  # the first; the second is not answered
        "in ask: dropped": 1,
        "out note: ok": 1,  # of connection a
        "out note: unauthorised": 1,  # connection b shows an order that is not its own
        "out ordered: ok": 1,
        "out paid: ok": 1,
        "out paid: schema-refused": 1,
        "out packed: ok": 1,
        "out sent: ok": 1,
        "out shipped: ok": 1,
    },
    "transitions": {"order opened by ordered": 1, "state new -> paid": 1},
    "outcomes": {"order closed by shipped": 1},
    "spans": {"parcel opened by packed": 1, "parcel closed by sent": 1},
    "close codes": {"1001": 1},
}


def recording() -> bytes:
    return b"".join(json.dumps({"v": 1, "t": None, **line}).encode() + b"\n" for line in RECORDING)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "shop.yaml").write_text(CONTRACT)
    (tmp_path / "day.jsonl").write_bytes(recording())
    (tmp_path / "whose.json").write_text(json.dumps({"b": {"owned": {"orders": [7]}}}))
    return tmp_path


def test_the_coverage_of_a_recording_is_what_one_counts_by_hand(files: Path) -> None:
    run = call_canonry(
        "contract", "cover", "shop.yaml", "day.jsonl", "--sessions", "whose.json", "--output-format", "json", cwd=files
    )
    assert run.returncode == 0
    found = json.loads(run.stdout)
    seen = {(each["group"], each["name"]): each["count"] for each in found["counts"] if each["count"]}
    assert seen == {(group, name): count for group, names in BY_HAND.items() for name, count in names.items()}
    assert found["judged"] == 10
    # each event may be right, refused and unauthorised in each way that it may go; three open or ask for something too
    ways = {"ordered": 1, "paid": 1, "note": 1, "ask": 1, "packed": 2, "sent": 2, "shipped": 2, "cancelled": 2}
    opening = {"ordered": 1, "packed": 2, "ask": 1}
    events = 3 * sum(ways.values()) + sum(opening.values())
    assert found["groups"] == {
        "events": {"exercised": 10, "items": events},
        "transitions": {"exercised": 2, "items": 3},
        "outcomes": {"exercised": 1, "items": 2},
        "spans": {"exercised": 2, "items": 2},
        "close codes": {"exercised": 1, "items": 2},
    }


def test_the_table_names_what_is_missing(files: Path) -> None:
    run = call_canonry("contract", "cover", "shop.yaml", "day.jsonl", "--sessions", "whose.json", cwd=files)
    assert run.stdout.startswith("events          10 of    40  25.0%\n")
    assert "missing outcomes:\n  order closed by cancelled\n" in run.stdout
    assert "missing close codes:\n  1013\n" in run.stdout
    assert run.stdout.endswith("\nshop/1: 16 of 49 items exercised and judged (32.7%), 10 events\n")


def test_nothing_judged_is_no_coverage(files: Path) -> None:
    (files / "other.jsonl").write_text('{"type": "never heard of"}\n')
    run = call_canonry("contract", "cover", "shop.yaml", "other.jsonl", cwd=files)
    assert run.returncode == 5
    with pytest.raises(NothingValidatedError):
        cover(read_contract(CONTRACT).plan, [[]])


@pytest.mark.parametrize("name", shipped())
def test_what_is_seen_is_part_of_the_denominator_and_more_recordings_cover_more(name: str) -> None:
    plan = load_contract(name).plan
    items = set(denominator(plan))
    recordings = [list(generate(plan, seed=seed, runs=2).encode()) for seed in range(3)]
    few = cover(plan, recordings[:1])
    more = cover(plan, recordings)
    assert set(few.items) == set(more.items) == items
    assert set(more.missing) <= set(few.missing)
    assert more.groups()["events"][0] > 3


def test_mutants_exercise_what_valid_streams_do_not() -> None:
    plan = load_contract("agent-events").plan
    wanted = ("fields.agent_thinking.payload.thought", "isolation.user_id", "exchange.ping", "close_codes")
    streams = [mutant.stream for mutant in first_mutants(plan, wanted)]
    facts = {name: fact for stream in streams if stream for name, fact in stream.facts.items()}
    coverage = cover(plan, [list(stream.encode()) for stream in streams if stream], facts=facts)
    assert coverage.items[Item("events", "out agent_thinking: schema-refused")] == 1
    assert coverage.items[Item("events", "in ping: dropped")] == 1
    assert any(count for item, count in coverage.items.items() if item.name.endswith("unauthorised"))
    assert not any(count for item, count in coverage.items.items() if item.name == "4999")
