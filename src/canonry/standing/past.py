"""Earlier runs as far as a report needs them: which tests were bad, when, on which commit; bounded in number and bytes."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from canonry.model.errors import UserError
from canonry.model.outcome import Outcome
from canonry.model.run_event import AttemptEnded, FlowCovered, RunEnded, RunStarted
from canonry.run.naming import of_tree
from canonry.run.recording import is_running, read_recording, recordings, runs_folder
from canonry.source.trees.git import Git

_RUNS = 20
_BYTES = 200_000_000
_COMMITS = 20_000


class PastRun(msgspec.Struct, kw_only=True):
    """A recorded run: how each test ended (by node id of the tree), and which of them needed several attempts."""

    id: str
    at: float
    commit: str | None
    dirty: bool
    outcomes: dict[str, Outcome]
    mixed: dict[str, float]
    """Tests that passed after they had not, with the seconds of attempts beyond the first."""
    flows: dict[str, FlowCovered]
    seconds: float = 0.0
    status: int | None = None

    @property
    def bad(self) -> int:
        """How many tests were bad in the end."""
        return sum(each.is_bad for each in self.outcomes.values())


def newest_recordings(root: Path, notes: list[str], *, runs: int = _RUNS) -> list[PastRun]:
    """The newest runs that are over, the newest first; what cannot be read is noted and left out."""
    found: list[PastRun] = []
    left = _BYTES
    for run in reversed(recordings(root)):
        path = runs_folder(root) / f"{run}.jsonl"
        if len(found) >= runs or left <= 0:
            break
        try:
            if is_running(path):
                notes.append(f"run `{run}` still goes on and is left out")
                continue
            left -= path.stat().st_size
            found.append(_read(run, path))
        except (UserError, OSError) as error:
            notes.append(f"run `{run}` is left out: {error}")
    return found


def chosen(found: list[PastRun], notes: list[str]) -> PastRun | None:
    """The newest run that ran at least half as many tests as the largest: a run of three tests stands for no suite."""
    most = max((len(each.outcomes) for each in found), default=0)
    for run in found:
        if 2 * len(run.outcomes) >= most:
            if run is not found[0]:
                small = found[0]
                notes.append(
                    f"the newest run, `{small.id}`, ran {len(small.outcomes):,} of {most:,} tests, so `{run.id}` is shown; "
                    f"`canonry report --run {small.id}` shows the other"
                )
            return run
    return None


def ancestors(git: Git | None) -> frozenset[str]:
    """The commits that the checked out one descends from, itself included; empty outside git."""
    if git is None:
        return frozenset()
    return frozenset(git.output("rev-list", f"--max-count={_COMMITS}", "HEAD", check=False).decode().split())


def before(found: list[PastRun], run: PastRun, known: frozenset[str]) -> Iterator[PastRun]:
    """The runs before one, the newest first, of commits that the present one descends from, or of none at all."""
    for each in found:
        if each.id < run.id and (each.commit is None or not known or each.commit in known):
            yield each


def _read(run: str, path: Path) -> PastRun:
    started, ended = RunStarted(), None
    outcomes: dict[str, Outcome] = {}
    first: dict[str, AttemptEnded] = {}
    mixed: dict[str, float] = {}
    flows: dict[str, FlowCovered] = {}
    for event in read_recording(path):
        if isinstance(event, AttemptEnded):
            outcomes[event.node] = event.outcome
            if event.node not in first:
                first[event.node] = event
            else:
                mixed[event.node] = mixed.get(event.node, 0.0) + event.duration
        elif isinstance(event, RunStarted):
            started = event
        elif isinstance(event, FlowCovered):
            flows[event.flow] = event
        elif isinstance(event, RunEnded):
            ended = event
    place = started.place
    flaky = {
        node: seconds for node, seconds in mixed.items() if first[node].outcome.is_bad and not outcomes[node].is_bad
    }
    return PastRun(
        id=run,
        at=started.at,
        commit=started.commit,
        dirty=started.dirty,
        outcomes={of_tree(node, place): outcome for node, outcome in outcomes.items()} if place else outcomes,
        mixed={of_tree(node, place): seconds for node, seconds in flaky.items()},
        flows=flows,
        seconds=ended.duration if ended else 0.0,
        status=ended.status if ended else None,
    )
