"""Small runs to keep."""

from collections.abc import Mapping, Sequence

from canonry.history.store.records import Recorded
from canonry.model.history import KeptAttempt, KeptFailure, KeptRun
from canonry.model.outcome import Outcome

NODE = "test_a.py::test_a"
Told = Outcome | tuple[Outcome, float] | Sequence[tuple[Outcome, float]]


def run_of(
    run: str, at: float, tests: Mapping[str, Told] | None = None, *, gone: Sequence[str] = (), **fields: object
) -> Recorded:
    """A run with an outcome for each test, with its duration where that matters, or with several attempts."""
    attempts: list[KeptAttempt] = []
    failures: list[KeptFailure] = []
    for node, told in (tests or {}).items():
        tries = [(told, 1.0)] if isinstance(told, Outcome) else [told] if isinstance(told[0], Outcome) else list(told)
        for number, (outcome, duration) in enumerate(tries, 1):
            moment = at + len(attempts) * 0.25
            attempts.append(
                KeptAttempt(run=run, node=node, outcome=outcome, attempt=number, at=moment, duration=duration)
            )
            if outcome.is_bad:
                failures.append(KeptFailure(run=run, node=node, attempt=number, reason=f"{node} is {outcome.value}"))
    return Recorded(run=KeptRun(id=run, at=at, **fields), attempts=attempts, failures=failures, gone=gone)  # type: ignore[arg-type]
