"""The script that a shell command hands to another shell: as an argument, or as its input."""

import itertools
import re
from collections.abc import Callable

from tree_sitter import Node

from canonry.source.documents.fragment import Fragment, Piece
from canonry.source.documents.languages.script import Word, join_words
from canonry.source.launchers import basename, is_launcher, started_by

SHELLS = re.compile(r"(?:.*/)?(?:ba|z|da|k|a)?sh(?:\.exe)?$")
_SCRIPT_FLAG = re.compile(r"-[a-z]*c$")
_GIVEN_SCRIPTS = frozenset(("su", "nix-shell", "script", "lxc", "vagrant", "nsenter"))
_WRITERS = frozenset(("echo", "printf"))
_CONCURRENTLY_VALUED = frozenset("-n --names -c --prefix-colors -p --prefix -m --max-processes -s --success".split())
_NEWLINE = re.compile(r"\\n")

Words = Callable[[Node], list[Word]]


def script_in_arguments(words: list[Word], first: str) -> list[Piece]:
    """The script in ``sh -c '...'``, ``ssh host '...'`` and ``trap '...' EXIT``, also behind programs that start it."""
    if first == "trap":
        return list(words[1].pieces) if len(words) > 2 and words[1].fixed and words[1].text != "-" else []
    if "concurrently" in (first, *(word.text for word in words[1:2])):
        return _of_concurrently(words)
    if not is_launcher(first) and first not in _GIVEN_SCRIPTS and not SHELLS.match(first):
        return []
    for index, word in enumerate(words[:-1]):
        if _SCRIPT_FLAG.match(word.text) and any(
            SHELLS.match(other.text) or other.text in _GIVEN_SCRIPTS for other in words[:index]
        ):
            return list(words[index + 1].pieces)
    if first == "ssh":
        return next((list(word.pieces) for word in words[2:] if " " in word.text), [])
    return []


def _of_concurrently(words: list[Word]) -> list[Piece]:
    """Every argument is a script; options may take a value."""
    found: list[Piece] = []
    start = next(index for index, word in enumerate(words) if word.text == "concurrently") + 1
    for before, word in itertools.pairwise(words[start - 1 :]):
        if not word.text.startswith("-") and before.text not in _CONCURRENTLY_VALUED and word.pieces:
            found += [*word.pieces, Piece("\n", word.pieces[-1].end, word.pieces[-1].end)]
    return found


def script_in_input(
    words: list[Word], node: Node, heredoc: Node | None, fragment: Fragment, read: Words
) -> tuple[list[Piece], Node | None]:
    """The script that a shell reads from its input; where that is not fixed, nothing and the node that makes it."""
    if not _reads_commands([word.text for word in words]):
        return [], None
    heredoc = heredoc or _heredoc_of_cat(node, read)
    if heredoc is not None:
        body = next((child for child in heredoc.children if child.type == "heredoc_body"), None)
        return (fragment.cut(body.start_byte, body.end_byte) if body is not None else []), None
    for child in node.children:
        if child.type == "herestring_redirect" and child.named_children:
            return _fixed(read(child.named_children[-1]), child)
    writer = _statement(node).prev_named_sibling if _in_pipeline(node) else None
    if writer is None or writer.type != "command":
        return [], None
    written = [word for part in writer.named_children for word in read(part)]
    if not written or written[0].text not in _WRITERS:
        return [], None
    start = next(
        (at for at, word in enumerate(written) if at and not re.fullmatch(r"-[neE]+", word.text)), len(written)
    )
    return _fixed(written[start:], writer)


def _fixed(words: list[Word], node: Node) -> tuple[list[Piece], Node | None]:
    if not words:
        return [], None
    if not words[0].fixed and words[0].text.startswith(("$", "`")):
        return [], node
    pieces: list[Piece] = []
    for piece in join_words(words):
        at = 0
        for match in _NEWLINE.finditer(piece.text):
            place = piece.cut(match.start(), match.end())
            pieces += [piece.cut(at, match.start()), Piece("\n", place.begin, place.end)]
            at = match.end()
        pieces.append(piece.cut(at, len(piece.text)))
    return pieces, None


def _reads_commands(words: list[str]) -> bool:
    """Whether a command ends in a shell that is told nothing to run, so that it runs its input."""
    if basename(words[0]) == "ssh":
        started = list(started_by(list(words)))
        return _reads_commands([word or "" for word in started[0]]) if started else len(words) > 1
    at = next((index for index, word in enumerate(words) if SHELLS.match(word)), None)
    if at is None or (at and not is_launcher(words[0]) and words[0] not in _GIVEN_SCRIPTS):
        return False
    rest = words[at + 1 :]
    return "-s" in rest or "-" in rest or all(re.match(r"[-+][a-z-]", word) and word != "-c" for word in rest)


def _heredoc_of_cat(node: Node, read: Words) -> Node | None:
    """The here-document in ``cat <<EOF | sh``, which the grammar puts around what follows on the line."""
    child = node
    while child.parent is not None and child.parent.type in ("pipeline", "list", "redirected_statement"):
        if child.parent.named_children[0].id != child.id:
            return None
        child = child.parent
    redirect = child.parent
    if redirect is None or redirect.type != "heredoc_redirect" or redirect.parent is None:
        return None
    piped = child.children[0].type == "|" or (child.prev_sibling is not None and child.prev_sibling.type == "|")
    body = redirect.parent.child_by_field_name("body")
    words = [word.text for part in body.named_children for word in read(part)] if body is not None else []
    return redirect if piped and words in (["cat"], ["cat", "-"]) else None


def _statement(node: Node) -> Node:
    while node.parent is not None and node.parent.type == "redirected_statement":
        node = node.parent
    return node


def _in_pipeline(node: Node) -> bool:
    parent = _statement(node).parent
    return parent is not None and parent.type == "pipeline"
