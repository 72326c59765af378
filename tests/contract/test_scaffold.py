"""`canonry contract scaffold`: what it writes runs as it is, and judges real code once that is handed to it."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from canonry.contract.load import load_contract
from canonry.contract.scaffold.cases import ask_of
from canonry.model.finding import Severity
from canonry.report.scaffold import render
from tests.workbench import Folder, environment

CONTRACT = """\
contract: chat/1
discriminator: {field: type}
envelope: {user: id, run: id, n: int}
events:
  ask: {scope: session, direction: in, fields: {text: text}}
  begin: {direction: out}
  say: {direction: out, fields: {text: text}}
  look: {direction: out, fields: {call: id, tool: id}}
  found: {direction: out, fields: {call: id, tool: id}}
  end: {direction: out}
scopes: {run: {key: [run], open: [begin], close: [end]}}
spans: {tool: {open: look, close: found, key: [call], same: [tool], inside: run}}
sequence: {field: n, start: 0, per: run}
isolation: {session: [user], canary: $canary, forbid_ids_of: other_sessions}
exchange: [{in: ask, starts: run}]
"""
CANON = """\
[tool.canonry]
tests = ["tests"]
[tool.canonry.flows.chat]
tests = ["tests/chat"]
contract = "contracts/chat.yaml"
"""
SERVICE = '''\
import json


def run(user, number):
    """The events of a run; `FAULT` makes them wrong in one way."""
    base = {"user": user, "run": f"{user}-{number}"}
    events = [
        {"type": "begin"}, {"type": "say", "text": f"for {user}"}, {"type": "look", "call": f"{user}-{number}", "tool": "t"},
        {"type": "found", "call": f"{user}-{number}", "tool": "t"}, {"type": "end"},
    ]
    if "found" in FAULT:
        del events[3]
    if "secret" in FAULT:
        events[1]["text"] = "secret of ada, secret of bob"
    return [json.dumps({**base, "n": n, **event}) for n, event in enumerate(events)]


FAULT = ""
'''
FILLED = """\
# Begun by `canonry contract scaffold`; it is yours to edit, and is not written again.
import contextlib
import json

import pytest
import websockets
from websockets.asyncio.server import serve

import service

USERS = {1: "ada", 2: "bob"}


@pytest.fixture
def emitted():
    return lambda event: service.run("ada", 1)


@pytest.fixture
def handled():
    return lambda message: service.run("ada", 1)


