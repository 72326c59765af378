"""A repair run for a terminal: a block per file, the commits that did the damage, a summary."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import IO

from canonry.model.edit import Grade
from canonry.model.repair import Culprit, FileRepair, Method, RepairSummary, Verdict
from canonry.report.style import paint, plural, printable

_GRADES = {Grade.SAFE: "green", Grade.REVIEW: "yellow", Grade.MANUAL: "red"}
_WITHOUT_COMMIT = {"folder": "outside git", "worktree": "before the first commit", "index": "before the first commit"}
_SHOWN = 5
_FEW_LINES = 3


def render_files(summary: RepairSummary, out: IO[str], *, color: bool, verbose: bool) -> None:
    """A block for every file with what was found and what is proposed; newer Python's files in one line each."""
    for each in summary.repairs:
        out.write(f"{paint(printable(each.path), 'bold', color=color)}: {_headline(each, color=color)}\n")
        for label, text in _rows(each, verbose=verbose):
            out.write(f"  {paint(f'{label:<9}', 'dim', color=color)} {printable(text)}\n")


def render_concise(summary: RepairSummary, out: IO[str]) -> None:
    """One line per file: verdict, grade, where the proposal comes from, tests before and now."""
    for each in summary.repairs:
        tests = f"; tests {each.tests_before:,} -> {each.tests_now:,}" if each.method is not Method.NONE else ""
        out.write(f"{printable(each.path)}: {printable(_headline(each, color=False))}{tests}\n")


def render_culprits(culprits: Iterable[Culprit], out: IO[str], *, color: bool, verbose: bool) -> None:
    """The commits that did the damage, what each says of itself, and what it broke."""
    culprits = tuple(culprits)
    if not culprits:
        out.write("no commit is known to have done it: the damage is not committed, or history is not there\n")
    for each in culprits:
        head = f"{each.commit[:10]} {each.date}"
        out.write(f"{paint(head, 'bold', color=color)}  {printable(each.subject)}\n")
        out.write(f"  broke     {plural(len(each.files), 'file')} with {plural(each.tests, 'test')}\n")
        out.write(f"  damage    {_damage(each.damage, unit='files')}\n")
        shown = each.files if verbose else each.files[:_SHOWN]
        for path in shown:
            out.write(f"            {printable(path)}\n")
        if len(shown) < len(each.files):
            out.write(f"            and {len(each.files) - len(shown):,} more (all with -v)\n")


def render_summary(summary: RepairSummary, out: IO[str], *, color: bool, preview: bool) -> None:
    """The counts of the whole run; a ``preview`` says how to go on."""
    for label, text in _totals(summary, preview=preview):
        out.write(f"{paint(f'{label:<10}', 'bold', color=color)} {text}\n")


def verdicts(summary: RepairSummary) -> Counter[Verdict]:
    """How many files have which verdict."""
    return Counter(each.verdict for each in summary.repairs)


def grades(summary: RepairSummary) -> Counter[Grade]:
    """How many of the broken and commented-out files have a proposal of which grade."""
    mendable = (Verdict.BROKEN, Verdict.COMMENTED_OUT)
    return Counter(each.grade for each in summary.repairs if each.verdict in mendable)


def origin(summary: RepairSummary) -> str:
    """Where the numbers come from: commit, version of Python, population."""
    at = f"at commit {summary.commit[:10]}" if summary.commit else _WITHOUT_COMMIT[summary.source]
    dirty = ", with uncommitted changes" if summary.dirty else ""
    return f"{plural(summary.files, 'Python file')} {at}{dirty}, judged as Python {summary.target_python}"


def _headline(each: FileRepair, *, color: bool) -> str:
    if each.verdict in (Verdict.NEWER, Verdict.NOT_PYTHON):
        return f"{each.verdict.value}, left as it is: {each.reason}"
    grade = paint(each.grade.value, _GRADES[each.grade], color=color)
    done = ", written" if each.written else ""
    return f"{each.verdict.value}, {grade}{done}: {method(each)}"


