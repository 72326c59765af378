"""How far rules were red under faults: a pair counts once a proven fault turned it red, on the code that is there."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from canonry.contract.load import load_contract
from canonry.history.fault_matrix import CIRCUMSTANCES, faults_of, looked_at

PLAN = load_contract("agent-events").plan
COMPONENT = "shop/realtime.py"


def write(root: Path, *cells: dict[str, Any], **more: Any) -> str:
    (root / "shop").mkdir(exist_ok=True)
    (root / COMPONENT).write_text("limit = 10\n")
    digest = hashlib.sha256((root / COMPONENT).read_bytes()).hexdigest()
    document = {"format": 1, "cells": cells, "files": {COMPONENT: digest}, **more}
    (root / "matrix.json").write_text(json.dumps(document))
    return "matrix.json"


def cell(*rules: str, under: str = "disconnect", proven: bool = True) -> dict[str, Any]:
    return {"fault": "swap", "rules": rules, "under": under, "proven": proven, "engine": "sqlite"}


def test_pairs_of_rule_and_circumstance_are_counted_once(tmp_path: Path) -> None:
    place = write(
        tmp_path,
        cell("sequence.seq", "run.closed"),
        cell("sequence.seq"),
        cell("sequence.seq", under="slow reader"),
        cell("isolation.canary", under="concurrent users", proven=False),
        cell("run.once", under=""),
        cell("envelope.user_id", "deadline.between"),
    )
    found = faults_of(tmp_path, place, PLAN, [COMPONENT])

    assert not found.note
    assert (found.part, found.whole) == (3, len(list(looked_at(PLAN))) * len(CIRCUMSTANCES))
    assert "isolation.canary under concurrent users" in found.missing
    assert "sequence.seq under concurrent users" in found.missing
    assert "sequence.seq under disconnect" not in found.missing


def test_isolation_and_ordering_rules_are_looked_at_and_no_others() -> None:
    rules = set(looked_at(PLAN))

    assert {"isolation.canary", "sequence.seq", "run.constant.user_id", "tool.opened", "run.closed"} <= rules
    assert not {"frame.json", "deadline.between", "tool.same.payload.tool_name", "exchange.ping"} & rules


def test_a_matrix_of_other_code_counts_nothing(tmp_path: Path) -> None:
    place = write(tmp_path, cell("sequence.seq"))
    (tmp_path / COMPONENT).write_text("limit = 11\n")

    assert f"`{COMPONENT}` has changed since" in faults_of(tmp_path, place, PLAN, [COMPONENT]).note
    assert "`shop/new.py` has changed" in faults_of(tmp_path, place, PLAN, ["shop/new.py"]).note


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "no fault matrix has run"),
        ("{", "holds no fault matrix"),
        ('{"format": 1}', "holds no fault matrix"),
        ('{"format": 9, "cells": [], "files": {}}', "is of version 9"),
    ],
)
def test_what_is_no_matrix_is_said(tmp_path: Path, content: str | None, said: str) -> None:
    if content is not None:
        (tmp_path / "matrix.json").write_text(content)
    found = faults_of(tmp_path, "matrix.json", PLAN, [])

    assert said in found.note
    assert found.share is None
