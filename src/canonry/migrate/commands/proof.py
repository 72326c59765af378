"""Whether a rewritten command selects the tests that the old one selects: both are asked, and no test is run."""

import re
import shlex
import sys
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

from canonry.migrate.commands.mapping import tool_place
from canonry.migrate.commands.pytest_options import FLAGS
from canonry.migrate.commands.tokens import CannotMapError
from canonry.run.observed import Observed, observe

Observe = Callable[[Sequence[str], str], Observed]
_LIMIT = 60.0
_SELECTING = frozenset(
    "-k -m -c -o -p --ignore --ignore-glob --deselect --rootdir --config-file --override-ini --import-mode"
    " --confcutdir --doctest-glob".split()
)
_SELECTING_FLAGS = frozenset(("--pyargs", "--doctest-modules", "--noconftest", "--keep-duplicates"))
_NAMED = 3


class Proof:
    """Asks pytest and the runner what commands select, below a root, each distinct command once.

    Collecting imports test files, as any run of them does.
    """

    def __init__(self, root: Path, *, limit: float = _LIMIT) -> None:
        self._root, self._limit = root, limit
        self._known: dict[tuple[tuple[str, ...], str], Observed] = {}
        self.notes: list[str] = []

    def objection(self, old: Sequence[str | None], new: Sequence[str | None], folder: str | None) -> str:
        """Why a rewritten command is not the old one, naming tests that differ; empty where it is, or nobody can say.

        What cannot be proved is noted: computed words, a working directory that nobody says, a tool that fails.
        """
        if folder is None or None in old or None in new or any(_is_computed(word or "") for word in (*old, *new)):
            self.notes.append(f"`{_shown(old)}` is not proved: what it selects is known only where it runs")
            return ""
        before, after = [word or "" for word in old], [word or "" for word in new]
        try:
            asked = ["-m", "pytest", "--collect-only", "-q", *_selecting(before[tool_place(before) + 1 :])]
            answer = ["-m", "canonry", "run", "--collect", *arguments_of_runner(after)]
        except (CannotMapError, StopIteration):
            self.notes.append(f"`{_shown(old)}` is not proved: what one of both commands selects cannot be asked here")
            return ""
        first, second = self._ask(asked, folder), self._ask(answer, folder)
        for each, words in ((first, before), (second, after)):
            if each.status is None or (not each.outcomes and each.status not in (0, 5)):
                why = f"took more than {self._limit:g} s" if each.status is None else f"ends with {each.status}"
                self.notes.append(f"`{_shown(words)}` is not proved: collecting its tests {why}")
                return ""
        lost, come = first.outcomes.keys() - second.outcomes.keys(), second.outcomes.keys() - first.outcomes.keys()
        if lost or come:
            parts = [
                f"{what} {_some(sorted(names))}"
                for what, names in (("it would no longer run", lost), ("it would run", come))
                if names
            ]
            return "; ".join(parts)
        return ""

    def _ask(self, words: list[str], folder: str) -> Observed:
        key = (tuple(words), folder)
        if key not in self._known:
            self._known[key] = observe([sys.executable, *words], self._root, folder=folder, limit=self._limit)
        return self._known[key]


def arguments_of_runner(words: Sequence[str]) -> list[str]:
    """The arguments of the runner that say which tests, without reports and numbers of workers.

    Tools in front may have a word `run` of their own. Raises `StopIteration` where no runner stands there.
    """
    at = next(
        number + 2
        for number, (word, verb) in enumerate(pairwise(words))
        if re.fullmatch(r"canonry(?:\.exe)?", re.split(r"[/\\]", word)[-1]) and verb == "run"
    )
    own = list(words[at : words.index("--", at)]) if "--" in words[at:] else list(words[at:])
    passed = list(words[words.index("--", at) + 1 :]) if "--" in words[at:] else []
    found: list[str] = []
    while own:
        word = own.pop(0)
        if word in ("--report", "--workers", "--timeout", "--max-failures"):
            del own[:1]
        elif word.startswith(("--report=", "--timeout=", "--max-failures=", "--fail-fast", "--durations")):
            continue
        else:
            found.append(word)
    kept = _selecting(passed)
    return [*found, *(["--", *kept] if kept else [])]


def _some(names: list[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:_NAMED])
    return f"{shown} and {len(names) - _NAMED:,} more" if len(names) > _NAMED else shown


def _shown(words: Sequence[str | None]) -> str:
    """A command as a shell reads it; what is computed stands without quotes."""
    return " ".join("..." if word is None else word if _is_computed(word) else shlex.quote(word) for word in words)


def _is_computed(word: str) -> bool:
    return any(sign in word for sign in ("$", "%", "{", "`", "<", "*", "?"))


def _selecting(words: Sequence[str]) -> list[str]:
    """The words of pytest that say which tests: paths, and the options that narrow or widen them."""
    found: list[str] = []
    waiting = list(words)
    while waiting:
        word = waiting.pop(0)
        name = word.partition("=")[0]
        if not word.startswith("-"):
            found.append(word)
        elif word in _SELECTING:
            found += [word, waiting.pop(0)] if waiting else []
        elif name in _SELECTING_FLAGS or (name in _SELECTING and "=" in word) or word[:2] in ("-k", "-m"):
            found.append(word)
        elif waiting and not waiting[0].startswith("-") and "=" not in word and _takes_value(word):
            waiting.pop(0)
    return found


def _takes_value(word: str) -> bool:
    from canonry.migrate.commands.pytest_options import OPTIONAL, VALUED

    return word in VALUED or word in OPTIONAL or (word in ("-n", "-r", "-W") and word not in FLAGS)
