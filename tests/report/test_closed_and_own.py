"""What every format says of closed findings, of rules of one's own, and of files that are no Python."""

import json
import re
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from canonry.report.formats import Format
from tests.report.made import closed_report_of, finding, rendered
from tests.report.test_junit import suites_of
from tests.report.test_sarif import run_of
from tests.workbench import IDLE, SOUND, Folder

RULE = '''"""TEAM001."""

from collections.abc import Iterator

from canonry.rules.rule import Offence, Rule
from canonry.rules.view import FileView


class ShoutingTest(Rule):
    """A test that shouts is not heard."""

    code = "TEAM001"
    name = "shouting-test"
    help = "write it small"

    def check(self, file: FileView) -> Iterator[Offence]:
        """Every function with a loud name."""
        for fact in file.facts.functions:
            if fact.name == "test_A":
                yield Offence(site=fact.site, message="it shouts")
'''
SUMMARY = "A test that shouts is not heard."
CANON = """\
[tool.canonry]
rules-from = ["tools/rules"]

[tool.canonry.canon]
runner = "canonry run"

[tool.canonry.categories.e2e]
paths = ["tests/e2e", ".github/workflows/e2e.yml"]

[tool.canonry.flows.pay]
tests = ["tests/e2e"]
components = ["shop", "run-pay.sh"]

[[tool.canonry.suppressions]]
rules = ["RUN005"]
paths = ["legacy.sh"]
reason = "the image {x} has no runner"
until = 2199-01-31
owner = "@ops"

  [[tool.canonry.suppressions]]
  rules = ["RUN001"]
  paths = ["nowhere"]
  reason = "left over"

[[tool.canonry.rules]]
code = "OWN001"
name = "no-print"
call = "print"
use = "logging"
"""
CLOSED = (
    "def test_b():  # canonry: ignore[TST001] until=2199-01-31 owner=@ada waits for the {bank} [box](x)\n    sum([1])\n"
)
WORKFLOW = "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: pytest tests\n"
FILES: dict[str, str | bytes] = {
    "pyproject.toml": CANON,
    "CODEOWNERS": "/tests/ @ada\n/.github/ @ops @ada\n/pyproject.toml @lead\n*.sh @ops\n",
    "tools/rules/shout.py": RULE,
    "tests/e2e/test_b.py": CLOSED,
    "tests/e2e/test_c.py": IDLE,
    "tests/unit/test_a.py": "def test_A():\n    assert sum([1, 2]) == 3\n",
    "legacy.sh": "pytest a\n",
    "run-pay.sh": "pytest a  # canonry: ignore[RUN005] here\npytest b\n",
    ".github/workflows/e2e.yml": WORKFLOW,
}
DOCUMENTS: dict[str, str | bytes] = {"run.sh": "pytest a\n", "canonry.toml": "", "build.sh": "ls\n"}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    return Folder(tmp_path_factory.mktemp("shop")).start(FILES)


@pytest.fixture(scope="module")
def run(shop: Folder) -> dict[str, Any]:
    return run_of(shop.call("audit", "--output-format", "sarif").stdout)


def text_of(folder: Folder, name: str, *arguments: str) -> str:
    return folder.call("audit", "--output-format", name, *arguments).stdout


def closed_results(run: dict[str, Any]) -> list[dict[str, Any]]:
    return [result for result in run["results"] if result["suppressions"]]


# sarif ---------------------------------------------------------------------------------------------------------------


def test_closed_findings_follow_the_open_ones(shop: Folder, run: dict[str, Any]) -> None:
    report = shop.report()
    open_ones, closed = report["findings"], report["suppressed"]["findings"]

    assert [each["partialFingerprints"]["canonry/v1"] for each in run["results"]] == [
        each["fingerprint"] for each in (*open_ones, *closed)
    ]
    assert [bool(each["suppressions"]) for each in run["results"]] == [False] * len(open_ones) + [True] * len(closed)
    assert run["properties"]["suppressed"] == len(closed) == 3


def test_what_closes_a_finding(run: dict[str, Any]) -> None:
    found = {
        each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]: each["suppressions"]
        for each in closed_results(run)
    }
    artifact = {"uri": "tests/e2e/test_b.py", "uriBaseId": "%SRCROOT%"}

    assert found["tests/e2e/test_b.py"] == [{
        "kind": "inSource", "status": "accepted", "justification": "waits for the {bank} [box](x)",
        "location": {"physicalLocation": {"artifactLocation": artifact, "region": {"startLine": 1}}},
        "properties": {"until": "2199-01-31", "owner": "@ada"},
    }]  # fmt: skip
    assert found["legacy.sh"] == [{
        "kind": "external", "status": "accepted", "justification": "the image {x} has no runner",
        "properties": {"until": "2199-01-31", "owner": "@ops", "canon": "pyproject.toml", "line": 14},
    }]  # fmt: skip
    assert "properties" not in found["run-pay.sh"][0]


