"""A proof of a flow's reliability, as text and as JSON."""

import json
from collections import Counter
from typing import IO

import msgspec

from canonry.history.reliability import Trial
from canonry.model.reliability import ClaimState
from canonry.report.style import plural, printable
from canonry.run.proving import Proof

_SHOWN = 10


def progress(proof: Proof) -> str:
    """The newest round, in one line."""
    last, walk = proof.rounds[-1], proof.walk
    said = f"round {len(proof.rounds):,} {last.trial.value} in {last.seconds:.1f}s"
    if last.failing:
        said += f" ({printable(last.failing[0])}{' and others' if len(last.failing) > 1 else ''})"
    good = proof.count(Trial.SUCCEEDED)
    said += f": {good:,} of {good + proof.count(Trial.FAILED):,} passed"
    if proof.state is ClaimState.NOT_ENOUGH and walk.left:
        more = plural(walk.left, "clean round")
        said += f", {more} more would prove it"
    return said


def render(proof: Proof, out: IO[str]) -> None:
    """Writes the verdict, both rates, what was left out, and the tests that failed."""
    ground = proof.ground
    good, bad, excluded = (proof.count(each) for each in (Trial.SUCCEEDED, Trial.FAILED, Trial.EXCLUDED))
    counted, whole = good + bad, good + bad + excluded
    out.write(f"{printable(ground.flow)}: a reliability of {ground.target:.15g} is {_WORDS[proof.state]}\n")
    out.write(
        f"  {good:,} of {plural(counted, 'round')} passed" + (f" ({good / counted:.1%})" if counted else "") + "\n"
    )
    if whole:
        taken = f"{excluded:,} that infrastructure failed ({proof.excluded_share:.1%})"
        out.write(f"  {good / whole:.1%} of all {whole:,}, with {taken}\n")
    failed = Counter(node for each in proof.rounds if each.trial is Trial.FAILED for node in each.failing)
    for node, count in failed.most_common(_SHOWN):
        out.write(f"  failed {plural(count, 'time')}: {printable(node)}\n")
    if proof.reason:
        out.write(f"  {printable(proof.reason)}\n")
    test = f"{ground.target:.15g} against {proof.better:.15g}, both errors 5 %"
    where = f"commit {ground.commit[:10]}, environment {ground.environment}, profile {printable(ground.profile)}"
    out.write(f"  sequential probability ratio test of {test}; {where}\n")


def render_json(proof: Proof, out: IO[str]) -> None:
    """Writes the same as one object, with every round."""
    counts = {each.value: proof.count(each) for each in Trial}
    document = {
        **msgspec.to_builtins(proof.ground),
        "state": proof.state.value,
        "reason": proof.reason,
        "better": proof.better,
        "ratio": proof.walk.ratio,
        "counts": counts,
        "excluded-share": proof.excluded_share,
        "most": proof.most,
        "rounds": msgspec.to_builtins(proof.rounds),
    }
    out.write(json.dumps(document, indent=2) + "\n")


_WORDS = {
    ClaimState.PROVEN: "proven",
    ClaimState.REFUTED: "refuted",
    ClaimState.NOT_ENOUGH: "neither proven nor refuted: not enough data",
}
