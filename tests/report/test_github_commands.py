"""GitHub's workflow commands: read back by the rules of the runner."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonry.model.finding import Position, Severity
from tests.report.conftest import LEGIBLE
from tests.report.made import finding, place, rendered, report_of
from tests.workbench import Folder

COMMAND = re.compile(r"::(error|warning|notice) ([^\r\n]*?)::([^\r\n]*)")


def read_commands(text: str) -> list[tuple[str, dict[str, str], str]]:
    """The commands as the runner reads them: kind, properties, message. Every line is looked at."""
    found = []
    for line in text.split("\n"):
        if line.lstrip().startswith("::"):
            match = COMMAND.fullmatch(line)
            assert match, line
            pairs = (pair.split("=", 1) for pair in match[2].split(","))
            found.append((match[1], {name: unescape(value) for name, value in pairs}, unescape(match[3])))
    return found


def unescape(text: str) -> str:
    for escape, letter in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(escape, letter)
    return text


def test_every_finding_is_a_command(awkward: Folder) -> None:
    commands = read_commands(awkward.call("audit", "--output-format", "github").stdout)
    findings = sorted(awkward.report()["findings"], key=lambda each: Severity(each["severity"]).rank)

    for (kind, properties, message), each in zip(commands, findings, strict=True):
        assert kind == each["severity"]
        assert properties["file"] == each["path"]
        assert properties["title"].startswith(f"{each['code']} ")
        assert message == f"{each['message']}; next: {each['help']}"
    assert {properties["file"] for _, properties, _ in commands} >= set(LEGIBLE.values())


def test_a_command_says_where(awkward: Folder) -> None:
    commands = read_commands(awkward.call("audit", "--output-format", "github", "--select", "RUN001").stdout)

    assert commands == [(
        "error",
        {"file": "tools/run.py", "line": "3", "endLine": "3", "col": "1", "endColumn": "16", "title": "RUN001 direct-pytest-call"},
        "`pytest.main` starts tests past the canonical runner; next: remove the call and start the tests with the canonical runner",
    )]  # fmt: skip


def test_a_folder_has_no_line(awkward: Folder) -> None:
    ((_, properties, _),) = read_commands(
        awkward.call("audit", "--output-format", "github", "--select", "DUP005").stdout
    )

    assert set(properties) == {"file", "title"}


def test_a_place_of_several_lines_has_no_columns() -> None:
    ((_, properties, _),) = read_commands(rendered("github", report_of([finding(end=Position(5, 2))])))

    assert (properties["line"], properties["endLine"]) == ("3", "5")
    assert not {"col", "endColumn"} & set(properties)


def test_the_gravest_come_first_and_the_numbers_last() -> None:
    kinds = [Severity.INFO, Severity.ERROR, Severity.WARNING, Severity.ERROR]
    text = rendered("github", report_of(finding(f"{number}.py", severity=kind) for number, kind in enumerate(kinds)))

    assert [kind for kind, _, _ in read_commands(text)] == ["error", "error", "warning", "notice"]
    assert text.splitlines()[-2].startswith("4 findings (2 errors, 1 warning, 1 info); no test file in scope")
    assert text.splitlines()[-1].startswith("commit 0123456789; canonry ")


@pytest.mark.parametrize(("count", "told"), [(10, False), (11, True)])
def test_the_log_says_that_github_shows_the_first_ones_only(count: int, told: bool) -> None:
    text = rendered("github", report_of(finding() for _ in range(count)))

    assert len(read_commands(text)) == count
    assert text.endswith("GitHub shows the first 10 annotations of each kind; all of them stand in this log\n") is told


def test_no_finding_is_no_command(sound: Folder) -> None:
    done = sound.call("audit", "--output-format", "github")

    assert done.stdout.startswith("0 findings (0 errors, 0 warnings, 0 info); compliance 100.0 %: 1 of 1 test file ")
    assert read_commands(done.stdout) == []


def test_the_other_places_of_a_cluster_follow_the_message(clusters: Callable[..., str]) -> None:
    ((_, _, message),) = read_commands(clusters("--output-format", "github", "--select", "DBL001"))

    assert message.splitlines()[1:] == [
        *(f"also tests/{letter}/fake.py:1:1: Fake{letter.upper()}: differs in `send`" for letter in "bcd"),
        "also 3 more places (all with -v)",
    ]


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.text())
def test_nothing_in_a_name_or_message_starts_a_command(path: str, message: str) -> None:
    clean = message.encode("utf-8", "replace").decode()
    ((kind, properties, said),) = read_commands(
        rendered("github", report_of([finding(path, clean, related=(place(path),))]))
    )

    assert (kind, properties["file"], properties["line"]) == ("error", path, "3")
    assert "; next: assert what the test is named for" in said
