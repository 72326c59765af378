"""What the files of a tree do to others by name: start them as scripts, and put things in the place of their names.

Scripts are started by a path or `-m`, in Python code and in documents.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise

import msgspec

from canonry.audit.listing import Listing
from canonry.rules.invocation import UNKNOWN, joined, script_of
from canonry.source.documents.reading import Command, Reading
from canonry.source.trees.tree import Key

_STARTS = (b"subprocess", b"os.system", b"os.popen", b"os.exec", b"os.spawn", b"runpy", b"pexpect", b"run_process")
_IN_LIST = re.compile(
    rb"(?:sys\.executable|[\"'][^\"'\s]*python[\d.]*[\"'])\s*,\s*(?:[\"']-[uBEsSIObWX]\w*[\"']\s*,\s*)*"
    rb"(?:(?P<m>[\"']-m[\"'])\s*,\s*)?[frbFRB]?[\"'](?P<what>[\w./-]+)[\"']"
)
_IN_TEXT = re.compile(
    rb"(?:python[\d.]*|\{sys\.executable\})[\"']?\s+(?:-[uBEsSIO]+\s+)*(?:(?P<m>-m)\s*)?(?P<what>[\w./-]+)"
)
_RUNPY = re.compile(rb"run_(?P<m>module|path)\(\s*[\"'](?P<what>[\w./-]+)[\"']")
_TEXTS = re.compile(rb"[\"']([^\"'\r\n]*)[\"']")
_REPLACED = (
    re.compile(rb"patch\(\s*[\"'](?P<what>[\w.]+)[\"']"),
    re.compile(rb"(?:set|del)attr\(\s*[\"'](?P<what>[\w.]+)[\"']"),
    re.compile(rb"patch\.object\(\s*(?P<owner>[\w.]+)\s*,\s*[\"'](?P<what>\w+)[\"']"),
    re.compile(rb"(?:set|del)attr\(\s*(?P<owner>[\w.]+)\s*,\s*[\"'](?P<what>\w+)[\"']"),
)
"""`patch("a.b")`, `setattr("a.b", ...)` and `delattr` of pytest, `patch.object(a, "b")`, `setattr(a, "b", ...)`."""
_NAME = re.compile(r"[\w./-]*\w+\.py|\w+(?:\.\w+)+")
_MODULE = re.compile(r"\w+(?:\.\w+)*")


class Starters(msgspec.Struct, frozen=True):
    """``scripts`` are started for certain. ``named``: names of files and dotted names of modules, in the texts of code
    that starts processes, with the file that holds each. ``replaced``: what code puts something else in the place of,
    as the last part of its owner's name and its own (``bank.pay``), for each step of a dotted name.
    """

    scripts: frozenset[str] = frozenset()
    named: dict[str, str] = {}
    replaced: frozenset[str] = frozenset()

    def replaces(self, path: str, name: str) -> str:
        """The name of a module's own that code may put something else in the place of, empty where none does."""
        found = f"{path.removesuffix('.py').removesuffix('/__init__').rpartition('/')[2]}.{name}"
        return found if found in self.replaced else ""

    def of(self, path: str) -> str:
        """A file that may start this one, empty where none does."""
        parts = path.removesuffix(".py").split("/")
        names = [path.rpartition("/")[2], *(".".join(parts[at:]) for at in range(len(parts) - 1))]
        return next((self.named[name] for name in names if self.named.get(name, path) != path), "")


def starters_of(read: Callable[[str, Key | None], bytes | None], listing: Listing) -> Starters:
    """What the Python files of a tree start."""
    scripts: set[str] = set()
    named: dict[str, str] = {}
    replaced: set[str] = set()
    for path, key in sorted(listing.live.items()):
        content = read(path, key) or b""
        replaced.update(_replaced(content))
        if not any(word in content for word in _STARTS):
            continue
        for pattern in (_IN_LIST, _IN_TEXT, _RUNPY):
            for match in pattern.finditer(content):
                what = match["what"].decode("ascii", "replace")
                modular = match["m"] is not None and match["m"] != b"path"
                scripts.update(_paths(what, modular, ("", path.rpartition("/")[0])))
        texts = b"\n".join({text for text in _TEXTS.findall(content) if b"." in text})  # no name goes over a line
        for name in _NAME.findall(texts.decode("utf-8", "replace")):
            named.setdefault(name.rpartition("/")[2], path)
    return Starters(frozenset(scripts), named, frozenset(replaced))


def _replaced(content: bytes) -> Iterator[str]:
    for pattern in _REPLACED:
        for match in pattern.finditer(content):
            owner = match.groupdict().get("owner") or b""
            parts = b".".join([owner, match["what"]]).decode("ascii", "replace").split(".")
            yield from (f"{first}.{second}" for first, second in pairwise(parts) if first)


def scripts_of(documents: Iterable[tuple[str, Reading]]) -> Iterator[str]:
    """The Python files that commands run, from their working directory and from beside their document."""
    for path, reading in documents:
        for command in reading.commands:
            own = path.rpartition("/")[0]
            folders = ("", own) if command.folder == UNKNOWN else (command.folder, own)
            script = script_of(command)
            if script.endswith(".py"):
                yield from _paths(script, False, folders)
            for module in _modules(command):
                yield from _paths(module, True, folders)


def _modules(command: Command) -> Iterator[str]:
    """The modules that a command starts with ``-m``."""
    for number, word in enumerate(command.words):
        if word == "-m" and number + 1 < len(command.words):
            yield command.words[number + 1]
        elif word.startswith("-m") and len(word) > 2:
            yield word[2:]


def _paths(what: str, modular: bool, folders: Iterable[str]) -> Iterator[str]:
    """The paths that a script, or a module, may have from the root."""
    if not modular:
        if what.endswith(".py"):
            yield from (joined(folder, what) or what for folder in folders)
    elif _MODULE.fullmatch(what):
        base = what.replace(".", "/")
        for folder in folders:
            yield from (joined(folder, each) or each for each in (f"{base}.py", f"{base}/__main__.py"))
