"""An old test command as a command of the canonical runner: which words stay, which change, how sure that is."""

import re
from collections.abc import Sequence

from canonry.canon.selection import plain
from canonry.migrate.commands.pytest_words import VARIABLE, Arguments, read_pytest_arguments
from canonry.migrate.commands.terms import Terms
from canonry.migrate.commands.tokens import (
    CannotMapError,
    Changed,
    Doubt,
    Kept,
    Made,
    Mapped,
    Token,
    by_hand,
)
from canonry.migrate.commands.unittest_words import read_unittest_arguments
from canonry.model.edit import Grade
from canonry.rules.invocation import Presence
from canonry.source.commands import TOOLS
from canonry.source.launchers import PYTHON, basename, started_by

_FED = frozenset(("xargs", "parallel", "entr", "watch", "find"))
_ELSEWHERE = frozenset("docker podman nerdctl docker-compose podman-compose ssh kubectl oc wsl vagrant".split())
_APART = frozenset(("uvx", "pipx"))
_MEASURES = frozenset(
    "coverage coverage3 kernprof pyinstrument scalene memray viztracer cprofile profile trace".split()
)
_WATCHERS = frozenset(("ptw", "pytest-watch", "pytest-watcher"))
_SAFE = re.compile(r"[\w./:=,@+-]+")


def map_command(words: Sequence[str | None], terms: Terms) -> Mapped:
    """The command of the canonical runner that selects what a test command selects.

    Words in front of the tool stay: environment, launchers, the interpreter of ``-m``. Options that the runner has are
    translated, all others go behind ``--``. None among the words stands for one that is computed.
    """
    try:
        at, module = _tool_at(words)
        return _mapped(words, at, module, terms)
    except CannotMapError as error:
        return by_hand(str(error))


def tool_place(words: Sequence[str | None]) -> int:
    """The index of the word that names the test tool. Raises `CannotMapError`."""
    return _tool_at(words)[0]


# where the tool stands -----------------------------------------------------------------------------------------------


def _tool_at(words: Sequence[str | None]) -> tuple[int, bool]:
    """The index of the word that names the tool, and whether it follows ``-m``."""
    for command in started_by(list(words)):
        first = command[0]
        start = len(words) - len(command)
        if first == "-m" and len(command) > 1 and (command[1] or "").partition(".")[0] in TOOLS:
            if list(words[start:]) == list(command):
                return start + 1, True
            raise CannotMapError("the module is written in one word with `-m`, or started in a way of its own")
        if first is not None and basename(first) in TOOLS and list(words[start:]) == list(command):
            return start, False
    for index, word in enumerate(words):  # behind a variable
        if word is not None and basename(word) in TOOLS and index:
            before = words[index - 1]
            return index, before == "-m"
    raise CannotMapError("how the test tool is started is not understood")


def _mapped(words: Sequence[str | None], at: int, module: bool, terms: Terms) -> Mapped:
    word = words[at] or ""
    name = basename(word)
    tool = TOOLS.get(name, "")
    if name in _WATCHERS:
        raise CannotMapError(f"`{name}` watches files; `canonry run --watch` does that")
    if tool not in ("pytest", "unittest"):
        raise CannotMapError(f"how tests of `{name}` are selected has no counterpart in the runner")
    doubts = _doubts_of_launchers(words[:at], module, terms)
    if tool == "unittest":
        found = read_unittest_arguments(words, at + 1, terms)
    else:
        found = read_pytest_arguments(words, at + 1)
    if not terms.speaks:
        return _of_other_runner(words, at, module, found, terms, doubts)
    category, selection = _selection(words, found, terms)
    first, program = _program(words, at, module, terms)
    tokens = [*program, *selection]
    if found.passed:
        tokens += [Made("--"), *found.passed]
    return Mapped(first=first, tokens=tuple(tokens), doubts=(*doubts, *found.doubts), category=category)


def _doubts_of_launchers(before: Sequence[str | None], module: bool, terms: Terms) -> list[Doubt]:
    found: list[Doubt] = []
    names = {re.sub(r"\.__main__$", "", basename(word)).lower() for word in before if word is not None}
    if names & _FED:
        raise CannotMapError(f"`{min(names & _FED)}` hands it arguments that are not in the file")
    if names & _ELSEWHERE:
        found.append(
            Doubt(Grade.REVIEW, f"`{min(names & _ELSEWHERE)}` starts it elsewhere, where canonry has to be installed")
        )
    if names & _APART or ("uv" in names and "tool" in names):
        raise CannotMapError("it runs in an environment of its own, which holds no canonry")
    if names & _MEASURES:
        tool = min(names & _MEASURES)
        found.append(
            Doubt(Grade.REVIEW, f"`{tool}` measures the process that it starts, and the runner's workers are others")
        )
    if not terms.installed:
        found.append(Doubt(Grade.REVIEW, "nothing in the tree says that canonry is installed where this runs"))
    if module and terms.imports_from_folder:
        found.append(
            Doubt(
                Grade.REVIEW, "`python -m` puts the working directory on the import path, and tests may import from it"
            )
        )
    return found


# what takes its place ------------------------------------------------------------------------------------------------


