"""Which answers of a codemod cannot be made: those of one file tried apart, by halves."""

from collections.abc import Callable, Sequence

Key = tuple[str, str, str, int]
"""What names an answer, also once lines have moved: codemod, rule, symbol and snippet of the finding."""
_TRIES = 40


def guilty_among(units: Sequence[list[Key]], tries: Callable[[Sequence[list[Key]]], str]) -> dict[Key, str] | None:
    """The answers that cannot be made, each with the objection to it alone.

    ``units`` are answers that are made together or not at all; ``tries`` gives the objection where only some of them
    are made, empty where there is none. None where no answer alone is guilty, or it takes too long to find out.
    """
    found: dict[Key, str] = {}
    waiting: list[Sequence[list[Key]]] = [units] if units else []
    for _ in range(_TRIES):
        if not waiting:
            break
        some = waiting.pop()
        why = tries(some)
        if why and len(some) > 1:
            waiting += [some[: len(some) // 2], some[len(some) // 2 :]]
        elif why:
            found |= dict.fromkeys(some[0], why)
    rest = [keys for keys in units if not found.keys() & set(keys)]
    if waiting or not found or (rest and tries(rest)):
        return None
    return found
