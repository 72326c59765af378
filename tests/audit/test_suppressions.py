"""Suppressions close findings, with a reason and until a day; what they close stays countable."""

import datetime as dt
import json
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from canonry.audit.compliance import summarise
from canonry.audit.result import Result
from canonry.model.finding import Finding
from canonry.rules.registry import all_rules
from canonry.source.documents.readers import registry
from canonry.source.documents.reading import Reading
from tests.workbench import SOUND, Folder, summary_of

RUNS = "import pytest\n\npytest.main([]){}\n"
WHY = "  # canonry: ignore[RUN001] until=2027-01-31 owner=@team the gateway needs it"
DAY = dt.date(2027, 1, 31)


def names_of(result: Result) -> tuple[list[tuple[str, str, int]], list[tuple[str, str, int]]]:
    """Open and closed findings."""
    return (
        [(each.code, each.path, each.line) for each in result.findings()],
        [(each.finding.code, each.finding.path, each.finding.line) for each in result.closed()],
    )


def test_an_unexpired_suppression_closes_a_finding(folder: Folder) -> None:
    result = folder.write({"tests/test_a.py": SOUND + RUNS.format(WHY)}).audit(today=DAY)
    (closed,) = result.closed()

    assert [each.code for each in result.findings()] == []
    assert (closed.finding.code, closed.finding.line, closed.line) == ("RUN001", 5, 5)
    assert (closed.reason, closed.until, closed.owner) == ("the gateway needs it", "2027-01-31", "@team")
    assert summary_of(result).suppressed == {"RUN001": 1}
    assert summary_of(result).compliance.percent == 100.0


def test_an_expired_one_closes_nothing(folder: Folder) -> None:
    folder.write({"tests/test_a.py": SOUND + RUNS.format(WHY)})
    result = folder.audit(today=DAY + dt.timedelta(days=1))

    assert [each.code for each in result.findings()] == ["RUN001", "GOV002"]
    assert list(result.closed()) == []
    assert summary_of(result).compliance.percent == 0.0


@pytest.mark.parametrize(
    "comment", ["", "ignore[RUN001]", "ignore", "ignore[RUN999] why", "ignore[RUN001] until=x why"]
)
def test_a_malformed_one_closes_nothing(folder: Folder, comment: str) -> None:
    folder.write({"tests/test_a.py": RUNS.format(f"  # canonry: {comment}" if comment else "")})
    found = [each.code for each in folder.audit().findings()]

    assert found == (["RUN001", "GOV001"] if comment else ["RUN001"])


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("RUN01", "`RUN01` is no rule, did you mean `RUN001`?"),
        ("direct-pytest-cal", "did you mean `direct-pytest-call`?"),
        ("XXYYZZ", "`XXYYZZ` is no rule, `canonry explain` lists all"),
        ("GOV004", "`GOV004` cannot be suppressed"),
    ],
)
def test_unknown_rules_are_named(folder: Folder, word: str, message: str) -> None:
    folder.write({"tests/test_a.py": f"# canonry: ignore-file[{word}] why\n"})
    (found,) = folder.findings("GOV001")

    assert message in found.message


@pytest.mark.parametrize("word", ["RUN001", "RUN", "run", "direct-pytest-call", "ENV001, RUN001"])
def test_rules_by_code_family_and_name(folder: Folder, word: str) -> None:
    folder.write({"tests/test_a.py": RUNS.format(f"  # canonry: ignore[{word}] why")})

    assert folder.findings("RUN001") == []


def test_an_audit_of_one_file_says_nothing_of_rules_that_it_does_not_ask(folder: Folder) -> None:
    text = "# canonry: ignore-file[DUP005] a tree rule\n# canonry: ignore-file[RUN001] a file rule\n"
    folder.write({"tests/test_a.py": text, "pyproject.toml": ""})

    assert [each.line for each in folder.findings("GOV003")] == [1, 2]
    assert [each.line for each in folder.audit("tests/test_a.py").findings()] == [2]


def test_a_broken_file(folder: Folder) -> None:
    text = "# canonry: ignore-file[SYN001] generated\n# canonry: ignore-file[RUN001] nobody can tell\ndef f(:\n"
    result = folder.write({"tests/test_a.py": text}).audit()

    assert names_of(result) == ([], [("SYN001", "tests/test_a.py", 3)])
    assert summary_of(result).compliance.percent == 0.0, "whatever closes the finding, nothing in the file runs"


