"""Earlier runs as far as a report needs them, from the history: which there were, and which one to show."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from canonry.audit.session import Session
from canonry.history.store import History
from canonry.history.store.reading import Totals
from canonry.model.errors import UserError
from canonry.model.history import KeptRun
from canonry.model.outcome import Outcome
from canonry.run.keeping import open_for_reports
from canonry.run.recording import is_running, recordings, runs_folder
from canonry.source.trees.git import Git

_RUNS, _LOOKED_AT = 60, 600
_COMMITS = 20_000
_NEAR, _ALIKE = 3, 0.9
_SAYS_NOTHING = frozenset((Outcome.NOT_RUN, Outcome.BLOCKED, Outcome.SKIPPED, Outcome.LOST))


@dataclass(slots=True)
class Past:
    """The newest runs of a history, the oldest first, with how their tests ended. Without a history there are none."""

    history: History | None = None
    runs: Sequence[KeptRun] = ()
    totals: dict[str, Totals] = field(default_factory=dict)

    @property
    def whole(self) -> list[KeptRun]:
        """The runs with at least half as many tests as the largest: a run of three tests stands for no suite."""
        most = max((each.tests for each in self.totals.values()), default=0)
        return [run for run in self.runs if run.id in self.totals and 2 * self.totals[run.id].tests >= most]

    def steady(self) -> list[KeptRun]:
        """The runs of the whole suite, so that a curve shows no narrowed ones.

        A run is narrowed where a neighbour, a run before it in its profile, or another of its commit has many more
        tests; a suite that grows stays.
        """
        runs = [run for run in self.runs if run.id in self.totals and self.totals[run.id].tests]
        sizes = [self.totals[run.id].tests for run in runs]
        most: dict[tuple[str, str | None], int] = {}
        for run, size in zip(runs, sizes, strict=True):
            most[run.profile, run.commit] = max(size, most.get((run.profile, run.commit), 0))
        found, before = list[KeptRun](), dict[str, int]()
        for at, (run, size) in enumerate(zip(runs, sizes, strict=True)):
            before[run.profile] = max(size, before.get(run.profile, 0))
            around = max(sizes[max(0, at - _NEAR) : at + _NEAR + 1])
            if size >= _ALIKE * max(around, before[run.profile], most[run.profile, run.commit]):
                found.append(run)
        return found

    def close(self) -> None:
        """Lets the history go."""
        if self.history is not None:
            self.history.close()


def open_past(session: Session, notes: list[str]) -> Past:
    """The past of a tree on disk; what cannot be read of it is noted."""
    if session.tree.by_blob:
        return Past()
    try:
        history = open_for_reports(session.tree.root, session.loaded.canon.history, notes)
    except UserError as error:
        notes.append(f"nothing is known of earlier runs: {error}")
        return Past()
    runs = history.runs(last=_LOOKED_AT)
    totals = history.totals(runs)
    runs = newest_of(runs, totals)
    return Past(history, runs, {run.id: totals[run.id] for run in runs if run.id in totals})


def newest_of(runs: Sequence[KeptRun], totals: Mapping[str, Totals]) -> list[KeptRun]:
    """The newest runs, and the newest of the suite beside them: many narrowed runs, as of `--prove`, hide none."""
    most = max((each.tests for each in totals.values()), default=0)
    whole = [run for run in runs if run.id in totals and 2 * totals[run.id].tests >= most]
    kept = {run.id for run in (*runs[-_RUNS:], *whole[-_RUNS:])}
    return [run for run in runs if run.id in kept]


def chosen(root: Path, past: Past, notes: list[str]) -> str:
    """The recording to show: the newest one that is over and no small part of the suite; empty where there is none."""
    over = []
    for name in reversed(recordings(root)):
        if is_running(runs_folder(root) / f"{name}.jsonl"):
            notes.append(f"run `{name}` still goes on and is left out")
        else:
            over.append(name)
    whole, known = {run.id for run in past.whole}, {run.id for run in past.runs}
    for name in over:
        if name in whole or name not in known:
            if name != over[0]:
                tests = past.totals[over[0]].tests if over[0] in past.totals else 0
                notes.append(
                    f"the newest run, `{over[0]}`, ran {tests:,} tests, a small part of the suite, so `{name}` is "
                    f"shown; `canonry report --run {over[0]}` shows the other"
                )
            return name
    return over[0] if over else ""


def ancestors(git: Git | None) -> frozenset[str]:
    """The commits that the checked out one descends from, itself included; empty outside git."""
    if git is None:
        return frozenset()
    return frozenset(git.output("rev-list", f"--max-count={_COMMITS}", "HEAD", check=False).decode().split())


class Earlier:
    """The runs before one, of commits that it descends from, and how some tests ended in them."""

    def __init__(self, past: Past, name: str, at: float, known: frozenset[str], nodes: Collection[str]) -> None:
        self._runs = [
            run
            for run in past.runs
            if run.id != name and run.at < at and (not run.commit or not known or run.commit in known)
        ]
        self._outcomes: dict[str, dict[str, Outcome]] = {}
        if past.history is not None and nodes:
            for each in past.history.attempts(self._runs, nodes=nodes):
                self._outcomes.setdefault(each.node, {})[each.run] = each.outcome

    @property
    def newest(self) -> str:
        """The run right before, empty where there is none."""
        return self._runs[-1].id if self._runs else ""

    def since(self, node: str, at: float) -> tuple[bool | None, float, int]:
        """Whether a failure is new (None: the test never ran before), since when, over how many runs."""
        since, runs, asked = at, 1, False
        for run, outcome in self._of(node):
            asked = True
            if not outcome.is_bad:
                break
            since, runs = run.at, runs + 1
        return (runs == 1) if asked else None, since, runs

    def _of(self, node: str) -> Iterator[tuple[KeptRun, Outcome]]:
        outcomes = self._outcomes.get(node, {})
        for run in reversed(self._runs):
            outcome = outcomes.get(run.id)
            if outcome is not None and outcome not in _SAYS_NOTHING:
                yield run, outcome
