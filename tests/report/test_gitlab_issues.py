"""GitLab's Code Quality report: valid by a schema of what GitLab asks, which agrees with GitLab's own where that is there."""

import copy
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from canonry.model.finding import Severity
from tests.report.conftest import LEGIBLE
from tests.report.made import finding, rendered, report_of
from tests.workbench import Folder

SCHEMA = json.loads((Path(__file__).parent / "schemas" / "gitlab-code-quality.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)
ABSENT = object()
REFUSED_BY_GITLAB = [
    ({"description": ABSENT}, "description"),
    ({"fingerprint": ABSENT}, "fingerprint"),
    ({"severity": ABSENT}, "severity"),
    ({"location": ABSENT}, "location"),
    ({"description": 7}, "description"),
    ({"fingerprint": 7}, "fingerprint"),
    ({"severity": 3}, "severity"),
    ({"location": "tests/test_a.py:3"}, "location"),
    ({"location": {"path": 7, "lines": {"begin": 3}}}, "path"),
    ({"location": {"path": "a.py", "lines": 3}}, "lines"),
    ({"location": {"path": "a.py", "lines": {"begin": "3"}}}, "begin"),
]
"""Broken issues that the parser's own schema refuses, with the property that is wrong."""
REFUSED_BY_THE_DOCUMENTATION = [
    ({"check_name": ABSENT}, "check_name"),
    ({"severity": "error"}, "severity"),
    ({"description": ""}, "description"),
    ({"location": {"path": "./a.py", "lines": {"begin": 3}}}, "path"),
    ({"location": {"path": "/a.py", "lines": {"begin": 3}}}, "path"),
    ({"location": {"lines": {"begin": 3}}}, "path"),
    ({"location": {"path": "a.py"}}, "lines"),
    ({"location": {"path": "a.py", "lines": {}}}, "begin"),
    ({"location": {"path": "a.py", "lines": {"begin": 0}}}, "begin"),
]
"""Broken issues that GitLab's parser takes and its documentation does not."""


@pytest.fixture(scope="module")
def issues(awkward: Folder) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(awkward.call("audit", "--output-format", "gitlab").stdout)
    return found


def broken(issue: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """A copy of the issue with the change; `ABSENT` takes a property away."""
    changed = copy.deepcopy(issue) | change
    return {key: value for key, value in changed.items() if value is not ABSENT}


def test_an_issue_says_what_the_finding_says(awkward: Folder, issues: list[dict[str, Any]]) -> None:
    for issue, each in zip(issues, awkward.report()["findings"], strict=True):
        assert issue["description"] == f"{each['code']} {each['message']}"
        assert issue["location"] == {"path": each["path"], "lines": {"begin": each["line"], "end": each["end"]["line"]}}
    assert {issue["location"]["path"] for issue in issues} >= set(LEGIBLE.values())


def test_every_issue_is_valid(issues: list[dict[str, Any]], clusters: Callable[..., str]) -> None:
    VALIDATOR.check_schema(SCHEMA)
    others = json.loads(clusters("--output-format", "gitlab"))
    made = json.loads(rendered("gitlab", report_of(finding(each.value, severity=each) for each in Severity)))

    assert issues
    assert others
    assert made
    assert [error.message for issue in (*issues, *others, *made) for error in VALIDATOR.iter_errors(issue)] == []


@pytest.mark.parametrize(("change", "wrong"), [*REFUSED_BY_GITLAB, *REFUSED_BY_THE_DOCUMENTATION])
def test_the_schema_refuses_a_broken_issue(issues: list[dict[str, Any]], change: dict[str, Any], wrong: str) -> None:
    errors = list(VALIDATOR.iter_errors(broken(issues[0], change)))

    assert len(errors) == 1
    assert wrong in errors[0].absolute_path or f"'{wrong}'" in errors[0].message


@pytest.mark.requires("$CANONRY_GITLAB_SCHEMA")
def test_the_schema_agrees_with_that_of_gitlab(issues: list[dict[str, Any]]) -> None:
    """Both take what canonry writes and refuse what GitLab refuses; only what the documentation adds is canonry's."""
    theirs = json.loads(Path(os.environ["CANONRY_GITLAB_SCHEMA"]).read_text(encoding="utf-8"))
    validator = jsonschema.Draft7Validator(theirs)

    assert set(theirs["required"]) <= set(SCHEMA["required"])
    assert all(validator.is_valid(issue) and VALIDATOR.is_valid(issue) for issue in issues)
    assert not any(validator.is_valid(broken(issues[0], change)) for change, _ in REFUSED_BY_GITLAB)
    assert all(validator.is_valid(broken(issues[0], change)) for change, _ in REFUSED_BY_THE_DOCUMENTATION)


def test_fingerprints_are_unique_in_the_report_and_stay(awkward: Folder, issues: list[dict[str, Any]]) -> None:
    prints = [issue["fingerprint"] for issue in issues]
    again = json.loads(awkward.call("audit", "--output-format", "gitlab").stdout)

    assert len(set(prints)) == len(prints)
    assert len({each["fingerprint"] for each in awkward.report()["findings"]}) < len(prints)
    assert [issue["fingerprint"] for issue in again] == prints


def test_the_severities() -> None:
    issues = json.loads(
        rendered("gitlab", report_of(finding(severity.value, severity=severity) for severity in Severity))
    )

    assert {issue["location"]["path"]: issue["severity"] for issue in issues} == {
        "error": "major", "warning": "minor", "info": "info"
    }  # fmt: skip


def test_no_finding_is_an_empty_array(sound: Folder) -> None:
    assert sound.call("audit", "--output-format", "gitlab").stdout == "[]\n"


def test_a_cluster_is_one_issue_that_counts_its_places(clusters: Callable[..., str]) -> None:
    (issue,) = json.loads(clusters("--output-format", "gitlab", "--select", "DBL001"))

    assert issue["description"] == "DBL001 7 classes play one role (and 6 other places)"
