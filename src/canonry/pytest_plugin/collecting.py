"""Collects one file at a time in a session that lives on, with pytest's own collectors and hooks.

pytest's `Session.perform_collect` begins anew each time: all folders are listed again and get new nodes, so that what
belongs to a package would be torn down between two of its files. Here a folder keeps its node, and only the file that
was asked for is looked at.
"""

import contextlib
import os
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from _pytest.runner import collect_one_node
from _pytest.warnings import catch_warnings_for_item

from canonry.model.worker_message import Task
from canonry.pytest_plugin.outcomes import first_line, relative


class Broken(NamedTuple):
    """Why a file cannot be collected: one line, the line number (0 unknown), the whole report."""

    reason: str
    line: int
    text: str


class Collection(NamedTuple):
    """What a task came to. ``deselected`` counts what pytest's own options left out."""

    items: list[pytest.Item]
    broken: Broken | None = None
    deselected: int = 0
    missing: tuple[str, ...] = ()


class Collector:
    """Collects files of one session; `note_deselected` is to be called from pytest's hook."""

    def __init__(self, session: pytest.Session, early: dict[Path, BaseException]) -> None:
        self._session = session
        self._root = str(session.config.rootpath)
        self._folders: dict[Path, pytest.Collector | Broken | None] = {}
        self._deselected: list[pytest.Item] = []
        self._early = early
        """Errors of conftest files from before the session."""
        self._errors: list[pytest.CollectReport] = []
        self._raised: dict[int, BaseException] = {}

    def note_deselected(self, items: Sequence[pytest.Item]) -> None:
        """These are left out by ``-k``, ``-m`` or a plugin."""
        self._deselected.extend(items)

    def note_failed(self, report: pytest.CollectReport) -> None:
        """A collector of the file failed."""
        self._errors.append(report)

    def note_raised(self, report: object, error: BaseException) -> None:
        """This is why it failed."""
        self._raised[id(report)] = error

    def collect(self, task: Task, *, shuffle: int | None) -> Collection:
        """The tests of a task, in the order in which they run."""
        with filters_of_collection(self._session.config):
            return self._collect(task, shuffle=shuffle)

    def _collect(self, task: Task, *, shuffle: int | None) -> Collection:
        self._errors.clear()
        self._raised.clear()
        self._deselected.clear()
        try:
            nodes = self._file_nodes(self._session.config.rootpath / task.path)
            if isinstance(nodes, Broken):
                return Collection([], nodes)
            items = [item for node in nodes for item in self._items(node)]
        except (SystemExit, KeyboardInterrupt, pytest.exit.Exception) as error:
            reason = f"{type(error).__name__} while it is imported: {error}".rstrip(": ")
            return Collection([], _broken_at(task.path, _place_below(error, self._root), reason, ""))
        if self._errors:
            return Collection([], self._broken(self._errors[0], task.path))
        items, missing = _chosen(items, task)
        config = self._session.config
        config.hook.pytest_collection_modifyitems(session=self._session, config=config, items=items)
        if task.nodes and not shuffle:
            items = _in_order_of(items, task.nodes)
        if task.skip:
            items = [item for item in items if item.nodeid not in task.skip]
        if shuffle is not None:
            items = _shuffled(items, f"{shuffle}:{task.path}")
        self._session.items = items
        config.hook.pytest_collection_finish(session=self._session)  # plugins put others in the place of tests here
        items = self._session.items
        return Collection(items, None, len(self._deselected), missing)

    @property
    def config(self) -> pytest.Config:
        """The session's."""
        return self._session.config

    def open_folders(self, path: Path) -> bool:
        """The conftest files above a file are loaded; whether all of them could be."""
        with filters_of_collection(self.config):
            return not self._early and isinstance(self._folder(path.parent), pytest.Collector)

    def _items(self, node: pytest.Item | pytest.Collector) -> Iterator[pytest.Item]:
        if isinstance(node, pytest.Item):
            node.ihook.pytest_itemcollected(item=node)
            yield node
            return
        report = collect_one_node(node)
        if report.passed:
            for child in report.result or ():
                yield from self._items(child)
        node.ihook.pytest_collectreport(report=report)

    def _file_nodes(self, path: Path) -> Sequence[pytest.Collector] | Broken:
        parent = self._folder(path.parent)
        if parent is None or isinstance(parent, Broken):
            return () if parent is None else parent
        if type(parent) not in (pytest.Dir, pytest.Package):
            return [child for child in self._listed(parent) if child.path == path]
        session = self._session
        if not path.is_file():
            return Broken("there is no such file", 0, "")
        if not session.isinitpath(path) and parent.ihook.pytest_ignore_collect(
            collection_path=path, config=session.config
        ):
            return ()
        found = parent.ihook.pytest_collect_file(file_path=path, parent=parent)
        return [node for result in found for node in (result if isinstance(result, list) else [result])]

    def _folder(self, path: Path) -> pytest.Collector | Broken | None:
        """The node of a folder; None where it is ignored."""
        if path not in self._folders:
            self._folders[path] = self._made_folder(path)
        return self._folders[path]

    def _made_folder(self, path: Path) -> pytest.Collector | Broken | None:
        session = self._session
        config = session.config
        is_top = path == config.rootpath or path.parent == path
        parent: pytest.Collector | Broken | None = session if is_top else self._folder(path.parent)
        if parent is None or isinstance(parent, Broken):
            return parent
        if type(parent) not in (pytest.Session, pytest.Dir, pytest.Package):
            node = next((child for child in self._listed(parent) if child.path == path), None)
        else:
            if (
                not is_top
                and not session.isinitpath(path, with_parents=True)
                and parent.ihook.pytest_ignore_collect(collection_path=path, config=config)
            ):
                return None
            node = parent.ihook.pytest_collect_directory(path=path, parent=parent)
        if not isinstance(node, pytest.Collector):
            return None
        if type(node) in (pytest.Dir, pytest.Package):
            return self._opened(node)
        return node

    def _opened(self, node: pytest.Collector) -> pytest.Collector | Broken:
        """The folder's node after its conftest was imported and the hooks were told, without listing its files."""
        node.collect = tuple  # type: ignore[method-assign]
        report = collect_one_node(node)
        del node.collect
        node.ihook.pytest_collectreport(report=report)
        if report.passed:
            return node
        return self._broken(report, "")

    def _listed(self, node: pytest.Collector) -> list[pytest.Collector]:
        report = collect_one_node(node)
        node.ihook.pytest_collectreport(report=report)
        return [child for child in report.result or () if isinstance(child, pytest.Collector)]

    def _broken(self, report: pytest.CollectReport, path: str) -> Broken:
        """Why a collector failed; ``path``: the file that it stands for, empty for a folder."""
        return broken_by(self._raised.get(id(report)), report.longreprtext, path, self._root)


