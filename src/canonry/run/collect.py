"""Which tests each file holds, as pytest itself says, and which files hold none or cannot be collected.

What was collected is kept under everything that decides it: the file, the ``conftest.py`` files above it, the modules
of the tree that it imports, pytest's configuration and arguments, Python and the installed packages.
"""

import hashlib
import sqlite3
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import msgspec

from canonry.model.errors import UserError
from canonry.model.outcome import Outcome
from canonry.model.run_event import AttemptEnded, Collected, RunEvent, Uncollectable
from canonry.model.run_plan import CategoryPlan, Policy, RunPlan, Work
from canonry.model.state import STATE, make_state_folder
from canonry.run.changed import imported_files
from canonry.run.execute import StopSignal, execute
from canonry.run.fingerprint import packages
from canonry.run.naming import as_pytest, of_tree
from canonry.run.plan import rooted
from canonry.run.project import Project
from canonry.run.surroundings import RunSurroundings

_CONFIGURATION = ("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg")
_KEPT_DAYS = 30
_SCHEMA = "create table if not exists collected (key blob primary key, path text, used integer, data blob)"


class FileTests(msgspec.Struct, frozen=True, kw_only=True):
    """The tests of a file, or why it cannot be collected (``reason``; ``line`` is 0 where nothing says it)."""

    path: str
    nodes: tuple[str, ...] = ()
    deselected: int = 0
    reason: str = ""
    line: int = 0
    text: str = ""
    known: bool = False
    """Whether the answer was kept from an earlier run."""


class CollectReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of every file that was to be collected."""

    files: tuple[FileTests, ...]

    @property
    def collected(self) -> list[FileTests]:
        """The files that hold tests."""
        return [each for each in self.files if each.nodes and not each.reason]

    @property
    def uncollectable(self) -> list[FileTests]:
        """The files that cannot be collected."""
        return [each for each in self.files if each.reason]

    @property
    def empty(self) -> list[FileTests]:
        """The files without a test."""
        return [each for each in self.files if not (each.nodes or each.reason or each.deselected)]

    @property
    def deselected(self) -> int:
        """How many tests are left out by `-k`, `-m` or a plugin."""
        return sum(each.deselected for each in self.files)

    @property
    def tests(self) -> int:
        """How many tests there are."""
        return sum(len(each.nodes) for each in self.files)

    @property
    def share(self) -> float:
        """The share of files that can be collected, whether or not they hold tests."""
        return 1 - len(self.uncollectable) / len(self.files) if self.files else 0.0

    def as_pytest(self, place: str) -> "CollectReport":
        """The same with the names that pytest gives where it has its root at this place of the tree."""
        files = (
            msgspec.structs.replace(
                each, path=as_pytest(each.path, place), nodes=tuple(as_pytest(node, place) for node in each.nodes)
            )
            for each in self.files
        )
        return CollectReport(files=tuple(files)) if place else self


def collect(
    project: Project,
    paths: Iterable[str],
    *,
    arguments: tuple[str, ...] = (),
    variables: Mapping[str, str] | None = None,
    workers: int = 1,
    fresh: bool = False,
    listener: Callable[[RunEvent], None] = lambda _event: None,
) -> CollectReport:
    """Collects files with pytest, and runs none of their tests. ``fresh`` asks pytest about every file.

    Raises `UserError` where pytest refuses to start.
    """
    wanted = list(dict.fromkeys(paths))
    keys = {} if fresh else _keys(project, wanted, arguments)
    known = _load(project, keys) if keys else {}
    found: dict[str, FileTests] = dict(known)
    missing = [path for path in wanted if path not in found]
    if missing:
        fresh_ones = _ask(project, missing, arguments, variables or {}, workers, listener)
        found |= fresh_ones
        keys = keys or _keys(project, wanted, arguments)
        _store(project, [(keys[path], each) for path, each in fresh_ones.items() if path in keys and not each.reason])
    return CollectReport(files=tuple(found[path] for path in wanted))


def collect_plan(
    project: Project,
    plan: RunPlan,
    *,
    variables: Mapping[str, str] | None = None,
    listener: Callable[[RunEvent], None] = lambda _event: None,
) -> CollectReport:
    """The tests that a plan would run, by file: node ids, markers of categories, `-k` and `-m` count. None is run.

    Nothing is kept, for files may hold more. Raises `UserError` where pytest refuses to start.
    """
    place = project.place
    found: dict[str, FileTests] = {}

    def hear(event: RunEvent) -> None:
        if isinstance(event, Collected):
            each = _of_event(event, place)
            before = found.get(each.path, FileTests(path=each.path))
            nodes = tuple(dict.fromkeys((*before.nodes, *each.nodes)))
            count = max(before.deselected, each.deselected)  # one file may stand in several categories
            found[each.path] = msgspec.structs.replace(before, nodes=nodes, deselected=count)
        elif isinstance(event, Uncollectable):
            path = of_tree(event.path, place)
            reason = event.reason or "it cannot be collected"
            found[path] = FileTests(path=path, reason=reason, line=event.line, text=event.text)
        elif isinstance(event, AttemptEnded) and event.outcome is Outcome.UNCOLLECTABLE:
            name = of_tree(event.node, place)
            if "::" in name and not found.get(name.partition("::")[0], FileTests(path="")).reason:
                found[name] = FileTests(path=name, reason=event.reason)
        listener(event)

    bare = tuple(
        msgspec.structs.replace(category, policy=Policy(), needs=(), conflicts=()) for category in plan.categories
    )
    whole = msgspec.structs.replace(plan, categories=bare, max_failures=None, repeat=1, until_fail=False)
    done = execute(whole, emit=hear, services=RunSurroundings(variables or {}), stop=StopSignal(), collect_only=True)
    if done.usage_error:
        raise UserError(done.usage_error)
    for path in dict.fromkeys(of_tree(work.path, place) for category in plan.categories for work in category.work):
        found.setdefault(path, FileTests(path=path, reason=done.reason or "pytest did not say what it holds"))
    return CollectReport(files=tuple(found[path] for path in sorted(found)))


def narrows(plan: RunPlan) -> bool:
    """Whether a plan runs less than all that its files hold."""
    return any(each in ("-k", "-m") or each[:2] in ("-k", "-m") for each in plan.pytest_arguments) or any(
        category.without
        or any(work.nodes or (category.markers and work.path not in category.whole) for work in category.work)
        for category in plan.categories
    )


def known_tests(project: Project, paths: Iterable[str], arguments: tuple[str, ...] = ()) -> dict[str, tuple[str, ...]]:
    """The node ids of those files about which an earlier run answers."""
    return {path: each.nodes for path, each in _load(project, _keys(project, paths, arguments)).items()}


def _of_event(event: Collected, place: str) -> FileTests:
    return FileTests(
        path=of_tree(event.path, place),
        nodes=tuple(of_tree(node, place) for node in event.nodes),
        deselected=event.deselected,
    )


def _ask(
    project: Project,
    paths: list[str],
    arguments: tuple[str, ...],
    variables: Mapping[str, str],
    workers: int,
    listener: Callable[[RunEvent], None],
) -> dict[str, FileTests]:
    found: dict[str, FileTests] = {}
    place = project.place

    def hear(event: RunEvent) -> None:
        if isinstance(event, Collected):
            each = _of_event(event, place)
            found[each.path] = each
        elif isinstance(event, Uncollectable):
            path = of_tree(event.path, place)
            found[path] = FileTests(
                path=path, reason=event.reason or "it cannot be collected", line=event.line, text=event.text
            )
        listener(event)

    named = [as_pytest(path, place) for path in paths]
    plan = RunPlan(
        root=str(project.pytest_root),
        categories=(CategoryPlan(work=tuple(Work(path=path) for path in named), whole=frozenset(named)),),
        pytest_arguments=(*rooted(project), *arguments),
        workers=workers,
    )
    done = execute(plan, emit=hear, services=RunSurroundings(variables), stop=StopSignal(), collect_only=True)
    if done.usage_error:
        raise UserError(done.usage_error)
    why = done.reason or "pytest did not say what it holds"
    return {path: found.get(path, FileTests(path=path, reason=why)) for path in paths}


def _keys(project: Project, paths: Iterable[str], arguments: tuple[str, ...]) -> dict[str, bytes]:
    """The key of each file: a digest of all that decides which tests it holds."""
    read = project.session.tree.read
    place = project.place
    base = hashlib.sha256(repr((sys.version_info[:3], sorted(packages().items()), arguments, place)).encode())
    for name in (
        *_CONFIGURATION,
        *(f"{place}/{each}" for each in _CONFIGURATION if place),
        *_named_configuration(arguments),
    ):
        base.update(hashlib.sha256(read(name) or b"").digest())
    digests: dict[str, bytes] = {}

    def digest(path: str) -> bytes:
        if path not in digests:
            digests[path] = hashlib.sha256(read(path) or b"").digest()
        return digests[path]

    found: dict[str, bytes] = {}
    for path in paths:
        if path not in project.listing.live:
            continue
        key = base.copy()
        for each in sorted({path, *_conftests(project, path), *imported_files(project, path)}):
            key.update(each.encode("utf-8", "surrogateescape") + b"\0" + digest(each))
        key.update(path.encode("utf-8", "surrogateescape"))
        found[path] = key.digest()
    return found


def _named_configuration(arguments: tuple[str, ...]) -> tuple[str, ...]:
    """The file that ``-c`` names."""
    return tuple(after for each, after in pairwise(arguments) if each == "-c")


def _conftests(project: Project, path: str) -> list[str]:
    folders = path.split("/")[:-1]
    candidates = ("/".join([*folders[:depth], "conftest.py"]) for depth in range(len(folders) + 1))
    return [each for each in candidates if each in project.listing.live]


def _place(project: Project) -> Path:
    return project.root / STATE / "collected.db"


def _connect(project: Project) -> sqlite3.Connection:
    make_state_folder(_place(project).parent)
    connection = sqlite3.connect(_place(project), timeout=10)
    connection.execute(_SCHEMA)
    return connection


def _load(project: Project, keys: Mapping[str, bytes]) -> dict[str, FileTests]:
    """The kept answers; one that cannot be read is no answer."""
    found: dict[str, FileTests] = {}
    if not keys or not _place(project).exists():
        return found
    try:
        with closing(_connect(project)) as connection:
            for path, key in keys.items():
                row = connection.execute("select data from collected where key = ?", (key,)).fetchone()
                if row is not None:
                    kept = msgspec.msgpack.decode(row[0], type=FileTests)
                    found[path] = msgspec.structs.replace(kept, known=True)
    except (OSError, sqlite3.Error, msgspec.DecodeError):
        return {}
    return found


def _store(project: Project, rows: Iterable[tuple[bytes, FileTests]]) -> None:
    """Keeps answers; where that is not possible, the next run asks again."""
    listed = list(rows)
    if not listed:
        return
    try:
        with closing(_connect(project)) as connection, connection:
            connection.executemany(
                "insert or replace into collected values (?, ?, strftime('%s', 'now'), ?)",
                [(key, each.path, msgspec.msgpack.encode(each)) for key, each in listed],
            )
            connection.execute("delete from collected where used < strftime('%s', 'now') - ?", (_KEPT_DAYS * 86_400,))
    except (OSError, sqlite3.OperationalError):
        return
    except sqlite3.DatabaseError:  # it is damaged: the next run makes another
        _place(project).unlink(missing_ok=True)
