"""A tree against the baseline in its own file: what `canonry gate`, `gate baseline` and `gate merge` do."""

from pathlib import Path

import msgspec

from canonry.audit.request import Request
from canonry.audit.session import Progress, Session, open_session
from canonry.gate.baseline import NAME, BaselineError, decode_baseline, encode_baseline
from canonry.gate.compare import compare
from canonry.gate.judge import judge
from canonry.gate.mendable import with_true_mends
from canonry.gate.renamed import Bodies
from canonry.gate.states import open_side, state_of
from canonry.gate.terms import Terms
from canonry.model.errors import UserError
from canonry.model.gate import Judgement, KnownTest, State, Violation


class Written(msgspec.Struct, frozen=True):
    """A new content for the baseline, with what stood there before."""

    root: Path
    before: bytes | None
    after: bytes
    entries: int
    lacking: tuple[str, ...] = ()
    """Tests that a side of a merge had and the tree has not."""


def judge_against_file(head: Request, *, terms: Terms, progress: Progress | None = None) -> Judgement:
    """The judgement of a tree against the baseline that it holds. Raises `UserError` for what the user can mend."""
    session = open_session(_quiet(head))
    try:
        content = session.tree.read(NAME)
        if content is None:
            raise UserError(
                f"there is no `{NAME}` to compare with; `canonry gate --against REV` compares with a commit, and "
                "`canonry gate baseline` writes one"
            )
        base = decode_baseline(content)
        state = _state(session, progress)
        bodies = Bodies(lambda _path: None, session.tree.read)
        changes = list(compare(base, state, bodies=bodies, least=terms.least, rules=terms.rules))
    finally:
        session.close()
    found = judge(changes, head=_shown(session), base=base.name, allowed=terms.allowed)
    return found if session.tree.by_blob else with_true_mends(found, session.tree.root, head)


def judge_against_nothing(head: Request, *, terms: Terms, progress: Progress | None = None) -> Judgement:
    """The judgement of a tree in which every open finding counts."""
    session = open_session(_quiet(head))
    try:
        state = _state(session, progress)
        bodies = Bodies(lambda _path: None, lambda _path: None)
        changes = list(compare(State(name=""), state, bodies=bodies, least=terms.least, rules=terms.rules))
    finally:
        session.close()
    return judge(changes, head=_shown(session), base="nothing", allowed=terms.allowed)


def new_baseline(request: Request, *, progress: Progress | None = None) -> Written:
    """The baseline of a working tree as it is now."""
    session = open_session(_quiet(request))
    try:
        root, before = _writable(session)
        after = encode_baseline(_state(session, progress))
    finally:
        session.close()
    return Written(root, before, after, after.count(b"\n") - 1)


def merged_baseline(request: Request, *, progress: Progress | None = None) -> Written:
    """The baseline of a working tree recomputed after a merge: what both sides accepted, as far as it is still there.

    Nothing comes in that neither side held: what the tree has more is left out, and the gate refuses it. Tests that a
    side had and the tree has not stay in, so that the gate tells them.
    """
    session = open_session(_quiet(request))
    try:
        root, before = _writable(session)
        if before is None:
            raise UserError(f"there is no `{NAME}` to merge; `canonry gate baseline` writes one")
        accepted = decode_baseline(before, markers=True)
        now = _state(session, progress)
    finally:
        session.close()
    lacking = tuple(sorted(accepted.tests.keys() - now.tests.keys()))
    after = encode_baseline(_capped(accepted, now))
    return Written(root, before, after, after.count(b"\n") - 1, lacking)


def _capped(accepted: State, now: State) -> State:
    """What both sides accepted and the tree still has; of tests all that either side had."""
    stock: dict[tuple[str, str], int] = {}
    for each in accepted.violations:
        stock[each.code, each.fingerprint] = stock.get((each.code, each.fingerprint), 0) + each.weight
    violations: list[Violation] = []
    for each in now.violations:
        left = stock.get((each.code, each.fingerprint), 0)
        if left > 0:
            violations.append(msgspec.structs.replace(each, weight=min(left, each.weight)))
            stock[each.code, each.fingerprint] = left - each.weight
    exempt = {(each.unit, each.rule, each.path, each.reason) for each in accepted.exemptions}
    return msgspec.structs.replace(
        now,
        violations=tuple(violations),
        tests=accepted.tests | {node: _stricter(test, accepted.tests.get(node)) for node, test in now.tests.items()},
        broken={path: at for path, at in now.broken.items() if path in accepted.broken},
        exemptions=tuple(each for each in now.exemptions if (each.unit, each.rule, each.path, each.reason) in exempt),
        quarantine={test: said for test, said in now.quarantine.items() if accepted.quarantine.get(test) == said},
        contracts=accepted.contracts | now.contracts,
        canon=accepted.canon or now.canon,
    )


def _stricter(now: KnownTest, accepted: KnownTest | None) -> KnownTest:
    return now if accepted is None or accepted.assertions <= now.assertions else accepted


def _state(session: Session, progress: Progress | None) -> State:
    if session.scope:
        raise UserError(f"a baseline is of a whole tree; `{session.scope[0]}` is a part of one")
    return state_of(open_side(_shown(session), session, progress))


def _writable(session: Session) -> tuple[Path, bytes | None]:
    if session.tree.by_blob:
        raise UserError("a commit or an index cannot be written to; run this in a working tree")
    return session.tree.root, session.tree.read_present(NAME)


def _shown(session: Session) -> str:
    if session.tree.kind == "commit":
        return f"`{(session.tree.commit or '')[:10]}`"
    return "the index" if session.tree.kind == "index" else "the working tree"


def _quiet(request: Request) -> Request:
    return msgspec.structs.replace(request, history=False)


__all__ = ["BaselineError", "Written", "judge_against_file", "judge_against_nothing", "merged_baseline", "new_baseline"]
