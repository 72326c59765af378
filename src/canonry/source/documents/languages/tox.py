"""The commands of tox, in its INI form. Source: tox.wiki, "Configuration": no shell runs them."""

import re

from canonry.source.documents.fragment import Fragment
from canonry.source.documents.languages.ini import joined, values
from canonry.source.documents.languages.script import UNKNOWN_FOLDER, Finds, Setting, join_folder
from canonry.source.documents.languages.shell import read_shell
from canonry.source.documents.languages.started import mentions_tool

COMMAND_KEYS = frozenset(("commands", "commands_pre", "commands_post"))
IGNORES = "tox's `ignore_outcome`"

_FACTOR = re.compile(r"(?:!?[\w.-]*(?:\{[\w.,!-]*\})?[\w.{},!-]*:[ \t]+)?(?P<mark>[-!][ \t]+|[-!](?=\w))?")
_SUBSTITUTION = re.compile(r"\{(?:[^{}]|\{[^{}]*\})*\}")
_DEFAULT = re.compile(r"\{(env:\w+|posargs):([^{}]*)\}")
"""A text that stands for itself unless somebody says otherwise."""
_FOLDERS = re.compile(r"\{(?:toxinidir|tox_root|toxworkdir/\.\.)\}[\\/]?")


def read_tox_ini(fragment: Fragment, finds: Finds) -> None:
    """Adds the commands of all environments; a reference to those of another section is left to that section."""
    found = list(values(fragment.text))
    settings = {
        (value.section, value.key): fragment.text[slice(*value.lines[0])].strip() for value in found if value.lines
    }
    for value in found:
        if value.key not in COMMAND_KEYS or not value.section.startswith("testenv"):
            continue
        forgiven = IGNORES if settings.get((value.section, "ignore_outcome"), "").lower() == "true" else ""
        folder = settings.get((value.section, "changedir"), settings.get((value.section, "change_dir"), ""))
        for pieces in joined(fragment, value.lines):
            line = Fragment(fragment.document, pieces)
            read_tox_line(line, finds, f"{value.section}.{value.key}", forgiven=forgiven, folder=tox_folder(folder))


def read_tox_line(line: Fragment, finds: Finds, symbol: str, *, forgiven: str, folder: str) -> None:
    """Adds one command; ``-`` before it says that its failure is none."""
    head = _FACTOR.match(line.text)
    start = head.end() if head else 0
    if line.text.startswith("{[", start):
        return
    if head and (head["mark"] or "").startswith("-"):
        forgiven = "tox's `-`"
    pieces = line.cut(start, len(line.text))
    doubt = ""
    default = _DEFAULT.match(line.text, start)
    if default and mentions_tool([default[2]]):
        pieces = [*line.cut(*default.span(2)), *line.cut(default.end(), len(line.text))]
        doubt = f"`{{{default[1]}}}` may be something else"
    command = Fragment(line.document, pieces)
    mask = _SUBSTITUTION.sub(lambda match: "$" + "x" * (len(match[0]) - 1), command.text)
    read_shell(command, finds, Setting(symbol=symbol, forgiven=forgiven, folder=folder, doubt=doubt), mask=mask)


def tox_folder(written: str) -> str:
    """The working directory that ``changedir`` says, from the folder of the configuration."""
    bare = _FOLDERS.sub("", written)
    return join_folder("", bare) if bare and "{" not in bare else UNKNOWN_FOLDER if bare else ""
