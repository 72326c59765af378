"""PowerShell scripts, read with tree-sitter's grammar."""

import re
from functools import cache

from tree_sitter import Language, Node, Parser

from canonry.source.documents.fragment import Fragment, as_bytes, blank
from canonry.source.documents.languages.script import UNKNOWN_FOLDER, Finds, Setting, join_folder
from canonry.source.documents.languages.started import Alternatives, chosen

_TEMPLATE = re.compile(r"\$\{\{.*?\}\}", re.DOTALL)
_OPTION = re.compile(r"(?<=\s)--[\w-]+=(?:\"[^\"`$\r\n]*\"|'[^'\r\n]*')")
"""``--name="text"``, which the grammar takes for an error."""
_ESCAPE = re.compile(r"`[^\r\n]")
"""An escaped character, at which the grammar ends some strings too early."""
_EVALUATING = frozenset(("invoke-expression", "iex"))
_MOVING = frozenset(("set-location", "cd", "sl", "chdir", "push-location", "pushd"))
_BACK = frozenset(("pop-location", "popd"))
_PROCESS_OPTIONS = frozenset(("-filepath", "-argumentlist", "-wait", "-nonewwindow", "-passthru"))
_STRINGS = frozenset(("expandable_string_literal", "verbatim_string_characters", "verbatim_here_string_characters"))
_SHELLS = re.compile(r"(?:.*[\\/])?(?:ba|z|da|k)?sh(?:\.exe)?", re.IGNORECASE)
_COMPUTED = re.compile(r"\$[({\w]")


def read_powershell(
    fragment: Fragment, finds: Finds, setting: Setting, *, environment: dict[str, Alternatives] | None = None
) -> str:
    """Adds what a PowerShell script holds; returns the working directory at its end.

    ``environment`` are the variables that ``$env:NAME`` stands for.
    """
    if not fragment.text.strip():
        return setting.folder
    text = _ESCAPE.sub("xx", fragment.text)
    text = blank(blank(text, _TEMPLATE, first="$"), _OPTION, first="--x")
    walk = _Walk(fragment, finds, setting)
    walk.variables |= {f"env:{name.lower()}": values for name, values in (environment or {}).items()}
    walk.read(_parser().parse(as_bytes(text)).root_node)
    return walk.folder


@cache
def _parser() -> Parser:
    import tree_sitter_powershell

    return Parser(Language(tree_sitter_powershell.language()))


