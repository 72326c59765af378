"""Values that say where a suite stands, made up: what no small suite would give."""

import io
from typing import Any

from canonry.model.outcome import Outcome
from canonry.model.standing import Failure, Gate, Judged, Origin, Run, Span, Standing, Test
from canonry.report.standing.html import render
from canonry.standing.runs import clusters

ORIGIN = Origin(command="canonry run --replay made", population="made up", commit="0123456789ab")
HOSTILE = (
    "</script><script>window.pwned = 1</script>",
    "<img src=x onerror=window.pwned=2>",
    "\u202eright to left\u202c \u05e9\u05dc\u05d5\u05dd",
    "half \ud800 of a pair, byte \udcff",
    "&lt;already&gt; \"quoted\" 'twice' \x1b[31mred\x00",
    "]]> --> <!-- `code` | pipe",
)


def run_of(tests: list[Test], failures: list[Failure] | None = None, **changes: Any) -> Run:
    """A run of these tests, two workers, one after the other."""
    found = failures or []
    outcomes: dict[str, int] = {}
    for test in tests:
        outcomes[test.outcome.value] = outcomes.get(test.outcome.value, 0) + 1
    spans = tuple(
        Span(1 + number % 2, 0.1 * number, 0.1, number, test.outcome.is_bad) for number, test in enumerate(tests)
    )
    made: dict[str, Any] = {
        "origin": ORIGIN, "id": "made", "profile": "ci", "status": int(bool(found)), "seconds": 1.0,
        "tests": tuple(tests), "outcomes": outcomes, "failures": tuple(found), "clusters": clusters(found), "spans": spans,
    }  # fmt: skip
    return Run(**(made | changes))


def standing(**changes: Any) -> Standing:
    """A standing with these parts; what is not given is absent."""
    made: dict[str, Any] = {
        "name": "shop", "at": 1_795_000_000.0, "version": "0", "command": "canonry report", "verdict": Judged.FAILED,
        "reasons": ("the newest run passes: 1 of 2 tests fail",),
        "gates": (Gate(name="runs", state=Judged.FAILED, said="`a` | b", command="canonry run --failed", priority=0),),
    }  # fmt: skip
    return Standing(**(made | changes))


def hostile() -> Standing:
    """Every word of others is one that a page may not act on."""
    tests = [Test(node=f"tests/{word}.py::test[{word}]", outcome=Outcome.FAILED, category=word) for word in HOSTILE]
    failures = [
        Failure(test=number, reason=word, path=word, line=3, text=f"{word}\n{word}", new=True)
        for number, word in enumerate(HOSTILE)
    ]
    return standing(name=HOSTILE[0], run=run_of(tests, failures, compared=HOSTILE[1]), notes=HOSTILE, reasons=HOSTILE)


def page_of(made: Standing) -> str:
    """The page of a value."""
    out = io.StringIO()
    render(made, out)
    return out.getvalue()
