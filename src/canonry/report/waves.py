"""Waves for a terminal: the plan and where it stands, a wave before it is taken, and what it came to."""

from collections.abc import Iterable
from typing import IO

from canonry.model.edit import Grade
from canonry.model.outcome import Outcome
from canonry.model.waves import Guilty, HandFinding, Judged, State, Status, TestChange, Wave, WavePlan, WaveStatus
from canonry.report.style import paint, plural, printable

_SHOWN = 10
_COLOURS = {
    State.LANDED: "green",
    State.PARTLY: "yellow",
    State.REFUSED: "red",
    State.STOPPED: "red",
    State.ROLLED_BACK: "yellow",
    State.INTERRUPTED: "yellow",
}
_OUTSIDE = "before the first commit, or outside git"


def render_status(status: Status, out: IO[str], *, color: bool, verbose: bool) -> None:
    """A line for each wave, the measured effort, what is left and how to go on."""
    if status.waves:
        _table(status, out, color=color)
    if verbose:
        _by_hand(status.plan, out)
    for label, text in totals(status):
        out.write(f"{paint(f'{label:<10}', 'bold', color=color)} {text}\n")


def render_wave(wave: Wave, out: IO[str], *, color: bool, verbose: bool) -> None:
    """What a wave would change."""
    out.write(f"{paint(wave.title, 'bold', color=color)}: {about(wave)}\n")
    shown = wave.files if verbose else wave.files[:_SHOWN]
    for file in shown:
        out.write(f"  {printable(file.path)}: {', '.join(file.codemods)} ({file.grade.value})\n")
    if len(shown) < len(wave.files):
        out.write(f"  and {len(wave.files) - len(shown):,} more (all with -v)\n")


def render_taken(each: WaveStatus, out: IO[str], *, color: bool, verbose: bool) -> None:
    """What a wave came to: what landed, what its tests did, what is left to a hand and why."""
    judged = each.judged
    assert judged is not None
    state = paint(each.state.value, _COLOURS.get(each.state, "bold"), color=color)
    out.write(f"{paint(each.wave.title, 'bold', color=color)}: {state}, {landed(each)}\n")
    if judged.reason:
        out.write(f"  {printable(judged.reason)}\n")
    out.write(f"  {proved(judged)}\n")
    for guilty in judged.guilty:
        _guilty(guilty, each.wave, out, verbose=verbose)
    unmasked = [one for one in judged.unmasked if not any(one.node == t.node for g in judged.guilty for t in g.tests)]
    for one in unmasked:
        out.write(f"  unmasked: {printable(one.node)}: {one.evidence}, and it fails: {_line(one.reason)}\n")
    if judged.flaky:
        out.write(f"  flaky, so nobody is blamed: {_some(judged.flaky)}\n")
    if judged.unproved:
        out.write(f"  no test reaches {_some(judged.unproved)}: the static checks alone\n")


def totals(status: Status) -> Iterable[tuple[str, str]]:
    """The plan in a few labelled lines."""
    plan = status.plan
    at = f"at commit {plan.commit[:10]}" if plan.commit else _OUTSIDE
    dirty = ", with uncommitted changes" if plan.dirty else ""
    planned = f"{plural(plan.files, 'file')} in {plural(len(plan.waves), 'wave')}"
    yield "planned", f"{planned} {at}{dirty}, {plan.made}; plan {plan.id}, Python {plan.target_python}"
    if plan.by_hand or any(file.left for wave in plan.waves for file in wave.files):
        yield "by hand", by_hand(plan)
    left = status.open
    if left or status.measured[0]:
        yield "measured", effort(status)
    if left:
        yield "left", f"{plural(sum(len(each.wave.files) for each in left), 'file')} in {plural(len(left), 'wave')}"
    edited = [path for each in left for path in each.edited]
    if edited:
        has = "is" if len(edited) == 1 else "are"
        yield "edited", f"{_some(edited)} {has} not what was planned on; `canonry migrate plan` plans again"
    elif status.stopped is not None:
        yield "next", "the plan has stopped; `canonry migrate plan` plans again, `next --write --go-on` goes on"
    elif left:
        yield "next", f"`canonry migrate next` shows {left[0].wave.title}, with `--write` it is taken"
    elif plan.waves:
        yield "next", "all waves are done; `canonry migrate plan` looks for what they opened the way for"


def by_hand(plan: WavePlan) -> str:
    """How many findings no edit answers, by grade."""
    every = [each for file in plan.by_hand for each in file.findings]
    every += [each for wave in plan.waves for file in wave.files for each in file.left]
    review = sum(each.grade is Grade.REVIEW for each in every)
    wants = f", {review:,} of them graded review, which `plan --review` plans" if review and not plan.review else ""
    return f"{plural(len(every), 'finding')}{wants} (`status -v` lists them)"


