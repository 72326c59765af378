"""The hooks of pre-commit that the repository defines itself, in its configuration and in `.pre-commit-hooks.yaml`.

Source: pre-commit.com: a hook runs ``entry`` followed by ``args``; the entry of a ``pygrep`` hook is an expression,
that of a ``fail`` hook a message.
"""

import shlex

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from canonry.source.documents.fragment import Document, Fragment, Piece
from canonry.source.documents.languages.script import Finds, Setting
from canonry.source.documents.languages.shell import read_shell
from canonry.source.documents.languages.yaml import compose, fragment_of, get, text_of
from canonry.source.documents.reading import Reading

PATTERNS = (".pre-commit-config.yaml", ".pre-commit-config.yml", ".pre-commit-config*.yaml", ".pre-commit-hooks.yaml")


def read(document: Document) -> Reading:
    """The commands of all hooks with an entry."""
    finds = Finds(document)
    for root in compose(finds)[:1]:
        repositories = root if isinstance(root, SequenceNode) else get(root, "repos")
        if not isinstance(repositories, SequenceNode):
            finds.pass_over(0, min(1, len(document.text)), "no configuration of pre-commit: `repos` is missing")
            continue
        for each in repositories.value:
            hooks = get(each, "hooks")
            for hook in hooks.value if isinstance(hooks, SequenceNode) else (each,):
                _read_hook(hook, finds)
    return finds.reading()


def _read_hook(hook: Node, finds: Finds) -> None:
    entry = get(hook, "entry")
    if not isinstance(hook, MappingNode) or not isinstance(entry, ScalarNode) or not entry.value:
        return
    if text_of(get(hook, "language")) in ("pygrep", "fail", "docker_image"):
        return
    fragment = fragment_of(entry, finds.document)
    try:
        shlex.split(fragment.text)
    except ValueError:
        begin, end = fragment.place(0, len(fragment.text))
        finds.pass_over(begin, end, "an entry whose quotes do not close")
        return
    pieces = list(fragment.pieces)
    arguments = get(hook, "args")
    for word in arguments.value if isinstance(arguments, SequenceNode) else ():
        text = text_of(word)
        if text and pieces:
            end = fragment.pieces[-1].end
            quoted = "'" + text.replace("'", "'\\''") + "'"
            pieces += [Piece(" ", end, end), Piece(quoted, end, end)]
    read_shell(Fragment(finds.document, pieces), finds, Setting(symbol=f"hooks.{text_of(get(hook, 'id')) or 'local'}"))