def test_no_comment_closes_a_finding_about_itself(folder: Folder) -> None:
    folder.write({"tests/test_a.py": "x = 1  # canonry: ignore[GOV001, GOV003, RUN001]\n"})
    assert [each.code for each in folder.audit().findings()] == ["GOV001"]

    folder.write({"tests/test_a.py": "x = 1  # canonry: ignore[RUN001, GOV003] why\n"})
    assert [each.message for each in folder.audit().findings()] == [
        "the suppression closes no finding of `RUN001`, `GOV003`"
    ]


def test_another_one_may(folder: Folder) -> None:
    text = "# canonry: ignore-file[GOV003] the next release needs it\nx = 1  # canonry: ignore[RUN001] soon\n"
    open_ones, closed = names_of(folder.write({"tests/test_a.py": text}).audit())

    assert (open_ones, closed) == ([], [("GOV003", "tests/test_a.py", 2)])


# the canon -----------------------------------------------------------------------------------------------------------

CANON = """
[[suppressions]]
rules = ["RUN001"]
paths = ["tests/legacy/**"]
until = 2027-01-31
owner = "@team"
reason = "the gateway needs it"
"""


def test_the_canon_closes_by_path(folder: Folder) -> None:
    folder.write({"canonry.toml": CANON, "tests/legacy/test_a.py": RUNS.format(""), "tests/test_b.py": RUNS.format("")})
    result = folder.audit(today=DAY)

    assert names_of(result) == ([("RUN001", "tests/test_b.py", 3)], [("RUN001", "tests/legacy/test_a.py", 3)])
    assert [(each.origin, each.line) for each in result.closed()] == [("canon", 2)]

    expired = folder.audit(today=DAY + dt.timedelta(days=1))
    assert [(each.code, each.path, each.line) for each in expired.findings()] == [
        ("RUN001", "tests/legacy/test_a.py", 3),
        ("RUN001", "tests/test_b.py", 3),
        ("GOV002", "canonry.toml", 2),
    ]


@pytest.mark.parametrize("paths", ["tests_backup", "tests_backup/**", "*backup*"])
def test_the_canon_closes_what_is_said_of_a_folder(folder: Folder, paths: str) -> None:
    canon = CANON.replace("RUN001", "DUP005").replace("tests/legacy/**", paths)
    result = folder.write({"canonry.toml": canon, "tests_backup/test_a.py": SOUND, "a.py": "x = 1\n"}).audit(today=DAY)

    assert names_of(result) == ([], [("DUP005", "tests_backup", 1)])


def test_an_unused_one_of_the_canon(folder: Folder) -> None:
    folder.write({"canonry.toml": CANON, "tests/test_a.py": SOUND})

    assert [(each.path, each.line) for each in folder.findings("GOV003", today=DAY)] == [("canonry.toml", 2)]
    assert list(folder.audit("tests/test_a.py", today=DAY).findings()) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"RUN001"', '"RUN01"', "canonry.toml:3: `suppressions[0].rules[0]` names `RUN01`, which is no rule; did you mean `RUN001`?"),
        ('["RUN001"]', "[]", "`suppressions[0].rules` is empty"),
        ('["RUN001"]', '["GOV004"]', "`GOV004`, which cannot be suppressed"),
        ('["tests/legacy/**"]', "[]", "`suppressions[0].paths` is empty"),
        ("2027-01-31", '"2027-02-31"', 'expects a date such as `"2027-01-31"`, not the string `"2027-02-31"`'),
        ("2027-01-31", "2027-01-31T00:00:00", 'expects a date such as `"2027-01-31"`, not a date or time'),
        ('reason = "the gateway needs it"', "", "has no `reason`"),
        ('reason = "the gateway needs it"', "reason = ''", "expects a string that is not empty"),
    ],
)  # fmt: skip
def test_what_the_canon_may_not_say(folder: Folder, old: str, new: str, message: str) -> None:
    done = folder.write({"canonry.toml": CANON.replace(old, new), "a.py": "x = 1\n"}).call("audit")

    assert done.returncode == 2
    assert message in done.stderr


