"""What was proved of enforcement tests, and of proof tests, as text and JSON."""

from collections.abc import Sequence
from typing import IO

import msgspec

from canonry.model.gate import Proof, ProofState, Proving
from canonry.report.style import paint, plural, printable

_SHOWN = 2


def render_proving(proving: Proving, out: IO[str], *, color: bool, verbose: bool) -> None:
    """A line for each rule: where its violation was planted, and which tests turned red."""
    for each in proving.planted:
        if each.proven:
            word, said = paint("red", "green", color=color), _tests(each.red, verbose=verbose)
        elif each.place:
            word, said = paint("unproven", "red", color=color), f"`{printable(each.place)}` turned no test red"
        else:
            word, said = paint("not planted", "yellow", color=color), printable(each.reason)
        out.write(f"{each.rule}  {each.name:<28}  {word}  {said}\n")
    counts = {
        "proven": sum(each.proven for each in proving.planted),
        "unproven": sum(bool(each.place) and not each.proven for each in proving.planted),
        "not planted": sum(not each.place for each in proving.planted),
    }
    out.write(
        f"{plural(len(proving.planted), 'rule')}: {', '.join(f'{count} {word}' for word, count in counts.items())}; "
    )
    out.write(f"{plural(len(proving.tests), 'test')}")
    if proving.red_before:
        out.write(f", {len(proving.red_before)} of them red before anything was planted: ")
        out.write(_tests(proving.red_before, verbose=verbose))
    out.write("\n")


def _tests(red: Sequence[str], *, verbose: bool) -> str:
    shown = red if verbose else red[:_SHOWN]
    more = len(red) - len(shown)
    return ", ".join(map(printable, shown)) + (f", and {more} more" if more else "")


def render_proofs(proofs: Sequence[Proof], out: IO[str], *, color: bool) -> None:
    """A line for each claim of a proof test."""
    colors = {ProofState.PROVEN: "green", ProofState.CONTRADICTED: "red", ProofState.UNPROVEN: "yellow"}
    for each in proofs:
        word = paint(each.standing.value, colors[each.standing], color=color)
        out.write(f"{word}  {each.claim}  {printable(each.test)} {each.said}\n")
    counted = {standing: sum(each.standing is standing for each in proofs) for standing in ProofState}
    out.write(", ".join(f"{count} {standing.value}" for standing, count in counted.items()) + "\n")


def render_json(value: object, out: IO[str]) -> None:
    """Either of them as JSON."""
    out.write(msgspec.json.format(msgspec.json.encode({"schema": 1, "found": value}), indent=2).decode() + "\n")
