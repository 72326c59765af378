"""Charts as inline SVG: they print, need no script, and stay sharp; see docs/decisions/0026."""

from collections.abc import Iterable, Sequence
from html import escape

from canonry.model.standing import Run, Series, Span
from canonry.report.standing.words import day, lasted, value_of
from canonry.report.style import printable

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 480, 150, 56, 12, 10, 22
_LINE = 1000
_LANE = 16
_NAME = 34
_LONG = 0.01
"""The share of a run from which on a test has a bar of its own."""
_MOST = 300


def trend(series: Series) -> str:
    """A curve over time; the axis begins at nought."""
    points = series.points
    top = _round_up(max(point.value for point in points))
    begin, end = points[0].at, points[-1].at
    wide = max(end - begin, 1e-9)
    spots = [
        (
            _LEFT + (_WIDTH - _LEFT - _RIGHT) * (point.at - begin) / wide,
            _HEIGHT - _BOTTOM - (_HEIGHT - _BOTTOM - _TOP) * point.value / top,
        )
        for point in points
    ]
    last = value_of(series, points[-1].value)
    kind = "" if series.good else " less"
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)
    dots = "".join(
        f'<circle class="dot{kind}" cx="{x:.1f}" cy="{y:.1f}" r="3">'
        f"<title>{escape(_told(series, number))}</title></circle>"
        for number, (x, y) in enumerate(spots)
    )
    grid = "".join(_grid(series, top, part) for part in (0, 0.5, 1))
    first, latest = (day(begin), day(end)) if day(begin) != day(end) else (_hour(begin), _hour(end))
    return (
        f"<figure><figcaption>{escape(series.name)}: <b>{escape(last)}</b></figcaption>"
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(series.name)}, now {escape(last)}">'
        f'{grid}<polyline class="curve{kind}" points="{line}"/>{dots}'
        f'<text x="{_LEFT}" y="{_HEIGHT - 4}">{first}</text>'
        f'<text x="{_WIDTH - _RIGHT}" y="{_HEIGHT - 4}" text-anchor="end">{latest}</text></svg></figure>'
    )


def timeline(run: Run) -> str:
    """Who ran what when: a lane for each worker; a test that took long has a bar with its name."""
    lanes: dict[int, list[Span]] = {}
    for span in run.spans:
        lanes.setdefault(span.worker, []).append(span)
    whole = max(max((span.start + span.duration for span in run.spans), default=0.0), run.seconds, 1e-9)
    height = _LANE * len(lanes) + 26
    parts = []
    for number, worker in enumerate(sorted(lanes)):
        y = number * _LANE + 2
        parts.append(f'<text x="{_NAME - 6}" y="{y + 11}" text-anchor="end">{worker}</text>')
        parts.append(f'<rect class="lane" x="{_NAME}" y="{y}" width="{_LINE}" height="{_LANE - 4}"/>')
        parts += _bars(lanes[worker], whole, y)
    parts += _named(run, whole, {worker: number * _LANE + 2 for number, worker in enumerate(sorted(lanes))})
    axis = height - 8
    for part in (0, 0.25, 0.5, 0.75, 1):
        anchor = "start" if part == 0 else "end" if part == 1 else "middle"
        x = _NAME + _LINE * part
        parts.append(f'<text x="{x:.0f}" y="{axis}" text-anchor="{anchor}">{escape(lasted(whole * part))}</text>')
    return (
        f'<svg class="timeline" viewBox="0 0 {_NAME + _LINE + 4} {height}" role="img" '
        f'aria-label="what each of {len(lanes)} workers ran over {escape(lasted(whole))}">{"".join(parts)}</svg>'
    )


def _bars(spans: Iterable[Span], whole: float, y: int) -> list[str]:
    """Spans of one worker, those that touch drawn as one: thousands of tests are a few strokes."""
    drawn: dict[bool, list[list[float]]] = {False: [], True: []}
    for span in sorted(spans, key=lambda each: each.start):
        left = _LINE * span.start / whole
        right = left + max(_LINE * span.duration / whole, 1.5 if span.bad else 0.3)
        strokes = drawn[span.bad]
        if strokes and left - strokes[-1][1] < 0.4:
            strokes[-1][1] = max(right, strokes[-1][1])
        else:
            strokes.append([left, right])
    return [
        f'<path class="{"bad" if bad else "busy"}" d="'
        + "".join(f"M{_NAME + a:.1f} {y}h{b - a:.1f}v{_LANE - 4}h{a - b:.1f}z" for a, b in strokes)
        + '"/>'
        for bad, strokes in drawn.items()
        if strokes
    ]


def _named(run: Run, whole: float, lanes: dict[int, int]) -> list[str]:
    long = sorted((span for span in run.spans if span.duration >= _LONG * whole), key=lambda each: -each.duration)
    return [
        f'<rect class="long" x="{_NAME + _LINE * span.start / whole:.1f}" y="{lanes[span.worker]}" '
        f'width="{_LINE * span.duration / whole:.1f}" height="{_LANE - 4}">'
        f"<title>{escape(printable(run.tests[span.test].node))}, {lasted(span.duration)}</title></rect>"
        for span in long[:_MOST]
    ]


def _told(series: Series, number: int) -> str:
    point = series.points[number]
    commit = f", commit {point.commit[:10]}" if point.commit else ""
    return f"{value_of(series, point.value)}, {day(point.at)} {_hour(point.at)}{commit}"


def _hour(at: float) -> str:
    import datetime as dt

    return dt.datetime.fromtimestamp(at, dt.UTC).strftime("%H:%M")


def _grid(series: Series, top: float, part: float) -> str:
    y = _HEIGHT - _BOTTOM - (_HEIGHT - _BOTTOM - _TOP) * part
    return (
        f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{escape(value_of(series, top * part))}</text>'
    )


def _round_up(value: float) -> float:
    """The next 1, 2, 4, 5 or 10 times a power of ten, so that half of it is a good number too."""
    if value <= 0:
        return 1.0
    power = 10.0 ** (len(str(int(value))) - 1) if value >= 1 else 0.1
    return next(step * power for step in (1, 2, 4, 5, 10, 20) if step * power >= value)


def bar(share: float | None, said: str) -> str:
    """A share as a bar with its number, for a cell of a table."""
    if share is None:
        return escape(said)
    return (
        f'<span class="share"><svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="lane" width="100" height="8"/><rect class="busy" width="{100 * share:.1f}" height="8"/></svg>'
        f"{escape(said)}</span>"
    )


def sequence(series: Sequence[Series]) -> str:
    """All curves, side by side where there is room."""
    return '<div class="plots">' + "".join(trend(each) for each in series if len(each.points) > 1) + "</div>"
