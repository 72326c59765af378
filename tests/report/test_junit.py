"""JUnit XML: valid by the schema of Jenkins' xUnit plugin, and its passed share is the compliance."""

from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import xmlschema
from hypothesis import given
from hypothesis import strategies as st

from canonry.model.finding import Severity
from tests.report.conftest import BROKEN, LEGIBLE
from tests.report.made import finding, record, rendered, report_of
from tests.workbench import IDLE, RUNNER, SOUND, Folder

SCHEMA = xmlschema.XMLSchema(Path(__file__).parent / "schemas" / "junit-10.xsd")
WARNS = "import os\n\n\ndef test_url():\n    assert os.environ['URL']\n"


def suites_of(text: str) -> dict[str, ET.Element]:
    """The suites of a valid report by name; their counts are those of their cases."""
    SCHEMA.validate(text)
    root = ET.fromstring(text.encode())
    for suite in root:
        cases = suite.findall("testcase")
        found = {
            "tests": cases,
            "failures": suite.findall("testcase/failure"),
            "skipped": suite.findall("testcase/skipped"),
        }
        assert {name: int(suite.attrib[name]) for name in found} == {name: len(each) for name, each in found.items()}
    assert int(root.attrib["tests"]) == len(root.findall("testsuite/testcase"))
    assert int(root.attrib["failures"]) == len(root.findall("testsuite/testcase/failure"))
    return {suite.attrib["name"].removeprefix("canonry: "): suite for suite in root}


def failed(suite: ET.Element) -> dict[str, str]:
    """The failed cases with their messages."""
    found = {case.attrib["name"]: case.find("failure") for case in suite.findall("testcase")}
    return {name: failure.attrib["message"] for name, failure in found.items() if failure is not None}


def audit(folder: Folder, *arguments: str) -> dict[str, ET.Element]:
    return suites_of(folder.call("audit", "--output-format", "junit", *arguments).stdout)


def test_the_cases_are_the_test_files_and_pass_as_they_comply(awkward: Folder) -> None:
    suite = audit(awkward)["test files"]
    compliance = awkward.report()["compliance"]

    assert int(suite.attrib["tests"]) == compliance["total"]
    assert int(suite.attrib["tests"]) - int(suite.attrib["failures"]) == compliance["compliant"] == 1
    written = {name.encode("unicode_escape").decode() if key == "bell" else name for key, name in LEGIBLE.items()}
    assert written <= {case.attrib["name"] for case in suite.findall("testcase")}


def test_other_files_are_cases_where_they_have_a_finding(awkward: Folder) -> None:
    suite = audit(awkward)["other files"]

    assert failed(suite) == {"tools/run.py": "2 errors: RUN001, RUN004"}
    passed = {case.attrib["name"] for case in suite.findall("testcase")} - failed(suite).keys()
    assert passed == {"shop/a.py", "tests_old"}


def test_a_case_says_what_and_what_next(folder: Folder) -> None:
    folder.write({"tests/unit/test_a.py": IDLE, "tests/unit/test_b.py": WARNS, "tests/unit/test_c.py": SOUND})
    idle, warns, fine = audit(folder)["test files"].findall("testcase")
    failure = idle.find("failure")

    assert failure is not None
    assert (failure.attrib["type"], failure.attrib["message"]) == ("TST001", "1 error: TST001")
    assert failure.text == (
        "1:1 TST001 no-assertion error: `test_total` asserts nothing\n    next: assert what the test is named for\n"
    )
    assert (warns.findtext("system-out") or "").startswith("5:12 ENV001 direct-environ-read warning: ")
    assert list(fine) == []
    assert {case.attrib["classname"] for case in (idle, warns, fine)} == {"canonry.tests.unit"}


def test_what_does_not_parse_fails_whatever_its_finding_weighs(folder: Folder) -> None:
    folder.write({"tests/test_a.py": BROKEN, "tests/test_b.py": "type X = int\n\n\ndef test_a():\n    assert 1\n"})
    suite = audit(folder, "--target-python", "3.11")["test files"]

    assert failed(suite) == {"tests/test_a.py": "1 error: SYN001", "tests/test_b.py": "does not parse"}
    assert audit(folder, "--select", "TST")["test files"].attrib["failures"] == "0"


def test_selecting_narrows_what_a_case_fails_of(folder: Folder) -> None:
    folder.write({"tests/test_a.py": IDLE, "tests/test_b.py": RUNNER})

    assert failed(audit(folder, "--select", "TST")["test files"]) == {"tests/test_a.py": "1 error: TST001"}


def test_a_sample_is_spread_over_its_files(folder: Folder) -> None:
    folder.write({f"tests/test_{letter}.py": f"{IDLE}# {letter}\n" for letter in "abcdef"})
    suite = audit(folder, "--sample", "2")["test files"]

    assert (suite.attrib["tests"], suite.attrib["failures"]) == ("6", "2")


def test_the_numbers_stand_in_the_properties(awkward: Folder) -> None:
    report = awkward.report()
    properties = {
        each.attrib["name"]: each.attrib["value"]
        for each in audit(awkward)["test files"].findall("properties/property")
    }

    assert (properties["commit"], properties["ruleset"]) == (report["commit"], report["ruleset"])
    assert (properties["compliant"], properties["test-files"]) == ("1", str(report["compliance"]["total"]))


def test_no_finding_is_a_passed_suite(sound: Folder) -> None:
    assert [(name, suite.attrib["tests"], suite.attrib["failures"]) for name, suite in audit(sound).items()] == [
        ("test files", "1", "0")
    ]


def test_what_could_not_be_read_is_skipped() -> None:
    suites = suites_of(
        rendered("junit", report_of([], [record("tests/test_a.py")], missing={"tests/test_b.py": "permission denied"}))
    )
    skipped = suites["other files"].find("testcase/skipped")

    assert skipped is not None
    assert skipped.attrib["message"] == "could not be read: permission denied"


def test_the_other_places_of_a_cluster_stand_below(clusters: Callable[..., str]) -> None:
    text = clusters("--output-format", "junit", "--select", "DBL001")
    (case,) = suites_of(text)["other files"].findall("testcase")

    assert "    also tests/b/fake.py:1:1: FakeB: differs in `send`\n" in (case.findtext("system-out") or "")


@pytest.mark.parametrize("errors", [1, 2, 12])
def test_a_failure_counts_its_errors(errors: int) -> None:
    findings = [finding("a.py") for _ in range(errors)] + [finding("a.py", severity=Severity.WARNING)]
    suite = suites_of(rendered("junit", report_of(findings, [record("a.py")])))["test files"]

    assert failed(suite) == {"a.py": f"{errors} error{'s' * (errors > 1)}: {f'{errors} ' * (errors > 1)}TST001"}


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.text(st.characters(exclude_categories=["Cs"])))
def test_any_name_and_message_is_valid_xml(path: str, message: str) -> None:
    suite = suites_of(rendered("junit", report_of([finding(path, message)], [record(path)])))["test files"]
    (case,) = suite.findall("testcase")

    if path.isprintable() and not path.isspace():
        assert case.attrib["name"] == path
    assert len(failed(suite)) == 1
