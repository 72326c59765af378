"""A contract on its way: what is proposed so far, and for each guess what it rests on."""

from typing import Any

import msgspec

from canonry.contract.language.marks import KeyPath

FEW = 5
"""A guess that rests on fewer runs is called thin."""


class Guess(msgspec.Struct, frozen=True):
    """What one entry of a proposed contract rests on: where it stands, in how many of what it held, what was counted.

    No guess has a counter-example: what did not hold everywhere is not proposed.
    """

    path: KeyPath
    held: int
    of: str
    seen: str
    thin: bool


class Draft:
    """The tables of a contract, the guesses they consist of, and what could not be guessed."""

    def __init__(self, name: str) -> None:
        self.document: dict[str, Any] = {"contract": name}
        self.guesses: dict[KeyPath, Guess] = {}
        self.unknown: list[str] = []

    def put(
        self, path: KeyPath, value: Any, *, runs: int, seen: str, of: str = "run", thin: bool | None = None
    ) -> None:
        """Proposes ``value`` at ``path``, whose tables are made; a last ``-1`` appends to a list.

        ``runs`` is in how many runs, or whatever ``of`` names, it held.
        """
        table: Any = self.document
        for position, key in enumerate(path[:-1]):
            table = table.setdefault(key, [] if path[position + 1] == -1 else {})
        last = path[-1]
        if last == -1:
            table.append(value)
            path = (*path[:-1], len(table) - 1)
        else:
            table[last] = value
        self.guesses[path] = Guess(path, runs, of, seen, runs < FEW if thin is None else thin)

    def drop(self, path: KeyPath) -> Guess | None:
        """Takes back the guess that ``path`` stands in; None where there is none that can go alone."""
        for length in range(len(path), 0, -1):
            head = path[:length]
            found = self.guesses.get(head)
            if found is not None:
                # what stands within it goes with it
                self.guesses = {old: each for old, each in self.guesses.items() if old[:length] != head}
                self._remove(head)
                return found
        return None

    def _remove(self, path: KeyPath) -> None:
        table: Any = self.document
        for key in path[:-1]:
            table = table[key]
        if isinstance(table, list):
            del table[int(path[-1])]
            above, place = path[:-1], int(path[-1])
            moved = {
                (*above, int(old[-1]) - 1): msgspec.structs.replace(guess, path=(*above, int(old[-1]) - 1))
                for old, guess in self.guesses.items()
                if old[:-1] == above and int(old[-1]) > place
            }
            self.guesses = {old: guess for old, guess in self.guesses.items() if not _after(old, above, place)} | moved
        else:
            del table[path[-1]]


def _after(path: KeyPath, above: KeyPath, place: int) -> bool:
    return path[:-1] == above and isinstance(path[-1], int) and path[-1] > place


def count_of(number: int, word: str) -> str:
    """``1 run``, ``2 runs``."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"
