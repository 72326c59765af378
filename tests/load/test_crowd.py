"""A crowd against a real service in a process of its own: what is counted, what is found, and what it costs nobody."""

import asyncio
import itertools
import time
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from canonry.cli._load_options import notes
from canonry.contract.load import load_contract
from canonry.load.crowd import Crowd
from canonry.load.errors import LateError
from canonry.load.latency import Latencies
from canonry.load.result import merge
from canonry.load.spec import Disturbance, LoadSpec
from canonry.load.trace import Trace
from canonry.load.user import VirtualUser, below
from canonry.model.load import LoadVerdict
from canonry.report.load.words import facts
from tests.load.conftest import Start


def run(url: str, **keys: Any) -> Trace:
    """The trace of a crowd in this process: two turns of each of six users, unless other keys are given."""
    spec = LoadSpec(**{"scenario": "golden", "url": url, "users": 6, "seconds": 30.0, "turns": 2, **keys})

    async def all_of_it() -> Trace:
        return await Crowd(spec).run()

    return asyncio.run(all_of_it())


def test_a_healthy_service_holds_every_rule_and_every_event_is_judged(bare_chat: Start) -> None:
    trace = run(bare_chat(events=7))

    assert trace.totals.done == 12
    assert trace.totals.frames == 6 + 12 * 7
    assert trace.totals.judged == trace.totals.received == trace.totals.frames + 12
    assert not trace.rules
    assert not trace.failures
    assert trace.isolation


@pytest.mark.parametrize(
    ("fault", "rule"),
    [
        ("misroute", "isolation.user_id"),
        ("leak", "isolation.canary"),
        ("rewritten-leak", "isolation.canary"),
        ("split-leak", "isolation.canary"),
        ("gap", "sequence.seq"),
    ],
)
def test_one_fault_is_found_with_the_frames_around_it(bare_chat: Start, fault: str, rule: str) -> None:
    trace = run(bare_chat(fault=fault, fault_at=9, events=7))

    assert trace.rules[rule] >= 1
    witness = next(leak for leak in trace.leaks if leak.rule == rule)
    assert any("run-9" in text for _, text in witness.frames)


def test_without_canaries_a_leak_of_words_alone_is_not_seen(bare_chat: Start) -> None:
    """The case that shows what canaries are for."""
    assert not run(bare_chat(fault="rewritten-leak", fault_at=9), canaries=False).rules


def test_a_refused_login_is_counted_by_class_and_nothing_is_judged(bare_chat: Start) -> None:
    trace = run(bare_chat(fault="refuse"), users=2)

    assert trace.totals.refused == 2
    assert trace.totals.frames == 0
    assert set(trace.failures) == {"login refused (401)"}
    assert "bad_credentials" in trace.first_failures["login refused (401)"].message


def test_a_service_that_dies_costs_turns_and_no_result(bare_chat: Start) -> None:
    trace = run(bare_chat(fault="die", fault_at=4), turns=0, seconds=1.0, grace=2.0)

    assert trace.totals.done == 3
    assert any(kind.startswith("closed") for kind in trace.failures)
    assert "no connection" in trace.failures


def test_cut_lines_are_nobodys_violation(bare_chat: Start) -> None:
    trace = run(
        bare_chat(events=7, delay=0.02), turns=0, seconds=1.5, disturbances=(Disturbance("cut", share=0.5, every=0.2),)
    )

    assert "closed (by the client)" in trace.failures
    assert trace.totals.left_open >= 1
    assert not trace.rules


def test_a_stall_is_charged_to_all_who_were_meant_to_ask_meanwhile(bare_chat: Start) -> None:
    """No coordinated omission: one turn in 50 waits for the service, and those behind it for that one."""
    trace = run(bare_chat(stall=(1.0, 1.0)), users=1, turns=0, seconds=2.5, pace=0.05)
    latencies = Latencies()
    latencies.add(trace.latencies)

    assert latencies.count("turn") > 30
    late = latencies.percentile("turn", 75)
    assert late is not None
    assert late > 0.2


def test_the_same_seed_gives_the_same_canaries_and_another_seed_others(bare_chat: Start) -> None:
    url = bare_chat()

    def canaries(seed: int) -> list[str]:
        async def made() -> list[str]:
            crowd = Crowd(LoadSpec(scenario="golden", url=url, users=3, seconds=1.0, seed=seed))
            return [user.canary for user in crowd.users]

        return asyncio.run(made())

    assert canaries(1) == canaries(1)
    assert set(canaries(1)).isdisjoint(canaries(2))


def test_what_lay_there_while_a_user_read_nothing_is_not_late(bare_chat: Start) -> None:
    """A slow reader is the client's doing: no deadline of the contract is about it."""
    options = {"share": "1", "pauses": "6"}
    trace = run(bare_chat(events=7), scenario="slow-reader", users=2, turns=1, options=options)

    assert trace.totals.frames == 2 + 2 * 7
    assert not trace.rules


