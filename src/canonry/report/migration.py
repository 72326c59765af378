"""A migration for a terminal: what wants a reader, what has to be done by hand, the counts by codemod and grade."""

from collections import Counter
from collections.abc import Iterable
from typing import IO

from canonry.model.edit import Grade
from canonry.model.migration import CodemodPage, Item, MigrationSummary
from canonry.report.style import paint, plural, printable

_COLOURS = {Grade.SAFE: "green", Grade.REVIEW: "yellow", Grade.MANUAL: "red"}
_WITHOUT_COMMIT = {"folder": "outside git", "worktree": "before the first commit", "index": "before the first commit"}
_SHOWN = 40


def render_items(summary: MigrationSummary, out: IO[str], *, color: bool, verbose: bool) -> None:
    """One line for every finding that is not simply safe, with the reason; the first ones without ``verbose``."""
    told = [item for item in summary.items if verbose or item.grade is not Grade.SAFE]
    shown = told if verbose else told[:_SHOWN]
    for item in shown:
        out.write(_line(item, color=color) + "\n")
        for line in item.detail.splitlines() if verbose else ():
            out.write(f"    {printable(line)}".rstrip() + "\n")
    if len(shown) < len(told):
        out.write(f"and {len(told) - len(shown):,} more (all with -v)\n")


def render_concise(summary: MigrationSummary, out: IO[str]) -> None:
    """One line per finding."""
    for item in summary.items:
        out.write(_line(item, color=False) + "\n")


def render_summary(summary: MigrationSummary, out: IO[str], *, color: bool, review: bool) -> None:
    """The counts of the run, and how to go on."""
    for line in _table(summary):
        out.write(line + "\n")
    for label, text in _totals(summary, review=review):
        out.write(f"{paint(f'{label:<10}', 'bold', color=color)} {text}\n")


def render_codemods(pages: Iterable[CodemodPage], out: IO[str], *, color: bool) -> None:
    """One line per codemod: its name, its rules, what it does."""
    pages = list(pages)
    width = max((len(page.name) for page in pages), default=0)
    for page in pages:
        rules = f"  ({', '.join(page.rules)})" if page.rules else ""
        out.write(f"{paint(f'{page.name:<{width}}', 'bold', color=color)}  {_first(page.text)}{rules}\n")


def grades(summary: MigrationSummary) -> dict[str, Counter[Grade]]:
    """How many findings each codemod answered with which grade."""
    found: dict[str, Counter[Grade]] = {}
    for item in summary.items:
        found.setdefault(item.codemod, Counter())[item.grade] += 1
    return dict(sorted(found.items()))


def origin(summary: MigrationSummary) -> str:
    """Where the numbers come from: commit, version of Python, population."""
    at = f"at commit {summary.commit[:10]}" if summary.commit else _WITHOUT_COMMIT[summary.source]
    dirty = ", with uncommitted changes" if summary.dirty else ""
    return f"{plural(summary.files, 'file')} {at}{dirty}, judged as Python {summary.target_python}"


def _line(item: Item, *, color: bool) -> str:
    place = paint(f"{printable(item.path)}:{item.line}", "bold", color=color)
    grade = paint(item.grade.value, _COLOURS[item.grade], color=color)
    reason = f": {printable(item.reason)}" if item.reason else ""
    return f"{place}: {item.codemod} {grade}{', written' if item.written else ''}: {printable(item.what)}{reason}"


def _table(summary: MigrationSummary) -> list[str]:
    rows = grades(summary)
    if not rows:
        return []
    width = max(len("codemod"), *(len(name) for name in rows))
    lines = [f"{'codemod':<{width}} {'safe':>7} {'review':>7} {'manual':>7}"]
    lines += [
        f"{name:<{width}} {counts[Grade.SAFE]:>7,} {counts[Grade.REVIEW]:>7,} {counts[Grade.MANUAL]:>7,}"
        for name, counts in rows.items()
    ]
    return [*lines, ""]


def _totals(summary: MigrationSummary, *, review: bool) -> Iterable[tuple[str, str]]:
    yield "looked at", origin(summary)
    if summary.broken:
        yield "left alone", f"{plural(summary.broken, 'file')} that {_do(summary.broken)} not parse (`canonry repair`)"
    if summary.settled:
        yield "closed", f"{plural(summary.settled, 'finding')}, by suppressions"
    if not summary.items:
        yield "found", "nothing that a codemod answers"
        return
    if summary.plan:
        written = plural(summary.changed, "file")
        yield "written", f"{written}; `canonry changes rollback {summary.plan}` undoes it"
        return
    yield "planned", f"edits of {plural(summary.changed, 'file')}"
    waiting = any(item.grade is Grade.REVIEW and item.edits for item in summary.items)
    if summary.source in ("worktree", "folder") and summary.changed:
        yield (
            "next",
            f"`--write` applies {'them' if review or not waiting else 'the safe ones'}"
            + _review(waiting=waiting and not review),
        )
    elif waiting and not review:
        yield "next", "`--review` plans those that want a reader, too"


def _review(*, waiting: bool) -> str:
    return ", `--review --write` those that want a reader, too" if waiting else ""


def _do(count: int) -> str:
    return "does" if count == 1 else "do"


def _first(text: str) -> str:
    return " ".join(text.split("\n\n")[0].split())
