"""The tests of a page as columns of JSON: what repeats is written once, and what nobody opens stays short."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from canonry.model.standing import Flaky, Run, Test
from canonry.report.style import printable

_FLAKY, _NEW, _KNOWN, _QUARANTINED = 1, 2, 4, 8
_TEXTS = 900_000
"""The characters that all failure texts of a page may take together; with 20,000 failures a page stays below 5 MB."""
_LONGEST = 6_000
_REASONS = 400_000
_REASON, _SHORT = 500, 24
"""The characters of one reason, and of one where all of them together are too long."""


def _coded(words: Sequence[str]) -> tuple[list[str], list[int]]:
    """The different words, sorted as people do (numbers in them by value), and the number of each in that order."""
    different = sorted(set(words), key=_natural)
    numbers = {word: number for number, word in enumerate(different)}
    return different, [numbers[word] for word in words]


def _natural(word: str) -> tuple[list[tuple[int, str]], str]:
    return [
        (int(part), "") if part.isdecimal() and len(part) < 19 else (-1, part) for part in re.split(r"(\d+)", word)
    ], word


def columns(run: Run, flaky: Iterable[Flaky] = ()) -> dict[str, Any]:
    """The columns: ``m`` module, ``n`` name in it, ``o`` outcome, ``c`` category, ``d`` milliseconds, ``a`` attempts,
    ``f`` flags; ``x`` are the failures by test (reason, path, line, text, since, runs). Words are numbers of a list.
    """
    unsteady = {each.node for each in flaky}
    flags = [(_FLAKY if test.flaky or test.node in unsteady else 0) | _quarantined(test) for test in run.tests]
    for failure in run.failures:
        if failure.new is not None:
            flags[failure.test] |= _NEW if failure.new else _KNOWN
    parts = [test.node.partition("::") for test in run.tests]
    modules, module = _coded([printable(path) for path, _, _ in parts])
    outcomes, outcome = _coded([test.outcome.value for test in run.tests])
    categories, category = _coded([printable(test.category) for test in run.tests])
    texts, details = _details(run)
    return {
        "modules": modules,
        "outcomes": outcomes,
        "categories": categories,
        "texts": texts,
        "m": module,
        "n": [printable(name) for _, _, name in parts],
        "o": outcome,
        "c": category,
        "d": [round(test.duration * 1000) for test in run.tests],
        "a": {str(number): test.attempts for number, test in enumerate(run.tests) if test.attempts != 1},
        "f": flags,
        "x": details,
    }


def _details(run: Run) -> tuple[list[str], dict[str, list[object]]]:
    """The reports of failures, each once and together bounded, and what is told of each failure."""
    texts: dict[str, int] = {}
    details: dict[str, list[object]] = {}
    left, room = _TEXTS, _REASONS
    for failure in run.failures:
        reason = legible(failure.reason)
        reason = reason[: _REASON if len(reason) < room else _SHORT]
        room -= len(reason)
        text = shortened(failure.text, _LONGEST) if left > 0 else ""
        if text and text not in texts:
            left -= len(text)
        elif not text and failure.text:
            text = f"left out, so that this page stays small; `canonry run --replay {run.id}` shows it"
        details[str(failure.test)] = [
            reason,
            printable(failure.path),
            failure.line,
            texts.setdefault(text, len(texts)),
            round(failure.since),
            failure.runs,
        ]
    return list(texts), details


def embedded(data: object) -> str:
    """Data as JSON that may stand in a page: nothing in it ends a script or begins a comment (HTML, 4.12.1.3)."""
    text = msgspec.json.encode(data).decode()
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def shortened(text: str, longest: int) -> str:
    """A text of several lines, legible, cut in its middle where it is long."""
    if len(text) <= longest:
        return legible(text)
    half = longest // 2
    left = len(text) - 2 * half
    return f"{legible(text[:half])}\n... {left:,} characters left out ...\n{legible(text[-half:])}"


def legible(text: str) -> str:
    """The text line by line without what a terminal would act on, and without lone surrogates."""
    if "\n" not in text:
        return printable(text)
    return "\n".join(map(printable, text.split("\n")))


def _quarantined(test: Test) -> int:
    return _QUARANTINED if test.quarantined else 0