def test_a_date_as_text(folder: Folder) -> None:
    folder.write(
        {"canonry.toml": CANON.replace("2027-01-31", '"2027-01-31"'), "tests/legacy/test_a.py": RUNS.format("")}
    )

    assert names_of(folder.audit(today=DAY))[1] == [("RUN001", "tests/legacy/test_a.py", 3)]


# what is printed -----------------------------------------------------------------------------------------------------


def report_of(folder: Folder, *arguments: str) -> dict[str, Any]:
    done = folder.call("audit", "--output-format", "json", *arguments)
    found: dict[str, Any] = json.loads(done.stdout)
    return found | {"status": done.returncode}


LASTING = "  # canonry: ignore[RUN001] until=9999-12-31 owner=@team the gateway needs it"


def test_the_number_of_closed_findings_is_printed(folder: Folder) -> None:
    folder.write({"tests/test_a.py": RUNS.format(LASTING), "tests/test_b.py": SOUND})
    full, concise = folder.call("audit"), folder.call("audit", "--output-format", "concise")
    report = report_of(folder)
    (closed,) = report["suppressed"]["findings"]

    assert "closed     1 finding by suppressions: RUN001 1\n" in full.stdout
    assert "0 findings (0 errors, 0 warnings, 0 info), 1 closed by suppressions; " in concise.stdout
    assert "RUN001" not in folder.call("audit", "--statistics").stdout.partition("closed")[0]
    assert (full.returncode, report["status"]) == (0, 0)
    assert report["findings"] == report["rules"] == []
    assert report["suppressed"]["count"] == 1
    assert report["suppressed"]["rules"] == {"RUN001": 1}
    assert (closed["code"], closed["path"], closed["line"]) == ("RUN001", "tests/test_a.py", 3)
    assert closed["suppression"] == {
        "reason": "the gateway needs it", "until": "9999-12-31", "owner": "@team", "origin": "comment", "line": 3
    }  # fmt: skip


def test_selection_narrows_the_closed_ones_too(folder: Folder) -> None:
    folder.write({"tests/test_a.py": RUNS.format(LASTING)})

    assert report_of(folder, "--select", "ENV")["suppressed"]["count"] == 0
    assert report_of(folder, "--select", "RUN")["suppressed"]["count"] == 1


def test_without_suppressions_nothing_is_said(folder: Folder) -> None:
    done = folder.write({"tests/test_a.py": SOUND}).call("audit")

    assert "closed" not in done.stdout