def test_what_code_scanning_makes_of_closed_findings_is_said(run: dict[str, Any]) -> None:
    (note,) = run["invocations"][0]["toolExecutionNotifications"]

    assert note["level"] == "note"
    assert note["message"]["text"].startswith(
        "3 results are closed by suppressions; GitHub code scanning does not read"
    )


def test_a_sample_is_drawn_of_open_findings(shop: Folder) -> None:
    run = run_of(text_of(shop, "sarif", "--sample", "1"))

    assert closed_results(run) == run["invocations"][0]["toolExecutionNotifications"] == []


def test_closed_findings_are_selected_too(shop: Folder) -> None:
    run = run_of(text_of(shop, "sarif", "--select", "TST"))

    assert [each["ruleId"] for each in closed_results(run)] == ["TST001"]


@pytest.mark.parametrize("code", ["DUP004", "OLD001"])
def test_a_rule_whose_every_finding_is_closed_is_described(code: str) -> None:
    run = run_of(rendered("sarif", closed_report_of([finding(code=code)], own={"OLD001": "old-rule"})))
    (result,) = run["results"]

    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == code


@pytest.mark.parametrize(("open_ones", "closed", "told"), [(24_999, 1, 1), (25_000, 1, 2)])
def test_closed_findings_count_where_code_scanning_counts(open_ones: int, closed: int, told: int) -> None:
    report = closed_report_of([finding() for _ in range(closed)], [finding() for _ in range(open_ones)])
    run = json.loads(rendered("sarif", report))["runs"][0]

    assert len(run["invocations"][0]["toolExecutionNotifications"]) == told


def test_own_rules_are_described_whether_or_not_they_find(shop: Folder, run: dict[str, Any]) -> None:
    described = {rule["id"]: rule for rule in run["tool"]["driver"]["rules"]}

    assert described["TEAM001"] == {
        "id": "TEAM001", "name": "shouting-test", "shortDescription": {"text": SUMMARY},
        "fullDescription": {"text": SUMMARY}, "help": {"text": "write it small"},
        "defaultConfiguration": {"level": "warning"},
        "properties": {
            "confidence": "certain", "precision": "very-high", "problem.severity": "warning",
            "tags": ["tests", "TEAM", "own rule"],
        },
    }  # fmt: skip
    assert described["OWN001"]["help"]["text"] == "use `logging` instead"
    assert [each["id"] for each in run_of(text_of(shop, "sarif", "--select", "TEAM"))["tool"]["driver"]["rules"]] == [
        "TEAM001"
    ]


def test_an_own_rule_in_preview_is_described_where_it_judged(folder: Folder) -> None:
    rule = RULE.replace("    name = ", "    preview = True\n    name = ")
    folder.write(FILES | {"tools/rules/shout.py": rule})
    asked = [run_of(text_of(folder, "sarif", *options)) for options in ([], ["--preview"])]

    assert [["TEAM001" in (rule["id"] for rule in run["tool"]["driver"]["rules"])] for run in asked] == [
        [False],
        [True],
    ]


def test_before_the_first_commit_nothing_is_uncommitted(folder: Folder) -> None:
    folder.start().write(DOCUMENTS)

    assert "no commit; canonry" in text_of(folder, "concise")
    assert "outside any commit; canonry" in text_of(folder, "full")


# the others ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["github", "gitlab", "concise", "full", "markdown"])
def test_closed_findings_stand_in_no_other_list(shop: Folder, name: str) -> None:
    text = text_of(shop, name)

    assert "run-pay.sh" in text
    assert "legacy.sh" not in text
    assert "test_b.py" not in text


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("full", "\nclosed     3 findings by suppressions: RUN005 2, TST001 1\n"),
        ("concise", ", 3 closed by suppressions; "),
        ("github", ", 3 closed by suppressions; "),
        ("markdown", "** 3 findings closed by suppressions.\n"),
        ("junit", '<property name="closed-findings" value="3"/>'),
    ],
)
def test_their_number_is_said(shop: Folder, name: str, said: str) -> None:
    assert said in text_of(shop, name)


@pytest.mark.parametrize("name", ["concise", "github", "markdown"])
def test_where_the_numbers_come_from_names_all_files(shop: Folder, name: str) -> None:
    said = "4 Python files, 3 test files, 4 files that are no Python, with 4 commands"

    assert said in text_of(shop, name).splitlines()[-1]


def test_a_case_counts_what_is_closed_in_it(shop: Folder) -> None:
    suites = suites_of(text_of(shop, "junit"))
    cases = {case.attrib["name"]: case for suite in suites.values() for case in suite.findall("testcase")}

    def said(path: str) -> str:
        return cases[path].findtext("system-out") or ""

    assert said("tests/e2e/test_b.py") == "1 finding closed by suppressions: TST001\n"
    assert cases["tests/e2e/test_b.py"].find("failure") is None
    assert said("run-pay.sh") == "1 finding closed by suppressions: RUN005\n"
    assert cases["run-pay.sh"].find("failure") is not None
    assert "legacy.sh" not in cases