class _Walk:
    def __init__(self, fragment: Fragment, finds: Finds, setting: Setting) -> None:
        self.fragment, self.finds, self.setting = fragment, finds, setting
        self.folder = setting.folder
        self.symbol = setting.symbol
        self.variables: dict[str, Alternatives] = {}
        self.doubt = ""
        self.end = ""

    def read(self, root: Node) -> None:
        """Every command; a statement that the grammar does not understand is passed over where it holds none."""
        lines = [line.strip() for line in self.fragment.text.splitlines()]
        last = next((line for line in reversed(lines) if line and not line.startswith("#")), "").lower()
        if last == "exit 0" and not re.search(r"LASTEXITCODE|\$\?", self.fragment.text, re.IGNORECASE):
            self.end = "`exit 0` at the end"
        self._visit(root)

    def _text(self, node: Node) -> str:
        return self.fragment.text[node.start_byte : node.end_byte]

    def _visit(self, root: Node) -> None:
        """Walks in order of the text; by hand, because expressions nest deep."""
        waiting: list[tuple[Node, str, bool]] = [(root, self.symbol, False)]
        while waiting:
            node, symbol, branch = waiting.pop()
            kind = node.type
            self.symbol = symbol
            if kind == "command":
                folder = self.folder
                self._command(node)
                if branch and self.folder != folder:
                    self.folder = UNKNOWN_FOLDER
            elif kind == "assignment_expression":
                self._assign(node, branch=branch)
            elif kind == "ERROR" and not _holds_command(node):
                self._pass_over(node)
            elif kind == "function_statement" and symbol == "<script>":
                name = next((child for child in node.named_children if child.type == "function_name"), None)
                symbol = self._text(name) if name else symbol
            if kind == "foreach_statement":
                self._loop_over(node)
            branch = branch or kind in ("if_statement", "switch_statement", "function_statement") or "loop" in kind
            branch = branch or kind in ("foreach_statement", "for_statement", "while_statement", "do_statement")
            waiting += [(child, symbol, branch) for child in reversed(node.named_children)]

    def _pass_over(self, node: Node) -> None:
        if self._text(node).strip():
            place = self.fragment.place(node.start_byte, node.end_byte)
            self.finds.pass_over(*place, "PowerShell syntax that is not understood", symbol=self.symbol)

    def _assign(self, node: Node, *, branch: bool) -> None:
        target = node.named_children[0]
        match = re.fullmatch(r"\$\{?(?:script:|global:|local:)?((?:env:)?\w+)\}?", self._text(target))
        if match is None or len(node.named_children) < 3:
            return
        name, value = match[1].lower(), node.named_children[-1]
        strings = _all(value, _STRINGS | {"verbatim_string_literal"})
        rest = self._text(value)
        for string in strings:
            rest = rest.replace(self._text(string), "", 1)
        fixed = bool(strings) and not re.sub(r"[@(),\s]", "", rest)
        words = tuple(self._unquoted(string) for string in strings) if fixed else None
        if words is not None and any(_COMPUTED.search(word) for word in words):
            words = None
        self.variables[name] = [*(self.variables.get(name, ()) if branch else ()), words]

    def _loop_over(self, node: Node) -> None:
        """Sets the variable of a loop to the texts that it goes through."""
        parts = [child for child in node.named_children if child.type != "statement_block"]
        match = re.fullmatch(r"\$(\w+)", self._text(parts[0])) if len(parts) > 1 else None
        if match is not None:
            strings = _all(parts[-1], _STRINGS | {"verbatim_string_literal"})
            self.variables[match[1].lower()] = [(self._unquoted(string),) for string in strings] or [None]

    def _unquoted(self, node: Node) -> str:
        return re.sub(r"`(.)", r"\1", self._text(node).strip("\"'"))

    def _words(self, node: Node) -> list[tuple[str, int, int]]:
        """The words of a command's part, each with its range."""
        text = self._text(node)
        match = re.fullmatch(r"[$@]\{?((?:env:)?\w+)\}?", text, re.IGNORECASE)
        if match:
            found, several = chosen(self.variables.get(match[1].lower(), []))
            if several:
                self.doubt = f"`{text}` has several values"
            place = self.fragment.place(node.start_byte, node.end_byte) if found else (0, 0)
            if found and not self.finds.expands(sum(map(len, found)), *place, symbol=self.symbol):
                found = None
            if found is not None:
                split = " ".join(found).split() if len(found) == 1 else list(found)
                return [(word, node.start_byte, node.end_byte) for word in split]
            return [(text, node.start_byte, node.end_byte)]
        if _OPTION.fullmatch(" " + text, 1):
            return [(re.sub("[\"']", "", text), node.start_byte, node.end_byte)]
        strings = _all(node, _STRINGS | {"verbatim_string_literal"})
        if strings and "(" not in text:
            return [(self._unquoted(each), each.start_byte, each.end_byte) for each in strings]
        return [(re.sub(r"`(.)", r"\1", text), node.start_byte, node.end_byte)]

    def _command(self, node: Node) -> None:
        parts: list[Node] = []
        for child in node.named_children:
            if child.type in ("command_name", "command_name_expr", "path_command_name"):
                parts.append(child)
            elif child.type == "command_elements":
                parts += [
                    each
                    for each in child.named_children
                    if each.type not in ("command_argument_sep", "redirection", "comment")
                ]
        if not parts:
            return
        self.doubt = ""
        found = [word for part in parts for word in self._words(part)]
        doubt = self.doubt
        words = [word for word, _, _ in found]
        if not words or not words[0].strip():
            return
        lowered = words[0].lower()
        if lowered == "start-process":
            words = [word for word in words[1:] if word.lower() not in _PROCESS_OPTIONS]
        elif lowered in _EVALUATING and len(parts) == 2 and self._text(parts[1])[0] == "$" and len(words) > 1:
            words = words[1:]
        forgiven = self.end
        if lowered in _EVALUATING and len(words) == 1:
            self._evaluate_input(node)
        inner = self._inner(words, found) if len(words) == len(found) else False
        if words:
            site = self.fragment.site(parts[0].start_byte, parts[-1].end_byte, self.symbol)
            places = [self.fragment.place(start, stop) for _, start, stop in found if start < stop]
            self.finds.add(
                words,
                site,
                self.setting,
                forgiven=forgiven,
                folder=self.folder,
                doubt=doubt,
                inner=inner,
                places=places if len(words) == len(found) else (),
            )
        if lowered in _MOVING:
            target = next((word for word in words[1:] if not word.startswith("-")), "")
            self.folder = join_folder(self.folder, target) if target else UNKNOWN_FOLDER
        elif lowered in _BACK:
            self.folder = self.setting.folder

    def _evaluate_input(self, node: Node) -> None:
        """Reads the script in ``'...' | iex``."""
        before = node.prev_named_sibling
        strings = _all(before, _STRINGS | {"verbatim_string_literal"}) if before is not None else []
        if len(strings) != 1 or before is None or before.type == "command" or self.setting.depth > 4:
            return
        start, stop = strings[0].start_byte, strings[0].end_byte
        if (
            self.fragment.text[start] in "\"'"
            and self._text(before).strip() == self._text(strings[0])
            and stop - start > 2
        ):
            inner = Fragment(self.fragment.document, self.fragment.cut(start + 1, stop - 1))
            read_powershell(inner, self.finds, self.setting.inside(symbol=self.symbol, folder=self.folder))

    def _inner(self, words: list[str], found: list[tuple[str, int, int]]) -> bool:
        """Reads the script that a command hands on, where it stands in one literal; whether there is one."""
        from canonry.source.documents.languages.shell import read_shell

        if self.setting.depth > 4:
            return False
        index = 1 if words[0].lower() in _EVALUATING and len(words) == 2 else 0
        for at, word in enumerate(words[:-1]):
            if re.fullmatch(r"-\w*c", word) and any(_SHELLS.fullmatch(each) for each in words[:at]):
                index = at + 1
        if not index:
            return False
        _, start, stop = found[index]
        if self.fragment.text[start] not in "\"'" or stop - start < 3:
            return False
        before = len(self.finds.commands)
        inner = Fragment(self.fragment.document, self.fragment.cut(start + 1, stop - 1))
        setting = self.setting.inside(symbol=self.symbol, folder=self.folder)
        if words[0].lower() in _EVALUATING:
            read_powershell(inner, self.finds, setting)
        else:
            read_shell(inner, self.finds, setting)
        return len(self.finds.commands) > before


def _all(node: Node, kinds: frozenset[str]) -> list[Node]:
    """The outermost nodes of these kinds, in order."""
    found: list[Node] = []
    waiting = [node]
    while waiting:
        each = waiting.pop()
        if each.type in kinds:
            found.append(each)
        else:
            waiting += reversed(each.named_children)
    return found


def _holds_command(node: Node) -> bool:
    waiting = [node]
    while waiting:
        each = waiting.pop()
        if each.type == "command":
            return True
        waiting += each.named_children
    return False