def _program(words: Sequence[str | None], at: int, module: bool, terms: Terms) -> tuple[int, list[Token]]:
    """Where the runner takes the place of the tool, and its words: in the tool's folder, or by its module or script."""
    word = words[at] or ""
    if terms.runner[-2:] != ("canonry", "run"):
        return _script(words, at, module, terms)
    name = re.split(r"[/\\]", word)[-1]
    program: Token = Made("canonry")
    if not module and word != name:
        ending = ".exe" if name.endswith(".exe") else ""
        program = Changed(at, word, f"{word[: len(word) - len(name)]}canonry{ending}")
    return at, [program, Made("run")]


def _script(words: Sequence[str | None], at: int, module: bool, terms: Terms) -> tuple[int, list[Token]]:
    """The words of a runner that is a script of the tree; the interpreter of the old command stays."""
    if terms.folder != "":
        raise CannotMapError(f"`{' '.join(terms.runner)}` is to be called from the root, and this is not")
    tokens: list[Token] = list(map(Made, terms.runner))
    if not module:
        return at, tokens
    first = next((index for index in range(at - 1, -1, -1) if PYTHON.match(words[index] or "")), -1)
    if first < 0 or first != at - 2:
        raise CannotMapError("the interpreter takes options that the runner's may need")
    if PYTHON.match(terms.runner[0]):
        tokens[0] = Kept(first)
    return first, tokens


def _of_other_runner(
    words: Sequence[str | None], at: int, module: bool, found: Arguments, terms: Terms, doubts: list[Doubt]
) -> Mapped:
    """A runner whose options nobody knows here takes the place of a call that says nothing more."""
    if found.own or found.passed or found.paths or found.unknown:
        raise CannotMapError(f"what `{' '.join(terms.runner)}` calls these options and paths is not known")
    first, tokens = _script(words, at, module, terms)
    kept = [doubt for doubt in doubts if "canonry" not in doubt.reason]
    return Mapped(first=first, tokens=tuple(tokens), doubts=tuple(kept))


def _selection(words: Sequence[str | None], found: Arguments, terms: Terms) -> tuple[str, list[Token]]:
    """The category that the command selects, if it is exactly one's, and the tokens of selection and own options."""
    own = found.own
    for _, named in found.paths:
        if VARIABLE.search(named):
            continue
        file, separator, rest = named.partition("::")
        standing = terms.standing(file)
        if separator and standing is not Presence.ABSENT and not terms.holds(file, rest):
            raise CannotMapError(f"`{named}` does not exist: `{file}` defines no such test; correct the name first")
        if standing is Presence.ABSENT or (standing is Presence.ELSEWHERE and terms.folder is not None):
            raise CannotMapError(f"`{named}` does not exist; it cannot be what is meant, so correct the path first")
    category = _category_of(found, terms)
    if category:
        if found.marker is not None and not found.paths:
            own = _without_marker(found)
        return category, [Made("--category"), Made(category), *own]
    if found.unknown:
        shown = ", ".join(f"`{words[index]}`" if words[index] else "a computed word" for index in found.unknown)
        verb = "is" if len(found.unknown) == 1 else "are"
        found.doubt(f"{shown} may stand for options, which {verb} then the runner's, not pytest's")
    tokens: list[Token] = []
    places: dict[int, str | None] = dict(found.paths)
    places |= dict.fromkeys(found.unknown)
    for index, path in sorted(places.items()):
        tokens.append(_path_token(words, index, path))
    if not tokens:
        if terms.folder is None:
            found.doubt("what a call without paths selects depends on the working directory, which nobody says")
        elif terms.folder:
            tokens.append(Made("."))
    return "", [*tokens, *own]


def _path_token(words: Sequence[str | None], index: int, path: str | None) -> Token:
    if path is None or (index >= 0 and words[index] == path):
        return Kept(index)
    if not _SAFE.fullmatch(path):
        raise CannotMapError(f"`{path}` has to be quoted")
    return Made(path)


def _category_of(found: Arguments, terms: Terms) -> str:
    """The category whose tests are exactly those that paths, or one marker, select."""
    if found.unknown or found.narrowed or terms.folder is None:
        return ""
    if found.marker is not None:
        marker = found.marker[0].strip()
        named = [name for name, each in terms.categories.items() if each.markers == [marker] and not each.paths]
        return named[0] if len(named) == 1 and not found.paths and terms.folder == "" else ""
    paths = {_from_root(path, terms.folder) for _, path in found.paths}
    if not paths or None in paths:
        return ""
    for name, category in terms.categories.items():
        if category.paths and not category.markers and {plain(each) for each in category.paths} == paths:
            return name
    return ""


def _from_root(path: str, folder: str) -> str | None:
    """A path as seen from the root; None for a node id, for one that leaves the tree, and for the tree itself."""
    if "::" in path or re.search(r"[$%{}*?]", path):
        return None
    parts = folder.split("/") if folder else []
    for part in path.replace("\\", "/").split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts) or None


def _without_marker(found: Arguments) -> list[Token]:
    assert found.marker is not None
    at = found.marker[1]
    count = 1 if isinstance(found.own[at], Kept | Changed) else 2
    return [*found.own[:at], *found.own[at + count :]]
