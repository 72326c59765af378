"""Findings in groups, the places of clusters, and that no format grows with the findings."""

import io
import re
import tracemalloc
from collections.abc import Callable

import pytest

from canonry.model.finding import Confidence, Severity
from canonry.report.formats import Format, renderer
from tests.report.made import finding, rendered, report_of
from tests.workbench import IDLE, RUNNER, SOUND, Folder

HEADING = re.compile(r"^(\S.*): (\d+) findings?(, \d+ errors? among them)?$")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    files: dict[str, str | bytes] = {
        "CODEOWNERS": "/tests/ @ada\n/tests/unit/ @ada @eve\n",
        "tests/unit/api/test_a.py": IDLE,
        "tests/unit/test_b.py": IDLE + "# b\n",
        "tests/e2e/test_c.py": "import os\n\n\ndef test_a():\n    assert os.environ['A']\n",
        "tests_old/test_a.py": SOUND,
        "tools/run.py": RUNNER,
    }
    return Folder(tmp_path_factory.mktemp("shop")).start(files)


GROUPS = {
    "rule": ["TST001 no-assertion: 2", "RUN001 direct-pytest-call: 1", "RUN004 rogue-test-runner: 1",
             "DUP005 shadow-tree: 1", "ENV001 direct-environ-read: 1"],
    "folder": ["tests/unit: 2", "tools: 2", "tests/e2e: 1", "tests_old: 1"],
    "owner": ["nobody: 3", "@ada, @eve: 2", "@ada: 1"],
}  # fmt: skip


@pytest.mark.parametrize("by", GROUPS)
@pytest.mark.parametrize("name", ["full", "concise"])
def test_a_heading_and_a_count_for_each_group(shop: Folder, name: str, by: str) -> None:
    lines = shop.call("audit", "--output-format", name, "--group-by", by).stdout.splitlines()
    headings = [match for line in lines if (match := HEADING.match(line))]

    assert [f"{match[1]}: {match[2]}" for match in headings] == GROUPS[by]
    plain = shop.call("audit", "--output-format", name).stdout.splitlines()
    assert sorted(filter(is_finding, lines)) == sorted(filter(is_finding, plain))
    assert lines[-1] == plain[-1]


@pytest.mark.parametrize("by", GROUPS)
def test_markdown_has_the_same_groups(shop: Folder, by: str) -> None:
    text = shop.call("audit", "--output-format", "markdown", "--group-by", by).stdout.replace("\u200b", "")
    headings = re.findall(r"<summary>(.*?: \d+) finding", text)

    assert headings == GROUPS[by]


def is_finding(line: str) -> bool:
    return bool(re.match(r"\S+:\d+:\d+: [A-Z]{3}\d{3} ", line))


def test_a_group_says_how_many_of_its_findings_are_errors() -> None:
    report = report_of([finding("a/a.py"), finding("a/b.py", severity=Severity.INFO)], group_by="folder")

    assert rendered("concise", report).startswith("a: 2 findings, 1 error among them\na/a.py:3:5: TST001 error")


def test_no_finding_is_no_group(sound: Folder) -> None:
    assert sound.call("audit", "--group-by", "rule").stdout.startswith("audited ")


# clusters ------------------------------------------------------------------------------------------------------------

SHOWN = [f"tests/{letter}/fake.py:1:1: Fake{letter.upper()}: differs in `send`" for letter in "bcdefg"]


def test_full_and_concise_show_the_first_places(clusters: Callable[..., str]) -> None:
    full = clusters("--select", "DBL001")
    concise = clusters("--select", "DBL001", "--output-format", "concise")

    assert re.findall(r"^  = also: (.*)$", full, re.MULTILINE) == [*SHOWN[:3], "3 more places (all with -v)"]
    assert re.findall(r"^    (.*)$", concise, re.MULTILINE) == [*SHOWN[:3], "3 more places (all with -v)"]


def test_all_places_are_shown_where_they_are_asked_for(clusters: Callable[..., str]) -> None:
    assert re.findall(r"^  = also: (.*)$", clusters("--select", "DBL001", "-v"), re.MULTILINE) == SHOWN


# memory --------------------------------------------------------------------------------------------------------------


class Nowhere(io.TextIOBase):
    """A file that keeps nothing."""

    def write(self, text: str) -> int:
        return len(text)


@pytest.mark.parametrize("name", [each.value for each in Format if each.value not in ("full", "concise")])
def test_memory_does_not_grow_with_the_findings(name: str) -> None:
    def peak(count: int) -> int:
        report = report_of(finding(f"tests/test_{number % 50}.py", "m" * 200) for number in range(count))
        tracemalloc.start()
        try:
            renderer(name)(report, Nowhere())
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    bytes_each = 600 if name == "markdown" else 100  # markdown packs them to group them
    peak(10)
    assert peak(6_000) - peak(1_000) < 5_000 * bytes_each


def test_the_full_report_begins_with_what_weighs_most() -> None:
    many = [finding(f"a/{number}.py", code="IMP001", severity=Severity.WARNING) for number in range(5)]
    rest = [
        finding("b/1.py", code="MCK001", severity=Severity.WARNING),
        finding("b/2.py", code="TST005", severity=Severity.WARNING, confidence=Confidence.LIKELY),
        finding("b/3.py", code="TST001", severity=Severity.ERROR),
        finding("b/4.py", code="RUN007", severity=Severity.INFO),
    ]
    heads = [line for line in rendered("full", report_of([*many, *rest])).splitlines() if ".py:" in line]

    assert [line.split(":")[0] for line in heads] == [
        "b/3.py", "b/1.py", *(f"a/{number}.py" for number in range(5)), "b/2.py", "b/4.py"
    ]  # fmt: skip


def test_the_table_of_rules_says_how_much_the_findings_weigh() -> None:
    lighter = report_of([finding(severity=Severity.WARNING)], statistics=True)

    assert [line.split()[2] for line in rendered("full", lighter).splitlines() if line.startswith("TST001")] == [
        "warning"
    ]
