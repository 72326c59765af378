"""Earlier runs as far as a report needs them: how each test ended, when, on which commit; not all of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from canonry.model.errors import UserError
from canonry.model.outcome import Outcome
from canonry.model.run_event import FlowCovered
from canonry.run.kept_runs import Kept, of_summary
from canonry.run.naming import of_tree
from canonry.run.recording import is_running, read_recording, recordings, runs_folder
from canonry.run.summary import RunSummary
from canonry.source.trees.git import Git

_RUNS = 30
_BYTES = 200_000_000
_COMMITS = 20_000


@dataclass(frozen=True, slots=True)
class PastRun:
    """A recorded run that is over. ``outcomes`` are by node id of the tree; ``cut``: its recording has no end."""

    id: str
    kept: Kept
    outcomes: dict[str, Outcome]
    extra: dict[str, float]
    """Tests that passed after they had not, with the seconds of their attempts beyond the first."""
    flows: dict[str, FlowCovered]
    status: int
    cut: bool

    @property
    def at(self) -> float:
        """When it began."""
        return self.kept[0].at

    @property
    def bad(self) -> int:
        """How many tests were bad in the end."""
        return sum(each.is_bad for each in self.outcomes.values())


def past_runs(root: Path, notes: list[str], *, runs: int = _RUNS) -> list[PastRun]:
    """The newest runs that are over, the newest first; what cannot be read is noted and left out."""
    found: list[PastRun] = []
    left = _BYTES
    for run in reversed(recordings(root)):
        if len(found) >= runs or left <= 0:
            break
        path = runs_folder(root) / f"{run}.jsonl"
        try:
            if is_running(path):
                notes.append(f"run `{run}` still goes on and is left out")
                continue
            left -= path.stat().st_size
            found.append(_past(run, RunSummary().add_all(read_recording(path))))
        except (UserError, OSError) as error:
            notes.append(f"run `{run}` is left out: {error}")
    return found


def chosen(found: Sequence[PastRun], notes: list[str]) -> PastRun | None:
    """The newest run with at least half as many tests as the largest: a run of three tests stands for no suite."""
    most = max((len(each.outcomes) for each in found), default=0)
    for run in found:
        if 2 * len(run.outcomes) >= most:
            if run is not found[0]:
                small = found[0]
                notes.append(
                    f"the newest run, `{small.id}`, ran {len(small.outcomes):,} of {most:,} tests, so `{run.id}` is "
                    f"shown; `canonry report --run {small.id}` shows the other"
                )
            return run
    return None


def ancestors(git: Git | None) -> frozenset[str]:
    """The commits that the checked out one descends from, itself included; empty outside git."""
    if git is None:
        return frozenset()
    return frozenset(git.output("rev-list", f"--max-count={_COMMITS}", "HEAD", check=False).decode().split())


def before(found: Sequence[PastRun], run: str, known: frozenset[str]) -> Iterator[PastRun]:
    """The runs before one, the newest first, of commits that the present one descends from, or of none at all."""
    for each in found:
        commit = each.kept[0].commit
        if each.id < run and (commit is None or not known or commit in known):
            yield each


def _past(run: str, summary: RunSummary) -> PastRun:
    place = summary.started.place
    results = summary.results.values()
    return PastRun(
        id=run,
        kept=of_summary(summary),
        outcomes={of_tree(each.node, place): each.outcome for each in results},
        extra={
            of_tree(each.node, place): sum(attempt.duration for attempt in each.attempts[1:])
            for each in results
            if each.is_flaky
        },
        flows=dict(summary.flows),
        status=summary.status() if summary.ended is None else summary.ended.status,
        cut=summary.ended is None,
    )
