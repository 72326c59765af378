"""`event_contract` in a project of its own: it finds the contract of the flow, and the codemod that attaches it."""

import json
from pathlib import Path

import pytest

from canonry.model.run_event import AttemptEnded, ContractJudged, decode
from tests.workbench import Folder

CANON = "[tool.canonry.flows.chat]\ntests = ['tests/chat']\ncontract = 'agent-events'\n"
EVENTS = ["agent_started", "agent_thinking", "tool_executing", "tool_completed", "agent_completed"]
SERVICE = """
import json

from aiohttp import web

PARTS = [
    ("agent_started", {}),
    ("agent_thinking", {"thought": "about it"}),
    ("tool_executing", {"tool_name": "search", "tool_call_id": "1"}),
    ("tool_completed", {"tool_name": "search", "tool_call_id": "1", "results": ["x"]}),
    ("agent_completed", {"result": "done"}),
]
WHOSE = {"user_id": "ada", "thread_id": "t", "run_id": "r", "timestamp": "2026-01-01T00:00:00Z"}


async def socket(request):
    connection = web.WebSocketResponse()
    await connection.prepare(request)
    for seq, (name, payload) in enumerate(PARTS):
        if name != request.query.get("without"):
            await connection.send_str(json.dumps({"type": name, **WHOSE, "seq": seq, "payload": payload}))
    await connection.close()
    return connection


async def started():
    runner = web.AppRunner(web.Application())
    runner.app.router.add_get("/", socket)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return f"ws://127.0.0.1:{runner.addresses[0][1]}/", runner
"""
TEST = """
import asyncio

import websockets

from service import started


def test_answer():
    async def talk():
        url, runner = await started()
        async with websockets.connect(url + QUERY) as socket:
            frames = [frame async for frame in socket]
        await runner.cleanup()
        return frames

    assert asyncio.run(talk())
"""
WATCHED = TEST.replace("def test_answer():", "def test_answer(event_contract):").replace(
    "in socket]", "in event_contract().watch(socket)]"
)
SOUND, DUMB = (test.replace("QUERY", '""') for test in (WATCHED, TEST))
BROKEN = WATCHED.replace("QUERY", '"?without=agent_completed"')


def project(root: Path, tests: dict[str, str]) -> Folder:
    return Folder(root).start({"pyproject.toml": CANON, "tests/service.py": SERVICE, "tests/conftest.py": "", **tests})


def test_a_test_of_a_flow_holds_the_contract_of_the_flow(tmp_path: Path) -> None:
    place = project(
        tmp_path / "shop",
        {
            "tests/chat/test_sound.py": SOUND,
            "tests/chat/test_broken.py": BROKEN,
            "tests/chat/test_silent.py": "def test_silent(event_contract):\n    event_contract().stream('ada')\n",
            "tests/shop/test_other.py": "def test_other(event_contract):\n    event_contract()\n",
        },
    )
    path = str(tmp_path / "events.jsonl")
    done = place.call("run", "--workers", "1", "--output-format", "json", "--report", f"jsonl={path}")
    assert done.returncode == 1, done.stdout + done.stderr
    events = [decode(line) for line in Path(path).read_bytes().splitlines()]
    ended = {each.node: each for each in events if isinstance(each, AttemptEnded)}
    assert {node: str(each.outcome) for node, each in ended.items()} == {
        "tests/chat/test_sound.py::test_answer": "passed",
        "tests/chat/test_broken.py::test_answer": "failed",
        "tests/chat/test_silent.py::test_silent": "failed",
        "tests/shop/test_other.py::test_other": "failed",
    }
    judged = {each.node: each for each in events if isinstance(each, ContractJudged)}
    sound, broken = judged["tests/chat/test_sound.py::test_answer"], judged["tests/chat/test_broken.py::test_answer"]
    assert (sound.flow, sound.contract, sound.received, sound.judged, sound.violations) == (
        "chat",
        "agent-events/1",
        5,
        5,
        (),
    )
    assert [name for group, name, _ in sound.seen if group == "events"] == [f"out {name}: ok" for name in EVENTS]
    assert broken.violations
    assert "belongs to no flow with a contract" in ended["tests/shop/test_other.py::test_other"].text
    assert "received no event" in ended["tests/chat/test_silent.py::test_silent"].text


def test_a_flow_is_covered_by_what_its_tests_judged(tmp_path: Path) -> None:
    place = project(tmp_path / "shop", {"tests/chat/test_sound.py": SOUND, "tests/chat/test_broken.py": BROKEN})
    done = place.call("run", "--workers", "1", "--flow", "chat", "--cover", "--output-format", "json")
    found = json.loads(done.stdout)["flows"]["chat"]
    # of the passing test alone: its five events; the run opened and closed, the tool opened and closed
    assert (found["events"]["part"], found["transitions"]["part"]) == (5, 4)
    assert not any(f"out {name}: ok" in found["events"]["missing"] for name in EVENTS)
    assert "out agent_error: ok" in found["events"]["missing"]
    assert "outcomes: run closed by agent_error" in found["transitions"]["missing"]
    assert (found["mutants"]["share"], found["faults"]["note"]) == (1.0, "no fault matrix has run")
    assert (found["coverage"], found["code"]["note"]) == (None, "the flow declares no `components`")

    place.write({"pyproject.toml": CANON.replace("agent-events", "agent-event")})
    refused = place.call("run", "--cover")
    assert (refused.returncode, "did you mean `agent-events`?" in refused.stderr) == (2, True)


def test_the_codemod_attaches_what_then_judges(tmp_path: Path) -> None:
    place = project(tmp_path / "shop", {"tests/chat/test_dumb.py": DUMB})
    (finding,) = place.findings("FLW001")
    assert "never attaches its contract `agent-events`" in finding.message
    body = "async def test_answer(url):\n    async with websockets.connect(url) as socket:\n        assert await socket.recv()\n"
    place.write({"tests/chat/test_dumb.py": f"import websockets\n\n\n{body}"})
    done = place.call("migrate", "--codemod", "attach-contract", "--review", "--write")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "socket = event_contract().watch(socket)" in (place.root / "tests/chat/test_dumb.py").read_text()
    assert place.findings("FLW001") == []
    again = place.call("migrate", "--codemod", "attach-contract", "--review", "--output-format", "json")
    assert json.loads(again.stdout)["items"] == []


@pytest.mark.parametrize(
    ("flows", "said"),
    [
        ("[tool.canonry.flows.chat]\ntests = ['tests/chat']\n", "add `contract = ...` to `[tool.canonry.flows.chat]`"),
        (
            CANON + CANON.replace("flows.chat", "flows.talk").replace("agent-events", "other.yaml"),
            "name one: `event_contract",
        ),
        (CANON.replace("agent-events", "agent-event"), "did you mean `agent-events`?"),
    ],
)
def test_a_flow_without_one_contract_is_told(tmp_path: Path, flows: str, said: str) -> None:
    place = project(tmp_path / "shop", {"tests/chat/test_a.py": "def test_a(event_contract):\n    event_contract()\n"})
    place.write({"pyproject.toml": flows})
    done = place.call("run", "--workers", "1")
    assert (done.returncode, said in done.stdout) == (1, True), done.stdout + done.stderr
