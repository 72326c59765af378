"""Runs a flow again and again until a sequential test decides; what was done is kept, so that it can go on."""

import hashlib
import json
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import msgspec

from canonry.history.reliability import Trial
from canonry.history.statistics.claims import Sequential, Walk, walk
from canonry.model.reliability import MOST_EXCLUDED, ClaimState
from canonry.model.state import STATE, make_state_folder

_STRICTER = 5
"""What a target is held against misses a fifth of what the target misses: .99 for .95."""
_FORMAT = 1


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """One run of the flow. ``failing`` are the tests that did not pass, ``seconds`` what it took."""

    run: str
    trial: Trial
    seconds: float = 0.0
    failing: tuple[str, ...] = ()


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """What a proof is of: rounds on another ground prove nothing here."""

    flow: str
    target: float
    commit: str
    environment: str
    profile: str


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """A flow's rounds on one ground, and what follows. ``reason`` says why it ended without a verdict."""

    ground: Ground
    rounds: tuple[Round, ...] = ()
    most: int = 200
    reason: str = ""

    def count(self, trial: Trial) -> int:
        """How many rounds came to this."""
        return sum(each.trial is trial for each in self.rounds)

    @property
    def better(self) -> float:
        """The reliability that the target is held against."""
        return better_than(self.ground.target)

    @property
    def walk(self) -> Walk:
        """Where the sequential test stands."""
        good, bad = self.count(Trial.SUCCEEDED), self.count(Trial.FAILED)
        return walk(good, bad, target=self.ground.target, better=self.better)

    @property
    def excluded_share(self) -> float:
        """The share of rounds that infrastructure took away."""
        excluded = self.count(Trial.EXCLUDED)
        whole = excluded + self.count(Trial.SUCCEEDED) + self.count(Trial.FAILED)
        return excluded / whole if whole else 0.0

    @property
    def state(self) -> ClaimState:
        """Proven or refuted where the test says so and infrastructure took few rounds away."""
        verdict = self.walk.verdict
        if verdict is Sequential.GO_ON or self.excluded_share > MOST_EXCLUDED:
            return ClaimState.NOT_ENOUGH
        return ClaimState.PROVEN if verdict is Sequential.PROVEN else ClaimState.REFUTED


def better_than(target: float) -> float:
    """The reliability that a target is held against."""
    return 1 - (1 - target) / _STRICTER


def is_hopeless(proof: Proof) -> bool:
    """Whether infrastructure took so many rounds away that nothing could be claimed after all that may be made."""
    return proof.count(Trial.EXCLUDED) > MOST_EXCLUDED * proof.most


def why_over(proof: Proof) -> str:
    """Why no further round is to be made without a verdict; empty where one may."""
    if is_hopeless(proof):
        return (
            f"infrastructure took {proof.count(Trial.EXCLUDED):,} of {len(proof.rounds):,} rounds away, more than "
            f"{MOST_EXCLUDED:.0%} of the {proof.most:,} that may be made; nothing is claimed"
        )
    if proof.rounds and proof.rounds[-1].trial in (Trial.INCOMPLETE, Trial.PARTIAL):
        listed = proof.rounds[-1].failing
        names = ", ".join(f"`{each}`" for each in listed[:3]) + (" and others" if len(listed) > 3 else "")
        return f"{names or 'a test of the flow'} gave no evidence (skipped, blocked or not run): nothing can be proved"
    if len(proof.rounds) >= proof.most:
        rounds = "1 round" if proof.most == 1 else f"{proof.most:,} rounds"
        return f"{rounds} did not decide; `--max-runs` allows more, and what was done counts"
    return ""


def prove(proof: Proof, run: Callable[[], Round], *, told: Callable[[Proof], None]) -> Proof:
    """The proof once it is decided, or over without a verdict. ``run`` makes one round, ``told`` hears of each."""
    while proof.state is ClaimState.NOT_ENOUGH and not (reason := why_over(proof)):
        proof = msgspec.structs.replace(proof, rounds=(*proof.rounds, run()))
        told(proof)
    return proof if proof.state is not ClaimState.NOT_ENOUGH else msgspec.structs.replace(proof, reason=reason)


def kept_proof(root: Path, ground: Ground) -> Sequence[Round]:
    """The rounds of an undecided proof on the same ground; none where there is none, or it cannot be read."""
    try:
        document = json.loads(_place(root, ground).read_bytes())
        if document["format"] != _FORMAT or msgspec.convert(document["ground"], Ground) != ground:
            return ()
        rounds = msgspec.convert(document["rounds"], tuple[Round, ...])
    except (OSError, ValueError, KeyError, TypeError, msgspec.ValidationError):
        return ()
    return [each for each in rounds if each.trial not in (Trial.INCOMPLETE, Trial.PARTIAL)]


def keep_proof(root: Path, proof: Proof) -> None:
    """Keeps an undecided proof; one that is decided or hopeless is over, and the next call begins anew."""
    place = _place(root, proof.ground)
    if proof.state is not ClaimState.NOT_ENOUGH or is_hopeless(proof):
        place.unlink(missing_ok=True)
        return
    make_state_folder(place.parent)
    document = {"format": _FORMAT, "ground": proof.ground, "rounds": proof.rounds}
    draft = place.with_suffix(".draft")
    draft.write_bytes(msgspec.json.encode(document))
    draft.replace(place)


def missing_evidence(nodes: Collection[str], limit: int = 20) -> tuple[str, ...]:
    """Node ids that are told of a round, the first few."""
    return tuple(sorted(nodes)[:limit])


def _place(root: Path, ground: Ground) -> Path:
    """A file of its own for each flow, whatever its name is."""
    name = hashlib.sha256(ground.flow.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return root / STATE / "proofs" / f"{name}.json"
