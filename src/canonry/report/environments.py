"""Two recorded runs side by side, as text, Markdown and JSON."""

import json
from collections.abc import Iterator
from typing import IO, Any

import msgspec

from canonry.model.environments import ComparedRuns, Difference, Differing, Explanation, Layer, RunSide
from canonry.report.style import paint, plural, printable

FORMATS = ("full", "markdown", "json")
_SHOWN = 20
_TITLES = {
    Layer.CODE: "code",
    Layer.PYTHON: "Python",
    Layer.MACHINE: "machine",
    Layer.SERVICES: "services",
    Layer.PACKAGES: "packages",
    Layer.VARIABLES: "environment variables (names)",
}


def render(found: ComparedRuns, out: IO[str], *, output_format: str, color: bool) -> None:
    """Writes them in a format of `FORMATS`; long groups are cut, but in JSON."""
    if output_format == "json":
        out.write(json.dumps({"schema": 1, **_built(found)}, indent=2) + "\n")
    elif output_format == "markdown":
        out.writelines(f"{line}\n" for line in _markdown(found))
    else:
        out.writelines(f"{line}\n" for line in _text(found, color=color))


def _built(found: ComparedRuns) -> dict[str, Any]:
    document: dict[str, Any] = msgspec.to_builtins(found)
    return document


def _text(found: ComparedRuns, *, color: bool) -> Iterator[str]:
    yield f"one    {_side(found.one)}"
    yield f"other  {_side(found.other)}"
    if not found.differences:
        yield "nothing that was recorded of their environments differs"
    for layer in Layer:
        mine = [each for each in found.differences if each.layer is layer]
        if mine:
            yield f"{paint(_TITLES[layer], 'bold', color=color)}  one | other"
            yield from (f"  {printable(each.name)}: {_both(each)}" for each in mine[:_SHOWN])
            if len(mine) > _SHOWN:
                yield f"  and {len(mine) - _SHOWN:,} more (`--output-format json` has all)"
    yield _counts(found)
    for test in found.differing:
        yield f"{printable(test.node)}: {paint(_outcomes(test), 'red', color=color)}"
        if test.reason:
            yield f"    {printable(test.reason)}"
        yield from (f"    {printable(line)}" for line in _why(test))
    yield from (f"note  {printable(note)}" for note in found.notes)


def _markdown(found: ComparedRuns) -> Iterator[str]:
    yield from ("# Two runs", "", "| | run | commit | profile | host | tests |", "| -- | -- | -- | -- | -- | --: |")
    for name, side in (("one", found.one), ("other", found.other)):
        commit = (side.commit or "none")[:10] + (" (changed)" if side.dirty else "")
        yield f"| {name} | `{side.id}` | {commit} | {_cell(side.profile)} | {_cell(side.machine)} | {side.tests:,} |"
    yield from ("", "## What differs", "")
    if found.differences:
        yield from ("| | what | one | other |", "| -- | -- | -- | -- |")
        for each in found.differences:
            row = (_TITLES[each.layer], each.name, each.one or "-", each.other or "-")
            yield f"| {' | '.join(map(_cell, row))} |"
    else:
        yield "Nothing that was recorded."
    yield from ("", "## Tests that ended differently", "", _counts(found), "")
    for test in found.differing:
        yield f"- `{printable(test.node)}`: {_outcomes(test)}" + (f": {_cell(test.reason)}" if test.reason else "")
        yield from (f"  - {_cell(line)}" for line in _why(test))
    yield from (f"\n{_cell(note)}" for note in found.notes)


def _side(side: RunSide) -> str:
    changed = ", changed" if side.dirty else ""
    commit = f"commit {side.commit[:10]}{changed}" if side.commit else "no commit"
    return printable(
        f"{side.id}  {commit}, profile {side.profile}, {plural(side.tests, 'test')}, on {side.machine or '?'}"
    )


def _both(difference: Difference) -> str:
    return printable(f"{difference.one or '-'} | {difference.other or '-'}")


def _counts(found: ComparedRuns) -> str:
    differing, only = len(found.differing), sum(found.only)
    alone = f"; {found.only[0]:,} and {found.only[1]:,} are in one of them alone" if only else ""
    if found.compared == 1:
        return f"the one test that is in both ended {'differently' if differing else 'alike'}{alone}"
    if not differing:
        return f"all {found.compared:,} tests that are in both ended alike{alone}"
    return f"of {found.compared:,} tests that are in both, {differing:,} ended differently{alone}"


def _outcomes(test: Differing) -> str:
    return f"{test.one.value} in one, {test.other.value} in the other"


def _why(test: Differing) -> Iterator[str]:
    if not test.explanations:
        yield f"nothing that was recorded explains it; is it flaky? `canonry run {test.node} --repeat 20`"
    yield from (f"{'may be' if not each.named else 'likely'}: {_told(each)}" for each in test.explanations)


def _told(explanation: Explanation) -> str:
    each = explanation.difference
    return explanation.why if each is None else f"{explanation.why} ({each.layer.value} {each.name}: {_both(each)})"


def _cell(text: str) -> str:
    return printable(text).replace("|", "\\|").replace("<", "&lt;")