def test_what_a_reader_reads_has_its_suppressions(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = SimpleNamespace(PATTERNS=("*.sh",), read=lambda _text: Reading())
    monkeypatch.setattr(registry, "_module", lambda _name: reader)
    reading = registry.read_document("shell", b"# canonry: ignore[RUN005] why\npytest\n")

    assert [(each.codes, each.first, each.last) for each in reading.suppressions] == [(("RUN005",), 2, 2)]


# the cache -----------------------------------------------------------------------------------------------------------


def test_a_kept_answer_is_for_its_days(folder: Folder) -> None:
    folder.write({"tests/test_a.py": RUNS.format(WHY), "pyproject.toml": ""})
    days = [DAY, DAY + dt.timedelta(days=1), DAY - dt.timedelta(days=400), DAY, DAY + dt.timedelta(days=1)]
    warm = [names_of(folder.audit(today=day, cache=True)) for day in days]
    cold = [names_of(folder.audit(today=day)) for day in days]

    assert warm == cold
    assert warm[0] != warm[1]


def test_a_kept_answer_names_its_days(folder: Folder) -> None:
    other = WHY.replace("2027-01-31", "2027-03-31")
    folder.write({"tests/test_a.py": RUNS.format(WHY) + f"pytest.main(){other}\n"})
    dates = [dt.date(2027, 1, 1), dt.date(2027, 2, 1), dt.date(2027, 4, 1)]

    assert [folder.audit(today=day).header.holds for day in dates] == [
        ("", "2027-01-31"),
        ("2027-01-31", "2027-03-31"),
        ("2027-03-31", ""),
    ]


def test_lines_of_the_canon_are_those_of_today(folder: Folder) -> None:
    folder.write({"canonry.toml": CANON, "tests/test_a.py": SOUND})
    before = [each.line for each in folder.audit(today=DAY, cache=True).findings()]
    folder.write({"canonry.toml": "\n\n" + CANON})

    assert (before, [each.line for each in folder.audit(today=DAY, cache=True).findings()]) == ([2], [4])


# laws ----------------------------------------------------------------------------------------------------------------

STATEMENTS = {
    "RUN001": "pytest.main([])",
    "ENV002": "os.environ['A'] = 'b'",
    "ENV001": "os.getenv(\n    'A',\n)",
    "IMP002": "sys.path.insert(0, 'x')",
    "": "x = 1",
}
WORDS = ["RUN001", "RUN", "ENV001", "ENV", "IMP002", "direct-environ-write", "TST001"]
COMMENTS = st.one_of(
    st.just(""),
    st.builds(
        "# canonry: {}[{}]{} {}".format,
        st.sampled_from(["ignore", "ignore-file"]),
        st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(",".join),
        st.sampled_from(["", " until=2027-01-31", " until=2020-01-31", " owner=@a", " until=never"]),
        st.sampled_from(["because", "because", "because", ""]),
    ),
)
PARTS = st.tuples(st.sampled_from(list(STATEMENTS)), COMMENTS, COMMENTS)


def program(parts: list[tuple[str, str, str]], *, comments: bool) -> str:
    """The same lines with or without what the comments say."""
    lines = ["import os, sys, pytest"]
    for code, above, behind in parts:
        lines += [above if comments else "#", STATEMENTS[code] + (f"  {behind}" if comments and behind else "")]
    return "\n".join(lines) + "\n"


def key(finding: Finding) -> tuple[str, str, int, int, str, str]:
    return (finding.code, finding.path, finding.line, finding.column, finding.message, finding.fingerprint)


def is_about_suppressions(finding: Finding) -> bool:
    return finding.code.startswith("GOV")


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(PARTS, max_size=7), st.sampled_from(["", CANON.replace("tests/legacy/**", "tests/**")]))
def test_nothing_is_lost_and_nothing_is_added(folder: Folder, parts: list[tuple[str, str, str]], canon: str) -> None:
    folder.write({"canonry.toml": "", "tests/test_a.py": program(parts, comments=False)})
    plain = sorted(map(key, folder.audit(today=DAY).findings()))
    folder.write({"canonry.toml": canon, "tests/test_a.py": program(parts, comments=True)})
    result = folder.audit(today=DAY)
    open_ones = [each for each in result.findings() if not is_about_suppressions(each)]
    closed = [each.finding for each in result.closed() if not is_about_suppressions(each.finding)]

    assert sorted(map(key, [*open_ones, *closed])) == plain
    assert all(each.reason for each in result.closed())
    assert all(not each.until or each.until >= "2027-01-31" for each in result.closed())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([code for code in STATEMENTS if code]), st.booleans(), st.integers(0, 5), st.integers(0, 3))
def test_what_moves_with_its_comment_stays_closed(folder: Folder, code: str, above: bool, down: int, deep: int) -> None:
    comment = f"# canonry: ignore[{code}] because"
    body = f"{comment}\n{STATEMENTS[code]}" if above else f"{STATEMENTS[code]}  {comment}"
    for number in range(deep):
        body = f"if x{number}:\n" + "\n".join("    " + line for line in body.splitlines())
    text = "import os, sys, pytest\n" + "x = 1\n" * down + body + "\n"
    result = folder.write({"tests/test_a.py": text}).audit()

    assert [each.code for each in result.findings()] == []
    assert [each.finding.code for each in result.closed()] == [code]


def test_a_closed_finding_keeps_its_fingerprint(folder: Folder) -> None:
    folder.write({"tests/test_a.py": RUNS.format("")})
    (before,) = folder.findings("RUN001")
    folder.write({"tests/test_a.py": RUNS.format(LASTING)})
    (after,) = folder.audit().closed()

    assert after.finding == before


def test_summaries_name_every_rule(folder: Folder) -> None:
    result = folder.write({"tests/test_a.py": RUNS.format(LASTING)}).audit()
    names = {code: (rule.name, rule.severity) for code, rule in all_rules().items()}

    assert summarise(result, names, selected=frozenset(("ENV001",))).suppressed == {}
