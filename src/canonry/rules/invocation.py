"""What a command of a document means: the canonical runner, a file that it runs, the tests that it names."""

import re
from collections.abc import Iterator
from enum import Enum
from itertools import pairwise

from canonry.rules.view import DocumentView, Project
from canonry.source.documents.readers.registry import reader_of
from canonry.source.documents.reading import ANYTHING, Command

UNKNOWN = "?"
"""A working directory that the file does not say."""
CI_READERS = frozenset("github_workflow gitlab_ci makefile justfile tox_ini tox_toml pre_commit package_json".split())
"""Files that say themselves where their commands run."""
BESIDE = frozenset(("makefile", "justfile", "tox_ini", "tox_toml", "package_json"))
"""Files whose commands run beside them."""
_ELSEWHERE = frozenset(("dockerfile", "compose", "markdown"))
_RUNS_TASKS = {
    "tox": ("tox_ini", "tox_toml"),
    "make": ("makefile",),
    "gmake": ("makefile",),
    "just": ("justfile",),
    "npm": ("package_json",),
}
_SHELLS = frozenset(("bash", "sh", "zsh", "ksh", "dash", "source", "."))
_PREFIXES = frozenset("sudo time nohup exec command call start nice xvfb-run".split())
_RUNNING = frozenset("poetry uv pipenv hatch pdm rye conda coverage".split())
_PYTHON = re.compile(r"(?:.*[/\\])?(?:python|pypy|py)[\d.]*w?(?:\.exe)?$", re.IGNORECASE)
_COMPUTED = re.compile(r"[$%{}*?<>~!|`\[\]]|\s|^[A-Za-z]:")
_SCRIPT = re.compile(r"\.(?:py|sh|bash|bat|cmd|ps1)$", re.IGNORECASE)
_TAKES_VALUE = frozenset(("-W", "-X", "-f", "--file", "-C", "--directory"))
_FLAGS = frozenset(
    "-v -vv -vvv -q -qq -s -x -l -rA -ra -rs -rf --verbose --quiet --exitfirst --lf --ff --nf --sw --no-header"
    " --no-summary --strict-markers --strict-config --showlocals --cache-clear --no-cov --disable-warnings"
    " --disable-pytest-warnings --failed-first --last-failed --stepwise --pdb --runslow --doctest-modules".split()
)


class Presence(Enum):
    """Whether something that a command names is there."""

    THERE = "there"
    ABSENT = "absent"
    ELSEWHERE = "elsewhere"
    """Not from this working directory, but under another."""
    UNSAID = "unsaid"


def is_runner(command: Command, document: DocumentView) -> bool:
    """Whether a command goes through the canonical runner."""
    path = runner_path(document.project)
    if path:
        return any(_same(word, path, command.folder) for word in command.words)
    wanted = document.canon.runner.split()
    words = [_basename(word) if index == 0 else word for index, word in enumerate(command.words)]
    words = words if wanted[0] in words or len(command.words) < 3 else [_basename(word) for word in command.words]
    return any(words[start : start + len(wanted)] == wanted for start in range(len(words) - len(wanted) + 1))


def runner_path(project: Project) -> str:
    """The path of the canonical runner, empty where it is no file."""
    words = project.canon.canon.runner.split()
    found = next((word for word in words if _SCRIPT.search(word) or word.startswith("./")), "")
    return found.removeprefix("./")


def is_runner_itself(command: Command, document: DocumentView) -> bool:
    """Whether a command is a part of the canonical runner: of its script, of the task that it is, of tox."""
    if document.path == runner_path(document.project):
        return True
    words = document.canon.runner.split()
    if document.reader not in _RUNS_TASKS.get(words[0], ()):
        return False
    if words[0] == "tox":
        return True
    tasks = {word for word in words[1:] if not word.startswith("-")} - {"run", "-s"}
    task = command.site.symbol.removeprefix("scripts.")
    return task in (tasks or {"test", "all", "default"})


def script_of(command: Command) -> str:
    """The file that a command runs as a script, as it is written; empty where it runs none, or one that varies."""
    words = list(command.words)
    while words and (words[0] in _PREFIXES or (words[0] in _RUNNING and "run" in words[1:2])):
        words = words[2 if words[0] in _RUNNING else 1 :]
    if not words:
        return ""
    first = words[0]
    found = ""
    if first in ("make", "gmake"):
        found = next((word for flag, word in pairwise(words) if flag in ("-f", "--file")), "")
    elif _PYTHON.match(first) or _basename(first) in _SHELLS or re.search(r"(?i)python", first):
        found = _first_argument(words[1:])
        if not _SCRIPT.search(found):
            return ""
    elif ("/" in first or "\\" in first) and _SCRIPT.search(first):
        found = first
    return "" if not found or _COMPUTED.search(found) or found.startswith(("/", "-")) else found.replace("\\", "/")


