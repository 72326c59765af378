"""Streams that a contract makes: whoever judges them finds nothing."""

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from canonry.contract.examine import examine
from canonry.contract.generate.stream import Stream
from canonry.contract.generate.streams import Generator, NoStreamError, generate, with_openers
from canonry.contract.language.contract import Contract
from canonry.contract.load import LoadedContract, load_contract, plan_contract, shipped
from canonry.contract.strategies import valid_streams
from tests.contract.contracts import small_contracts

_FEW = settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))


def found(contract: LoadedContract, stream: Stream, *, interpreted: bool) -> list[tuple[str, str]]:
    """The violations in a recording of a stream."""
    recording = [("stream", list(stream.encode()))]
    examined = examine(contract, recording, facts=stream.facts, examples=False, interpreted=interpreted)
    assert examined.judged == examined.received == sum(line.closed is None for line in stream.lines)
    return [(each.violation.rule, each.violation.message) for each in examined.findings]


@pytest.mark.parametrize("name", shipped())
def test_every_stream_of_a_shipped_contract_is_valid(name: str) -> None:
    contract = load_contract(name)

    @_FEW
    @given(st.integers(0, 2**32), st.integers(1, 3), st.integers(1, 3))
    def law(seed: int, runs: int, sessions: int) -> None:
        stream = generate(contract.plan, seed=seed, runs=runs, sessions=sessions)
        assert stream.facts.keys() == {line.connection for line in stream.lines}
        assert found(contract, stream, interpreted=True) == []
        assert found(contract, stream, interpreted=False) == []

    law()


@settings(_FEW, max_examples=25)
@given(small_contracts(), st.integers(0, 2**32))
def test_every_stream_of_a_small_contract_is_valid(contract: LoadedContract, seed: int) -> None:
    stream = generate(contract.plan, seed=seed, runs=2, sessions=2)
    assert found(contract, stream, interpreted=True) == []
    assert found(contract, stream, interpreted=False) == []


@settings(_FEW, max_examples=5)
@given(valid_streams("agent-events", runs=2))
def test_the_strategy_draws_valid_streams(stream: Stream) -> None:
    assert found(load_contract("agent-events"), stream, interpreted=False) == []


@pytest.mark.parametrize("name", shipped())
def test_every_event_that_there_can_be_is_made_where_it_is_wanted(name: str) -> None:
    plan = load_contract(name).plan
    # an MCP notification with an id is a mistake that the contract names in order to refuse it
    generator = Generator(plan)
    left = {kind.name for kind in plan.kinds} - {plan.other.name, "request:notifications/*"}
    for kind in plan.kinds:
        wanted = with_openers(plan, frozenset([kind.index]))
        for seed in range(60):
            if kind.name in left:
                left -= {line.kind for line in generator.stream(seed, favour=wanted).lines}
    assert left == set()


def test_the_same_seed_gives_the_same_bytes_and_another_one_does_not() -> None:
    plan = load_contract("agent-events").plan
    one, again, other = (b"".join(generate(plan, seed=seed, runs=2).encode()) for seed in (7, 7, 8))
    assert one == again != other


def test_sessions_of_several_users_interleave_and_share_no_id() -> None:
    plan = load_contract("agent-events").plan
    streams = [generate(plan, seed=seed, runs=2, sessions=3) for seed in range(5)]
    pairs = [pair for stream in streams for pair in zip(stream.lines, stream.lines[1:], strict=False)]
    assert sum(one.connection != after.connection for one, after in pairs) > 10 * len(streams)
    for stream in streams:
        runs = {
            (line.event["run_id"], line.connection) for line in stream.lines if line.event and "run_id" in line.event
        }
        assert len({run for run, _ in runs}) == len(runs) > 0


def test_a_profile_and_a_policy_change_what_is_made() -> None:
    plan = load_contract("agent-events", policy={"tools": "forbidden", "thinking": "optional"}).plan
    streams = [generate(plan, seed=seed, runs=2) for seed in range(8)]
    assert not any(line.kind == "tool_executing" for stream in streams for line in stream.lines)


def test_a_contract_that_no_stream_keeps_is_said_to_be_one() -> None:
    contract = msgspec.convert(
        {
            "contract": "never/1",
            "discriminator": {"field": "type"},
            "scopes": {"run": {"open": ["start"], "close": ["stop"]}},
            "events": {"a": {"fields": {"status": ["x"]}}},
            "states": {"field": "status", "edges": {"x": []}, "stay": False},
            "count": {"a": "2.."},
        },
        Contract,
    )
    with pytest.raises(NoStreamError, match=r"`never/1`.*`count.a`"):
        generate(plan_contract(contract).plan)