def method(each: FileRepair) -> str:
    """Where a proposal comes from, in a few words."""
    source = each.source
    if source is not None:
        verb = "restored from" if each.method is Method.RESTORE else "merged with"
        elsewhere = f" as `{source.path}`" if source.path != each.path else ""
        return f"{verb} {source.commit[:10]} ({source.date}){elsewhere}, health {source.health:.2f}"
    if each.method is Method.LINES:
        cost = "" if each.cost is None else f", edit cost {each.cost:.1f} per 100 lines"
        quality = "" if each.expected_f1 is None else f", about {each.expected_f1:.0%} of such statements are right"
        return f"mended line by line{cost}{quality}"
    if each.method is Method.ENCODING:
        return "its encoding declared"
    return each.reason or "nothing that was tried parses"


def _rows(each: FileRepair, *, verbose: bool) -> Iterator[tuple[str, str]]:
    if each.verdict in (Verdict.NEWER, Verdict.NOT_PYTHON):
        return
    yield "tests", f"{each.tests_before:,} readable before, {each.tests_now:,} collectable now"
    if each.method is not Method.NONE:
        yield "words", f"{each.words_kept:.1%} kept, {each.words_invented:.1%} invented"
    if each.broken_by:
        yield "broken by", each.broken_by[:10]
    if each.damage:
        yield "damage", _damage(each.damage)
    for reason in each.grade_reasons:
        yield "doubt", reason
    refused = [f"line {one.line}: {_first(one.text)} ({one.reason})" for one in each.refused]
    lost = [f"line {one.line}: {' '.join(one.words)}" for one in each.lost]
    for label, lines in (("refused", refused), ("lost", lost)):
        shown = lines if verbose else lines[:_FEW_LINES]
        for line in shown:
            yield label, line
        if len(shown) < len(lines):
            yield label, f"and {len(lines) - len(shown):,} more (all with -v)"


def _first(lines: tuple[str, ...]) -> str:
    text = next((line.strip() for line in lines if line.strip()), "an empty line")
    text = text if len(text) <= 80 else text[:77] + "..."
    return f"`{text}`" + (f" and {plural(len(lines) - 1, 'line')}" if len(lines) > 1 else "")


def _damage(damage: dict[str, int], *, unit: str = "") -> str:
    rows = sorted(damage.items(), key=lambda row: (-row[1], row[0]))
    text = ", ".join(f"{kind} {count:,}" for kind, count in rows)
    return f"{text} ({unit})" if unit and text else text or "not told: nothing parses"


def _totals(summary: RepairSummary, *, preview: bool) -> Iterator[tuple[str, str]]:
    counts, by_grade = verdicts(summary), grades(summary)
    yield "looked at", origin(summary)
    found = [f"{counts[each]:,} {each.value}" for each in Verdict if counts[each]]
    yield "found", ", ".join(found) or "every file parses"
    if summary.left_out:
        yield "left out", f"{plural(summary.left_out, 'more damaged file')}, by --limit"
    if by_grade:
        yield "proposals", ", ".join(f"{by_grade[each]:,} {each.value}" for each in Grade if by_grade[each])
        mendable = [each for each in summary.repairs if each.verdict in (Verdict.BROKEN, Verdict.COMMENTED_OUT)]
        before, now = sum(each.tests_before for each in mendable), sum(each.tests_now for each in mendable)
        yield "tests", f"{before:,} readable in the damaged files, {now:,} collectable in the proposals"
    written = sum(each.written for each in summary.repairs)
    if (
        preview
        and summary.source in ("worktree", "folder")
        and by_grade[Grade.SAFE] + by_grade[Grade.REVIEW]
        and not written
    ):
        yield "next", "`--write` applies the safe proposals, `--write --review` those that want a reader, too"
    if summary.plan:
        yield "written", f"{plural(written, 'file')}; `canonry changes rollback {summary.plan}` undoes it"
