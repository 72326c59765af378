"""The kill matrix of a contract, for readers and programs."""

from typing import IO, Any

import msgspec

from canonry import __version__
from canonry.contract.load import LoadedContract
from canonry.contract.mutate.matrix import Matrix, Mutant, Outcome
from canonry.report.style import paint, plural, printable

SCHEMA = 1


def render_table(matrix: Matrix, out: IO[str], *, color: bool) -> None:
    """Writes a line for each mutant: its rule, what was changed, and which rules refuse it; then what is unproven."""
    width = max((len(_label(mutant)) for mutant in matrix.mutants), default=0)
    width = min(width, 44)
    for mutant in matrix.mutants:
        state = "green" if mutant.outcome is Outcome.KILLED else "red"
        said = paint(f"{mutant.outcome:15}", state, color=color)
        out.write(f"{_label(mutant):{width}}  {said}  {printable(mutant.title)}{_by(mutant)}\n")
    out.write("\n")
    for rule in matrix.unproven:
        out.write(f"{paint('unproven', 'red', color=color)}: {rule}: {reason(matrix, rule)}\n")
    out.write(summary(matrix) + "\n")


def render_json(matrix: Matrix, contract: LoadedContract, out: IO[str]) -> None:
    """Writes one JSON object (schema 1): every rule with its mutants, and which rules refuse each."""
    document = {
        "schema": SCHEMA,
        "tool": "canonry",
        "version": __version__,
        "contract": matrix.contract,
        "rules": [
            {
                "id": rule.id,
                "sentence": rule.sentence,
                "line": contract.line(rule.path),
                "proven": rule.id not in matrix.unproven,
                "mutants": [_described(mutant) for mutant in matrix.mutants if mutant.rule == rule.id],
            }
            for rule in matrix.rules
        ],
        "unproven": list(matrix.unproven),
        "living": len(matrix.living),
    }
    out.write(msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n")


def reason(matrix: Matrix, rule: str) -> str:
    """Return why a rule is unproven."""
    outcomes = {mutant.outcome for mutant in matrix.mutants if mutant.rule == rule}
    if Outcome.LIVES in outcomes:
        return "a stream that should break it is refused by no rule"
    if Outcome.ELSEWHERE in outcomes:
        return "whatever should break it is refused by other rules"
    return "no stream was found in which it could be broken"


def summary(matrix: Matrix) -> str:
    """Return how many rules are proven, in one sentence."""
    proven = len(matrix.rules) - len(matrix.unproven)
    alone = sum(mutant.exact for mutant in matrix.mutants)
    by = plural(len(matrix.mutants), "mutant")
    return (
        f"{matrix.contract}: {proven} of {plural(len(matrix.rules), 'rule')} proven by {by}, "
        f"{alone} of them refused by no other rule; {len(matrix.living)} live"
    )


def _described(mutant: Mutant) -> dict[str, Any]:
    return {
        "way": mutant.way or None,
        "outcome": str(mutant.outcome),
        "change": mutant.title,
        "lines": mutant.size,
        "tried": mutant.tried,
        "refused_by": mutant.rules,
        "message": mutant.violation.message if mutant.violation else None,
    }


def _label(mutant: Mutant) -> str:
    return printable(mutant.rule) + (f" ({mutant.way})" if mutant.way else "")


def _by(mutant: Mutant) -> str:
    others = [rule for rule in mutant.rules if rule != mutant.rule]
    return (
        f" (also {', '.join(others)})"
        if others and mutant.outcome is Outcome.KILLED
        else (f" ({', '.join(others)})" if others else "")
    )
