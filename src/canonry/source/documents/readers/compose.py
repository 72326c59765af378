"""Compose files: the command, entry point, health check and hooks of each service.

Source: the Compose specification: a list is an argument vector, a text is split like a shell's words, a test that
begins with ``CMD-SHELL`` is a script; ``$$`` is a dollar sign.
"""

import re

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from canonry.source.documents.fragment import Document, Fragment, Piece
from canonry.source.documents.languages.arguments import read_arguments
from canonry.source.documents.languages.script import UNKNOWN_FOLDER, Finds, Setting
from canonry.source.documents.languages.shell import read_shell
from canonry.source.documents.languages.started import mentions_tool
from canonry.source.documents.languages.yaml import compose, entries, fragment_of, get
from canonry.source.documents.reading import Reading

PATTERNS = (
    "docker-compose*.yml",
    "docker-compose*.yaml",
    "podman-compose*.yml",
    "podman-compose*.yaml",
    "compose*.yml",
    "compose*.yaml",
)


def read(document: Document) -> Reading:
    """The commands that the services start."""
    finds = Finds(document)
    for root in compose(finds)[:1]:
        services = get(root, "services")
        if not isinstance(services, MappingNode):
            finds.pass_over(0, min(1, len(document.text)), "no compose file: `services` is missing")
            continue
        for name, service in entries(services):
            _read_service(name, service, finds)
    return finds.reading()


def _read_service(name: str, service: Node, finds: Finds) -> None:
    for key in ("entrypoint", "command"):
        _read_command(get(service, key), f"services.{name}.{key}", finds)
    _read_command(get(service, "healthcheck", "test"), f"services.{name}.healthcheck", finds)
    for key, steps in (
        ("post_start", get(service, "post_start")),
        ("pre_stop", get(service, "pre_stop")),
        ("develop.watch", get(service, "develop", "watch")),
    ):
        for step in steps.value if isinstance(steps, SequenceNode) else ():
            command = get(step, "exec", "command") if key == "develop.watch" else get(step, "command")
            _read_command(command, f"services.{name}.{key}", finds)
    inline = get(service, "build", "dockerfile_inline")
    if isinstance(inline, ScalarNode) and mentions_tool([str(inline.value)]):
        begin, end = inline.start_mark.index, max(inline.end_mark.index, inline.start_mark.index + 1)
        finds.pass_over(begin, end, "a Dockerfile inside YAML", symbol=f"services.{name}.build")


def _read_command(node: Node | None, symbol: str, finds: Finds) -> None:
    setting = Setting(symbol=symbol, folder=UNKNOWN_FOLDER)
    if isinstance(node, ScalarNode) and node.value:
        read_shell(_plain(fragment_of(node, finds.document)), finds, setting)
    elif isinstance(node, SequenceNode):
        words = [_plain(fragment_of(each, finds.document)) for each in node.value if isinstance(each, ScalarNode)]
        first = words[0].text if words else ""
        if first in ("CMD-SHELL", "NONE"):
            if len(words) > 1:
                read_shell(words[1], finds, setting)
        else:
            read_arguments(words[1:] if first == "CMD" else words, finds, setting)


def _plain(fragment: Fragment) -> Fragment:
    """The text with ``$$`` as one dollar sign."""
    pieces: list[Piece] = []
    at = 0
    for match in re.finditer(r"\$\$", fragment.text):
        pieces += fragment.cut(at, match.start())
        pieces.append(Piece("$", *fragment.place(match.start(), match.end())))
        at = match.end()
    return Fragment(fragment.document, [*pieces, *fragment.cut(at, len(fragment.text))])
