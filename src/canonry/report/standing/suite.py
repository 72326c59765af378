"""The sections of the page that are about tests: failures as text, the table, the timeline, and what costs most."""

from collections.abc import Iterator, Sequence
from html import escape

from canonry.model.standing import Absent, Cluster, Failure, Run, Standing
from canonry.report.standing import charts
from canonry.report.standing.markup import absent, code, number, priority, section, state, table, text
from canonry.report.standing.table import shortened
from canonry.report.standing.words import counted, day, lasted, percent
from canonry.report.style import plural, printable

_FEW = 12
_LISTED = 2_000
"""The characters of a failure's report that stand in the plain list; the table shows the rest."""
_REASON = 500
_REASONS, _REPORTS = 200_000, 250_000
"""The characters that reasons and reports in the plain list may take together."""
_ARTICLES = 400


def failures(standing: Standing) -> str:
    """Every failure in its cluster, as text that a search and a printer reach."""
    run = standing.run
    if isinstance(run, Absent):
        return section("failures", "Failures", absent(run))
    if not run.failures:
        return section("failures", "Failures", f"<p>None of {plural(len(run.tests), 'test')} failed.</p>", run.origin)
    new = sum(each.new is True for each in run.failures)
    known = sum(each.new is False for each in run.failures)
    ago = f"compared with run {text(run.compared)}" if run.compared else "no earlier run of an ancestor is recorded"
    said = (
        f"<p>{plural(len(run.failures), 'test')} in {plural(len(run.clusters), 'cluster')}: {new:,} new, {known:,} "
        f"known, {len(run.failures) - new - known:,} neither ({ago}).</p>"
    )
    return section("failures", "Failures", said + "".join(_clusters(run)), run.origin)


def tests(standing: Standing) -> str:
    """The frame of the table of all tests, which the script fills."""
    run = standing.run
    if isinstance(run, Absent):
        return section("tests", "Tests", absent(run))
    said = f"{counted(run)}; {lasted(run.seconds)}, profile {run.profile}, exit status {run.status}"
    cut = "<p class='warn'>The recording is cut short: tests may lack.</p>" if run.cut else ""
    lost = "".join(f"<li>{code(path)} {text(reason)}</li>" for path, reason in run.uncollectable[:_FEW])
    return section(
        "tests", "Tests", f"<p>{text(said)}.</p>{cut}{f'<ul>{lost}</ul>' if lost else ''}{_FRAME}", run.origin
    )


def timeline(standing: Standing) -> str:
    """Who ran what when, and the categories."""
    run = standing.run
    if isinstance(run, Absent) or not run.spans:
        return section("timeline", "Timeline", absent(run) if isinstance(run, Absent) else "<p>Nothing ran.</p>")
    whole = sum(each.tests for each in run.categories) or 1
    rows = [
        [
            priority(each.priority), text(each.name or "no category"), number(each.tests), number(each.bad),
            number(each.skipped), number(each.flaky), escape(lasted(each.seconds)),
            f"{percent(each.tests / whole)}{f' of {percent(each.share)}' if each.share is not None else ''}",
        ]
        for each in sorted(run.categories, key=lambda line: (line.priority, line.name))
    ]  # fmt: skip
    heads = ["", "category", "#tests", "#bad", "#skipped", "#flaky", "#time", "share of tests, wanted"]
    return section(
        "timeline", "Timeline", f"<div class='wide'>{charts.timeline(run)}</div>{table(heads, rows)}", run.origin
    )


def costs(standing: Standing) -> str:
    """Flaky and slow tests with what they cost, and the quarantine."""
    return section(
        "costs", "Flaky, slow, in quarantine", "".join((_flaky(standing), _slow(standing), _quarantine(standing)))
    )


class _Room:
    """How many characters may still be spent on what is nice to have."""

    def __init__(self, left: int) -> None:
        self.left = left

    def take(self, words: str) -> str:
        """The words where there is room for them, else none."""
        if len(words) > self.left:
            return ""
        self.left -= len(words)
        return words


def _clusters(run: Run) -> Iterator[str]:
    """An article for each cluster; beyond the first hundreds one list, for a page of articles is slow."""
    reasons, reports = _Room(_REASONS), _Room(_REPORTS)
    for cluster in run.clusters[:_ARTICLES]:
        members = [run.failures[each] for each in cluster.failures]
        first = _first_line(members[0])
        listed = "\n".join(_listed(run, each, "" if _first_line(each) == first else first, reasons) for each in members)
        report = reports.take(escape(shortened(members[0].text, _LISTED)))
        shown = f"<details><summary>the first of them</summary><pre>{report}</pre></details>" if report else ""
        place = f" at {code(_place(cluster))}" if cluster.path else ""
        yield (
            f"<article class='cluster'><h3>{plural(len(members), 'test')}: {text(cluster.exception)}{place}"
            f"{_badges(members)}</h3><p class='reason'>{escape(shortened(members[0].reason, _REASON))}</p>"
            f"<pre class='nodes'>{listed}</pre>{shown}</article>"
        )
    rest = run.clusters[_ARTICLES:]
    if rest:
        lines = [_listed(run, run.failures[each], "?", reasons) for cluster in rest for each in cluster.failures]
        yield (
            f"<article class='cluster'><h3>{plural(len(lines), 'test')} in {plural(len(rest), 'more cluster')}</h3>"
            f"<pre class='nodes'>{chr(10).join(lines)}</pre></article>"
        )


