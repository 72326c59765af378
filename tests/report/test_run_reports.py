"""Reports of a run: each valid by its format, each naming outcomes for what they are."""

import io
import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import xmlschema

from canonry.model.outcome import Outcome
from canonry.model.reliability import ClaimState, FlowClaim
from canonry.model.run_event import (
    AttemptEnded,
    CategoryEnded,
    CategoryStarted,
    FlowClaimed,
    Leaked,
    RunEnded,
    RunEvent,
    RunStarted,
    Uncollectable,
)
from canonry.report.run.formats import ReportOptions, RunFormat, open_report

SCHEMA = xmlschema.XMLSchema(Path(__file__).parent / "schemas" / "junit-10.xsd")


def ended(name: str, outcome: Outcome, **more: object) -> AttemptEnded:
    return AttemptEnded(node=f"tests/test_a.py::{name}", outcome=outcome, category="unit", **more)  # type: ignore[arg-type]


EVENTS: list[RunEvent] = [
    RunStarted(run="20260101-000000-abcdef", at=1.0, asked=("unit",)),
    CategoryStarted(name="unit"),
    *(ended(f"test_{outcome.name.lower()}", outcome, reason=f"why\x00 {outcome} <&>") for outcome in Outcome),
    ended("test_flaky", Outcome.FAILED, text="E  assert 0"),
    ended("test_flaky", Outcome.PASSED, attempt=2),
    ended("test_hopeless", Outcome.FAILED),
    ended("test_hopeless", Outcome.TIMEOUT, attempt=2),
    Leaked(node="tests/test_a.py::test_passed", kind="environment", name="SHOP"),
    Uncollectable(path="tests/test_broken.py", reason="SyntaxError: invalid syntax", line=3, text="E  ]]>"),
    CategoryEnded(name="unit", state="failed", duration=2.0),
    RunEnded(status=1, duration=3.0),
]


def rendered(name: str, events: list[RunEvent] = EVENTS) -> str:
    out = io.StringIO()
    report = open_report(name, out, ReportOptions())
    for event in events:
        report.add(event)
    report.finish()
    return out.getvalue()


def test_junit_is_valid_and_keeps_attempts() -> None:
    text = rendered("junit")
    SCHEMA.validate(text)
    root = ET.fromstring(text.encode())
    cases = {case.attrib["name"]: case for case in root.iter("testcase")}

    assert int(root.attrib["tests"]) == len(cases) == len(Outcome) + 3
    assert int(root.attrib["failures"]) == len(list(root.iter("failure")))
    assert int(root.attrib["errors"]) == len(list(root.iter("error")))
    assert [each.tag for each in cases["test_flaky"]] == ["flakyFailure"]
    assert [each.tag for each in cases["test_hopeless"]] == ["failure", "rerunFailure"]
    assert [each.tag for each in cases["test_blocked"]] == ["error"]


def test_ctrf_counts_what_it_lists() -> None:
    results = json.loads(rendered("ctrf"))["results"]
    listed = [each["status"] for each in results["tests"]]

    assert {status: listed.count(status) for status in ("passed", "failed", "skipped", "pending", "other")} == {
        status: results["summary"][status] for status in ("passed", "failed", "skipped", "pending", "other")
    }
    assert results["summary"]["tests"] == len(listed)
    assert [each["name"] for each in results["tests"] if each.get("flaky")] == ["tests/test_a.py::test_flaky"]


def test_the_terminal_names_everything_for_what_it_is() -> None:
    text = rendered("full")

    for label in ("FAIL", "SETUP ERROR", "TEARDOWN ERR", "TIMEOUT", "CRASH", "LOST", "NO SERVICE", "FLAKY", "LEAK"):
        assert f"{label} " in text
    assert "UNCOLLECTABLE tests/test_broken.py:3" in text
    assert "canonry run tests/test_a.py::test_crashed\n" in text


@pytest.mark.parametrize("name", [each.value for each in RunFormat])
def test_a_run_that_was_cut_off_is_never_green(name: str) -> None:
    text = rendered(name, EVENTS[:2])

    if name == "json":
        assert (json.loads(text)["status"], json.loads(text)["complete"]) == (5, False)
    elif name in ("full", "markdown"):
        assert "cut off" in text.lower()
        assert "nothing was validated" in text


def test_a_claim_stands_in_every_report_with_both_rates() -> None:
    claim = FlowClaim(
        flow="buy",
        state=ClaimState.NOT_YET,
        commit="c" * 40,
        environment="e",
        profile="ci",
        tests=3,
        successes=38,
        failures=2,
        excluded=2,
        partial=1,
        lower=0.8,
        needed=93,
        failing=(("tests/test_a.py::test_pay", 2),),
    )
    events = [*EVENTS[:-1], FlowClaimed(claim=claim), EVENTS[-1]]
    full, page, junit = (rendered(name, events) for name in ("full", "markdown", "junit"))
    SCHEMA.validate(junit)
    found = json.loads(rendered("json", events))["claims"]["buy"]

    assert "FLOW buy: reliability of 0.95 is not yet proven: 38 of 40 runs passed, 95.0%" in full
    for line in (
        "38 of 40 runs that count; 90.5% of all 42",
        "excluded        4.8%  2 runs that infrastructure failed",
        "at least       80.0%",
        "missing           93  clean runs more prove 0.95",
        "not counted           1 run of a part of the flow",
        "failed             2  tests/test_a.py::test_pay",
    ):
        assert line in full
    assert "- buy: reliability of 0.95 is not yet proven" in page
    assert '<property name="flow.buy.reliability" value="not yet"/>' in junit
    assert (found["rate"], found["state"], found["excluded"]) == (0.95, "not yet", 2)
