"""Proof tests against the findings that they are about: unproven is not green."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from canonry.audit.engine import audit
from canonry.audit.request import Request
from canonry.model.errors import NothingValidatedError
from canonry.model.finding import Finding
from canonry.model.gate import Proof, ProofState
from canonry.model.outcome import Outcome
from canonry.model.run_event import AttemptEnded
from canonry.run.recording import find_recording, read_recording
from canonry.testing.proof import PROPERTY


def judge_proofs(root: Path, request: Request, run: str) -> list[Proof]:
    """How every proof test of a recorded run stands to the findings of now.

    Raises `NothingValidatedError` where the run held none, `UserError` for an unknown run.
    """
    outcomes = dict(_claimed(find_recording(root, run)))
    if not outcomes:
        raise NothingValidatedError(
            f"no test of run `{run}` is marked with `proves`, so nothing was proved; `canonry run` records a new one"
        )
    return _proofs(outcomes, list(audit(request).findings()))


def proofs_in(root: Path, run: str, findings: Callable[[], Iterable[Finding]]) -> list[Proof]:
    """The same, empty where the run held none; the findings of now are asked for only where it did."""
    outcomes = dict(_claimed(find_recording(root, run)))
    return _proofs(outcomes, list(findings())) if outcomes else []


def _proofs(outcomes: Mapping[tuple[str, str], Outcome], findings: Sequence[Finding]) -> list[Proof]:
    return [_proof(node, claim, outcome, findings) for (node, claim), outcome in sorted(outcomes.items())]


def _claimed(recording: Path) -> Iterator[tuple[tuple[str, str], Outcome]]:
    """Tests and their claims, with the outcome of the last attempt."""
    for event in read_recording(recording):
        if isinstance(event, AttemptEnded):
            for name, value in event.properties:
                if name == PROPERTY:
                    yield (event.node, value), event.outcome


def _proof(node: str, claim: str, outcome: Outcome, findings: Iterable[Finding]) -> Proof:
    is_open = any(is_about(claim, finding) for finding in findings)
    if outcome is Outcome.FAILED:
        standing, said = (
            (ProofState.PROVEN, "fails while the finding is open")
            if is_open
            else (ProofState.CONTRADICTED, "still fails, though the finding is closed")
        )
    elif outcome is Outcome.PASSED:
        standing, said = (
            (ProofState.CONTRADICTED, "passes, though the finding is open: it does not prove it")
            if is_open
            else (ProofState.PROVEN, "passes, and the finding is closed")
        )
    else:
        standing, said = ProofState.UNPROVEN, f"ended as {outcome.value}, which proves nothing"
    return Proof(test=node, claim=claim, open=is_open, outcome=outcome.value, standing=standing, said=said)


def is_about(claim: str, finding: Finding) -> bool:
    """Whether a claim (``CODE:name``, ``CODE:path:name`` or ``CODE``) is about a finding: by symbol, or by path."""
    code, *words = claim.split(":")
    if code != finding.code:
        return False
    if not words:
        return True
    names = {finding.symbol, finding.symbol.rpartition(".")[2], finding.path, finding.path.rpartition("/")[2]}
    return words[-1] in names and (len(words) == 1 or ":".join(words[:-1]) == finding.path)