def _first_argument(words: list[str]) -> str:
    takes = False
    for word in words:
        if takes:
            takes = False
        elif word in ("-m", "-c", "-"):
            return ""
        elif word.startswith("-"):
            takes = word in _TAKES_VALUE
        else:
            return word
    return ""


def test_paths(command: Command) -> Iterator[str]:
    """The paths of tests that a command of pytest, or of the runner, names, without what follows ``::``."""
    words = command.words
    start = next((index for index, word in enumerate(words) if _basename(word) in ("pytest", "py.test")), None)
    if start is None:
        start = next((index for index, word in enumerate(words) if word.endswith(".py")), len(words))
    before = ""
    for word in words[start + 1 :]:
        value = before.startswith("-") and "=" not in before and before not in _FLAGS
        before = word
        path = word.partition("::")[0].replace("\\", "/")
        if value or word.startswith("-") or _COMPUTED.search(path) or path.startswith("/"):
            continue
        if path.endswith(".py") or ("/" in path.strip("/") and "://" not in path):
            yield path.rstrip("/")


def standing(path: str, command: Command, document: DocumentView) -> Presence:
    """Whether a path that a command names exists, from its working directory or, where that is not said, anywhere."""
    if document.reader in _ELSEWHERE:
        return Presence.UNSAID
    project = document.project
    name = path.rpartition("/")[2]
    if _provided(path, document):
        return Presence.UNSAID
    there = [*_starts(command, document)]
    for folder in there:
        found = joined(folder, path)
        if found is not None and (found in project.paths or found in project.folders):
            return Presence.THERE
    if _SCRIPT.search(name) and not (name.endswith(".py") or reader_of(path)):
        return Presence.UNSAID
    if elsewhere(path, project):
        return Presence.ELSEWHERE if document.reader in CI_READERS and command.folder != UNKNOWN else Presence.UNSAID
    return Presence.ABSENT


def elsewhere(path: str, project: Project) -> str:
    """The listed path that ends with this one and is least deep; empty where there is none."""
    bare = re.sub(r"^(?:\.{1,2}/)+", "", path)
    named = project.paths_by_name.get(bare.rpartition("/")[2], ())
    ordered = sorted(named, key=lambda other: (other.count("/"), other))
    return next((other for other in ordered if other == bare or other.endswith("/" + bare)), "")


def _starts(command: Command, document: DocumentView) -> Iterator[str]:
    """The working directories that a command may have, from the root."""
    if command.folder == UNKNOWN:
        return
    own = document.path.rpartition("/")[0]
    if document.reader in BESIDE:
        yield joined(own, command.folder) or ""
    elif document.reader in CI_READERS:
        yield command.folder
    else:
        yield command.folder
        yield joined(own, command.folder) or ""


def _provided(path: str, document: DocumentView) -> bool:
    """Whether the file's own commands may have made the path."""
    bare = re.sub(r"^(?:\.{1,2}/)+", "", path)
    name = bare.rpartition("/")[2]
    if ANYTHING in document.reading.provided:
        return True
    if any(each.replace("\\", "/").rpartition("/")[2] == name for each in document.reading.provided):
        return True
    for other in document.reading.commands:
        words = other.words
        if words[0] in ("cp", "mv", "touch", "tee", "ln", "install", "curl", "wget", "rsync", "scp", "copy", "xcopy"):
            if any(_basename(word) == name for word in words[1:]):
                return True
        elif words[:2] == ("git", "clone") or words[0] in ("unzip", "tar", "cookiecutter", "copier", "svn", "hg"):
            return True
    return False


def joined(folder: str, path: str) -> str | None:
    """A path from the root, None where it leaves the tree."""
    parts = folder.split("/") if folder else []
    for part in path.split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def _same(word: str, path: str, folder: str) -> bool:
    """Whether a word of a command is this path, from its working directory or with more in front of it."""
    written = re.sub(r"^(?:\.{1,2}/)+", "", word.replace("\\", "/"))
    if written == path or written.endswith("/" + path):
        return True
    if folder in ("", UNKNOWN):
        return folder == UNKNOWN and bool(written) and path.endswith("/" + written) and "/" in written
    return joined(folder, word.replace("\\", "/")) == path


def _basename(word: str) -> str:
    return re.split(r"[/\\]", word)[-1].removesuffix(".exe")
