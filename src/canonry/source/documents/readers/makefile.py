"""Makefiles: the recipes of GNU make.

Source: the GNU make manual, chapters 5 (recipes: tabs, prefixes, one shell per line, `.ONESHELL`) and 6 (variables).
"""

import re
from collections.abc import Iterator

from canonry.source.documents.fragment import Document, Fragment, Piece
from canonry.source.documents.languages.dispatch import read_script
from canonry.source.documents.languages.script import Finds, Setting
from canonry.source.documents.reading import Reading

PATTERNS = ("Makefile", "makefile", "GNUmakefile", "*.mk", "Makefile.*")

_LINE = re.compile(r"(?:\\\r?\n|[^\r\n])*")
_ASSIGNMENT = re.compile(r"(?:(?:export|override|private)\s+)*(\w[\w.-]*)\s*(::?:?=|\?=|\+=|=|!=)[ \t]*(.*)", re.DOTALL)
_RULE = re.compile(r"([^\t#=:][^#=:]*?)\s*::?(?!=)([^=]*)$", re.DOTALL)
_REFERENCE = re.compile(r"\$\(([\w.-]+)\)|\$\{([\w.-]+)\}")
_NO_RULE = re.compile(r"(?:if|else|endif|include|-include|sinclude|export|define|endef|vpath)(?=\s|\(|$)")
_DEFINE = re.compile(r"[ ]*(?:(?:override|export)[ ]+)*define[ \t]")
_ENDEF = re.compile(r"[ ]*endef\b")
_CONDITION = re.compile(r"[ ]*(?:(?:ifeq|ifneq|ifdef|ifndef)[ \t(]|(?:else|endif)(?=\s|#|$))")
_PREFIX = re.compile(r"\.RECIPEPREFIX\s*(?::{0,3}=|\?=)[ \t]*(\S?)\s*")
_OPEN = re.compile(r"\$[({][^)}]*$")
"""A reference that does not close: make refuses it."""
_SHELL_CALL = re.compile(r"\$[({]shell[ \t]+")
_DEPTH = 8
_LONGEST = 20_000
"""Characters of a variable after which expanding ends: more than a recipe may take in."""


def read(document: Document) -> Reading:
    """The commands of all recipes."""
    finds = Finds(document)
    _Makefile(document, finds).read()
    return finds.reading()


