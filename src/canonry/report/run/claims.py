"""What is claimed of flows, in words."""

from collections.abc import Iterator
from typing import Any

import msgspec

from canonry.model.reliability import ClaimState, FlowClaim
from canonry.report.style import plural, printable

_SHOWN = 5


def headline(claim: FlowClaim) -> str:
    """The claim in one sentence without the flow's name."""
    rate = claim.rate
    said = f"reliability of {claim.target:.4g} is {_STATES[claim.state]}"
    if rate is not None:
        said += f": {claim.successes:,} of {plural(claim.trials, 'run')} passed, {rate:.1%}"
    return said if not claim.reason else f"{said}: {claim.reason}" if rate is None else f"{said}; {claim.reason}"


def table(claim: FlowClaim) -> str:
    """What the claim rests on: both rates, what was left out, what is missing."""
    return "\n".join(_rows(claim))


def properties(claim: FlowClaim) -> dict[str, str]:
    """The claim as names and values."""
    prefix = f"flow.{claim.flow}.reliability"
    return {
        prefix: claim.state.value,
        f"{prefix}.target": f"{claim.target:g}",
        f"{prefix}.successes": str(claim.successes),
        f"{prefix}.failures": str(claim.failures),
        f"{prefix}.excluded": str(claim.excluded),
        f"{prefix}.lower": f"{claim.lower:.4f}",
    }


def document(claim: FlowClaim) -> dict[str, Any]:
    """The claim as plain data, with the rates."""
    return {
        **msgspec.to_builtins(claim),
        "rate": claim.rate,
        "raw-rate": claim.raw_rate,
        "excluded-share": claim.excluded_share,
    }


_STATES = {
    ClaimState.PROVEN: "proven",
    ClaimState.NOT_YET: "not yet proven",
    ClaimState.REFUTED: "refuted",
    ClaimState.NOT_ENOUGH: "not claimed (not enough data)",
}


def _rows(claim: FlowClaim) -> Iterator[str]:
    if claim.rate is not None and claim.raw_rate is not None:
        yield (
            f"passed       {claim.rate:>7.1%}  {claim.successes:,} of {claim.trials:,} runs that count; "
            f"{claim.raw_rate:.1%} of all {claim.trials + claim.excluded:,}"
        )
    yield f"excluded     {claim.excluded_share:>7.1%}  {plural(claim.excluded, 'run')} that infrastructure failed"
    if claim.trials:
        yield f"at least     {claim.lower:>7.1%}  at 95 %, however often one looks"
    if claim.state is not ClaimState.PROVEN and claim.needed:
        yield f"missing      {claim.needed:>7,}  clean runs more prove {claim.target:.4g}"
    left = [
        f"{plural(claim.incomplete, 'run')} in which a test gave no evidence" if claim.incomplete else "",
        f"{plural(claim.partial, 'run')} of a part of the flow" if claim.partial else "",
    ]
    if any(left):
        yield f"not counted           {', '.join(filter(None, left))}"
    for node, count in claim.failing[:_SHOWN]:
        yield f"failed       {count:>7,}  {printable(node)}"
    if len(claim.failing) > _SHOWN:
        yield f"             {'':>7}  and {len(claim.failing) - _SHOWN:,} more tests"
    where = f"commit {claim.commit[:10]}" if claim.commit else "no commit"
    stood = f"{where}, environment {claim.environment}, profile {printable(claim.profile)}"
    yield f"of                    {stood}, {plural(claim.tests, 'test')}"