def test_a_header_that_is_none_is_not_sent(bare_chat: Start) -> None:
    """The bare service lets in whoever brings a token, ticket or not: with the header, all would win the race."""
    trace = run(bare_chat(), scenario="ticket-race", users=1, turns=2, options={"racers": "4"})

    assert not trace.failures
    assert trace.totals.done == 2
    assert trace.totals.connections == 2


@pytest.mark.parametrize(
    ("url", "path", "joined"),
    [
        ("http://h:1", "/ws?ticket=a", "http://h:1/ws?ticket=a"),
        ("http://h:1/", "ws", "http://h:1/ws"),
        ("http://h/prefix", "/auth/login", "http://h/prefix/auth/login"),
        ("http://h/prefix/", "/ws", "http://h/prefix/ws"),
        ("http://h/prefix", "https://other/x", "https://other/x"),
    ],
)
def test_a_path_is_joined_below_the_services_prefix(url: str, path: str, joined: str) -> None:
    assert below(url, path) == joined


async def user_of(url: str, **keys: Any) -> tuple[Crowd, VirtualUser]:
    """A user who knows his crowd, before he did anything."""
    crowd = Crowd(LoadSpec(**{"scenario": "golden", "url": url, "users": 1, "seconds": 1.0, **keys}))
    crowd.http = aiohttp.ClientSession()
    return crowd, crowd.users[0]


def test_a_listener_that_raises_fails_the_turn_and_closes_the_line(bare_chat: Start) -> None:
    url = bare_chat()

    async def all_of_it() -> None:
        crowd, user = await user_of(url)
        async with crowd.http:
            user.headers["Authorization"] = "Bearer u"

            def hear(name: str, raw: str | bytes) -> None:
                if name == "agent_started":
                    raise LookupError("no such run")

            line = await user.connect("/ws", welcome="connection_ready", listener=hear)
            with pytest.raises(LookupError, match="no such run"):
                await user.ask(line, {"type": "user_message", "text": "x"}, until=["agent_completed"], within=5)
            assert not line.is_open
            with pytest.raises(LookupError):
                await line.send({"type": "user_message", "text": "x"})

    asyncio.run(all_of_it())


def test_a_welcome_that_does_not_come_leaves_no_line_open(bare_chat: Start) -> None:
    url = bare_chat()

    async def all_of_it() -> None:
        crowd, user = await user_of(url)
        async with crowd.http:
            user.headers["Authorization"] = "Bearer u"
            with pytest.raises(LateError):
                await user.connect("/ws", welcome="agent_completed", within=0.2)
            assert [one.is_open for one in user.connections] == [False]

    asyncio.run(all_of_it())


def test_a_paused_line_answers_no_ping_and_takes_no_frame_until_the_end_of_the_pause() -> None:
    """A server that pings an idle line, and tells when the pong came."""

    async def all_of_it() -> None:
        pongs: list[float] = []
        loop = asyncio.get_running_loop()

        async def serve(request: web.Request) -> web.WebSocketResponse:
            socket = web.WebSocketResponse(autoping=False)
            await socket.prepare(request)
            await socket.send_str('{"type": "connection_ready", "user_id": "u"}')
            await asyncio.sleep(0.2)
            await socket.ping(b"there")
            await socket.send_str('{"type": "connection_ready", "user_id": "u"}')
            while (await socket.receive()).type is aiohttp.WSMsgType.PONG:
                pongs.append(loop.time())
            return socket

        application = web.Application()
        application.add_routes([web.get("/ws", serve)])
        async with TestServer(application) as server:
            crowd, user = await user_of(str(server.make_url("")))
            async with crowd.http:
                line = await user.connect("/ws", welcome="connection_ready")
                pause = asyncio.create_task(line.pause(0.8))
                await asyncio.sleep(0.6)
                assert not pongs
                assert line.frames == 1
                await pause
                over = loop.time()
                await asyncio.sleep(0.2)
                assert line.frames == 2
                assert pongs[0] >= over - 0.05
                await line.close()

    asyncio.run(all_of_it())


def test_a_service_that_never_answers_is_judged_by_what_is_overdue(bare_chat: Start) -> None:
    trace = run(bare_chat(stall=(0, 1000)), users=3, turns=0, seconds=6.0, grace=0.5)
    result = merge([trace], spec=trace.spec, contract="agent-events/1")

    assert trace.totals.cut_off == 3
    assert trace.rules == {"exchange.user_message": 3}
    assert result.verdict is LoadVerdict.NOTHING_JUDGED
    assert "no turn was done, 3 had not ended" in result.reasons[0]
    assert next(one for one in result.timings if one.name == "turn").percentiles["p50"] > 5


