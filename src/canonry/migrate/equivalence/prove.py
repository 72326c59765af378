"""The proof of many changes by what tests do: before, repeated; after; and, where it is worse, which files did it."""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from canonry.migrate.equivalence.affected import Affected
from canonry.migrate.equivalence.bisect import culprits
from canonry.migrate.equivalence.compare import Comparison, compare_collected, compare_runs, renamed_back
from canonry.migrate.equivalence.ground import Ground
from canonry.migrate.equivalence.observe import Conditions, Observation, affected_there, collect_there, run_there
from canonry.migrate.equivalence.times import slower
from canonry.model.change_plan import FileChange
from canonry.model.errors import NothingValidatedError, UserError
from canonry.model.outcome import Outcome
from canonry.model.run_event import RunEvent
from canonry.model.waves import Guilty, Level, Measured, TestChange, Unmasked

_ROUNDS = 3

Tell = Callable[[str], None]


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What a proof demands. ``repeat``: how often the tests run before; ``slower``: whether they may take longer."""

    level: Level = Level.RUN
    repeat: int = 2
    accept_unmasked: bool = False
    accept_slower: bool = False


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """What may stay (``accepted``) and what may not. ``slower`` says that, and how much, where the tests take longer.

    ``hopeless`` says why nothing may stay although no file is guilty.
    """

    accepted: tuple[FileChange, ...]
    level: Level
    guilty: tuple[Guilty, ...] = ()
    unmasked: tuple[Unmasked, ...] = ()
    flaky: tuple[str, ...] = ()
    unproved: tuple[str, ...] = ()
    measured: Measured = Measured()
    slower: str = ""
    hopeless: str = ""


def prove(
    ground: Ground,
    changes: Sequence[FileChange],
    conditions: Conditions,
    terms: Terms,
    *,
    renames: Mapping[str, str],
    clean: bool,
    tell: Tell,
    listener: Callable[[RunEvent], None],
) -> Proof:
    """Tries changes on a ground, and says which may stay. The ground is as before afterwards.

    ``renames`` are node ids before and after. ``clean``: one file that breaks tests is enough for none to stay, so
    the rest is not tried again without it.

    Raises `NothingValidatedError` where no test could say anything, `UserError` where tests cannot be run.
    """
    paths = [change.path for change in changes]
    if terms.level is Level.STATIC:
        return Proof(accepted=tuple(changes), level=Level.STATIC)
    reach = affected_there(ground.root, paths, conditions)
    if not reach.tests:
        if any(path.endswith(".py") for path in paths):
            raise NothingValidatedError(
                f"no test reaches the {_files(len(paths))} of this wave, so running tests would prove nothing; "
                "`--level static` takes the static checks alone"
            )
        return Proof(accepted=tuple(changes), level=Level.STATIC, unproved=tuple(paths))
    return _Trials(ground, tuple(changes), reach, conditions, terms, renames, tell, listener).proof(clean=clean)


class _Trials:
    """The runs of one proof."""

    def __init__(
        self,
        ground: Ground,
        changes: tuple[FileChange, ...],
        reach: Affected,
        conditions: Conditions,
        terms: Terms,
        renames: Mapping[str, str],
        tell: Tell,
        listener: Callable[[RunEvent], None],
    ) -> None:
        self._ground, self._changes, self._reach = ground, changes, reach
        self._conditions, self._terms, self._renames = conditions, terms, renames
        self._tell, self._listener = tell, listener
        self._files = tuple(reach.tests)
        self._before: list[Observation] = []
        self._flaky: frozenset[str] = frozenset()
        self._unmasked: dict[str, Unmasked] = {}
        self._seen: dict[tuple[frozenset[str], tuple[str, ...]], Comparison] = {}

    def proof(self, *, clean: bool) -> Proof:
        """Before, after, and as often again as files have to be found and taken out."""
        what = f"{_files(len(self._files), 'test file')}"
        for number in range(self._terms.repeat):
            self._tell(f"before, {number + 1} of {self._terms.repeat}: {what}")
            try:
                self._before.append(self._observe(self._files))
            except UserError as error:
                raise _cannot_run(error) from error
        self._refuse_without_evidence()
        rest, guilty = self._changes, list[Guilty]()
        for _ in range(_ROUNDS):
            if not rest:
                return self._proof((), guilty, None, Comparison())
            self._tell(f"after, with {_files(len(rest), 'changed file')}: {what}")
            after = self._with(rest, self._files)
            found = self._compare(after)
            if not self._is_bad(found):
                return self._proof(rest, guilty, after, found)
            new = self._find(rest, found)
            guilty += new
            gone = {each.path for each in new}
            rest = tuple(change for change in rest if change.path not in gone)
            if clean and any(not each.unmasks for each in new):
                return self._proof((), guilty, None, Comparison())
        return Proof(
            accepted=(),
            level=self._terms.level,
            guilty=tuple(guilty),
            hopeless=f"tests still fail after {_ROUNDS} rounds of looking for the guilty files",
        )

    # runs -------------------------------------------------------------------------------------------------------------

    def _observe(self, files: tuple[str, ...]) -> Observation:
        variables = self._ground.surroundings()
        if self._terms.level is Level.COLLECTED:
            return collect_there(self._ground.root, files, self._conditions, variables=variables)
        return run_there(self._ground.root, files, self._conditions, variables=variables, listener=self._listener)

    def _with(self, changes: Sequence[FileChange], files: tuple[str, ...]) -> Observation:
        """What tests do with these changes. Where pytest does not even start, they broke every file."""

        def observe() -> Observation:
            try:
                return self._observe(files)
            except UserError as error:
                return Observation(nodes={}, tests={}, broken=dict.fromkeys(files, str(error)))

        return self._ground.trial(changes, observe)

    def _refuse_without_evidence(self) -> None:
        if self._terms.level is Level.COLLECTED:
            if not any(run.nodes for run in self._before):
                raise NothingValidatedError("no test can be collected before the wave, so nothing would be proved")
            return
        last = self._before[-1]
        if not any(seen.outcome.is_evidence and not seen.outcome.is_bad for seen in last.tests.values()):
            bad = sum(seen.outcome.is_bad for seen in last.tests.values()) + len(last.broken)
            first = next(iter(last.broken.values()), "") or next(
                (seen.reason for seen in last.tests.values() if seen.reason), ""
            )
            raise NothingValidatedError(
                f"no test passes before the wave ({bad:,} bad; the first: {first or 'none ran'}), so nothing would be "
                "proved; see what `canonry run` says here, or take the static checks alone with `--level static`"
            )

    # judging ----------------------------------------------------------------------------------------------------------

    def _compare(self, after: Observation, files: tuple[str, ...] | None = None) -> Comparison:
        before = self._before if files is None else [_only(run, files) for run in self._before]
        if self._terms.level is Level.COLLECTED:
            return compare_collected(before, renamed_back(after, self._renames))
        found = compare_runs(before, renamed_back(after, self._renames), known_flaky=self._flaky)
        self._unmasked |= {each.node: each for each in found.unmasked}
        return found

    def _is_bad(self, found: Comparison) -> bool:
        return bool(found.worse or (found.unmasked and not self._terms.accept_unmasked))

    def _find(self, changes: tuple[FileChange, ...], found: Comparison) -> list[Guilty]:
        """The guilty among changes with which tests fail; none where they pass when they run again."""
        focus = _test_files(found)
        if not self._fails(changes, focus):
            focus = self._files  # a test that another file's tests disturb
            if not self._fails(changes, focus):
                nodes = frozenset(_nodes(found))
                self._tell(f"{_tests(len(nodes))} passed when run again with the same files: flaky")
                self._flaky |= nodes
                self._seen.clear()
                return []
        self._tell(f"looks for the guilty among {_files(len(changes), 'changed file')}")
        direct = tuple(change for change in changes if change.path in _test_files(found))
        others = tuple(change for change in changes if change not in direct)
        if direct and not (others and self._fails(others, focus)):
            return [self._blamed((change,), _of_file(found, change.path)) for change in direct]
        guilty: list[Guilty] = []
        for group in culprits(self._suspects(changes, found, focus), lambda some: self._fails(some, focus)):
            alone = self._tried(group, focus)
            evidence = alone if self._is_bad(alone) else found
            guilty += [self._blamed(group, evidence, path=change.path) for change in group]
        return guilty

    def _suspects(
        self, changes: tuple[FileChange, ...], found: Comparison, focus: tuple[str, ...]
    ) -> tuple[FileChange, ...]:
        """The changes that the failing tests import, where they fail with those and pass with the others; else all."""
        failing = set(_test_files(found))
        suspects = tuple(change for change in changes if self._reach.reach[change.path] & failing)
        others = tuple(change for change in changes if change not in suspects)
        if not suspects or not others or self._fails(others, focus) or not self._fails(suspects, focus):
            return changes
        return suspects

    def _fails(self, changes: tuple[FileChange, ...], files: tuple[str, ...]) -> bool:
        return self._is_bad(self._tried(changes, files))

    def _tried(self, changes: tuple[FileChange, ...], files: tuple[str, ...]) -> Comparison:
        key = _key(changes, files)
        if key not in self._seen:
            self._tell(f"with {_files(len(changes), 'changed file')}: {_files(len(files), 'test file')}")
            self._seen[key] = self._compare(self._with(changes, files), files)
        return self._seen[key]

    def _blamed(self, group: tuple[FileChange, ...], found: Comparison, *, path: str = "") -> Guilty:
        path = path or group[0].path
        tests = found.worse or tuple(_as_change(each) for each in found.unmasked)
        unmasks = not found.worse
        others = f", together with {len(group) - 1} other changed files" if len(group) > 1 else ""
        if unmasks:
            reason = f"{_tests(len(tests))} that never really ran before {_fail(len(tests))}{others}"
        else:
            lost = sum(each.after is None for each in tests)
            reason = _lost_and_failed(lost, len(tests) - lost) + others
        return Guilty(path=path, reason=reason, tests=tests, unmasks=unmasks)

    def _proof(
        self, rest: tuple[FileChange, ...], guilty: list[Guilty], after: Observation | None, found: Comparison
    ) -> Proof:
        said, times, seconds = "", [run.seconds for run in self._before], list[float]()
        if after is not None and self._terms.level is Level.RUN:
            seconds.append(after.seconds)
            if not self._terms.accept_slower:
                said = slower(times, seconds, lambda: self._measured_again(rest))
        last = self._before[-1]
        return Proof(
            accepted=rest,
            level=self._terms.level,
            guilty=tuple(guilty),
            unmasked=tuple(self._unmasked[node] for node in sorted(self._unmasked)),
            flaky=found.flaky or tuple(sorted(self._flaky)),
            unproved=tuple(path for path in self._reach.unproved if path in {change.path for change in rest}),
            measured=Measured(
                test_files=len(self._files),
                tests=len(last.tests) or sum(map(len, last.nodes.values())),
                passed=_count(last, bad=False),
                bad_before=_count(last, bad=True),
                bad_after=_count(after, bad=True) if after is not None else _count(last, bad=True),
                before=tuple(times),
                after=tuple(seconds),
            ),
            slower=said,
        )

    def _measured_again(self, rest: tuple[FileChange, ...]) -> tuple[float, float]:
        self._tell("slower, as it seems: before and after once more")
        return self._observe(self._files).seconds, self._with(rest, self._files).seconds


def _cannot_run(error: UserError) -> UserError:
    """What keeps tests from running, without the report of a pytest that does not start."""
    lines = str(error).strip().splitlines()
    if len(lines) == 1:
        return error
    said = next((line.strip() for line in reversed(lines) if "rror: " in line or "arning: " in line), lines[-1].strip())
    return UserError(
        f"pytest does not start here, so no wave can be proved: {said} `canonry run` says more, and `--pytest-option` "
        "hands options to pytest"
    )


def _key(changes: Sequence[FileChange], files: tuple[str, ...]) -> tuple[frozenset[str], tuple[str, ...]]:
    return frozenset(change.path for change in changes), files


def _only(run: Observation, files: tuple[str, ...]) -> Observation:
    wanted = set(files)
    return Observation(
        nodes={path: nodes for path, nodes in run.nodes.items() if path in wanted},
        tests={node: seen for node, seen in run.tests.items() if node.partition("::")[0] in wanted},
        broken={path: reason for path, reason in run.broken.items() if path in wanted},
        seconds=run.seconds,
    )


def _test_files(found: Comparison) -> tuple[str, ...]:
    """The files that hold the tests which are worse or unmasked."""
    return tuple(dict.fromkeys(node.partition("::")[0] for node in _nodes(found)))


def _nodes(found: Comparison) -> list[str]:
    return [*(each.node for each in found.worse), *(each.node for each in found.unmasked)]


def _of_file(found: Comparison, path: str) -> Comparison:
    return Comparison(
        worse=tuple(each for each in found.worse if each.node.partition("::")[0] == path),
        unmasked=tuple(each for each in found.unmasked if each.node.partition("::")[0] == path),
    )


def _as_change(unmasked: Unmasked) -> TestChange:
    return TestChange(node=unmasked.node, before=Outcome.NOT_RUN, after=Outcome.FAILED, reason=unmasked.reason)


def _count(run: Observation, *, bad: bool) -> int:
    return sum(seen.outcome.is_bad is bad and (bad or seen.outcome.is_evidence) for seen in run.tests.values())


def _files(count: int, what: str = "file") -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _tests(count: int) -> str:
    return f"{count:,} {'test' if count == 1 else 'tests'}"


def _fail(count: int) -> str:
    return "fails" if count == 1 else "fail"


def _lost_and_failed(lost: int, failed: int) -> str:
    said = []
    if lost:
        said.append(f"{_tests(lost)} {'is' if lost == 1 else 'are'} lost")
    if failed:
        said.append(f"{_tests(failed)} that passed {'does' if failed == 1 else 'do'} not any more")
    return " and ".join(said)