class _Makefile:
    def __init__(self, document: Document, finds: Finds) -> None:
        self.document, self.finds = document, finds
        self.variables: dict[str, str | None] = {}
        self.one_shell = bool(re.search(r"^\.ONESHELL\s*:", document.text, re.MULTILINE))
        self.values: dict[tuple[str, int], str] = {}
        self.recipe: list[tuple[int, int]] = []
        self.target = ""

    def read(self) -> None:
        """Two passes: variables are expanded when a recipe runs, so also those that are set below it."""
        lines = list(self._lines())
        defining = 0  # `define` may stand inside `define`
        for start, stop in lines:
            line = self.document.text[start:stop]
            defining = _depth(line, defining)
            if not line.startswith("\t") and not defining and not _CONDITION.match(line):
                self._assign(line.strip())
        defining = 0
        prefix, begun = "\t", 0
        for start, stop in lines:
            line = self.document.text[start:stop]
            before, defining = defining, _depth(line, defining)
            if defining and not before:
                begun = start
                self._end()
                self.target = ""
            elif before and not defining:
                self.finds.pass_over(begun, stop, "a `define` block, which is not expanded")
            elif defining:
                continue
            elif line.startswith(prefix) and self.target:
                self.recipe.append((start + 1, stop))
            elif _CONDITION.match(line):  # the recipe goes on behind it
                self._shells(start, stop)
            elif line.strip() and not line.lstrip().startswith("#"):
                self._end()
                changed = _PREFIX.fullmatch(line)
                if changed:
                    prefix = changed[1][:1] or "\t"
                elif not _ASSIGNMENT.fullmatch(line.strip()):
                    self._rule(start, stop, line)
                self._shells(start, stop)
        self._end()
        if defining:
            self.finds.pass_over(begun, len(self.document.text), "a `define` block, which is not expanded")

    def _shells(self, start: int, stop: int) -> None:
        """Reads what make itself runs in a shell: ``$(shell ...)``, and ``!=``."""
        text, target = self.document.text, self.target
        self.target = target or "<file>"
        match = _SHELL_CALL.search(text, start, stop)
        while match is not None:
            at = _reference_end(text, match.start(), stop)
            self._script(self._pieces(match.end(), max(match.end(), at - 1)), forgiven=False)
            match = _SHELL_CALL.search(text, max(at, match.end()), stop)
        assigned = _ASSIGNMENT.fullmatch(text[start:stop].strip())
        if assigned and assigned[2] == "!=":
            begin = text.index("!=", start) + 2
            self._script(self._pieces(begin, stop), forgiven=False)
        self.target = target

    def _lines(self) -> Iterator[tuple[int, int]]:
        at = 0
        text = self.document.text
        while at < len(text):
            match = _LINE.match(text, at)
            assert match is not None
            yield match.span()
            at = match.end() + (2 if text[match.end() : match.end() + 2] == "\r\n" else 1)

    def _assign(self, line: str) -> None:
        match = _ASSIGNMENT.fullmatch(line)
        if match is None:
            return
        name, operator = match[1], match[2]
        text = re.sub(r"\s*\\\r?\n\s*", " ", re.sub(r"\s+#.*", "", match[3])).strip()
        value: str | None = text
        if operator == "!=" or _OPEN.search(text):
            value = None
        elif operator == "+=":
            before = self.variables.get(name, "")
            value = None if before is None else f"{before} {value}".strip()
        elif name in self.variables and self.variables[name] != value:
            value = None  # set twice: which one holds is decided by conditions
        self.variables[name] = value

    def _rule(self, start: int, stop: int, line: str) -> None:
        match = _RULE.match(line)
        self.target = ""
        if match is None or _NO_RULE.match(line):
            return
        self.target = match[1].split()[0] if match[1].split() else ""
        semicolon = line.find(";", match.end(1))
        if semicolon > 0 and self.target:
            self.recipe.append((start + semicolon + 1, stop))

    def _end(self) -> None:
        """Reads the recipe that has ended: its lines one by one, or as one script."""
        recipe, self.recipe = self.recipe, []
        if not recipe or self.target in (".PHONY", ".SUFFIXES"):
            return
        if self.one_shell:
            pieces: list[Piece] = []
            forgiven = False
            for start, stop in recipe:
                begin, ignored = self._prefix(start, stop)
                forgiven = forgiven or (ignored and start == recipe[0][0])
                pieces += [*self._pieces(begin, stop), Piece("\n", stop, stop)]
            self._script(pieces, forgiven=forgiven)
            return
        for start, stop in recipe:
            begin, ignored = self._prefix(start, stop)
            self._script(self._pieces(begin, stop), forgiven=ignored)
        for start, stop in recipe:
            self._shells(start, stop)

    def _prefix(self, start: int, stop: int) -> tuple[int, bool]:
        match = re.compile(r"[ \t]*([-@+]*)[ \t]*").match(self.document.text, start, stop)
        assert match is not None
        return match.end(), "-" in match[1]

    def _script(self, pieces: list[Piece], *, forgiven: bool) -> None:
        fragment = Fragment(self.document, pieces)
        mask = "".join(
            "$" + "x" * (len(piece.text) - 1) if self._is_reference(piece) else piece.text for piece in fragment.pieces
        )
        setting = Setting(symbol=self.target, forgiven="make's `-`" if forgiven else "")
        read_script(fragment, self.finds, setting, shell=self.variables.get("SHELL") or "sh", mask=mask)

    def _is_reference(self, piece: Piece) -> bool:
        """Whether a piece is a reference of make that stays as it is written (its own piece, see `_pieces`)."""
        return (
            piece.text[0] == "$" and len(piece.text) > 1 and self.document.text[piece.begin : piece.end] == piece.text
        )

    def _pieces(self, start: int, stop: int) -> list[Piece]:
        """A recipe line as the shell gets it: ``$$`` is a dollar sign, variables that the file sets are expanded.

        A dollar sign that is left begins a piece, which is a reference of make that nothing here resolves.
        """
        pieces: list[Piece] = []
        text = self.document.text
        at = start
        while (found := text.find("$", at, stop)) >= 0:
            pieces.append(self.document.piece(at, found))
            at = _reference_end(text, found, stop)
            name = _REFERENCE.fullmatch(text, found, at)
            value = self._value(name[1] or name[2], _DEPTH) if name else None
            if value and not self.finds.expands(len(value), found, at, symbol=self.target or "<file>"):
                value = None
            if value and self._goes_on(value):
                reason = f"variables in variables, deeper than {_DEPTH} or too long"
                self.finds.pass_over(found, at, reason, symbol=self.target or "<file>")
            if text[found:at] == "$$":
                pieces.append(Piece("$", found, at))
            else:
                pieces.append(self.document.piece(found, at) if value is None else Piece(value, found, at))
        return [*pieces, self.document.piece(at, stop)]

    def _goes_on(self, value: str) -> bool:
        """Whether a text that was expanded still holds variables that the file sets."""
        return any(self.variables.get(each[1] or each[2]) is not None for each in _REFERENCE.finditer(value))

    def _value(self, name: str, depth: int) -> str | None:
        """The text of a variable with those inside it; one that is too long is not expanded any further."""
        value = self.variables.get(name)
        if value is None or not depth:
            return None
        if (name, depth) in self.values:
            return self.values[name, depth]
        found = value
        for match in reversed(list(_REFERENCE.finditer(value))):
            inner = self._value(match[1] or match[2], depth - 1)
            if inner is not None:
                found = found[: match.start()] + inner + found[match.end() :]
            if len(found) > _LONGEST:
                break
        self.values[name, depth] = found
        return found


def _depth(line: str, before: int) -> int:
    """How many `define` blocks are open behind a line."""
    if _DEFINE.match(line):
        return before + 1
    return before - 1 if before and _ENDEF.match(line) else before


def _reference_end(text: str, start: int, stop: int) -> int:
    """Where the reference that begins with a dollar sign ends: after its bracket, or after one character."""
    opening = text[start + 1 : start + 2]
    closing = {"(": ")", "{": "}"}.get(opening)
    if closing is None:
        return min(start + 2, stop)
    depth = 0
    for index in range(start + 1, stop):
        depth += (text[index] == opening) - (text[index] == closing)
        if not depth:
            return index + 1
    return stop