def filters_of_collection(config: pytest.Config) -> contextlib.AbstractContextManager[None]:
    """While it lasts, warnings are treated as pytest treats them in its collection: as configured.

    What files do to the filters while they are imported ends with it.
    """
    if not config.pluginmanager.has_plugin("warnings"):
        return contextlib.nullcontext()
    return catch_warnings_for_item(config=config, ihook=config.hook, when="collect", item=None)


def broken_by(error: BaseException | None, text: str, path: str, root: str) -> Broken:
    """What an exception of an import says: the innermost cause, and where in the user's files it is.

    That is a line of the file at ``path``, or else a place of another file (a conftest above it), said in the reason.
    """
    cause = error
    while cause is not None and (cause.__cause__ or (cause.__context__ and not cause.__suppress_context__)):
        cause = cause.__cause__ or cause.__context__
    if isinstance(cause, SyntaxError):
        place = (relative(cause.filename or path, root), cause.lineno or 0)
        return _broken_at(path, place, f"{type(cause).__name__}: {cause.msg}", text)
    if cause is not None and not isinstance(cause, pytest.Collector.CollectError):
        reason = first_line(f"{type(cause).__name__}: {cause}")
        return _broken_at(path, _place_below(cause, root), reason, text)
    return Broken(first_line(text) or "cannot be collected", 0, text)


def _broken_at(path: str, place: tuple[str, int], reason: str, text: str) -> Broken:
    file, line = place
    if not file or file == path:
        return Broken(reason, line, text)
    return Broken(f"{reason} ({file}:{line})" if line else f"{reason} ({file})", 0, text)


def _place_below(error: BaseException, root: str) -> tuple[str, int]:
    """The file below the root, and the line, of the first frame in one; an empty name where there is none."""
    frame = error.__traceback__
    while frame is not None:
        name = frame.tb_frame.f_code.co_filename
        if name.startswith(root + os.sep):
            return relative(name, root), frame.tb_lineno
        frame = frame.tb_next
    return "", 0


def _chosen(items: list[pytest.Item], task: Task) -> tuple[list[pytest.Item], tuple[str, ...]]:
    """The tests of a task, and the names that no test of the file has."""
    missing: tuple[str, ...] = ()
    if task.nodes:
        found: dict[str, None] = {}
        chosen = []
        names = frozenset(task.nodes)
        for item in items:
            name = next((name for name in _names(item.nodeid) if name in names), None)
            if name is not None:
                found[name] = None
                chosen.append(item)
        items, missing = chosen, tuple(name for name in task.nodes if name not in found and name != task.path)
    if task.markers:
        wanted = frozenset(task.markers)
        items = [item for item in items if any(mark.name in wanted for mark in item.iter_markers())]
    if task.without:
        elsewhere = frozenset(task.without)
        items = [item for item in items if not any(mark.name in elsewhere for mark in item.iter_markers())]
    return items, missing


def _names(nodeid: str) -> Iterator[str]:
    """The node id, without its parameters, and those of its classes and its file."""
    yield nodeid
    bare, bracket, _ = nodeid.partition("[")
    if bracket:
        yield bare
    while "::" in bare:
        bare = bare.rpartition("::")[0]
        yield bare


def _in_order_of(items: list[pytest.Item], nodes: Sequence[str]) -> list[pytest.Item]:
    places = {node: place for place, node in enumerate(nodes)}

    def place(item: pytest.Item) -> int:
        return next((places[name] for name in _names(item.nodeid) if name in places), len(places))

    return sorted(items, key=place)


def _shuffled(items: list[pytest.Item], seed: str) -> list[pytest.Item]:
    """Another order, in which tests of a class stay together."""
    groups: dict[pytest.Collector | None, list[pytest.Item]] = {}
    for item in items:
        groups.setdefault(item.parent, []).append(item)
    draw = random.Random(seed)
    shuffled = list(groups.values())
    draw.shuffle(shuffled)
    for group in shuffled:
        draw.shuffle(group)
    return [item for group in shuffled for item in group]
