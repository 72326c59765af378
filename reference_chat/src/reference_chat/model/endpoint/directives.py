"""Directives in the user's text, `[[name:argument]]`: how a test tells the model what to do."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

_DIRECTIVE = re.compile(r"\[\[([a-z]+)(?::(.*?))?\]\]", re.DOTALL)
_MOST_TOOLS, _MOST_PARTIES, _MOST_TOKENS, _MOST_SECONDS = 64, 1_000, 100_000, 3_600.0


@dataclass(frozen=True, slots=True)
class Script:
    """What one text asks of the model; `plain` is the text without its directives."""

    plain: str
    tools: int | None = None
    sub: str | None = None
    slow: float = 0.0
    pace: float = 0.0
    fail: int | None = None
    broken: bool = False
    hang: str | None = None
    stream: int = 0
    barriers: tuple[tuple[str, int], ...] = ()
    echo: str | None = field(default=None)


def read_script(text: str) -> Script:
    """The script of a text. A directive that is unknown, or whose argument is none, is text like any other."""
    script = Script("")
    plain: list[str] = []
    end = 0
    for match in _DIRECTIVE.finditer(text):
        read = _READERS.get(match[1])
        try:
            changed = read(script, match[2] or "") if read else None
        except ValueError:
            changed = None
        if changed is None:
            continue
        script = changed
        plain.append(text[end : match.start()])
        end = match.end()
    plain.append(text[end:])
    return replace(script, plain="".join(plain).strip())


def _count(argument: str, most: int) -> int:
    count = int(argument)
    if count < 0:
        raise ValueError(argument)
    return min(count, most)


def _seconds(argument: str) -> float:
    seconds = float(argument)
    if not (math.isfinite(seconds) and seconds >= 0):
        raise ValueError(argument)
    return min(seconds, _MOST_SECONDS)


def _word(argument: str, known: tuple[str, ...]) -> str:
    if argument not in known:
        raise ValueError(argument)
    return argument


def _fail(script: Script, argument: str) -> Script:
    if argument == "stream":
        return replace(script, broken=True)
    status = int(argument)
    if not 400 <= status <= 599:
        raise ValueError(argument)
    return replace(script, fail=status)


def _barrier(script: Script, argument: str) -> Script:
    name, _, parties = argument.rpartition(":")
    if not name:
        raise ValueError(argument)
    return replace(script, barriers=(*script.barriers, (name, max(1, _count(parties, _MOST_PARTIES)))))


_READERS: dict[str, Callable[[Script, str], Script]] = {
    "tools": lambda script, argument: replace(script, tools=_count(argument, _MOST_TOOLS)),
    "sub": lambda script, argument: replace(script, sub=_word(argument, ("", "fail"))),
    "slow": lambda script, argument: replace(script, slow=_seconds(argument)),
    "pace": lambda script, argument: replace(script, pace=_seconds(argument)),
    "fail": _fail,
    "hang": lambda script, argument: replace(script, hang=_word(argument, ("", "stream"))),
    "stream": lambda script, argument: replace(script, stream=_count(argument, _MOST_TOKENS)),
    "barrier": _barrier,
    "echo": lambda script, argument: replace(script, echo=argument),
}
