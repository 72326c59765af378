"""Changes -> a judgement: whether a state may pass, why not, and the command that mends it."""

import shlex
from collections.abc import Collection, Iterable
from typing import NamedTuple

from canonry.model.gate import Change, Direction, Judgement, Kind, Reason, Verdict

_FEW = 3


def judge(
    changes: Iterable[Change],
    *,
    head: str,
    base: str,
    allowed: Collection[Kind] = (),
    notes: Iterable[str] = (),
    commit: str = "",
    at: str = "",
    staged: bool = False,
    complete: bool = True,
) -> Judgement:
    """The judgement of these changes: refused where one is worse that nobody agreed to.

    ``commit`` is the id of the base where it is a commit, ``at`` that of what is judged where that is no working tree's
    state; ``staged`` says that it is an index.
    """
    found = sorted(changes, key=lambda each: (each.kind.rank, each.path, each.line))
    worse = [each for each in found if each.direction is Direction.WORSE]
    refused = [each for each in worse if each.kind not in allowed]
    better = any(each.direction is Direction.BETTER for each in found)
    reasons = _reasons(refused, _Sides(commit, at, staged))
    return Judgement(
        verdict=Verdict.WORSE if refused else Verdict.BETTER if better else Verdict.NEUTRAL,
        head=head,
        base=base,
        reasons=tuple(reasons),
        changes=tuple(found),
        allowed=tuple(sorted({each.kind for each in worse} & set(allowed), key=lambda kind: kind.rank)),
        notes=tuple(notes),
        complete=complete,
    )


class _Sides(NamedTuple):
    """What commands have to name: the base, and what is judged. Empty where it is no commit."""

    base: str
    at: str
    staged: bool


def _reasons(refused: list[Change], sides: _Sides) -> list[Reason]:
    """One reason for each kind, of violations one for each rule; the gravest first, then the most."""
    groups: dict[tuple[Kind, str], list[Change]] = {}
    for each in refused:
        apart = each.rule if each.kind is Kind.VIOLATIONS else ""
        groups.setdefault((each.kind, apart), []).append(each)
    ordered = sorted(groups.items(), key=lambda pair: (pair[0][0].rank, -_count(pair[1]), pair[0][1]))
    return [
        Reason(
            kind=kind,
            said=_said(kind, rule, group),
            mend=(mend := _mend(kind, group, sides)),
            changes=tuple(group),
            remark=_remark(kind, mend, sides),
        )
        for (kind, rule), group in ordered
    ]


def _count(changes: Iterable[Change]) -> int:
    return sum(each.count for each in changes)


def _said(kind: Kind, rule: str, group: list[Change]) -> str:
    count = _count(group)
    if kind is Kind.PARSING:
        return f"{_plural(count, 'file')} that {'does' if count == 1 else 'do'} not parse"
    if kind is Kind.TESTS:
        return _said_of_tests(group)
    if kind is Kind.ASSERTIONS:
        places = {(each.path, each.line, each.rule) for each in group}
        return f"{_plural(count, 'assertion')} fewer or weaker in {_plural(len(places), 'test')}"
    if kind is Kind.VIOLATIONS:
        return f"{_plural(count, 'more violation')} of {rule}"
    if kind is Kind.EXEMPTIONS:
        return f"{_plural(count, 'more exemption')}"
    if kind is Kind.QUARANTINE:
        return f"{_plural(count, 'change')} of the quarantine"
    if kind is Kind.CONTRACTS:
        return f"{_plural(count, 'demand')} of contracts {'holds' if count == 1 else 'hold'} no longer"
    return f"the canon demands less in {_plural(count, 'key')}"


def _said_of_tests(group: list[Change]) -> str:
    """How many tests are gone, and how many demand less: they run fewer cases, or need not pass."""
    gone = sum(1 for each in group if each.rule)
    less = len(group) - gone
    said = [f"{_plural(gone, 'test')} {'is' if gone == 1 else 'are'} gone"] if gone else []
    said += [f"{_plural(less, 'test')} {'demands' if less == 1 else 'demand'} less"] if less else []
    return ", ".join(said)


def _mend(kind: Kind, group: list[Change], sides: _Sides) -> str:
    """The command that mends it, or that shows what to mend."""
    places = [each.path for each in group if each.path]
    if kind in (Kind.CONTRACTS, Kind.CANON):
        places = [*dict.fromkeys(places), "canonry.toml", "pyproject.toml"]
    paths = " ".join(dict.fromkeys(map(shlex.quote, places[:_FEW])))
    if any("\\x" in each for each in places):  # a name that is no UTF-8, which no command here could say
        paths, places = "", []
    if kind is Kind.VIOLATIONS:
        rule = group[0].rule
        if paths and not sides.at and _is_mended_unasked(rule):
            return f"canonry audit {paths} --select {rule} --fix --write"
        return f"canonry explain {rule}"
    if sides.at:
        return f"git diff {sides.base[:10]} {sides.at[:10]}{f' -- {paths}' if paths else ''}"
    if kind is Kind.PARSING or (kind is Kind.TESTS and all(each.message.endswith("does not parse") for each in group)):
        named = [paths] if places and len(set(places)) <= _FEW else []
        return " ".join(["canonry repair", *named, "--review --write"])
    if kind in (Kind.TESTS, Kind.ASSERTIONS) and sides.base and paths:
        if any(each.rule and each.rule.partition("::")[0] != each.path for each in group[:_FEW]):
            return f"git diff {sides.base[:10]} -- {paths}"  # it stands in another file now, which the base lacks
        return f"git restore{' --staged --worktree' if sides.staged else ''} --source={sides.base[:10]} -- {paths}"
    if sides.base and paths:
        return f"git diff{' --cached' if sides.staged else ''} {sides.base[:10]} -- {paths}"
    return "canonry gate -v"


def _remark(kind: Kind, mend: str, sides: _Sides) -> str:
    """What to know of the command, and what to do where a change is meant; a violation never is."""
    said = []
    if mend.startswith("git restore"):
        said.append("it puts whole files back as they were, with all else that changed in them")
    if sides.staged and mend.endswith("--write"):
        said.append("stage what it writes (`git add`)")
    if kind not in (Kind.PARSING, Kind.VIOLATIONS):
        said.append(_meant(kind, sides))
    return "; ".join(said)


def _meant(kind: Kind, sides: _Sides) -> str:
    """What lets a change pass that is meant. A baseline counts only where it is what is compared with."""
    if not sides.base:
        return (
            f"where it is meant, `canonry gate --allow {kind.value}` lets it pass, `canonry gate baseline` accepts it"
        )
    said = f"where it is meant, the same command with `--allow {kind.value}` lets it pass"
    return f"{said}; `git commit --no-verify` goes past a commit hook" if sides.staged else said


def _is_mended_unasked(rule: str) -> bool:
    from canonry.migrate.mended import is_mended_unasked

    return is_mended_unasked(rule)


def _plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
