"""Shell scripts, read with tree-sitter's grammar for Bash: sh, dash, ksh and zsh are near enough to find commands."""

import re
from collections.abc import Sequence
from functools import cache

from tree_sitter import Language, Node, Parser

from canonry.source.documents.fragment import Fragment, Piece, as_bytes, blank
from canonry.source.documents.languages.forgiveness import forgiven_at_end, forgiven_by_pipe, forgiven_here
from canonry.source.documents.languages.handed_over import SHELLS, script_in_arguments, script_in_input
from canonry.source.documents.languages.script import UNKNOWN_FOLDER, Finds, Setting, Word, join_folder, join_words
from canonry.source.documents.languages.shell_words import words_of
from canonry.source.documents.languages.started import Alternatives, chosen, mentions_tool

_DEPTH = 5
_DEFAULT = re.compile(r"\"?\$\{(\w+):?-[^$}]*\}\"?")
_TEMPLATE = re.compile(r"\$\{\{(?:(?!\$\{\{|\}\}).)*\}\}|\$\[\[(?:(?!\$\[\[|\]\]).)*\]\]", re.DOTALL)
"""Expressions of GitHub (``${{ }}``) and GitLab (``$[[ ]]``), replaced before a shell sees them."""
_PLACEHOLDER = re.compile(r"(?<![<\w$])<\w[\w .:/-]*>(?=[ \t]*(?:\r|\n|;|\)|&&|\Z)|[ \t]+[|#])")
"""``<name>`` where no file name can follow: to a shell a mistake, which would take the next line for one."""
_BRANCHES = frozenset(("if_statement", "elif_clause", "else_clause", "case_item"))
_LOOPS = frozenset(("for_statement", "while_statement", "c_style_for_statement"))
_ASSIGNING = frozenset(("declaration_command", "variable_assignments"))
_CHANGES_FOLDER = frozenset(("cd", "pushd", "chdir"))
_CONDITION_TESTS = frozenset(("-f", "-e", "-x", "-s", "-r", "-d"))

_GLUED = re.compile(r"(<<-?(['\"]?)\w+\2)>(?=[ \t\w./$\"'])")
"""``cat <<EOF> file``: a shell ends the word at the ``>``, the grammar does not and looks for a line ``EOF>``."""

_LEADING_HEREDOC = re.compile(
    r"(?:^|(?<=[;&|(]))[ \t]*(<<-?[ \t]*(['\"]?)\w+\2)([ \t]+(?:>&|[^\s|;&\"'#]|[ \t](?!#)|\"[^\"]*\"|'[^']*')+)",
    re.MULTILINE,
)


def read_shell(
    fragment: Fragment,
    finds: Finds,
    setting: Setting,
    *,
    variables: dict[str, Alternatives] | None = None,
    mask: str | None = None,
) -> str:
    """Adds what a shell script holds; returns the working directory at its end.

    ``variables`` are those set around the script; those that it sets are added to them. ``mask`` is the text that the
    parser sees, of the same length, where the script holds what is no shell (expressions of a template).
    """
    if not fragment.text.strip():
        return setting.folder
    fragment, mask = _heredocs_behind(fragment, fragment.text if mask is None else mask)
    text = blank(mask, _TEMPLATE, first="$")
    text = blank(text, _PLACEHOLDER, first="x")
    text = text.replace("\\\r\n", " \\\n").replace("\r\n", " \n").replace("\r", " ")
    text = _GLUED.sub(r"\1 ", text)
    walk = _Walk(fragment, finds, setting, {} if variables is None else variables)
    walk.read(_parser().parse(as_bytes(text)).root_node)
    return walk.folder


