"""Batch files for Windows: `cmd.exe` reads line by line, so does this.

Source: the documentation of `cmd`, `set`, `if`, `for` and of special characters at learn.microsoft.com.
"""

import re
from collections.abc import Iterator

from canonry.source.documents.fragment import Fragment, Piece
from canonry.source.documents.languages.script import UNKNOWN_FOLDER, Finds, Setting, join_folder
from canonry.source.documents.languages.started import Alternatives, chosen, mentions_tool

_CONTINUED = re.compile(r"\^(?:\r\n|\r|\n)")
_LINE = re.compile(r"[^\r\n]+")
_TOKEN = re.compile(
    r"(?P<blank>[ \t,;=]+)|(?P<mark>&&|\|\||[&|()])|(?P<to>\d?>>?&?\d?|<)"
    r"|(?P<word>(?:\^.|\"[^\"]*(?:\"|$)|[^ \t,;=&|()<>\"^])+)|(?P<rest>.)",
    re.DOTALL,
)
_SHELL = re.compile(r"(?:.*[\\/])?(?:ba|z)?sh(?:\.exe)?")
_SET = re.compile(r'set\s+(?:"(?P<quoted>\w+)=(?P<fixed>[^"]*)"|(?P<plain>\w+)=(?P<value>.*))', re.IGNORECASE)
_VARIABLE = re.compile(r"%(\w+)%|!(\w+)!|%%~?(\w)(?!\w*%)")
_IF = re.compile(
    r"if\s+(?:/i\s+)?(?:not\s+)?(?:exist\s+(?P<path>\"[^\"]+\"|\S+)|errorlevel\s+\d+|(?:defined|cmdextversion)\s+\S+"
    r"|(?:\"[^\"]*\"|[^\s=\"]+)\s*(?:==|\s(?:equ|neq|lss|leq|gtr|geq)\s)\s*(?:\"[^\"]*\"|[^\s()]+))\s*",
    re.IGNORECASE,
)
_FOR = re.compile(
    r"for\s+(?:/(?P<kind>\w)\s+(?:\"[^\"]*\"\s+)?)?%%?(?P<name>\S+)\s+in\s+\((?P<set>.*?)\)\s+do\s*", re.IGNORECASE
)
_ELSE = re.compile(r"else\b\s*", re.IGNORECASE)
_QUOTED = re.compile(r'"[^"]*"|\^.')
_SILENT = re.compile(r"rem(?:\s|$)|::|:[^:\s]|setlocal|endlocal|goto\b|shift\b|title\b", re.IGNORECASE)
_HARMLESS = frozenset(("echo", "echo.", "rem", "ver", "set"))


def read_batch(
    fragment: Fragment, finds: Finds, setting: Setting, *, variables: dict[str, Alternatives] | None = None
) -> str:
    """Adds what a batch script holds; returns the working directory at its end. ``variables`` are set around it."""
    script = _Script(fragment, finds, setting)
    script.variables |= {name.lower(): values for name, values in (variables or {}).items()}
    return script.read()


