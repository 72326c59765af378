"""SARIF: valid by its public schema, exact, bounded, the same each time."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canonry import __version__
from canonry.model.finding import Severity
from canonry.rules.registry import all_rules
from tests.report.conftest import LEGIBLE
from tests.report.made import finding, place, rendered, report_of
from tests.workbench import Folder

SCHEMA = json.loads((Path(__file__).parent / "schemas" / "sarif-2.1.0-rtm.5.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft4Validator(SCHEMA)


def run_of(text: str) -> dict[str, Any]:
    """The one run of a log that is valid."""
    log = json.loads(text)
    assert [error.message for error in VALIDATOR.iter_errors(log)] == []
    (run,) = log["runs"]
    return run


@pytest.fixture(scope="module")
def run(awkward: Folder) -> dict[str, Any]:
    return run_of(awkward.call("audit", "--output-format", "sarif").stdout)


def test_the_log_is_valid_and_holds_every_finding(awkward: Folder, run: dict[str, Any]) -> None:
    findings = awkward.report()["findings"]

    assert len(findings) > len(LEGIBLE)
    for result, each in zip(run["results"], findings, strict=True):
        assert result["ruleId"] == run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == each["code"]
        assert result["partialFingerprints"] == {"canonry/v1": each["fingerprint"]}
        place = result["locations"][0]["physicalLocation"]
        assert unquote(place["artifactLocation"]["uri"]) == each["path"]
        assert place["region"] == {
            "startLine": each["line"], "startColumn": each["column"],
            "endLine": each["end"]["line"], "endColumn": each["end"]["column"],
        }  # fmt: skip


@pytest.mark.parametrize("change", [
    {"level": "fatal"}, {"message": {}}, {"locations": [{"physicalLocation": {"region": {"startLine": 0}}}]}, {"rule_id": "X"},
])  # fmt: skip
def test_the_schema_refuses_what_is_wrong(awkward: Folder, change: dict[str, Any]) -> None:
    log = json.loads(awkward.call("audit", "--output-format", "sarif").stdout)
    log["runs"][0]["results"][0] |= change

    assert not VALIDATOR.is_valid(log)


def test_the_tool_and_its_rules(run: dict[str, Any]) -> None:
    driver = run["tool"]["driver"]
    stable = [rule for rule in all_rules().values() if not rule.preview]

    assert (driver["name"], driver["version"]) == ("canonry", __version__)
    assert [rule["id"] for rule in driver["rules"]] == [rule.code for rule in stable]
    for described, rule in zip(driver["rules"], stable, strict=True):
        assert described["name"] == rule.name
        assert described["help"]["markdown"].startswith(f"# {rule.code} {rule.name}\n")
        assert described["properties"]["confidence"] == rule.confidence.value
        assert len(described["shortDescription"]["text"]) <= len(described["fullDescription"]["text"]) <= 1000
        assert len(described["properties"]["tags"]) <= 10


def test_the_levels_are_those_of_the_findings() -> None:
    findings = [finding(message=severity, severity=severity) for severity in Severity]
    found = run_of(rendered("sarif", report_of(findings)))["results"]

    assert [result["level"] for result in found] == ["error", "warning", "note"]


def test_a_folder_is_a_result_too(run: dict[str, Any]) -> None:
    (result,) = (each for each in run["results"] if each["ruleId"] == "DUP005")

    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "tests_old"
    assert "logicalLocations" not in result["locations"][0]


def test_columns_count_characters(folder: Folder) -> None:
    folder.write({"tools/run.py": "import pytest\nx = '€𝄞'; pytest.main()\n"})
    run = run_of(folder.call("audit", "--select", "RUN001", "--output-format", "sarif").stdout)

    assert run["columnKind"] == "unicodeCodePoints"
    region = run["results"][0]["locations"][0]["physicalLocation"]["region"]
    assert (region["startColumn"], region["endColumn"]) == (11, 24)


def test_the_numbers_stand_in_the_properties(awkward: Folder, run: dict[str, Any]) -> None:
    report = awkward.report()

    for key in ("commit", "dirty", "ruleset", "population", "compliance", "scope", "source"):
        assert run["properties"][key] == report[key]


def test_no_finding(sound: Folder) -> None:
    assert run_of(sound.call("audit", "--output-format", "sarif").stdout)["results"] == []


def test_the_same_audit_gives_the_same_bytes(awkward: Folder) -> None:
    first, second = (awkward.run("audit", "--output-format", "sarif", "--exit-zero") for _ in range(2))

    assert first.stdout == second.stdout


def test_selected_rules_alone(awkward: Folder) -> None:
    run = run_of(awkward.call("audit", "--output-format", "sarif", "--select", "RUN").stdout)

    assert {rule["id"][:3] for rule in run["tool"]["driver"]["rules"]} == {"RUN"}
    assert [result["ruleId"] for result in run["results"]] == ["RUN001", "RUN004"]


def test_the_other_places_of_a_cluster(clusters: Callable[..., str]) -> None:
    run = run_of(clusters("--output-format", "sarif"))
    (result,) = (each for each in run["results"] if each["ruleId"] == "DBL001")
    related = result["relatedLocations"]

    assert [each["physicalLocation"]["artifactLocation"]["uri"] for each in related] == [
        f"tests/{letter}/fake.py" for letter in "bcdefg"
    ]
    assert related[0]["message"]["text"] == "FakeB: differs in `send`"
    assert [each["id"] for each in related] == [1, 2, 3, 4, 5, 6]


def test_a_huge_cluster_is_bounded_and_counted() -> None:
    others = tuple(place(f"tests/{number}.py") for number in range(2_000))
    (result,) = run_of(rendered("sarif", report_of([finding(related=others)])))["results"]

    assert (len(result["relatedLocations"]), result["properties"]["relatedPlaces"]) == (100, 2_000)


def test_a_rule_that_is_not_ours_is_described_by_its_counts() -> None:
    report = report_of([])
    report.summary.rules.append(
        report_of([finding()]).summary.rules[0].__class__("OWN001", "own-rule", Severity.WARNING, 1, 1, 0)
    )
    rules = run_of(rendered("sarif", report))["tool"]["driver"]["rules"]
    (described,) = (rule for rule in rules if rule["id"] == "OWN001")

    assert (described["name"], described["help"]) == ("own-rule", {"text": "own rule"})
    assert described["defaultConfiguration"] == {"level": "warning"}


def test_braces_and_brackets_are_no_placeholders_and_links(awkward: Folder, run: dict[str, Any]) -> None:
    (broken,) = (each for each in run["results"] if each["ruleId"] == "SYN001")
    (linked,) = run_of(rendered("sarif", report_of([finding(message="`handlers[0](x)` {0}")])))["results"]

    assert broken["message"]["text"].replace("{{", "").replace("}}", "").count("{") == 0
    assert linked["message"]["text"].startswith("`handlers[0] (x)` {{0}}; next: ")


@pytest.mark.parametrize(("count", "told"), [(25_000, 0), (25_001, 1)])
def test_more_results_than_code_scanning_takes_are_kept_and_said(count: int, told: int) -> None:
    run = json.loads(rendered("sarif", report_of(finding() for _ in range(count))))["runs"][0]
    notes = run["invocations"][0]["toolExecutionNotifications"]

    assert len(run["results"]) == count
    assert [note["level"] for note in notes] == ["warning"] * told
    assert all("25,001 results" in note["message"]["text"] for note in notes)


def test_what_could_not_be_read_is_a_notification() -> None:
    report = report_of([finding()], missing={"tests/test gone.py": "permission denied"}, notes=["something {odd}"])
    notes = run_of(rendered("sarif", report))["invocations"][0]["toolExecutionNotifications"]

    assert [note["message"]["text"] for note in notes] == [
        "something {{odd}}",
        "the file could not be read: permission denied",
    ]
    assert notes[1]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "tests/test%20gone.py"


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda path: path.strip("/")), st.text())
def test_any_path_and_message_come_back(path: str, message: str) -> None:
    clean = message.encode("utf-8", "replace").decode()
    (result,) = run_of(rendered("sarif", report_of([finding(path, clean)])))["results"]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]

    assert unquote(uri) == path
    assert uri.isascii()
    assert not set(uri) & set(": ?#[]@")
