"""What tests did before and after, compared: what was lost, what fails that passed, what never really ran before."""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from canonry.migrate.equivalence.observe import Observation, Seen
from canonry.model.outcome import Outcome
from canonry.model.waves import TestChange, Unmasked

_PASSED = frozenset((Outcome.PASSED, Outcome.UNEXPECTED_PASS))


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """``worse`` is what must not be; ``flaky`` are tests about which the runs before disagree: nobody is blamed."""

    worse: tuple[TestChange, ...] = ()
    unmasked: tuple[Unmasked, ...] = ()
    flaky: tuple[str, ...] = ()


def compare_runs(before: Sequence[Observation], after: Observation, *, known_flaky: frozenset[str]) -> Comparison:
    """What a run lost against the runs before it. Tests that are known as flaky may fail, but not vanish.

    A test that passed has to pass, neither skipped nor expected to fail. One whose own coroutine was dropped in every
    run before, that was skipped, or that was not collected never really ran: where it fails now it is unmasked.
    """
    worse: list[TestChange] = []
    unmasked: list[Unmasked] = []
    flaky = set(known_flaky)
    for node in dict.fromkeys(node for run in before for node in run.tests):
        runs = [run.tests[node] for run in before if node in run.tests]
        if len(runs) < len(before):  # its id comes and goes by itself
            flaky.add(node)
            continue
        if len({_kind(seen.outcome) for seen in runs}) > 1:
            flaky.add(node)
        found = _judged(node, runs, after, is_flaky=node in flaky)
        if isinstance(found, TestChange):
            worse.append(found)
        elif found is not None:
            unmasked.append(found)
    for found in _come(before, after):
        if isinstance(found, TestChange):
            worse.append(found)
        else:
            unmasked.append(found)
    return Comparison(worse=tuple(worse), unmasked=tuple(unmasked), flaky=tuple(sorted(flaky)))


def compare_collected(before: Sequence[Observation], after: Observation) -> Comparison:
    """What a collection lost or has more than the collections before it."""
    worse: list[TestChange] = []
    for path in dict.fromkeys(path for run in before for path in run.nodes):
        sets = [set(run.nodes.get(path, ())) for run in before]
        now = set(after.nodes.get(path, ()))
        steady = set.intersection(*sets)
        reason = after.broken.get(path, "it is not collected any more")
        worse += [
            TestChange(node=node, before=Outcome.NOT_RUN, after=None, reason=reason) for node in sorted(steady - now)
        ]
        if steady == set.union(*sets):
            worse += [_more(node, Outcome.NOT_RUN) for node in sorted(now - steady)]
    return Comparison(worse=tuple(worse))


def renamed_back(run: Observation, renames: Mapping[str, str]) -> Observation:
    """A run with the names that its tests had before, parameters and all; where none was renamed, the run itself."""
    if not renames:
        return run
    old = {new: before for before, new in renames.items()}

    def name(node: str) -> str:
        plain, bracket, parameters = node.partition("[")
        return f"{old.get(plain, plain)}{bracket}{parameters}"

    return msgspec.structs.replace(
        run,
        nodes={path: tuple(map(name, nodes)) for path, nodes in run.nodes.items()},
        tests={name(node): seen for node, seen in run.tests.items()},
    )


def _judged(node: str, runs: list[Seen], after: Observation, *, is_flaky: bool) -> TestChange | Unmasked | None:
    was, now = runs[-1].outcome, after.tests.get(node)
    if now is None:
        path = node.partition("::")[0]
        reason = after.broken.get(path, "it is not there any more")
        return TestChange(node=node, before=was, after=None, reason=reason)
    if is_flaky or not _is_worse(was, now.outcome):
        return None
    if was is Outcome.SKIPPED:
        return Unmasked(node=node, evidence="it was skipped before", reason=now.reason)
    if not any(seen.awaited for seen in runs):
        return Unmasked(node=node, evidence="its coroutine was never awaited before", reason=now.reason)
    return TestChange(node=node, before=was, after=now.outcome, reason=now.reason)


def _is_worse(was: Outcome, now: Outcome) -> bool:
    if was in _PASSED:
        return now not in _PASSED
    return not was.is_bad and now.is_bad


def _come(before: Sequence[Observation], after: Observation) -> Iterator[TestChange | Unmasked]:
    """Tests that no run before knew, of files whose tests are always the same ones."""
    sets = [_by_file(run) for run in before]
    for path, nodes in _by_file(after).items():
        known = [each.get(path, frozenset()) for each in sets]
        if len(set(known)) > 1:
            continue
        for node in sorted(nodes - known[0]):
            seen = after.tests[node]
            if seen.outcome.is_bad:
                yield Unmasked(node=node, evidence="it was not collected before", reason=seen.reason)
            else:
                yield _more(node, seen.outcome)


def _by_file(run: Observation) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for node in run.tests:
        found.setdefault(node.partition("::")[0], set()).add(node)
    return {path: frozenset(nodes) for path, nodes in found.items()}


def _more(node: str, outcome: Outcome) -> TestChange:
    return TestChange(node=node, before=Outcome.NOT_RUN, after=outcome, reason="it was not collected before")


def _kind(outcome: Outcome) -> str:
    """What of an outcome has to be the same twice."""
    return "passed" if outcome in _PASSED else "bad" if outcome.is_bad else outcome.value