def _place(cluster: Cluster) -> str:
    return f"{cluster.path}:{cluster.line}" if cluster.line else cluster.path


def _listed(run: Run, failure: Failure, first: str, room: _Room) -> str:
    """A failure in one line; with its own reason where that is another than the cluster's."""
    test = run.tests[failure.test]
    own = room.take(_first_line(failure)) if first else ""
    marks = f"{' (new)' if failure.new else ''}{' (in quarantine)' if test.quarantined else ''}"
    said = f"{test.node}  {test.outcome.value}{marks}{f'  {own}' if own else ''}"
    return escape(printable(said))


def _first_line(failure: Failure) -> str:
    return failure.reason.strip().partition("\n")[0][:200]


def _badges(members: Sequence[Failure]) -> str:
    new = sum(each.new is True for each in members)
    known = [each.since for each in members if each.new is False]
    said = [f"{new:,} new"] if new else []
    said += [f"known since {day(min(known))}"] if known else []
    return "".join(f" <span class='badge'>{escape(each)}</span>" for each in said)


def _flaky(standing: Standing) -> str:
    found = standing.flaky
    if isinstance(found, Absent):
        return "<h3>Flaky</h3>" + absent(found)
    rows = [
        [
            code(each.node), f"{each.mixed:,} of {each.runs:,}", escape(lasted(each.cost)),
            f"{percent(each.mean)} ({percent(each.low)} to {percent(each.high)})" if each.mean is not None else "",
        ]
        for each in found
    ]  # fmt: skip
    heads = ["test", "#trees with both", "#cost", "#flakiness, 90 % interval"]
    return "<h3>Flaky</h3>" + (table(heads, rows, cards=True) if rows else "<p>None known.</p>")


def _slow(standing: Standing) -> str:
    found = standing.slow
    if isinstance(found, Absent):
        return "<h3>Slow</h3>" + absent(found)
    rows = [
        [code(each.node), escape(lasted(each.seconds)), percent(each.share),
         f"{each.ratio:.2f} x" if each.ratio is not None else "", f"<span class='tight'>{text(each.said)}</span>"]
        for each in found
    ]  # fmt: skip
    heads = ["test", "#time", "#of all", "#to before", ""]
    return "<h3>Slow</h3>" + (table(heads, rows, cards=True) if rows else "<p>None took any time.</p>")


def _quarantine(standing: Standing) -> str:
    found = standing.quarantine
    if isinstance(found, Absent):
        return f"<h3>Quarantine</h3><p>{text(found.said[:1].upper() + found.said[1:])}.</p>"
    rows = [
        [code(each.test), number(each.days) if each.days >= 0 else state("expired"), text(each.owner), text(each.issue),
         text(each.reason)]
        for each in found
    ]  # fmt: skip
    return "<h3>Quarantine</h3>" + (
        table(["test", "#days left", "owner", "issue", "reason"], rows, cards=True) if rows else "<p>Empty.</p>"
    )


_FRAME = """
<form id="filters" role="search" aria-label="tests"><input id="words" type="search"
placeholder="words of names, reasons" aria-label="words that a test's name or reason holds" autocomplete="off"
spellcheck="false">
<select id="outcome" aria-label="outcome">
<option value="">any outcome</option><option value="-1">not good</option></select>
<select id="module" aria-label="module"><option value="">any module</option></select>
<select id="category" aria-label="category"><option value="">any category</option></select>
<label><input type="checkbox" id="flaky"> flaky</label> <label><input type="checkbox" id="new"> new</label>
<output id="count" aria-live="polite"></output></form>
<div id="grid" role="grid" aria-label="tests" tabindex="0"><div id="heads" role="row">
<span role="columnheader"><button type="button" data-sort="o">outcome</button></span>
<span role="columnheader"><button type="button" data-sort="n">test</button></span>
<span role="columnheader"><button type="button" data-sort="c">category</button></span>
<span role="columnheader"><button type="button" data-sort="d">time</button></span></div>
<div id="space" role="rowgroup"><div id="rows" role="presentation"></div></div></div>
<div id="detail" tabindex="-1" aria-live="polite"></div>
<noscript><p>The table needs a script; all failures stand above as text.</p></noscript>
"""
