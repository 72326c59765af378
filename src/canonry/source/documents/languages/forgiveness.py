"""Why the failure of a command in a shell script is no failure of the script."""

import re
from collections.abc import Callable

from tree_sitter import Node

Text = Callable[[Node], str]
_HARMLESS = frozenset(("true", ":", "echo", "printf"))
_PASSING = frozenset(("tee", "cat", "ts", "tail", "head", "sed"))
"""Commands that pass on what they are given, and succeed whatever it is."""
_TRANSPARENT = frozenset(("redirected_statement", "pipeline", "negated_command"))
_STATUS = re.compile(r"\$\??\{?(?:\?|PIPESTATUS|pipestatus)|\$\?")


def forgiven_here(node: Node, text: Text) -> str:
    """The ``|| true`` that follows a command, in whatever it is part of; empty where nothing takes its failure."""
    while node.parent is not None:
        parent = node.parent
        if parent.type == "list" and parent.children[0].id == node.id and len(parent.children) >= 3:
            operator, right = parent.children[1].type, parent.children[2]
            if operator == "||":
                if not _succeeds(right, text) or _fails_later(parent, text):
                    return ""
                return f"`|| {_short(text(right))}`"
        elif parent.type == "redirected_statement":
            found = _behind_heredoc(parent, text)
            if found:
                return found
        elif parent.type not in ("list", "subshell", "compound_statement", *_TRANSPARENT):
            return ""
        if parent.type in ("subshell", "compound_statement") and parent.named_children[-1].id != node.id:
            return ""
        if parent.type == "negated_command":
            return ""
        node = parent
    return ""


def forgiven_at_end(root: Node, text: Text) -> dict[int, str]:
    """The statements of a script whose failure its end hides, where the first failure does not end it: by node id.

    The end is ``true``, ``:`` or ``exit 0`` at top level, after ``set +e`` an ``echo``, too, and nothing in the script
    asks for an exit status.
    """
    statements = [child for child in root.named_children if child.type != "comment"]
    if len(statements) < 2 or _STATUS.search(text(root)):
        return {}
    last = text(statements[-1]).strip()
    ignores = any(re.fullmatch(r"set \+\w*e", text(statement).strip()) for statement in statements)
    if not re.fullmatch(r"true|:|exit 0", last) and not (ignores and _succeeds(statements[-1], text)):
        return {}
    return {statement.id: f"`{_short(last)}` at the end" for statement in statements[:-1]}


def forgiven_by_pipe(node: Node, text: Text) -> str:
    """The ``| tee`` that a command writes to, where a pipeline ends with the status of its last command."""
    child = node
    while child.parent is not None and child.parent.type == "redirected_statement":
        child = child.parent
    pipeline = child.parent
    if pipeline is None or pipeline.type != "pipeline" or pipeline.named_children[-1].id == child.id:
        return ""
    root = pipeline
    while root.parent is not None:
        root = root.parent
    last = text(pipeline.named_children[-1]).split()
    if not last or last[0] not in _PASSING or re.search(r"pipefail|PIPESTATUS|pipestatus", text(root)):
        return ""
    return f"`| {last[0]}` without `pipefail`"


def _behind_heredoc(node: Node, text: Text) -> str:
    """The ``|| true`` that stands on the line where a heredoc begins, which the grammar puts inside it."""
    for redirect in node.children:
        if redirect.type != "heredoc_redirect":
            continue
        for index, child in enumerate(redirect.children[:-1]):
            if child.type == "||" and _succeeds(redirect.children[index + 1], text):
                return f"`|| {_short(text(redirect.children[index + 1]))}`"
    return ""


def _succeeds(node: Node, text: Text) -> bool:
    """Whether a command, or the last of a group, cannot fail: ``true``, ``echo``, ``exit 0``."""
    if node.type in ("compound_statement", "subshell"):
        statements = [child for child in node.named_children if child.type != "comment"]
        return bool(statements) and all(_succeeds(each, text) for each in statements)
    if node.type == "redirected_statement":
        body = node.child_by_field_name("body")
        return body is not None and _succeeds(body, text)
    if node.type != "command":
        return False
    words = text(node).split()
    return bool(words) and (words[0] in _HARMLESS or words[:2] in (["exit", "0"], ["return", "0"]))


def _fails_later(node: Node, text: Text) -> bool:
    """Whether what follows a forgiven command on its line fails for it: ``a || echo no && exit 1``."""
    parent = node.parent
    if parent is None or parent.type != "list" or parent.children[0].id != node.id:
        return False
    return not _succeeds(parent.children[2], text)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 24 else line[:21] + "..."