def test_the_class_of_a_hidden_folder_has_no_empty_part(shop: Folder) -> None:
    root = ET.fromstring(text_of(shop, "junit"))

    assert {case.attrib["classname"] for case in root.iter("testcase")} == {
        "canonry", "canonry.github.workflows", "canonry.tests.e2e", "canonry.tests.unit",
    }  # fmt: skip


# documents -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [each.value for each in Format])
def test_a_tree_without_python_is_audited(folder: Folder, name: str) -> None:
    done = folder.write(DOCUMENTS).call("audit", "--output-format", name)

    assert done.returncode == 1
    assert "RUN005" in done.stdout or "direct-pytest-in-ci" in done.stdout
    assert not re.search(r"\b0 (Python|test) files?\b", done.stdout)


@pytest.mark.parametrize("name", [each.value for each in Format])
def test_a_tree_without_python_and_without_a_finding(folder: Folder, name: str) -> None:
    done = folder.write({"build.sh": "ls\n"}).call("audit", "--output-format", name)

    assert (done.returncode, "RUN" in done.stdout.partition("</script>")[0]) == (0, name == "sarif")
    if name == "junit":
        assert {suite: each.attrib["tests"] for suite, each in suites_of(done.stdout).items()} == {"test files": "0"}
    if name == "full":
        assert done.stdout.startswith("audited    1 file that is no Python, with 1 command\n           ")


GROUPS = {
    "folder": {".github/workflows: 1", "the root: 2", "tests/e2e: 2", "tests/unit: 2"},
    "owner": {"@ops, @ada: 1", "@lead: 1", "@ops: 1", "@ada: 4"},
}


@pytest.mark.parametrize("by", GROUPS)
@pytest.mark.parametrize("name", ["full", "concise", "markdown"])
def test_documents_and_the_canon_stand_in_their_groups(shop: Folder, name: str, by: str) -> None:
    text = text_of(shop, name, "--group-by", by).replace("\u200b", "")

    assert (
        set(re.findall(r"^(?:<details><summary>)?(\S.*?: \d+) findings?(?:,|$|<)", text, re.MULTILINE)) - {"found"}
        >= GROUPS[by]
    )


@pytest.mark.parametrize(
    ("arguments", "paths", "documents"),
    [
        (["--owner", "@lead"], {"pyproject.toml"}, 1),
        (["--owner", "@ops"], {".github/workflows/e2e.yml", "run-pay.sh"}, 3),
        (["--category", "e2e"], {".github/workflows/e2e.yml", "tests/e2e/test_c.py"}, 1),
        (["--flow", "pay"], {"run-pay.sh", "tests/e2e/test_c.py"}, 1),
        (["--owner", "@ops", "--category", "e2e"], {".github/workflows/e2e.yml"}, 1),
        ([".github"], {".github/workflows/e2e.yml"}, 1),
    ],
)
def test_narrowing_holds_for_documents(shop: Folder, arguments: list[str], paths: set[str], documents: int) -> None:
    report = shop.report(*arguments)

    assert {each["path"] for each in report["findings"]} == paths
    assert report["population"]["documents"] == documents


def test_the_carets_of_a_line_of_the_canon_stand_under_its_text(shop: Folder) -> None:
    lines = text_of(shop, "full", "--select", "GOV003").splitlines()

    assert lines[1:3] == [
        "21 |   [[tool.canonry.suppressions]]",
        "   |   " + "^" * len("[[tool.canonry.suppressions]]"),
    ]


def test_what_grew_stands_in_its_place(folder: Folder) -> None:
    entry = "[[suppressions]]\nrules = ['RUN005']\npaths = ['{}.sh']\nreason = 'why'\n"
    gone = "[[suppressions]]\nrules = ['RUN001']\npaths = ['a.sh']\nreason = 'why'\n"
    folder.start(
        {"canonry.toml": entry.format("a") + gone, "a.sh": "pytest a\n", "b.sh": "pytest b\n", "tests/test_a.py": SOUND}
    )
    folder.write({"canonry.toml": entry.format("*") + gone})

    assert [(each["code"], each["line"]) for each in folder.report()["findings"]] == [("GOV004", 1), ("GOV003", 5)]


def test_what_the_whole_tree_shows_stands_in_its_place(folder: Folder) -> None:
    body = "    def send(self): return {}\n    def close(self): return {}\n"
    folder.write({"shop/a.py": "from . import b\n\n\nclass Gateway:\n" + body.format(1, 2) + "\nfrom . import b\n"})
    folder.write({"shop/b.py": "class Gateway:\n" + body.format(3, 4)})
    found = [(each["code"], each["line"]) for each in folder.report()["findings"]]

    assert found == [("IMP001", 1), ("DUP002", 4), ("IMP001", 8)]


def test_own_families_have_a_title(shop: Folder) -> None:
    assert "\nTEAM  Rules of one's own\nTEAM001  shouting-test " in shop.call("explain").stdout