class _Script:
    def __init__(self, fragment: Fragment, finds: Finds, setting: Setting) -> None:
        self.fragment, self.finds, self.setting = fragment, finds, setting
        self.text = _CONTINUED.sub(lambda match: " " * len(match[0]), fragment.text)
        self.variables: dict[str, Alternatives] = {}
        self.depth = 0
        self.labelled = False
        self.doubt = ""
        self.folder = setting.folder
        self.symbol = setting.symbol

    def read(self) -> str:
        """All lines."""
        lines = [(match.start(), match.end()) for match in _LINE.finditer(self.text)]
        shown = [self.text[start:stop].strip().lstrip("@").lower() for start, stop in lines]
        last = next((line for line in reversed(shown) if line and not _SILENT.match(line)), "")
        hidden = "errorlevel" not in self.text.lower() and last in ("exit /b 0", "exit 0")
        self.end = f"`{last}` at the end" if hidden else ""
        for start, stop in lines:
            self._line(start, stop, branch=self.depth > 0 or self.labelled)
            bare = _QUOTED.sub("", self.text[start:stop])
            self.depth = max(0, self.depth + bare.count("(") - bare.count(")"))
        return self.folder

    def _line(self, start: int, stop: int, *, branch: bool) -> None:
        start = self._skip(start, stop, r"[\s@()]*")
        if re.compile(r":[^:\s]").match(self.text, start, stop):
            self.symbol = self.text[start:stop].split()[0] if self.setting.symbol == "<script>" else self.symbol
            self.labelled = True  # nobody knows from where it is reached
        if start >= stop or _SILENT.match(self.text, start, stop):
            return
        found = _SET.match(self.text, start, stop)
        if found:
            self._set(found, start, stop, branch=branch)
            return
        condition = _IF.match(self.text, start, stop)
        if condition:
            if condition["path"]:
                self.finds.provided[condition["path"].strip('"').replace("\\", "/")] = None
            self._line(condition.end(), stop, branch=True)
            return
        loop = _FOR.match(self.text, start, stop)
        if loop:
            self._loop(loop)
            self._line(loop.end(), stop, branch=True)
            return
        otherwise = _ELSE.match(self.text, start, stop)
        if otherwise:
            self._line(otherwise.end(), stop, branch=True)
            return
        self._commands(start, stop)

    def _set(self, found: re.Match[str], start: int, stop: int, *, branch: bool) -> None:
        name, value = (found["quoted"], found["fixed"]) if found["quoted"] else (found["plain"], found["value"])
        end = found.end()
        if not found["quoted"]:
            end = _value_end(self.text, found.start("value"), stop, inside=branch)
            value = self.text[found.start("value") : end]
        name = name.lower()
        text, known = self._expand(value.strip(), start, stop)
        known = known and self.finds.expands(len(text), *self.fragment.place(start, stop), symbol=self.symbol)
        before = self.variables.get(name, [])
        itself = any((each[1] or each[2] or "").lower() == name for each in _VARIABLE.finditer(value))
        self.variables[name] = [*(before if branch and not itself else ()), (text,) if known else None]
        following = self._skip(end, stop, r"[\s&|]*")
        if following < stop:
            self._line(following, stop, branch=branch)

    def _loop(self, loop: re.Match[str]) -> None:
        """Sets the variable of a loop to the words that it goes through; reads the command whose output they are."""
        kind, words = (loop["kind"] or "").lower(), loop["set"].strip()
        begin = loop.start("set") + loop["set"].index(words)
        if kind == "f" and len(words) > 2 and words[0] in "'`" and words[0] == words[-1]:
            self._commands(begin + 1, begin + len(words) - 1)
        values: Alternatives = [(word.strip('"'),) for word in re.split(r"[\s,;]+", words) if word]
        telling = not kind and mentions_tool(words.split())
        self.variables[f"%{loop['name'][:1].lower()}"] = values if telling else [None]

    def _skip(self, start: int, stop: int, pattern: str) -> int:
        match = re.compile(pattern).match(self.text, start, stop)
        return match.end() if match else start

    def _commands(self, start: int, stop: int) -> None:
        parts = list(self._split(start, stop))
        for index, (mark, tokens) in enumerate(parts):
            if not tokens:
                continue
            following = parts[index + 1] if index + 1 < len(parts) else ("", [])
            forgiven = self.end
            if following[0] == "||" and self._succeeds(following[1]):
                forgiven = f"`|| {self.text[following[1][0][0] : following[1][-1][1]].strip()}`"
            self._command(tokens, forgiven, piped=mark == "|")

    def _split(self, start: int, stop: int) -> Iterator[tuple[str, list[tuple[int, int]]]]:
        """The commands of a line: the mark before each, and the places of its words."""
        words: list[tuple[int, int]] = []
        mark, skip, opened = "", False, 0
        for token in _TOKEN.finditer(self.text, start, stop):
            if token["mark"] == "(" and words:
                words.append(token.span())
                opened += 1
            elif token["mark"] == ")" and opened:
                words.append(token.span())
                opened -= 1
            elif token["mark"] == ")":  # the end of a block; what follows is `else`, or nothing
                yield mark, words
                self._line(token.end(), stop, branch=True)
                return
            elif token["mark"]:
                yield mark, words
                mark, words = token["mark"], []
            elif token["to"]:
                skip = not token["to"][-1].isdigit()
            elif token["word"] and not skip:
                words.append(token.span())
            elif token["word"]:
                self.finds.provided[token["word"].strip('"').replace("\\", "/")] = None
                skip = False
        yield mark, words

    def _succeeds(self, tokens: list[tuple[int, int]]) -> bool:
        words = [self.text[slice(*place)].lower() for place in tokens]
        return bool(words) and (words[0] in _HARMLESS or words[:3] == ["exit", "/b", "0"])

    def _command(self, tokens: list[tuple[int, int]], forgiven: str, *, piped: bool) -> None:
        words: list[str] = []
        places: list[tuple[int, int]] = []
        self.doubt = ""
        for index, place in enumerate(tokens):
            written = re.sub(r"\^(.)", r"\1", self.text[slice(*place)])
            text, _ = self._expand(written.replace('"', ""), *place)
            found = [text]
            if index == 0:
                text = text.lstrip("@")
                place = place[0] + len(written) - len(written.lstrip("@")), place[1]
                found = text.split() if "%" in written or "!" in written else [text]
            words += found
            places += [self.fragment.place(*place)] * len(found) if place[0] < place[1] else []
        if not words or not words[0]:
            return
        first = tokens[0][0] + (len(self.text[slice(*tokens[0])]) - len(self.text[slice(*tokens[0])].lstrip("@")))
        lowered = words[0].lower()
        if lowered == "if" or lowered == "for":
            self.finds.pass_over(
                *self.fragment.place(first, tokens[-1][1]), "a condition that is not understood", symbol=self.symbol
            )
            return
        if lowered == "call" and len(tokens) > 1 and not self.text[slice(*tokens[1])].startswith(":"):
            self._command(tokens[1:], forgiven, piped=piped)
            return
        doubt = self.doubt
        inner = self._inner(words, tokens, forgiven)
        site = self.fragment.site(first, tokens[-1][1], self.symbol)
        self.finds.add(
            words,
            site,
            self.setting,
            forgiven=forgiven,
            folder=self.folder,
            doubt=doubt,
            inner=inner,
            places=places,
        )
        if lowered in ("cd", "chdir", "pushd"):
            target = next((word for word in words[1:] if word.lower() != "/d"), "")
            self.folder = join_folder(self.folder, target) if target else self.folder
        elif lowered == "popd":
            self.folder = self.setting.folder

    def _inner(self, words: list[str], tokens: list[tuple[int, int]], forgiven: str) -> bool:
        """Reads the shell script in ``bash -c "..."`` and ``wsl bash -c``; whether there is one."""
        from canonry.source.documents.languages.shell import read_shell

        for index, word in enumerate(words[:-1]):
            if re.fullmatch(r"-\w*c", word) and any(_SHELL.fullmatch(each) for each in words[:index]):
                start, stop = tokens[index + 1] if index + 1 < len(tokens) else (0, 0)
                if stop - start < 3 or self.setting.depth > 4:
                    return False
                pieces: list[Piece] = self.fragment.cut(start + 1, stop - 1)
                before = len(self.finds.commands)
                setting = self.setting.inside(symbol=self.symbol, forgiven=forgiven, folder=UNKNOWN_FOLDER)
                read_shell(Fragment(self.fragment.document, pieces), self.finds, setting)
                return len(self.finds.commands) > before
        return False

    def _expand(self, text: str, start: int, stop: int) -> tuple[str, bool]:
        """The text with the variables that the script sets, and whether all of them are."""
        known = True

        def value(match: re.Match[str]) -> str:
            nonlocal known
            name = (match[1] or match[2] or f"%{match[3]}").lower()
            words, several = chosen(self.variables.get(name, []))
            if several:
                self.doubt = f"`{match[0]}` has several values"
            found = " ".join(words) if words is not None else None
            if found and not self.finds.expands(len(found), *self.fragment.place(start, stop), symbol=self.symbol):
                found = None
            known = known and found is not None
            return match[0] if found is None else found

        return _VARIABLE.sub(value, text), known


def _value_end(text: str, start: int, stop: int, *, inside: bool) -> int:
    """Where the value of `set` without quotes ends: before a mark, or before the bracket that closes its block."""
    depth, quoted, at = 0, False, start
    while at < stop:
        character = text[at]
        if character == "^":
            at += 1
        elif character == '"':
            quoted = not quoted
        elif not quoted:
            depth += (character == "(") - (character == ")")
            if character in "&|" or (inside and depth < 0):
                return at
        at += 1
    return stop