def test_arrivals_that_find_nobody_free_are_named(bare_chat: Start) -> None:
    trace = run(bare_chat(delay=0.2), users=2, turns=0, seconds=2.0, rate=100.0)
    result = merge([trace], spec=trace.spec, contract="agent-events/1")

    assert trace.totals.missed + trace.totals.turns == pytest.approx(200, rel=0.25)
    assert any("found nobody free" in reason for reason in result.reasons)


RAISING = """
import asyncio
from pathlib import Path
from canonry.load.scenarios.golden import Golden


class Cancels(Golden):
    async def turn(self, user):
        await super().turn(user)
        if user.index == 0:
            raise asyncio.CancelledError


class Exits(Golden):
    async def turn(self, user):
        await super().turn(user)
        if user.index == 0:
            raise SystemExit(3)
"""


@pytest.mark.parametrize(("kind", "error"), [("Cancels", "CancelledError"), ("Exits", "SystemExit")])
def test_a_scenario_that_leaves_in_a_turn_takes_nobody_with_it(
    bare_chat: Start, tmp_path: Path, kind: str, error: str
) -> None:
    (tmp_path / "own.py").write_text(RAISING)
    trace = run(bare_chat(), scenario=f"{tmp_path / 'own.py'}:{kind}", users=3)

    assert trace.totals.done == 4
    assert trace.totals.failed == 2
    assert any(error in failure for failure in trace.failures)


BEGINNING = """
from canonry.load.chat import ChatScenario
from canonry.load.errors import StepError


class Once(ChatScenario):
    async def begin(self, user):
        kind = "taken" if user.memory.get("was_here") else "the cause"
        user.memory["was_here"] = True
        raise StepError(kind, "no")

    async def turn(self, user):
        pass
"""


def test_of_a_begin_that_fails_again_and_again_the_first_error_is_told(bare_chat: Start, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(BEGINNING)
    trace = run(bare_chat(), scenario=f"{tmp_path / 'own.py'}:Once", users=1)

    assert trace.totals.refused == 1
    assert trace.failures == {"the cause": 1, "taken": 1}


REJOINING = """
from canonry.load.errors import StepError
from canonry.load.scenarios.golden import Golden


class Rejoins(Golden):
    async def turn(self, user):
        line = user.memory["connection"]
        await line.cut()
        user.memory["connection"] = await self.connect(user, going_on=line)
        await (await self.connect(user)).close()
        await self.ask(user, user.memory["connection"])
"""


def test_a_conversation_that_goes_on_is_judged_once(bare_chat: Start, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(REJOINING)
    trace = run(bare_chat(), scenario=f"{tmp_path / 'own.py'}:Rejoins", users=1)

    assert trace.totals.done == 2, trace.first_failures
    assert trace.totals.judged == trace.totals.received


def test_a_wall_clock_that_jumps_moves_no_time(bare_chat: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """A day back and forth with every look at it: steps, deadlines and the length of the run are of another clock."""
    clock, days = time.time, itertools.cycle((-86_400.0, 0.0, 86_400.0))
    monkeypatch.setattr(time, "time", lambda: clock() + next(days))
    trace = run(bare_chat(delay=0.05), users=2, turns=0, seconds=1.0)
    latencies = Latencies()
    latencies.add(trace.latencies)
    bounds = latencies.bounds("answer")

    assert bounds is not None
    assert 0.05 <= bounds[0] <= bounds[1] < 20
    assert 1.0 <= trace.seconds < 30
    assert not trace.rules


UNGUARDED = """
contract: loose/1
discriminator: {field: type}
unknown: allow
events: {agent_completed: {}, connection_ready: {}, agent_error: {}}
"""


def test_a_contract_without_isolation_rules_judges_no_isolation_and_is_named_so(
    bare_chat: Start, tmp_path: Path
) -> None:
    (tmp_path / "loose.yaml").write_text(UNGUARDED)
    trace = run(bare_chat(fault="leak"), contract=str(tmp_path / "loose.yaml"))
    result = merge([trace], spec=trace.spec, contract="loose/1")

    assert trace.totals.judged == trace.totals.received > 0
    assert not trace.rules
    assert dict(facts(result))["isolation"] == "not judged: the contract has no such rules"
    assert notes(trace.spec, load_contract(trace.spec.contract)) == [
        "`loose/1` has no isolation rules: nobody's events are compared with anybody else's"
    ]


def test_what_a_run_without_canaries_does_not_see_is_said() -> None:
    contract = load_contract("agent-events")
    spec = LoadSpec(scenario="golden", url="http://x", users=1, seconds=1.0)

    assert notes(spec, contract) == []
    assert notes(msgspec.structs.replace(spec, canaries=False), contract) == [
        "no canaries are planted: a leak is found by identifiers alone"
    ]
