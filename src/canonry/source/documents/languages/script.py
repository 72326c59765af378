"""What is found in scripts, in whatever language: commands and parts that are passed over."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from canonry.source.documents.fragment import Document, Piece
from canonry.source.documents.languages.started import VARIABLE, tool_of_words
from canonry.source.documents.reading import Command, PassedOver, Reading
from canonry.source.facts import Site

UNKNOWN_FOLDER = "?"
"""A working directory that the file does not say."""
_LONGEST_VALUE = 10_000
_MOST_EXPANDED = 1_000_000


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a command: its text with quotes removed, the pieces that it is made of, and whether it is fixed.

    ``place`` is the range of the document's characters that it is written in, quotes included.
    """

    text: str
    pieces: tuple[Piece, ...] = ()
    fixed: bool = True
    place: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Where a script stands, which decides what its commands mean.

    ``forgiven`` is why the failure of the whole script is none, ``stops`` whether the first failing command ends it,
    ``pipes`` whether a pipeline is taken to fail with any of its commands.
    """

    symbol: str
    folder: str = ""
    forgiven: str = ""
    stops: bool = False
    pipes: bool = True
    depth: int = 0
    doubt: str = ""

    def inside(self, *, symbol: str = "", forgiven: str = "", folder: str = "") -> "Setting":
        """The setting of a script inside a command of this one."""
        return replace(
            self,
            symbol=symbol or self.symbol,
            forgiven=forgiven or self.forgiven,
            folder=folder or self.folder,
            stops=False,
            depth=self.depth + 1,
        )


@dataclass(slots=True)
class Finds:
    """Collects what readers find in one document."""

    document: Document
    commands: list[Command] = field(default_factory=list)
    passed_over: list[PassedOver] = field(default_factory=list)
    provided: dict[str, None] = field(default_factory=dict)
    expanded: int = 0
    """Characters that variables have put into texts so far."""

    def expands(self, length: int, begin: int, end: int, *, symbol: str = "<file>") -> bool:
        """Whether a variable may put so many characters into a text; where not, the place is passed over.

        Variables that hold variables double with every line, so one value and all of a document have a bound.
        """
        self.expanded += length
        if length > _LONGEST_VALUE:
            reason = f"a variable that stands for more than {_LONGEST_VALUE:,} characters"
        elif self.expanded > _MOST_EXPANDED:
            reason = f"variables that stand for more than {_MOST_EXPANDED:,} characters together"
        else:
            return True
        self.pass_over(begin, end, reason, symbol=symbol)
        return False

    def reading(self) -> Reading:
        """All of it, in order of place; what stands at one place (an anchor that is used twice) once."""
        commands = {(each.site.line, each.site.column, each.words): each for each in reversed(self.commands)}
        passed = {(each.site.line, each.reason): each for each in reversed(self.passed_over)}
        return Reading(
            tuple(sorted(commands.values(), key=lambda each: (each.site.line, each.site.column))),
            tuple(sorted(passed.values(), key=lambda each: (each.site.line, each.site.column))),
            tuple(self.provided),
        )

    def pass_over(self, begin: int, end: int, reason: str, *, symbol: str = "<file>") -> None:
        """Says that a range of the document is not read."""
        self.passed_over.append(PassedOver(self.document.site(begin, end, symbol), reason))

    def add(
        self,
        words: Sequence[str],
        site: Site,
        setting: Setting,
        *,
        forgiven: str = "",
        folder: str = "",
        doubt: str = "",
        inner: bool = False,
        places: Sequence[tuple[int, int]] = (),
        listed: bool = False,
    ) -> None:
        """Adds a command; ``inner`` says that the command in its words is read for itself.

        ``places`` and ``listed`` as in `Command`.
        """
        tool, unsure = ("", "") if inner else tool_of_words(words)
        if unsure and not tool:
            self.passed_over.append(PassedOver(site, unsure))
        self.commands.append(
            Command(
                tuple(words),
                site,
                tool,
                forgiven or setting.forgiven,
                folder or setting.folder,
                (doubt or unsure or setting.doubt) if tool else doubt or setting.doubt,
                tuple(places) if tool and len(places) == len(words) else (),
                listed and bool(tool),
            )
        )


def join_words(words: Iterable[Word]) -> list[Piece]:
    """Words with blanks between them, as `eval` joins its arguments."""
    found: list[Piece] = []
    for word in words:
        if found:
            found.append(Piece(" ", found[-1].end, found[-1].end))
        found += word.pieces
    return found


def join_folder(folder: str, target: str) -> str:
    """The working directory after going from a folder to a target; unknown where either is.

    A path that leaves the root, or an absolute one, is unknown too.
    """
    if VARIABLE.search(target) or target.startswith(("/", "~", "-")) or ":" in target:
        return UNKNOWN_FOLDER
    if folder == UNKNOWN_FOLDER:
        return folder
    parts = folder.split("/") if folder else []
    for part in target.replace("\\", "/").split("/"):
        if part == "..":
            if not parts:
                return UNKNOWN_FOLDER
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)
