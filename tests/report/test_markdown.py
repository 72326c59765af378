"""Markdown: what a reader sees once it is rendered, and that nothing of a name or message acts."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from canonry.model.finding import Severity
from canonry.report.style import printable
from tests.report.conftest import LEGIBLE
from tests.report.made import finding, place, record, rendered, report_of
from tests.workbench import Folder

OURS = {"details", "summary", "sub", "/details", "/summary", "/sub"}
COMMENT = 65_536
"""The characters that a comment on GitHub holds."""


def tokens_of(text: str) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").enable("strikethrough").parse(text)


def inline(text: str) -> list[Token]:
    return [child for token in tokens_of(text) for child in token.children or ()]


def seen(text: str) -> str:
    """What is to be read, without the marks that part mentions."""
    return " ".join(token.content for token in inline(text) if token.type in ("text", "code_inline")).replace(
        "\u200b", ""
    )


def tags(text: str) -> set[str]:
    raw = [token.content for token in tokens_of(text) if token.type == "html_block"]
    raw += [token.content for token in inline(text) if token.type == "html_inline"]
    return {tag.split()[0] for each in raw for tag in re.findall(r"<([^>]*)>", each)}


def tables(text: str) -> list[list[list[str]]]:
    """The tables, as rows of cells."""
    found: list[list[list[str]]] = []
    inside = False
    for token in tokens_of(text):
        if token.type in ("table_open", "table_close"):
            inside = token.type == "table_open"
            found += [[]] if inside else []
        elif token.type == "tr_open":
            found[-1].append([])
        elif token.type == "inline" and inside:
            found[-1][-1].append("".join(child.content for child in token.children or ()))
    return found


def test_the_verdict_has_compliance_and_both_counts(awkward: Folder) -> None:
    report = awkward.report()
    text = awkward.call("audit", "--output-format", "markdown").stdout
    total = report["compliance"]["total"]

    assert text.startswith("## canonry: 15 errors, 2 warnings\n")
    assert f"**Compliance 7.1 %: 1 of {total} test files without an error.**" in text
    assert f"commit {report['commit'][:10]}; canonry" in text.splitlines()[-1]


def test_the_tables_are_those_of_the_numbers(awkward: Folder) -> None:
    rules, worst = tables(awkward.call("audit", "--output-format", "markdown").stdout)
    report = awkward.report()

    assert rules[0] == ["rule", "severity", "findings", "errors", "files"]
    assert {row[0]: row[1:] for row in rules[1:]} == {
        f"{each['code']} {each['name']}": [each["severity"], *(str(each[key]) for key in ("count", "errors", "files"))]
        for each in report["rules"]
    }
    assert worst[0] == ["errors", "findings", "file"]
    assert worst[1] == ["2", "2", "tools/run.py"]


def test_the_findings_stand_below_their_rules(awkward: Folder) -> None:
    text = awkward.call("audit", "--output-format", "markdown").stdout

    assert "<details><summary>TST001 no-assertion: 12 findings</summary>" in text
    assert "- `tools/run.py:3:1` error RUN001: `pytest.main` starts tests past the canonical runner\n" in text
    assert "- and 2 more\n" in text


def test_every_awkward_name_is_shown_as_it_is(awkward: Folder) -> None:
    text = awkward.call("audit", "--output-format", "markdown").stdout
    worst = awkward.call("audit", "--output-format", "markdown", "--worst", "20").stdout

    assert {row[2] for row in tables(worst)[1]} >= {printable(name) for name in LEGIBLE.values()}
    assert sum(f"{printable(name)}:1:1" in seen(text) for name in LEGIBLE.values()) == 10
    assert tags(text) | tags(worst) <= OURS


def test_nobody_is_called_and_nothing_linked() -> None:
    text = rendered(
        "markdown", report_of([finding("tests/@ada/#1.py", "ask @ada about #12 at https://a.example, not `@eve`")])
    )
    plain = " ".join(token.content for token in inline(text) if token.type == "text")

    assert not re.search(r"[@#]\w|://\w", plain)
    assert "ask @ada about #12 at https://a.example" in seen(text)


@pytest.mark.parametrize(
    "shown", ["a | b", "<script>x</script>", "*a* _b_ ~~c~~", "[a](b)", "![a](b)", "a\\b", "&amp;", "$x$", "x < y & z"]
)
def test_markup_in_a_message_is_text(shown: str) -> None:
    text = rendered("markdown", report_of([finding(message=f"it says {shown}")]))

    assert f"it says {shown}" in "".join(
        token.content for token in inline(text) if token.type in ("text", "text_special")
    )
    assert tags(text) <= OURS


@pytest.mark.parametrize(
    ("message", "codes"),
    [("`a` and `b|c`", ["a", "b|c"]), ("a ` alone", []), ("`a` and ` alone", ["a"]), ("``", []), ("`<b>`", ["<b>"])],
)
def test_code_in_a_message_stays_code(message: str, codes: list[str]) -> None:
    text = rendered("markdown", report_of([finding("x.py", message)]))
    found = [token.content for token in inline(text) if token.type == "code_inline"]

    assert [each for each in found if not each.startswith("x.py")] == codes


def test_the_report_fits_into_a_comment_and_counts_what_it_leaves_out() -> None:
    long = "a" * 300
    by_rule = report_of(
        finding(f"{long}/{number}.py", "m" * 1000, related=tuple(place(long) for _ in range(9)))
        for number in range(900)
    )
    by_folder = report_of(
        (
            finding(f"{letter * 200}/{number}.py", "m" * 400)
            for letter in "abcdefghijklmnopqrst"
            for number in range(20)
        ),
        group_by="folder",
    )
    text = rendered("markdown", by_folder)
    shown = text.count("<details>")

    assert len(rendered("markdown", by_rule)) < COMMENT
    assert len(text) < COMMENT
    assert 5 < shown < 20
    assert text.count("- and 10 more\n") in (shown, shown - 1)
    assert f"\n{(20 - shown) * 20} findings of {20 - shown} more groups left out; `canonry audit` prints all.\n" in text


def test_the_counts_alone(awkward: Folder) -> None:
    counts = awkward.call("audit", "--output-format", "markdown", "--statistics").stdout
    worst = awkward.call("audit", "--output-format", "markdown", "--worst", "3").stdout

    assert "<details>" not in counts + worst
    assert len(tables(worst)[1]) == 4
    assert "Errors stand in 11 more files." in worst


def test_no_finding(sound: Folder) -> None:
    text = sound.call("audit", "--output-format", "markdown").stdout

    assert text.startswith(
        "## canonry: nothing found\n\n**Compliance 100.0 %: 1 of 1 test file without an error.**\n\n<sub>"
    )
    assert tables(text) == []


def test_the_other_places_of_a_cluster_stand_below(clusters: Callable[..., str]) -> None:
    text = clusters("--output-format", "markdown", "--select", "DBL001")

    assert "  - `tests/b/fake.py:1:1` FakeB: differs in `send`\n" in text
    assert "  - and 3 more places\n" in text


def test_owners_are_named_without_being_called() -> None:
    report = report_of([finding("tests/a.py")], [record("tests/a.py")], owners="* @ada @team/core\n", group_by="owner")
    text = rendered("markdown", report)

    assert not re.search(r"@\w", text)
    assert "@ada, @team/core: 1 finding" in text.replace("\u200b", "")


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60), st.text(max_size=60))
def test_any_name_and_message_keeps_the_shape(path: str, message: str) -> None:
    report = report_of([finding(path, message.encode("utf-8", "replace").decode(), severity=Severity.ERROR)])
    text = rendered("markdown", report)
    rules, worst = tables(text)

    assert [len(row) for row in (*rules, *worst)] == [5, 5, 3, 3]
    assert tags(text) <= OURS
    assert not re.search(r"[@#]\w", "\n".join(token.content for token in inline(text) if token.type == "text"))
    if path.strip() == path and "\n" not in path:
        assert worst[1][2] == printable(path)