def effort(status: Status) -> str:
    """What the waves that are done took, and what that makes of the rest."""
    count, files, seconds = status.measured
    if not count:
        return "nothing yet: no wave was tried"
    rate = seconds / files if files else 0.0
    said = f"{plural(count, 'wave')}, {plural(files, 'file')}, {duration(seconds)}: {rate:.2f} s a file"
    left = sum(len(one.wave.files) for one in status.open)
    takes = "takes" if left == 1 else "take"
    return f"{said}; at that, {plural(left, 'file')} more {takes} {duration(rate * left)}" if left else said


def duration(seconds: float) -> str:
    """Seconds for people."""
    if seconds < 100:
        return f"{seconds:.1f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02} min"


def about(wave: Wave) -> str:
    """A wave in a few words."""
    owners = f", {', '.join(wave.owners)}" if wave.owners else ""
    issue = f", issue {wave.issue}" if wave.issue else ""
    return f"{plural(len(wave.files), 'file')}, {wave.grade.value}, {', '.join(wave.codemods)}{owners}{issue}"


def landed(each: WaveStatus) -> str:
    """What of a wave is in the tree."""
    judged = each.judged
    if each.change and judged is not None:
        return f"{len(judged.files):,} of {plural(len(each.wave.files), 'file')}, change {each.change}"
    return "no file changed"


def proved(judged: Judged) -> str:
    """What the tests of a wave did."""
    measured = judged.measured
    if not measured.test_files:
        return f"proved by the static checks alone, in {duration(judged.seconds)}"
    tests = f"{plural(measured.tests, 'test')} of {plural(measured.test_files, 'file')}"
    if not measured.before or not any(measured.before):
        return f"{tests} collected before and after, in {duration(judged.seconds)} ({judged.place})"
    bad = f"{measured.bad_before:,} bad before, {measured.bad_after:,} after"
    times = " and ".join(f"{each:.1f}" for each in measured.before)
    after = f", after {' and '.join(f'{each:.1f}' for each in measured.after)} s" if measured.after else ""
    whole = f"{duration(judged.seconds)} in all ({judged.place})"
    return f"{tests}: {measured.passed:,} good before, {bad}; runs of {times} s before{after}; {whole}"


def change_of(test: TestChange) -> str:
    """What became of a test."""
    reason = f": {_line(test.reason)}" if test.reason else ""
    if test.after is None:
        return f"gone{reason}"
    before = "never ran" if test.before is Outcome.NOT_RUN else test.before.value
    return f"{before} before, now {test.after.value}{reason}"


def _table(status: Status, out: IO[str], *, color: bool) -> None:
    rows = [("wave", "files", "grade", "priority", "state", "change", "codemods", "owners")]
    for each in status.waves:
        wave = each.wave
        best = f"P{min((file.priority for file in wave.files), default=2)}"
        number = f"{wave.number}{' canary' if wave.canary else ''}{f' #{wave.issue}' if wave.issue else ''}"
        owners = ", ".join(wave.owners[:2]) + (f" and {len(wave.owners) - 2} more" if len(wave.owners) > 2 else "")
        names = ", ".join(wave.codemods[:3]) + (f" and {len(wave.codemods) - 3} more" if len(wave.codemods) > 3 else "")
        rows.append(
            (number, f"{len(wave.files):,}", wave.grade.value, best, each.state.value, each.change, names, owners)
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for place, row in enumerate(rows):
        line = "  ".join(
            cell.rjust(width) if column == 1 else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        out.write(paint(line.rstrip(), "bold", color=color and not place) + "\n")
    out.write("\n")


def _by_hand(plan: WavePlan, out: IO[str]) -> None:
    for path, findings in hands(plan):
        for each in findings:
            out.write(
                f"{printable(path)}:{each.line}: {each.codemod} {each.grade.value}: {printable(_line(each.reason))}\n"
            )
    out.write("\n")


def hands(plan: WavePlan) -> Iterable[tuple[str, Iterable[HandFinding]]]:
    """The findings that no edit answers, by path."""
    found = [(file.path, file.findings) for file in plan.by_hand]
    found += [(file.path, file.left) for wave in plan.waves for file in wave.files if file.left]
    return sorted(found)


def _guilty(guilty: Guilty, wave: Wave, out: IO[str], *, verbose: bool) -> None:
    names = next((", ".join(file.codemods) for file in wave.files if file.path == guilty.path), "")
    what = "unmasks, by hand" if guilty.unmasks else "by hand"
    out.write(f"  {what}: {printable(guilty.path)} ({names}): {guilty.reason}\n")
    shown = guilty.tests if verbose else guilty.tests[:3]
    for test in shown:
        out.write(f"    {printable(test.node)}: {change_of(test)}\n")
    if len(shown) < len(guilty.tests):
        out.write(f"    and {len(guilty.tests) - len(shown):,} more (all with -v)\n")


def _some(names: Iterable[str]) -> str:
    listed = list(names)
    more = f" and {len(listed) - 3:,} more" if len(listed) > 3 else ""
    return ", ".join(f"`{printable(name)}`" for name in listed[:3]) + more


def _line(text: str) -> str:
    line = printable(" ".join(text.split()))
    return line if len(line) <= 160 else f"{line[:159]}…"