def _heredocs_behind(fragment: Fragment, mask: str) -> tuple[Fragment, str]:
    """The script with ``<<EOF cat`` as ``cat <<EOF``, the one order that the grammar knows; places stay true."""
    if "<<" not in mask:
        return fragment, mask
    pieces: list[Piece] = []
    masked = ""
    at = 0
    for match in _LEADING_HEREDOC.finditer(mask):
        behind = fragment.place(match.end() - 1, match.end())[1]
        pieces += fragment.cut(at, match.start(1)) + fragment.cut(*match.span(3))
        pieces += [Piece(" ", behind, behind), *fragment.cut(*match.span(1)), Piece(" ", behind, behind)]
        masked += f"{mask[at : match.start(1)]}{match[3]} {match[1]} "
        at = match.end()
    if not at:
        return fragment, mask
    return Fragment(fragment.document, [*pieces, *fragment.cut(at, len(mask))]), masked + mask[at:]


@cache
def _parser() -> Parser:
    import tree_sitter_bash

    return Parser(Language(tree_sitter_bash.language()))


class _Walk:
    def __init__(self, fragment: Fragment, finds: Finds, setting: Setting, variables: dict[str, Alternatives]) -> None:
        self.fragment, self.finds, self.setting = fragment, finds, setting
        self.variables = variables
        self.looped: set[str] = set()
        self.folder = setting.folder
        self.symbol = setting.symbol
        self.branches = self.loops = 0
        self.doubt = ""
        self.stops = setting.stops
        self.place = (0, 0)

    def read(self, root: Node) -> None:
        """Everything in the script; what its grammar does not understand is passed over."""
        first = self.fragment.text.partition("\n")[0]
        self.stops = self.stops or bool(re.match(r"#!.*\s-\w*e", first))
        self.end = forgiven_at_end(root, self.text)
        for child in root.children:
            self.visit(child)

    def text(self, node: Node) -> str:
        return self.fragment.text[node.start_byte : node.end_byte]

    # statements ------------------------------------------------------------------------------------------------------

    def visit(self, node: Node) -> None:
        kind = node.type
        if kind == "ERROR":
            self._pass_over(node, "shell syntax that is not understood")
        elif kind == "command":
            self._command(node)
        elif kind in ("variable_assignment", *_ASSIGNING):
            self._assign(node)
            self._children(node)
        elif kind == "function_definition":
            name, folder = node.child_by_field_name("name"), self.folder
            outer, self.symbol = self.symbol, self.text(name) if name and self.symbol == "<script>" else self.symbol
            self._children(node)
            self.symbol, self.folder = outer, folder
        elif kind in ("subshell", "command_substitution", "process_substitution"):
            folder = self.folder
            self._children(node)
            self.folder = folder
        elif kind == "redirected_statement":
            self._redirected(node)
        elif kind in _LOOPS or kind in _BRANCHES:
            self._conditional(node)
        elif kind == "test_command":
            self._tests_for(node)
            self._children(node)
        else:
            self._children(node)

    def _children(self, node: Node) -> None:
        for child in node.children:
            if child.is_named:
                self.visit(child)

    def _conditional(self, node: Node) -> None:
        folder, loop = self.folder, node.type in _LOOPS
        variable = node.child_by_field_name("variable") if loop else None
        if variable is not None:
            self._loop_over(self.text(variable), node.children_by_field_name("value"))
        self.branches += 1
        self.loops += loop
        self._children(node)
        self.branches -= 1
        self.loops -= loop
        if self.folder != folder:
            self.folder = UNKNOWN_FOLDER

    def _loop_over(self, name: str, values: Sequence[Node]) -> None:
        """Sets the variable of a loop, to the words that it goes through where they may name a test tool."""
        words = [word for value in values for word in self._words(value)]
        telling = mentions_tool([word.text for word in words if word.fixed])
        if not telling:
            self.looped.add(name)
        self.variables[name] = [tuple(each.text.split()) if each.fixed else None for each in words if telling] or [None]

    def _tests_for(self, node: Node) -> None:
        for child in _below(node, "unary_expression"):
            parts = child.children
            if len(parts) == 2 and self.text(parts[0]) in _CONDITION_TESTS:
                for word in self._words(parts[1]):
                    self.finds.provided[word.text] = None

    def _redirected(self, node: Node) -> None:
        body = node.child_by_field_name("body")
        heredoc: Node | None = None
        for child in node.children:
            if child.type == "file_redirect" and (target := child.child_by_field_name("destination")) is not None:
                if any(part.type in (">", ">>", "&>", "&>>", ">|") for part in child.children):
                    self.finds.provided.update((word.text, None) for word in self._words(target))
            elif child.type == "heredoc_redirect":
                heredoc = child
                if any(part.type == "heredoc_end" and part.start_byte == part.end_byte for part in child.children):
                    self._pass_over(child, "a here-document whose end is not found")
        for child in node.children:
            if body is not None and child.id == body.id and child.type == "command":
                self._command(child, heredoc=heredoc)
            else:
                self.visit(child)

    def _pass_over(self, node: Node, reason: str) -> None:
        if node.start_byte < node.end_byte:
            begin, end = self.fragment.place(node.start_byte, node.end_byte)
            self.finds.pass_over(begin, end, reason, symbol=self.symbol)

    # variables -------------------------------------------------------------------------------------------------------

    def _values(self, name: str) -> tuple[str, ...] | None:
        found = self.variables.get(name)
        words, several = chosen(found) if found else (None, False)
        if words is None:
            return None
        if several:
            self.doubt = f"`${name}` has several values"
        return words if self.finds.expands(sum(map(len, words)) + len(words), *self.place, symbol=self.symbol) else None

    def _words(self, node: Node) -> list[Word]:
        self.place = self.fragment.place(node.start_byte, max(node.end_byte, node.start_byte + 1))
        return words_of(node, self.fragment, self._values, self.place)

    def _assign(self, node: Node) -> None:
        for part in [node] if node.type == "variable_assignment" else node.children:
            if part.type != "variable_assignment":
                continue
            name, value = part.child_by_field_name("name"), part.child_by_field_name("value")
            if name is None or name.type != "variable_name":
                continue
            self._set(self.text(name), value, adds=any(child.type == "+=" for child in part.children))

    def _set(self, name: str, value: Node | None, *, adds: bool) -> None:
        words: tuple[str, ...] | None = ()
        if value is not None and value.type == "array":
            words = tuple(word.text for child in value.named_children for word in self._words(child))
        elif value is not None and value.type in ("command_substitution", "process_substitution"):
            words = None
        elif value is not None:
            words = tuple(word for each in self._words(value) for word in each.text.split())
        uses_itself = adds or (value is not None and re.search(rf"\$\{{?{name}\b", self.text(value)) is not None)
        if self.loops and (uses_itself or name in self.looped):
            self.looped.add(name)
            words = None
        elif adds:
            before = self.variables.get(name) or [()]
            words = None if before[-1] is None or words is None else before[-1] + words
        if words and value is not None:
            place = self.fragment.place(value.start_byte, max(value.end_byte, value.start_byte + 1))
            if not self.finds.expands(sum(map(len, words)) + len(words), *place, symbol=self.symbol):
                words = None
        if self.branches and not uses_itself:
            self.variables.setdefault(name, []).append(words)
        else:
            self.variables[name] = [words]

    # commands --------------------------------------------------------------------------------------------------------

    def _command(self, node: Node, *, heredoc: Node | None = None) -> None:
        name = node.child_by_field_name("name")
        for child in node.children:
            if child.type == "variable_assignment" and name is None:
                self._assign(child)
            self._substitutions(child)
        if name is None:
            return
        self.doubt = ""
        default = _DEFAULT.fullmatch(self.text(name))
        if default:
            self.doubt = f"`${default[1]}` may be set to something else"
        parts = [name, *(child for child in node.children if child.start_byte >= name.end_byte and child.is_named)]
        words = [
            word
            for part in parts
            if part.type not in ("file_redirect", "herestring_redirect", "heredoc_redirect", "comment")
            for word in self._words(part)
        ]
        if not words or not words[0].text or name.start_byte == name.end_byte or self._loop_built(name):
            return
        if node.has_error and any(part.type == "ERROR" or part.is_missing for part in parts):
            self._pass_over(node, "shell syntax that is not understood")
            return
        texts = [word.text for word in words]
        forgiven = forgiven_here(node, self.text) or self._forgiven_later(node)
        if not forgiven and not self.setting.pipes:
            forgiven = forgiven_by_pipe(node, self.text)
        inner = self._inner(words, node, heredoc, forgiven)
        self.finds.add(
            texts,
            self.fragment.site(name.start_byte, max(parts[-1].end_byte, name.end_byte), self.symbol),
            self.setting,
            forgiven=forgiven,
            folder=self.folder,
            doubt=self.doubt,
            inner=inner,
            places=[word.place for word in words],
        )
        self._effects(texts)

    def _substitutions(self, node: Node) -> None:
        if node.type in ("command_substitution", "process_substitution"):
            doubt = self.doubt
            self.visit(node)
            self.doubt = doubt
        else:
            for child in node.children:
                self._substitutions(child)

    def _loop_built(self, name: Node) -> bool:
        match = re.match(r"[\"']?\$\{?(\w+)", self.text(name))
        if match is None or match[1] not in self.looped:
            return False
        self._pass_over(name, "a command that is built in a loop")
        return True

    def _forgiven_later(self, node: Node) -> str:
        if self.stops:
            return ""
        return self.end.get(_statement(node).id, "")

    def _effects(self, words: Sequence[str]) -> None:
        """What the command changes for those after it: the working directory, whether a failure ends the script."""
        first, target = words[0], words[1] if len(words) > 1 else ""
        if first in _CHANGES_FOLDER:
            self.folder = join_folder(self.folder, target) if target else UNKNOWN_FOLDER
        elif first == "popd":
            self.folder = self.setting.folder
        elif first == "set":
            for word in words[1:]:
                if re.match(r"[-+][a-z]*e", word) or word == "errexit":
                    self.stops = not words[1].startswith("+")

    def _inner(self, words: list[Word], node: Node, heredoc: Node | None, forgiven: str) -> bool:
        """Reads the script that a command hands to another shell; whether there is one."""
        if self.setting.depth >= _DEPTH:
            return False
        found: list[Piece] = []
        first = words[0].text.rpartition("/")[2]
        if first == "eval":
            found = join_words(words[1:])
            if len(words) > 1 and not words[1].fixed and words[1].text.startswith("$"):
                place = words[1].pieces[0].begin, words[-1].pieces[-1].end if words[-1].pieces else 0
                self.finds.pass_over(place[0], max(place), "`eval` of a text that is not fixed", symbol=self.symbol)
                return False
        else:
            found = script_in_arguments(words, first)
        if not found:
            found, unknown = script_in_input(words, node, heredoc, self.fragment, self._words)
            if unknown is not None:
                self._pass_over(unknown, "a script for a shell that is not fixed")
        if not found:
            return False
        folder = (
            self.folder
            if first in ("eval", "time", "timeout", "xvfb-run", "nohup", "trap") or SHELLS.match(first)
            else (UNKNOWN_FOLDER)
        )
        setting = self.setting.inside(symbol=self.symbol, forgiven=forgiven, folder=folder)
        before = len(self.finds.commands)
        read_shell(Fragment(self.fragment.document, found), self.finds, setting, variables=dict(self.variables))
        return len(self.finds.commands) > before


def _statement(node: Node) -> Node:
    """The statement of the script that a command is the whole of."""
    while node.parent is not None and node.parent.type in ("redirected_statement",):
        node = node.parent
    return node


def _below(node: Node, kind: str) -> list[Node]:
    found = [node] if node.type == kind else []
    for child in node.children:
        found += _below(child, kind)
    return found
