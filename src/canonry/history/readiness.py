"""Whether a profile is ready, from what audit, gate, quarantine and runs say. Nothing is looked up here."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import msgspec

from canonry.canon.options import Canon, Flow, Priority
from canonry.canon.selection import matches
from canonry.model.outcome import Outcome
from canonry.model.quarantine import named_by
from canonry.model.readiness import About, Blocker, Readiness
from canonry.model.reliability import ClaimState, FlowClaim

_SHOWN = 3


class TreeFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the tree, whatever the profile.

    ``unparsable``: paths. ``flow_errors``: open errors in the components of a flow (``path:line CODE``), by flow.
    ``expired``: tests whose quarantine is over. ``refused``: reasons of the gate with the command that mends each,
    None where there is no baseline. ``files`` are the test files of the tree; ``tests``: category by node id, of all
    tests that some run of this commit saw, whatever its profile.
    """

    commit: str | None
    dirty: bool = False
    unparsable: tuple[str, ...] = ()
    flow_errors: Mapping[str, tuple[str, ...]] = {}
    expired: tuple[str, ...] = ()
    refused: tuple[tuple[str, str], ...] | None = None
    files: tuple[str, ...] = ()
    tests: Mapping[str, str] = {}
    forgiven: frozenset[str] = frozenset()
    """Tests in quarantine, whose failures do not count."""


class ProfileFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a profile. ``outcomes``: of each test the last one at this commit, in runs of a clean tree.

    ``categories`` are those that it runs, all where empty. ``silent``: what does not answer, a sentence each.
    """

    name: str
    categories: tuple[str, ...] = ()
    outcomes: Mapping[str, Outcome] = {}
    claims: Mapping[str, FlowClaim] = {}
    silent: tuple[str, ...] = ()


def judge_readiness(canon: Canon, tree: TreeFacts, profile: ProfileFacts) -> Readiness:
    """The readiness of one profile."""
    blockers = [*_of_tree(tree), *_services(profile)]
    lacking = list(_commit(tree))
    for grave, found in ((True, blockers), (False, lacking)):
        found += (each for is_grave, each in _categories(canon, tree, profile) if is_grave is grave)
        found += (each for is_grave, each in _flows(canon, tree, profile) if is_grave is grave)
    blockers += _quarantine(tree)
    blockers += (Blocker(About.GATE, f"the gate refuses: {said}", mend) for said, mend in tree.refused or ())
    notes = (
        ()
        if tree.refused is not None
        else ("there is no baseline, so the gate was not asked (`canonry gate baseline`)",)
    )
    return Readiness(
        profile=profile.name, commit=tree.commit, blockers=tuple(blockers), lacking=tuple(lacking), notes=notes
    )


def _of_tree(tree: TreeFacts) -> Iterator[Blocker]:
    if tree.unparsable:
        said = f"{_files(len(tree.unparsable))} parse: {_some(tree.unparsable)}"
        yield Blocker(About.PARSING, said, "canonry repair")


def _files(count: int) -> str:
    return "1 file does not" if count == 1 else f"{count:,} files do not"


def _services(profile: ProfileFacts) -> Iterator[Blocker]:
    command = f"canonry doctor --profile {profile.name}"
    yield from (Blocker(About.SERVICE, said, command) for said in profile.silent)


def _commit(tree: TreeFacts) -> Iterator[Blocker]:
    if tree.commit is None:
        yield Blocker(About.COMMIT, "the tree is at no commit, so that no run speaks for it", "git commit")
    elif tree.dirty:
        said = "the tree has uncommitted changes, and no run of its commit speaks for them"
        yield Blocker(About.COMMIT, said, "git commit")


def _categories(canon: Canon, tree: TreeFacts, profile: ProfileFacts) -> Iterator[tuple[bool, Blocker]]:
    grave = [name for name, each in canon.categories.items() if each.priority is Priority.CRITICAL]
    mine = [name for name in grave if not profile.categories or name in profile.categories]
    for name in mine:
        category = canon.categories[name]
        wanted = _Wanted(
            f"P0 category `{name}`",
            frozenset(path for path in tree.files if matches(path, category.paths)),
            frozenset(node for node, of in _known(tree, profile) if of == name or matches(_file(node), category.paths)),
        )
        command = f"canonry run --profile {profile.name} --category {name}"
        yield from _tests(wanted, About.CATEGORY, tree, profile, command)
    if not grave:  # where nobody says what is critical, everything is
        known = frozenset(node for node, _ in _known(tree, profile))
        wanted = _Wanted("the suite (no category is critical)", frozenset(tree.files), known)
        yield from _tests(wanted, About.CATEGORY, tree, profile, f"canonry run --profile {profile.name}")


class _Wanted(NamedTuple):
    """What has to have passed: in each of these files a test, and each of these tests."""

    what: str
    files: frozenset[str]
    tests: frozenset[str]


def _known(tree: TreeFacts, profile: ProfileFacts) -> Iterator[tuple[str, str]]:
    """All tests that runs of the commit saw, with their categories where they are known."""
    yield from tree.tests.items()
    yield from ((node, "") for node in profile.outcomes if node not in tree.tests)


def _file(node: str) -> str:
    return node.partition("::")[0]


def _tests(
    wanted: _Wanted, about: About, tree: TreeFacts, profile: ProfileFacts, command: str
) -> Iterator[tuple[bool, Blocker]]:
    """Whether some tests pass: what fails blocks; what did not run, or proves nothing, is not known."""
    what = wanted.what
    ran = {node: profile.outcomes[node] for node in sorted(wanted.tests) if node in profile.outcomes}
    bad = [node for node, outcome in ran.items() if outcome.is_bad and not named_by(tree.forgiven, node)]
    if bad:
        said = f"{what}: {len(bad):,} of {len(ran):,} tests {'fails' if len(bad) == 1 else 'fail'}: {_some(bad)}"
        yield True, Blocker(about, said, command)
    silent = sorted(wanted.files - {_file(node) for node in ran})
    missing = sorted(wanted.tests - ran.keys())
    if not ran:
        yield False, Blocker(about, f"{what}: no test of it ran at this commit in this profile", command)
    elif silent:
        said = f"{what}: no test of {len(silent):,} of {len(wanted.files):,} files ran at this commit: {_some(silent)}"
        yield False, Blocker(about, said, command)
    elif missing:
        said = f"{what}: {len(missing):,} of {len(wanted.tests):,} tests did not run in this profile: {_some(missing)}"
        yield False, Blocker(about, said, command)
    elif not any(outcome.is_bad or outcome.is_evidence for outcome in ran.values()):
        yield (
            False,
            Blocker(about, f"{what}: none of {len(ran):,} tests ran to its end, so that nothing is proved", command),
        )


def _flows(canon: Canon, tree: TreeFacts, profile: ProfileFacts) -> Iterator[tuple[bool, Blocker]]:
    for name, flow in canon.flows.items():
        command = f"canonry run --profile {profile.name} --flow {name}"
        wanted = _Wanted(
            f"flow `{name}`",
            frozenset(path for path in tree.files if _is_of(flow, path)),
            frozenset(node for node, _ in _known(tree, profile) if _is_of(flow, node)),
        )
        yield from _tests(wanted, About.FLOW, tree, profile, command)
        errors = tree.flow_errors.get(name, ())
        if errors:
            said = f"flow `{name}`: {len(errors):,} open {'error' if len(errors) == 1 else 'errors'} in its components"
            yield True, Blocker(About.FLOW, f"{said}: {_some(errors)}", f"canonry audit --flow {name}")
        yield from _claim(name, flow, profile.claims.get(name), command)


def _is_of(flow: Flow, node: str) -> bool:
    return bool(flow.tests) and matches(_file(node), flow.tests)


def _claim(name: str, flow: Flow, claim: FlowClaim | None, command: str) -> Iterator[tuple[bool, Blocker]]:
    """What a flow's reliability says, where the canon demands one: refuted blocks, unproven is not known."""
    if flow.reliability is None or (claim is not None and claim.state is ClaimState.PROVEN):
        return
    command = f"{command} --prove {flow.reliability:g}"
    if claim is not None and claim.state is ClaimState.REFUTED:
        said = f"flow `{name}`: {flow.reliability:.0%} reliability is refuted"
        said += f": {claim.failures:,} of {claim.trials:,} runs fail"
        yield True, Blocker(About.FLOW, said, command)
        return
    left = f", {claim.needed:,} clean runs more would prove it" if claim is not None and claim.needed else ""
    said = f"flow `{name}`: {flow.reliability:.0%} reliability is not proven"
    why = claim.reason or claim.state.value if claim is not None else "no run"
    yield False, Blocker(About.FLOW, f"{said} ({why}{left})", command)


def _quarantine(tree: TreeFacts) -> Iterator[Blocker]:
    if tree.expired:
        tests = "1 test" if len(tree.expired) == 1 else f"{len(tree.expired):,} tests"
        said = f"the quarantine of {tests} is over: {_some(tree.expired)}"
        yield Blocker(About.QUARANTINE, said, "canonry report quarantine")


def _some(names: Iterable[str]) -> str:
    listed = list(names)
    more = f" and {len(listed) - _SHOWN:,} more" if len(listed) > _SHOWN else ""
    return ", ".join(f"`{each}`" for each in listed[:_SHOWN]) + more
