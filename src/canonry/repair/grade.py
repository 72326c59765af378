"""How far a proposal may be trusted: safe, review or manual, and the quality to expect of it."""

from canonry.model.edit import Grade
from canonry.model.repair import Method
from canonry.repair.verify import Verification

HEALTHY = 0.85
"""The least health of an ancestor whose merge may be safe."""
CHEAP = 2.0
"""The cost per 100 lines below which a repair by lines may be safe."""
_EXPECTED = ((0.5, 0.988), (2.0, 0.985), (5.0, 0.957), (10.0, 0.883), (20.0, 0.793))
_DEAR = 0.64
_KEPT = 0.95
_INVENTED = 0.02


def expected_f1(cost: float) -> float:
    """The statement F1 that repairs by lines of this cost per 100 lines reached; `benchmarks/repair_quality.py`."""
    return next((reached for limit, reached in _EXPECTED if cost < limit), _DEAR)


def grade(
    found: Verification,
    method: Method,
    *,
    cost: float | None = None,
    health: float = 0.0,
    refused: int = 0,
    unsure: int = 0,
    past_history: bool = False,
    guessed: bool = False,
    commented_out: bool = False,
) -> tuple[Grade, tuple[str, ...]]:
    """The grade, and every reason why it is no better.

    ``refused`` counts real changes of the broken file that the proposal leaves out, ``unsure`` mended lines that may
    have meant something else; ``past_history`` says that a healthy ancestor was not followed, ``guessed`` that
    the encoding is nowhere declared. What brings tests back
    that were ``commented_out`` is never safe: somebody may have meant it.
    """
    if not found.parses:
        return Grade.MANUAL, ("nothing that was tried parses",)
    if commented_out:
        return Grade.REVIEW, ("its tests were commented out by a commit that may have meant it",)
    reasons = tuple(_doubts(found, method, cost, health, refused))
    if unsure:
        reasons += (f"{_plural(unsure, 'mended line')} ambiguous",)
    if guessed:
        reasons += ("its encoding is a guess",)
    if past_history:
        reasons += ("a healthy earlier version is there, and its merge was not followed",)
    return (Grade.REVIEW if reasons else Grade.SAFE), reasons


def _doubts(found: Verification, method: Method, cost: float | None, health: float, refused: int) -> list[str]:
    doubts: list[str] = []
    if method is Method.LINES and (cost is None or cost >= CHEAP):
        doubts.append(f"mended at a cost of {cost or 0.0:.1f} per 100 lines, and up to {CHEAP:g} counts as safe")
    if method in (Method.MERGE, Method.RESTORE) and health < HEALTHY:
        doubts.append(f"the ancestor's health is {health:.2f}, and from {HEALTHY:.2f} on counts as safe")
    if refused:
        doubts.append(f"{_plural(refused, 'change')} left out that the broken file made")
    if found.tests_lost:
        doubts.append(f"{_plural(len(found.tests_lost), 'test')} not collectable: {_some(found.tests_lost)}")
    if found.marked:
        doubts.append(f"{_plural(len(found.marked), 'line')} kept as a marked comment")
    if found.words_kept < _KEPT:
        doubts.append(f"{found.words_kept:.1%} of the words are live")
    if found.words_invented > _INVENTED:
        doubts.append(f"{found.words_invented:.1%} of the live words come from nowhere")
    return doubts


def _plural(count: int, noun: str) -> str:
    return f"1 {noun} is" if count == 1 else f"{count:,} {noun}s are"


def _some(names: tuple[str, ...], most: int = 3) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most:,} more"
