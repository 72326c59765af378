"""A load run as one page that needs nothing else: no script, no network; it prints, and follows dark and light."""

import datetime as dt
from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path
from typing import IO

from canonry.model.load import LoadResult, Sample
from canonry.report.load.words import alike, began, facts, took

_WIDTH, _HEIGHT, _LEFT, _BOTTOM = 640, 200, 64, 24
_LONGEST = 2000
_SHOWN = 20
_STYLE = Path(__file__).with_name("page.css")


def render(result: LoadResult, out: IO[str]) -> None:
    """Writes the page."""
    when = dt.datetime.fromtimestamp(result.started, dt.UTC).strftime("%Y-%m-%d %H:%M UTC")
    state = str(result.verdict)
    out.write(
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>load: {escape(result.scenario)}: {escape(state)}</title>"
        f"<style>{_STYLE.read_text(encoding='utf-8')}</style></head><body>"
        f"<h1>Load: {escape(result.scenario)}</h1>"
        f'<p><span class="verdict {state.replace(" ", "-")}">{escape(state)}</span> · {escape(when)}</p>'
    )
    if result.reasons:
        out.write("<ul>" + "".join(f"<li>{escape(one)}</li>" for one in result.reasons) + "</ul>")
    rows = "".join(f"<tr><th>{escape(name)}</th><td>{escape(words)}</td></tr>" for name, words in facts(result))
    out.write(f"<table>{rows}</table>")
    out.write('<h2>Over time</h2><div class="plots">')
    for title, values, is_bad in _curves(result.samples):
        out.write(_plot(title, [one.at for one in result.samples], values, is_bad=is_bad))
    out.write("</div><h2>Latency from the " + began(result) + "</h2>" + _timings(result))
    out.write(_distribution(result))
    _wrong(result, out)
    out.write("</body></html>\n")


def _curves(samples: Sequence[Sample]) -> list[tuple[str, list[float], bool]]:
    def each_second(of: Callable[[Sample], int]) -> list[float]:
        found, before, at = [], 0, 0.0
        for sample in samples:
            found.append((of(sample) - before) / max(sample.at - at, 1e-9))
            before, at = of(sample), sample.at
        return found

    return [
        ("events a second", each_second(lambda one: one.events), False),
        ("turns a second", each_second(lambda one: one.turns), False),
        ("open connections", [float(one.connections) for one in samples], False),
        ("failed turns and violations, in sum", [float(one.failed + one.violations) for one in samples], True),
    ]


def _plot(title: str, at: Sequence[float], values: Sequence[float], *, is_bad: bool = False) -> str:
    """One curve over the seconds of the run; the axis begins at 0."""
    if len(values) < 2:
        return f"<figure><figcaption>{escape(title)}: {values[-1] if values else 0:,.0f}</figcaption></figure>"
    top, end = _round_up(max(values)), max(at) or 1.0
    spots = " ".join(
        f"{_LEFT + (_WIDTH - _LEFT) * when / end:.1f},{_HEIGHT - _BOTTOM - (_HEIGHT - _BOTTOM - 8) * value / top:.1f}"
        for when, value in zip(at, values, strict=True)
    )
    lines = "".join(_line(top * part, part) for part in (0, 0.5, 1))
    return (
        f'<figure><figcaption>{escape(title)}</figcaption><svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="{escape(title)}, at most {max(values):,.0f}">{lines}'
        f'<polyline class="curve{" bad" if is_bad else ""}" points="{spots}"/>'
        f'<text x="{_LEFT}" y="{_HEIGHT - 6}">0 s</text>'
        f'<text x="{_WIDTH}" y="{_HEIGHT - 6}" text-anchor="end">{end:.0f} s</text></svg></figure>'
    )


def _line(value: float, part: float) -> str:
    y = _HEIGHT - _BOTTOM - (_HEIGHT - _BOTTOM - 8) * part
    return (
        f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH}" y1="{y}" y2="{y}"/>'
        f'<text x="{_LEFT - 8}" y="{y + 4}" text-anchor="end">{value:,.4g}</text>'
    )


def _timings(result: LoadResult) -> str:
    columns = ("p50", "p90", "p95", "p99", "p99.9", "p100")
    heads = "".join(f'<th class="number">{"max" if name == "p100" else name}</th>' for name in columns)
    rows = "".join(
        f'<tr><td>{escape(one.name)}</td><td class="number">{one.count:,}</td>'
        + "".join(f'<td class="number">{took(one.percentiles[name])}</td>' for name in columns)
        + "</tr>"
        for one in result.timings
    )
    return f'<div class="wide"><table><tr><th>step</th><th class="number">times</th>{heads}</tr>{rows}</table></div>'


def _distribution(result: LoadResult) -> str:
    """Latency by percentile, one bar a percentile, for what users wait for."""
    timing = next(
        (one for name in ("answer", "turn") for one in result.timings if one.name == name and one.count), None
    )
    if timing is None:
        return ""
    most = max(timing.percentiles.values()) or 1.0
    bars = ""
    for index, (name, value) in enumerate(timing.percentiles.items()):
        y = 4 + index * 20
        width, word = (_WIDTH - _LEFT - 90) * value / most, "max" if name == "p100" else name
        bars += (
            f'<text x="{_LEFT - 8}" y="{y + 12}" text-anchor="end">{escape(word)}</text>'
            f'<rect class="bar" x="{_LEFT}" y="{y}" width="{max(width, 1):.1f}" height="14"/>'
            f'<text x="{_LEFT + width + 6:.1f}" y="{y + 12}">{took(value)}</text>'
        )
    height = 8 + 20 * len(timing.percentiles)
    title = f"{escape(timing.name)}, by percentile"
    return (
        f'<figure class="bars"><figcaption>{title}</figcaption>'
        f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{title}">{bars}</svg></figure>'
    )


def _wrong(result: LoadResult, out: IO[str]) -> None:
    if result.thresholds:
        out.write("<h2>Thresholds</h2><ul>")
        for held in result.thresholds:
            word = "held" if held.is_held else "missed"
            state = "passed" if held.is_held else "failed"
            out.write(f'<li><span class="verdict {state}">{word}</span>: {escape(held.sentence)}</li>')
        out.write("</ul>")
    if result.failures:
        out.write("<h2>Failed turns</h2>")
        for kind, count in result.failures.items():
            first = result.first_failures[kind]
            out.write(f"<p>{count:,} x {escape(kind)}; first: {escape(first.user)}, {first.at:.1f} s</p>")
            out.write(f"<pre>{escape(first.message)}</pre>")
    if result.rules:
        out.write("<h2>Violations, with witnesses</h2>")
        for rule, count in result.rules.items():
            out.write(f"<h3>{count:,} x {escape(rule)}</h3>")
            for leak in [one for one in result.leaks if one.rule == rule][:_SHOWN]:
                frames = "\n".join(f"{'>' if way == 'in' else '<'} {text[:_LONGEST]}" for way, text in leak.frames)
                out.write(f"<p>{escape(leak.user)}: {escape(leak.message)}</p><pre>{escape(frames)}</pre>")
            if more := alike(result, rule, _SHOWN):
                out.write(f"<p>{escape(more)}</p>")


def _round_up(value: float) -> float:
    """The next 1, 2, 2.5 or 5 times a power of ten."""
    if value <= 0:
        return 1.0
    power = 10.0 ** (len(str(int(value))) - 1) if value >= 1 else 0.1
    return next(step * power for step in (1, 2, 2.5, 5, 10) if step * power >= value)
