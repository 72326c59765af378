"""`canonry contract generate`, `export` and `explain`, as they are called."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from canonry.contract.export.asyncapi import asyncapi
from canonry.contract.export.json_schema import events_schema
from canonry.contract.generate.streams import Generator
from canonry.contract.load import load_contract, shipped
from tests.contract.mutants import first_mutants
from tests.workbench import call_canonry


def test_a_generated_recording_is_accepted_by_check(tmp_path: Path) -> None:
    made = call_canonry(
        "contract", "generate", "agent-events", "--seed", "4", "--runs", "2", "--sessions", "2", "--output", "a.jsonl",
        "--facts", "whose.json", cwd=tmp_path,
    )  # fmt: skip
    assert (made.returncode, made.stdout, made.stderr) == (0, "", "")
    judged = call_canonry("contract", "check", "agent-events", "a.jsonl", "--sessions", "whose.json", cwd=tmp_path)
    assert judged.returncode == 0
    assert judged.stdout.startswith("holds: agent-events/1; ")
    written = (tmp_path / "a.jsonl").read_text()
    again = call_canonry(
        "contract", "generate", "agent-events", "--seed", "4", "--runs", "2", "--sessions", "2", cwd=tmp_path
    )
    assert again.stdout == written
    assert {line["conn"] for line in map(json.loads, written.splitlines())} == {"c1", "c2"}


def test_a_contract_without_a_stream_is_the_users_mistake(tmp_path: Path) -> None:
    (tmp_path / "never.yaml").write_text(
        "contract: never/1\ndiscriminator: {field: type}\nscopes: {run: {open: [start], close: [stop]}}\n"
        "events: {a: {fields: {status: [x]}}}\nstates: {field: status, edges: {x: []}, stay: false}\ncount: {a: 2..}\n"
    )
    run = call_canonry("contract", "generate", "never.yaml", cwd=tmp_path)
    assert (run.returncode, run.stdout) == (2, "")
    assert "no valid stream of `never/1` was found: each attempt still owes `count.a`" in run.stderr


@pytest.mark.parametrize("name", shipped())
def test_the_json_schema_takes_every_event_and_refuses_fields_that_the_contract_refuses(name: str) -> None:
    plan = load_contract(name).plan
    schema = events_schema(plan)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    generator = Generator(plan)
    for seed in range(3):
        for line in generator.stream(seed, runs=2).lines:
            assert line.event is None or validator.is_valid(line.event), line
    rules = [rule.id for rule in plan.rules if rule.id.startswith("fields.") and "rfc3339" not in rule.sentence]
    for mutant in first_mutants(plan, rules[:: 1 + len(rules) // 4]):
        assert mutant.stream is not None
        events = [line.event for line in mutant.stream.lines if line.event is not None]
        assert not all(validator.is_valid(event) for event in events), mutant.rule


@pytest.mark.parametrize("name", shipped())
def test_the_asyncapi_document_has_the_structure_that_version_3_asks_for(name: str, tmp_path: Path) -> None:
    run = call_canonry("contract", "export", name, "--to", "asyncapi", cwd=tmp_path)
    document = json.loads(run.stdout)
    assert document == asyncapi(load_contract(name).plan)
    assert document["asyncapi"] == "3.0.0"
    assert document["info"]["title"] == name
    assert isinstance(document["info"]["version"], str)
    assert document.keys() <= {
        "asyncapi", "id", "info", "servers", "defaultContentType", "channels", "operations", "components"
    }  # fmt: skip
    for channel in document["channels"].values():
        assert channel.keys() <= {"address", "messages", "title", "summary", "description", "servers", "parameters"}
        for key, message in channel["messages"].items():
            assert re.fullmatch(r"[A-Za-z0-9._-]+", key)
            assert pointed_at(document, message["$ref"])["payload"]["schemaFormat"].startswith(
                "application/schema+json"
            )
    for operation in document["operations"].values():
        assert operation["action"] in ("send", "receive")
        channel = pointed_at(document, operation["channel"]["$ref"])
        for part in (operation, *([operation["reply"]] if "reply" in operation else [])):
            for message in part["messages"]:
                assert message["$ref"].startswith(f"{operation['channel']['$ref']}/messages/")
                assert pointed_at(document, message["$ref"]) in channel["messages"].values()
    for message in document["components"]["messages"].values():
        jsonschema.Draft202012Validator.check_schema(message["payload"]["schema"])


def pointed_at(document: Any, reference: str) -> Any:
    for part in reference.removeprefix("#/").split("/"):
        document = document[part]
    return document


def test_what_a_service_sends_and_receives_is_told_from_its_side() -> None:
    operations = asyncapi(load_contract("agent-events").plan)["operations"]
    assert operations["receive_user_message"]["reply"]["messages"] == [{"$ref": "#/channels/session/messages/error"}]
    assert "send_agent_started" in operations
    assert "receive_agent_started" not in operations


def test_a_rule_is_explained_with_a_stream_that_breaks_it(tmp_path: Path) -> None:
    run = call_canonry("contract", "explain", "call.refers", cwd=tmp_path)
    assert run.returncode == 0
    assert run.stdout.startswith("call.refers of ag-ui/1\n  demands: what refers to a call names one that was there\n")
    assert "  written: ag-ui:" in run.stdout
    assert "  source: events, ToolCallResult: " in run.stdout
    document = json.loads(
        call_canonry("contract", "explain", "run.ended", "agent-events", "--output-format", "json", cwd=tmp_path).stdout
    )
    assert document["mutant"]["refused_by"] == {"run.ended": 1}
    assert document["line"] is not None
    # the fewest events that break it: the run opens, and nothing comes
    assert [json.loads(line)["event"]["type"] for line in document["example"]] == ["agent_started"]


def test_a_misspelt_rule_is_the_users_mistake(tmp_path: Path) -> None:
    run = call_canonry("contract", "explain", "run.endde", cwd=tmp_path)
    assert (run.returncode, run.stdout) == (2, "")
    assert "no shipped contract has a rule `run.endde`; did you mean `run.ended`?" in run.stderr
