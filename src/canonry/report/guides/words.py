"""How guides say what the canon holds: cells, code, lists, priorities, commands."""

import re
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from canonry.canon.options import Canon, Category, Priority

ABOUT = (
    "*This part is written by `canonry report guides` from the canon, the file in which this repository declares how "
    "its "
    "tests are organised (`canonry canon show` prints it). Change the canon, not this text: it is made anew between "
    "the "
    "two marked lines. What stands outside of them is yours and stays.*"
)
PRIORITIES = {Priority.CRITICAL: "P0", Priority.HIGH: "P1", Priority.MEDIUM: "P2", Priority.LOW: "P3"}
"""What a priority is called in plans."""
_PLAIN = re.compile(r"^[\w./:@%+=,-]+$", re.ASCII)


class Style(msgspec.Struct, frozen=True):
    """The one runner of a canon. ``command`` is what a reader types; ``knows`` says that it takes canonry's options."""

    command: str
    knows: bool

    def run(self, *options: str) -> str:
        """The command that runs a selection by the canon's tables."""
        return " ".join((self.command if self.knows else "canonry run", *options))


def style_of(canon: Canon, *, wrapper: bool = False) -> Style:
    """The runner; ``wrapper``: it is a script that hands its arguments over to `canonry run`."""
    words = canon.canon.runner.split()
    ours = words[:2] == ["canonry", "run"] or words[1:4] == ["-m", "canonry", "run"]
    return Style(canon.canon.runner, ours or wrapper)


def prose(text: str) -> str:
    """Somebody's words in one line, with nothing in them that Markdown takes for a tag or a mark."""
    return " ".join(_shown(text).split()).replace("<", "&lt;")


def cell(text: str) -> str:
    """The same inside a table."""
    return prose(text).replace("|", "\\|")


def code(text: str) -> str:
    """A name or command as code; a backtick in it is no end of it."""
    text = " ".join(_shown(text).split())
    if not text:
        return "-"
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    pad = " " if "`" in text[:1] + text[-1:] else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def codes(texts: Iterable[str], none: str = "-") -> str:
    """Several of them, for a table."""
    return ", ".join(code(each) for each in texts).replace("|", "\\|") or none


def word(text: str) -> str:
    """A name as a shell takes it: quoted where it has to be."""
    if _PLAIN.match(text):
        return text
    return "'" + _shown(text).replace("'", "'\\''") + "'"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A table and the empty line behind it; nothing without rows."""
    listed = [f"| {' | '.join(row)} |" for row in rows]
    if listed:
        yield f"| {' | '.join(head)} |"
        yield f"| {' | '.join('--' for _ in head)} |"
        yield from listed
        yield ""


def block(*lines: str, language: str = "console") -> Iterator[str]:
    """A fenced block and the empty line behind it."""
    yield f"```{language}"
    yield from lines
    yield "```"
    yield ""


def item(said: str, command: str) -> str:
    """A point of a checklist with the command that checks it."""
    return f"- [ ] {said}: {code(command)}"


def in_order(canon: Canon) -> list[tuple[str, Category]]:
    """The categories as they run: what is needed comes first, then the graver."""
    found: dict[str, Category] = {}

    def take(name: str, around: tuple[str, ...]) -> None:
        category = canon.categories.get(name)
        if category is None or name in found or name in around:
            return
        for needed in category.needs:
            take(needed, (*around, name))
        found[name] = category

    for name in sorted(canon.categories, key=lambda each: PRIORITIES[canon.categories[each].priority]):
        take(name, ())
    return list(found.items())


def _shown(text: str) -> str:
    return "".join(each if each.isprintable() or each.isspace() else "?" for each in text)
