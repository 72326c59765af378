"""The pages of the contracts that ship with canonry, from the contracts themselves."""

import textwrap
from collections.abc import Iterable

from canonry.contract.compile.plan import FieldRule, Kind, Plan
from canonry.contract.load import LoadedContract
from canonry.contract.mutate.matrix import Matrix, Mutant, Outcome
from canonry.report.contract_mutants import summary

_WIDTH = 100
_WAYS = {"in": "client to service", "out": "service to client", "": "both ways"}
_INTRODUCTION = (
    "A contract says what a conversation between a user and a service must look like on the wire. These ship with "
    "canonry; [the language](../contracts.md) is for one's own. For every rule the page names a mutant: a valid stream "
    "with one change, which the rule refuses. Each page is made from the contract itself."
)


def page(contract: LoadedContract, matrix: Matrix) -> str:
    """Return the documentation of one contract: its events, what lies around them, its rules and their mutants."""
    plan = contract.plan
    name = contract.file
    parts = [
        f"# {contract.contract.contract}",
        _filled(contract.contract.description),
        _commands(contract.file),
        "## Events\n\n" + events_of(plan),
    ]
    if plan.scopes:
        parts.append("## Scopes\n\n" + scopes_of(plan))
    if plan.spans:
        parts.append("## Spans\n\n" + spans_of(plan))
    parts.append("## Rules and their mutants\n\n" + _filled(f"`canonry contract mutants {name}`: {summary(matrix)}."))
    parts.append(_rules(matrix))
    return "\n\n".join(part for part in parts if part) + "\n"


def index(contracts: Iterable[tuple[LoadedContract, Matrix]]) -> str:
    """Return the page that lists the contracts."""
    rows = "\n".join(
        f"| [{one.file}]({one.file}.md) | {_cell(one.contract.description)} | {len(one.plan.kinds) - 1} | "
        f"{len(matrix.rules)} | {len(matrix.rules) - len(matrix.unproven)} |"
        for one, matrix in contracts
    )
    head = "| contract | about | events | rules | proven |\n| -- | -- | -- | -- | -- |\n"
    note = _filled(
        "Events count variants; proven is a rule that a mutant of `canonry contract mutants CONTRACT` turns red."
    )
    return f"# Contracts\n\n{_filled(_INTRODUCTION)}\n\n{head}{rows}\n\n{note}\n"


def _commands(name: str) -> str:
    calls = [f"check {name} RECORDING.jsonl", f"generate {name} --seed 1 --runs 2", f"mutants {name}"]
    calls.append(f"cover {name} RECORDING.jsonl")
    return "```console\n" + "".join(f"$ canonry contract {call}\n" for call in calls) + "```"


def events_of(plan: Plan) -> str:
    """The kinds of events with their own fields, as a table."""
    rows = []
    for kind in plan.kinds[:-1]:
        fields = ", ".join(f"`{rule.path.text}`{'' if not rule.kind.holds(None) else '?'}" for rule in _own(plan, kind))
        variant = f", of `{kind.base}`" if kind.name != kind.base else ""
        rows.append(f"| `{_cell(kind.name)}`{_cell(variant)} | {_WAYS[kind.direction]} | {_cell(fields)} |")
    envelope = ", ".join(f"`{text.rstrip('?')}`{'?' if text.endswith('?') else ''}" for text in plan.contract.envelope)
    said = f"Every event of a scope has {_cell(envelope)} (`?`: may be absent).\n\n" if envelope else ""
    return said + "| event | goes | its own fields |\n| -- | -- | -- |\n" + "\n".join(rows)


def _own(plan: Plan, kind: Kind) -> list[FieldRule]:
    known = {text.removesuffix("?") for text in plan.contract.envelope}
    return [rule for rule in kind.fields if rule.path.text not in known]


def scopes_of(plan: Plan) -> str:
    """The scopes of a contract, as a table."""
    rows = [
        f"| {scope.name} | {_names(plan, scope.opens)} | {_names(plan, scope.closes)} | "
        f"{', '.join(_cell(f'`{path.text}`') for path in scope.key) or 'by position'} |"
        for scope in plan.scopes
    ]
    return "| scope | opened by | closed by | key |\n| -- | -- | -- | -- |\n" + "\n".join(rows)


def spans_of(plan: Plan) -> str:
    """The spans of a contract, as a table."""
    rows = []
    for span in plan.spans:
        inside = (
            plan.spans[span.outer].name
            if span.outer >= 0
            else plan.scopes[span.home].name
            if span.home >= 0
            else "session"
        )
        key = ", ".join(_cell(f"`{path.text}`") for path in span.key) or "by position"
        opens = _names(plan, span.opens | span.chunks)
        rows.append(f"| {span.name} | {opens} | {_names(plan, span.closes)} | {key} | {inside} |")
    return "| span | opened by | closed by | key | inside |\n| -- | -- | -- | -- | -- |\n" + "\n".join(rows)


def _rules(matrix: Matrix) -> str:
    rows = []
    for rule in matrix.rules:
        mutants = [mutant for mutant in matrix.mutants if mutant.rule == rule.id]
        told = "; ".join(_told(mutant) for mutant in mutants)
        rows.append(f"| `{_cell(rule.id)}` | {_cell(rule.sentence)} | {_cell(told)} |")
    return "| rule | demands | a mutant |\n| -- | -- | -- |\n" + "\n".join(rows)


def _told(mutant: Mutant) -> str:
    if mutant.outcome is not Outcome.KILLED:
        return f"**unproven** ({mutant.outcome})"
    way = f"{mutant.way}: " if mutant.way else ""
    others = [f"`{rule}`" for rule in mutant.rules if rule != mutant.rule]
    return f"{way}{mutant.title}" + (f" (also {', '.join(others)})" if others else "")


def _names(plan: Plan, kinds: Iterable[int]) -> str:
    return ", ".join(_cell(f"`{plan.kinds[number].name}`") for number in sorted(kinds)) or "-"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _filled(text: str) -> str:
    return textwrap.fill(text, _WIDTH, break_long_words=False, break_on_hyphens=False)
