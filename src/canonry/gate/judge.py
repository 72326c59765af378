"""Changes -> a judgement: whether a state may pass, why not, and the command that mends it."""

import shlex
from collections.abc import Collection, Iterable

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
    complete: bool = True,
) -> Judgement:
    """The judgement of these changes: refused where one is worse that nobody agreed to.

    ``commit`` is the id of the base where it is a commit.
    """
    found = sorted(changes, key=lambda each: (each.kind.rank, each.path, each.line))
    worse = [each for each in found if each.direction is Direction.WORSE]
    refused = [each for each in worse if each.kind not in allowed]
    better = any(each.direction is Direction.BETTER for each in found)
    reasons = _reasons(refused, commit)
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


def _reasons(refused: list[Change], commit: str) -> list[Reason]:
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
            mend=_mend(kind, group, commit),
            changes=tuple(group),
            remark=_remark(kind),
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
        return f"{_plural(count, 'test')} {'is' if count == 1 else 'are'} gone"
    if kind is Kind.ASSERTIONS:
        return f"{_plural(count, 'assertion')} fewer in {_plural(len(group), 'test')}"
    if kind is Kind.VIOLATIONS:
        return f"{_plural(count, 'more violation')} of {rule}"
    if kind is Kind.EXEMPTIONS:
        return f"{_plural(count, 'more exemption')}"
    if kind is Kind.QUARANTINE:
        return f"{_plural(count, 'change')} of the quarantine"
    if kind is Kind.CONTRACTS:
        return f"{_plural(count, 'demand')} of contracts {'holds' if count == 1 else 'hold'} no longer"
    return f"the canon demands less in {_plural(count, 'key')}"


def _mend(kind: Kind, group: list[Change], commit: str) -> str:
    """The command that mends it, or that shows what to mend. ``commit`` is the base, empty where it is a file."""
    places = [each.path for each in group if each.path]
    paths = " ".join(dict.fromkeys(map(shlex.quote, places[:_FEW])))
    if kind is Kind.PARSING or (kind is Kind.TESTS and all("parse" in each.message for each in group)):
        return " ".join(["canonry repair", *([paths] if len(set(places)) <= _FEW else []), "--review --write"])
    if kind is Kind.VIOLATIONS:
        rule = group[0].rule
        if _is_mended_unasked(rule):
            return f"canonry audit {paths} --select {rule} --fix --write"
        return f"canonry explain {rule}"
    if kind in (Kind.TESTS, Kind.ASSERTIONS) and commit:
        return f"git restore --source={commit[:10]} -- {paths}"
    if commit and paths:
        return f"git diff {commit[:10]} -- {paths}"
    return "canonry gate -v"


def _remark(kind: Kind) -> str:
    """What to do where a change is meant; a violation and a file that does not parse never are."""
    if kind in (Kind.PARSING, Kind.VIOLATIONS):
        return ""
    return f"where it is meant, `canonry gate --allow {kind.value}` lets it pass, `canonry gate baseline` accepts it"


def _is_mended_unasked(rule: str) -> bool:
    from canonry.migrate.mended import is_mended_unasked

    return is_mended_unasked(rule)


def _plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
