"""Every rule of a contract has a stream that it refuses; what no stream turns red is named."""

import json
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from canonry.contract.examine import examine
from canonry.contract.load import load_contract, read_contract, shipped
from canonry.contract.mutate.judge import judge
from canonry.contract.mutate.matrix import Matrix, Mutant, Outcome, kill_matrix
from docs import refresh
from tests.workbench import call_canonry

SMALL = """\
contract: small/1
discriminator: {field: type}
envelope: {run: id}
events:
  say: {fields: {text: text}, schema: {}}
scopes:
  run: {key: [run], open: [start], close: [stop]}
deadline: [{between: any, max: 2s}]
"""


@cache
def proven(name: str) -> Matrix:
    return kill_matrix(load_contract(name).plan)


@pytest.fixture(params=shipped())
def matrix(request: pytest.FixtureRequest) -> tuple[str, Matrix]:
    return request.param, proven(request.param)


def test_every_rule_of_a_shipped_contract_is_proven(matrix: tuple[str, Matrix]) -> None:
    name, found = matrix
    assert [rule.id for rule in load_contract(name).plan.rules] == [rule.id for rule in found.rules]
    assert found.unproven == ()
    assert found.living == ()
    assert len(found.mutants) >= max(len(found.rules), 10)


def test_both_checkers_say_the_same_of_every_mutant(matrix: tuple[str, Matrix]) -> None:
    name, found = matrix
    plan = load_contract(name).plan
    for mutant in found.mutants[:: 1 + len(found.mutants) // 70]:
        assert mutant.stream is not None
        assert dict(Counter(each.rule for each in judge(plan, mutant.stream))) == mutant.rules, mutant.title


def test_the_check_of_a_mutants_recording_names_the_rule(matrix: tuple[str, Matrix]) -> None:
    name, found = matrix
    contract = load_contract(name)
    for mutant in found.mutants[:: 1 + len(found.mutants) // 8]:
        assert mutant.stream is not None
        lines = list(mutant.stream.encode())
        examined = examine(contract, [("mutant", lines)], facts=mutant.stream.facts, examples=False)
        assert mutant.rule in {finding.violation.rule for finding in examined.findings}


def test_most_mutants_are_refused_by_their_rule_alone(matrix: tuple[str, Matrix]) -> None:
    _, found = matrix
    assert sum(mutant.exact for mutant in found.mutants) / len(found.mutants) > 0.75


def test_the_pages_of_shipped_contracts_say_so() -> None:
    pages = refresh.contract_pages([(load_contract(name), proven(name)) for name in shipped()])
    assert refresh.renew_pages(refresh.CONTRACTS, pages, check=True) == []


def test_a_text_of_somebody_else_is_a_mutant_in_each_way_that_it_may_come() -> None:
    found = kill_matrix(load_contract("agent-events").plan, only=frozenset(["isolation.canary"]))
    assert [(mutant.way, mutant.outcome, mutant.exact) for mutant in found.mutants] == [
        ("plain", Outcome.KILLED, True),
        ("base64", Outcome.KILLED, True),
        ("split", Outcome.KILLED, True),
    ]


def test_another_seed_gives_other_mutants_and_the_same_one_the_same() -> None:
    plan = load_contract("agent-events").plan

    def streams(seed: int) -> list[bytes]:
        return [_bytes(mutant) for mutant in kill_matrix(plan, seed=seed, only=frozenset(["run.ended"])).mutants]

    assert streams(1) == streams(1) != streams(2)


def _bytes(mutant: Mutant) -> bytes:
    return b"" if mutant.stream is None else b"".join(mutant.stream.encode())


def test_what_nothing_can_break_is_no_rule() -> None:
    contract = read_contract(
        SMALL
        + """\
spans: {call: {open: begin, close: end, key: [call], inside: run}}
count: {say: 0.., "span:call": ..3}
unknown: allow
""".replace("events:", "")
    )
    rules = {rule.id for rule in contract.plan.rules}
    assert {"count.say", "events.unknown", "run.key"}.isdisjoint(rules)
    assert {"count.call", "call.key", "run.opened"} <= rules


# the command ---------------------------------------------------------------------------------------------------------


def test_a_rule_that_no_mutant_turns_red_is_named(tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(SMALL)
    run = call_canonry("contract", "mutants", "small.yaml", cwd=tmp_path)
    assert run.returncode == 1
    assert "unproven: schema.say: no stream was found in which it could be broken" in run.stdout
    assert ["deadline.between", "killed", "wait"] in [line.split()[:3] for line in run.stdout.splitlines()]
    document = json.loads(
        call_canonry("contract", "mutants", "small.yaml", "--output-format", "json", cwd=tmp_path).stdout
    )
    assert document["unproven"] == ["schema.say"]
    by_rule = {rule["id"]: rule for rule in document["rules"]}
    assert by_rule["run.ended"]["proven"] is True
    assert by_rule["run.ended"]["mutants"][0]["refused_by"] == {"run.ended": 1}
    assert by_rule["fields.say.text"]["line"] == 5


def test_a_contract_that_is_proven_exits_with_0(tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(SMALL.replace(", schema: {}", ""))
    run = call_canonry("contract", "mutants", "small.yaml", cwd=tmp_path)
    assert run.returncode == 0
    assert run.stdout.splitlines()[-1].startswith("small/1: ")
    assert "unproven" not in run.stdout
    alone = call_canonry("contract", "mutants", "small.yaml", "--rule", "run.ended", cwd=tmp_path)
    assert alone.stdout.splitlines()[0].split() == ["run.ended", "killed", "drop", "the", "closing", "`stop`"]


def test_a_rule_that_is_not_there_is_the_users_mistake(tmp_path: Path) -> None:
    run = call_canonry("contract", "mutants", "agent-events", "--rule", "run.end", cwd=tmp_path)
    assert (run.returncode, run.stdout) == (2, "")
    assert "`agent-events` has no rule `run.end`" in run.stderr