@pytest.fixture
def connect():
    @contextlib.asynccontextmanager
    async def connect(number):
        async def answer(connection):
            async for frame in connection:
                for each in service.run(json.loads(frame)["user"], 1):
                    await connection.send(each)

        async with serve(answer, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            async with websockets.connect(f"ws://127.0.0.1:{port}") as connection:
                user = USERS[number]
                yield connection, {"user": user, "canaries": [f"secret of {user}"]}

    return connect


@pytest.fixture
def talk():
    async def talk(connection, number, event):
        await connection.send(json.dumps({"type": "ask", "user": USERS[number], "text": "?"}))
        while json.loads(await connection.recv())["type"] != "end":
            pass

    return talk
"""


@pytest.fixture
def project(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "project").start(
        {
            "pyproject.toml": CANON,
            "contracts/chat.yaml": CONTRACT,
            "tests/test_other.py": "def test_other():\n    assert sum([1, 2]) == 3\n",
        }
    )


def scaffold(project: Folder, *options: str, folder: str = "tests/chat") -> "subprocess.CompletedProcess[str]":
    return project.call("contract", "scaffold", "contracts/chat.yaml", folder, "--flow", "chat", *options)


def run_tests(project: Folder, *options: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", "tests/chat", *options],
        cwd=project.root, capture_output=True, text=True, check=False,
        env=environment(PYTHONPATH=os.fspath(project.root), COLUMNS="200"),
    )  # fmt: skip
    return done.returncode, done.stdout


def test_what_is_written_runs_as_it_is_and_passes_the_audit(project: Folder) -> None:
    done = scaffold(project)
    assert done.returncode == 0, done.stderr

    status, said = run_tests(project)

    assert status == 0, said
    (counted,) = re.findall(r"(\d+) passed, (\d+) skipped", said)
    assert int(counted[0]) >= 15
    for fixture in ("emitted", "handled", "connect"):
        assert f"fill in the fixture `{fixture}` in conftest.py" in said
    found = project.audit().findings()
    assert [str(each) for each in found if each.severity is Severity.ERROR] == []
    assert "FLW001" not in {each.code for each in found}
    # and every test that can be filled in attaches the contract: without it, the audit has something to say
    path = project.root / "tests/chat/test_chat_contract_end_to_end.py"
    path.write_text(path.read_text().replace("event_contract", "other"))
    assert "FLW001" in {each.code for each in project.audit().findings()}


def test_a_second_run_changes_nothing_and_files_of_others_are_left_alone(project: Folder) -> None:
    scaffold(project)
    conftest = project.root / "tests/chat/conftest.py"
    conftest.write_text(conftest.read_text() + "\n# mine\n")
    before = {path: path.read_bytes() for path in project.root.rglob("tests/chat/*.py")}

    again = scaffold(project)

    assert (again.returncode, "nothing to change in `tests/chat`" in again.stderr) == (0, True)
    assert {path: path.read_bytes() for path in before} == before
    project.write({"tests/own/test_chat_contract_unit.py": "x = 1\n"})
    refused = scaffold(project, folder="tests/own")
    assert refused.returncode == 2
    assert "`tests/own/test_chat_contract_unit.py` is there already and canonry did not write it" in refused.stderr
    assert sorted(path.name for path in (project.root / "tests/own").iterdir()) == ["test_chat_contract_unit.py"]


def test_once_it_is_filled_in_it_judges_the_code(project: Folder) -> None:
    scaffold(project)
    project.write({"tests/chat/conftest.py": FILLED, "service.py": SERVICE})

    status, said = run_tests(project, "-W", "ignore")

    assert status == 0, said
    assert "skipped" not in said
    project.write({"service.py": SERVICE.replace('FAULT = ""', 'FAULT = "found secret"')})
    status, said = run_tests(project, "-W", "ignore", "-k", "code_closes or two_users")
    assert status == 1
    assert "tool.closed: the tool `ada-1` is still open" in said
    assert "isolation.canary: a text of another user comes" in said


def test_a_user_of_whom_nothing_is_said_proves_nothing(project: Folder) -> None:
    scaffold(project)
    poor = FILLED.replace(', "canaries": [f"secret of {user}"]', "")
    project.write({"tests/chat/conftest.py": poor, "service.py": SERVICE})

    status, said = run_tests(project, "-W", "ignore", "-k", "two_users")

    assert status == 1
    assert "isolation.canary judges nothing: `connect` does not say canaries of each user" in said


@pytest.mark.parametrize(("folder", "said"), [("../elsewhere", "is no folder within"), (".", "is no folder within")])
def test_a_folder_outside_the_tree_is_refused(project: Folder, folder: str, said: str) -> None:
    refused = scaffold(project, folder=folder)

    assert (refused.returncode, said in refused.stderr) == (2, True)


def test_a_folder_of_no_flow_is_told_and_names_the_contract_itself(project: Folder) -> None:
    done = scaffold(project, folder="tests/deep/er")

    assert "`tests/deep/er` is no part of a flow `chat`" in done.stderr
    text = (project.root / "tests/deep/er/test_chat_contract_integration.py").read_text()
    assert 'CONTRACT = Path(__file__).parents[3] / "contracts/chat.yaml"' in text
    assert "event_contract(CONTRACT)" in text


@pytest.mark.parametrize("protocol", ["agent-events", "a2a", "mcp"])
def test_shipped_contracts_give_tests_for_everything_they_name(protocol: str) -> None:
    loaded = load_contract(protocol)
    asked = ask_of(loaded)

    files = render(asked, contract=protocol, flow="my flow", in_flow=True, depth=2)

    for text in files.values():
        ast.parse(text)
    named = {case.name for case in asked.cases}
    assert named >= {span.name for span in loaded.plan.spans}
    assert named >= {rule.id for rule in loaded.plan.rules if rule.path[0] == "isolation"}
    assert sum(case.good is None for case in asked.cases) == 0
    assert "event_contract()" in files["test_my_flow_contract_end_to_end.py"]
