"""GitLab's Code Quality report: what GitLab's documentation asks of it, and GitLab's own schema where it is there."""

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

SEVERITIES = {"info", "minor", "major", "critical", "blocker"}


@pytest.fixture(scope="module")
def issues(awkward: Folder) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(awkward.call("audit", "--output-format", "gitlab").stdout)
    return found


def test_an_issue_has_what_gitlab_documents(awkward: Folder, issues: list[dict[str, Any]]) -> None:
    for issue, each in zip(issues, awkward.report()["findings"], strict=True):
        assert issue["description"] == f"{each['code']} {each['message']}"
        assert issue["check_name"]
        assert issue["location"] == {"path": each["path"], "lines": {"begin": each["line"], "end": each["end"]["line"]}}
        assert issue["severity"] in SEVERITIES
    assert {issue["location"]["path"] for issue in issues} >= set(LEGIBLE.values())


@pytest.mark.requires("$CANONRY_GITLAB_SCHEMA")
def test_an_issue_is_valid_by_the_schema_of_gitlab(issues: list[dict[str, Any]]) -> None:
    schema = json.loads(Path(os.environ["CANONRY_GITLAB_SCHEMA"]).read_text(encoding="utf-8"))

    assert issues
    for issue in issues:
        jsonschema.validate(issue, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({key: value for key, value in issues[0].items() if key != "fingerprint"}, schema)


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
