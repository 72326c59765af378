"""Figures that documents quote: found, recomputed, refused where they are stale; nothing but reading commands is run."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonry.model.errors import UserError
from canonry.standing.quoted import Quote, asks, at_path, checked, quotes_in, rewritten, written_as
from tests.workbench import IDLE, ROOT, SOUND, Folder, call_canonry

DATA: dict[str, Any] = {
    "compliance": {"percent": 33.68, "total": 3575},
    "rules": [{"code": "RUN001", "count": 74}, {"code": "TST001", "count": 0}],
    "commit": "abc",
    "dirty": False,
    "nothing": None,
}


def compute(command: str) -> Any:
    assert command == "audit"
    return DATA


def mark(value: str, path: str = "compliance.percent", command: str = "audit") -> str:
    return f"<!-- canonry {command} | {path} -->{value}<!-- /canonry -->"


@pytest.mark.parametrize(
    ("path", "figure"),
    [
        ("compliance.percent", 33.68),
        ("rules[code=RUN001].count", 74),
        ("rules[0].code", "RUN001"),
        ("rules[-1].count", 0),
        ("rules.length", 2),
        ("dirty", False),
    ],
)
def test_a_path_names_a_figure(path: str, figure: object) -> None:
    assert at_path(DATA, path) == figure


@pytest.mark.parametrize(
    "path",
    ["", "compliance", "nothing", "rules[9].count", "rules[code=NOPE].count", "a..b", "compliance percent", "commit.x"],
)
def test_a_path_to_nothing_is_one_sentence(path: str) -> None:
    with pytest.raises(UserError) as caught:
        at_path(DATA, path)

    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("figure", "quoted", "written"),
    [
        (33.68, "33.7 %", "33.7 %"),
        (33.68, "34", "34"),
        (33.68, "33.6 %", "33.7 %"),
        (3575, "3,575 bypasses", "3,575 bypasses"),
        (3576, "3,575 bypasses", "3,576 bypasses"),
        (3576, "3575", "3576"),
        (12_345, "12", "12,345"),
        (90.0, "90.0 %", "90.0 %"),
        ("passed", "failed", "passed"),
        (True, "false", "true"),
        (7, "many", "7"),
    ],
)
def test_a_figure_is_written_as_the_document_writes_it(figure: object, quoted: str, written: str) -> None:
    assert written_as(figure, quoted) == written


@given(
    st.one_of(st.integers(-(10**9), 10**9), st.floats(-1e6, 1e6)),
    st.integers(0, 4),
    st.sampled_from(["", " %", " tests"]),
)
def test_what_is_written_holds_the_next_time(figure: float, decimals: int, after: str) -> None:
    quoted = f"{figure:,.{decimals}f}{after}"

    assert written_as(figure, quoted) == quoted


@given(st.integers(0, 10**7), st.integers(0, 10**7))
def test_writing_twice_changes_nothing(before: int, now: int) -> None:
    once = written_as(now, f"{before:,}")

    assert written_as(now, once) == once
    assert int(once.replace(",", "")) == now


def test_stale_figures_are_found_with_their_lines_and_written() -> None:
    in_table = mark("70", "rules[0].count").replace(" | ", " \\| ")
    text = f"# A\r\n\r\nnow {mark('98.7 %')} of {mark('3,575', 'compliance.total')}\r\n| {in_table} |\r\n"
    figures = checked(text, compute)
    after = rewritten(text, figures)

    assert [(each.quote.line, each.holds) for each in figures] == [(3, False), (3, True), (4, False)]
    assert "33.7 %<" in after
    assert "-->74<" in after
    assert after.count("\r\n") == 4
    assert all(each.holds for each in checked(after, compute))


@pytest.mark.parametrize(
    "text",
    [
        "<!-- canonry audit -->1<!-- /canonry -->",
        "<!-- canonry audit | a -->1",
        "<!-- canonry audit | a -->1\n<!-- /canonry -->",
    ],
)
def test_a_mark_that_is_none_is_told_with_its_line(text: str) -> None:
    (found,) = checked(f"a\n{text}\n", compute)

    assert found.quote.line == 2
    assert "on one line" in found.problem


def test_examples_in_code_are_no_quotes() -> None:
    text = f"```\n{mark('1')}\n```\n`{mark('2')}`\n~~~~\n```\n{mark('3')}\n~~~~\n{mark('4')}\n"

    assert [each.value for each in quotes_in(text) if isinstance(each, Quote)] == ["4"]


@given(st.text(alphabet="<!- canonry|/>`\n a1.", max_size=80))
def test_any_text_is_read_and_kept(text: str) -> None:
    figures = checked(text, lambda _command: DATA)
    after = rewritten(text, figures)

    assert after.count("\n") == text.count("\n")
    if not figures:
        assert after == text


@pytest.mark.parametrize(
    "command",
    [
        "repair --write",
        "run tests",
        "gate baseline",
        "gate write-tests",
        "report guides",
        "report --output-file x",
        "report --output-format html",
        "report quarantine --add x",
        "audit --fix --write",
        "audit --output-file=x",
        "migrate next --write",
        "init",
        "audit; rm -rf .",
        "audit 'unclosed",
        "",
        "bash -c true",
    ],
)
def test_a_command_that_does_more_than_read_is_not_started(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[object] = []
    monkeypatch.setattr("canonry.standing.quoted.subprocess.run", lambda *args, **_: started.append(args))
    with pytest.raises(UserError):
        asks(tmp_path)(command)

    assert started == []


def test_documents_are_verified_and_written_as_a_change(folder: Folder) -> None:
    folder.start({"tests/test_a.py": SOUND, "tests/test_b.py": IDLE})
    folder.write({"STATUS.md": f"compliance {mark('98.7 %')}\n"})
    stale = folder.call("report", "--verify", "STATUS.md")
    written = folder.call("report", "--verify", "STATUS.md", "--write", "-q")
    again = folder.call("report", "verify", "STATUS.md")

    assert stale.returncode == 1
    assert stale.stdout.startswith("STATUS.md:1: stale: quoted 98.7 %, found 50.0 %")
    assert written.returncode == 0
    assert again.returncode == 0
    assert (folder.root / "STATUS.md").read_text() == f"compliance {mark('50.0 %')}\n"
    assert "STATUS.md" in folder.call("changes", "show", "0001").stdout


@pytest.mark.parametrize(
    ("content", "status", "said"), [(b"no mark", 5, "nothing was verified"), (b"\xff", 2, "no UTF-8 text")]
)
def test_a_document_without_figures_proves_nothing(folder: Folder, content: bytes, status: int, said: str) -> None:
    folder.write({"a.md": content})
    done = folder.call("report", "--verify", "a.md")

    assert done.returncode == status
    assert said in done.stderr


def test_our_own_documents_quote_what_the_commands_say() -> None:
    documents = [path for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))) if has_quotes(path)]
    done = call_canonry("report", "--verify", *documents, cwd=ROOT)

    assert documents
    assert done.returncode == 0, done.stdout + done.stderr


def has_quotes(path: Path) -> bool:
    return any(isinstance(each, Quote) for each in quotes_in(path.read_text(encoding="utf-8")))
