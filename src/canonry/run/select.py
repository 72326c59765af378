"""Which test files, and which tests of them, a request selects, by category, each with the reasons."""

from collections.abc import Callable, Iterable, Mapping
from graphlib import TopologicalSorter

import msgspec

from canonry.canon.keys import nearest
from canonry.canon.options import Category, Priority
from canonry.canon.selection import matches, plain
from canonry.model.errors import UserError
from canonry.run.changed import changed_paths, importers, reached
from canonry.run.project import Project
from canonry.run.request import RunRequest

RANKS = {Priority.CRITICAL: 0, Priority.HIGH: 1, Priority.MEDIUM: 2, Priority.LOW: 3}
Known = Callable[[], Mapping[str, object]]
"""Returns the node ids to narrow to; asked only where they matter."""


class Selected(msgspec.Struct, frozen=True, kw_only=True):
    """A category's files. ``files``: path -> node ids (empty: all). ``whole`` are there by their path; the others may
    hold tests with one of ``markers``. ``without`` are markers that give a test to a category before this one.
    """

    name: str
    files: dict[str, tuple[str, ...]]
    whole: frozenset[str] = frozenset()
    markers: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """What runs. ``categories`` stand in the order of their needs; ``reasons``: path -> why it is there.

    ``asked`` are the categories that were named; ``empty`` those among them that hold no file. ``left_out``: node ids
    that are not to run, as an earlier run has run them.
    """

    categories: tuple[Selected, ...]
    reasons: dict[str, tuple[str, ...]]
    asked: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def files(self) -> list[str]:
        """All selected files, sorted, each once."""
        return sorted({path for category in self.categories for path in category.files})


class Narrowed(msgspec.Struct, frozen=True, kw_only=True):
    """Node ids that a selection is narrowed to, by path (empty: the whole file), and why."""

    files: dict[str, tuple[str, ...]]
    reason: str


def select(
    project: Project,
    request: RunRequest,
    *,
    narrowings: Iterable[Narrowed] = (),
    default_categories: tuple[str, ...] = (),
) -> Selection:
    """The selection of a request: every kind of narrowing that is given has to hold.

    Raises `UserError` for names that nothing declares and places that do not exist.
    """
    notes: list[str] = []
    asked = _asked(project, request) or default_categories
    files, reasons = _named(project, request, asked)
    if request.flows:
        files = _of_flows(project, request, files, reasons)
    if request.changed is not None:
        reach = reached(project, changed_paths(project, request.changed), files)
        notes += reach.notes
        files = {path: nodes for path, nodes in files.items() if path in reach.tests}
        for path in files:
            reasons[path].append(f"{reach.tests[path]} (--changed {request.changed})")
    for narrowed in narrowings:
        files = _narrow(files, narrowed, reasons)
    categories = _by_category(project, asked, files, reasons)
    used = {path for category in categories for path in category.files}
    return Selection(
        categories=tuple(each for each in categories if each.files),
        reasons={path: tuple(found) for path, found in reasons.items() if path in used},
        asked=tuple(asked),
        empty=tuple(each.name for each in categories if not each.files and each.name in asked),
        notes=tuple(notes),
    )


def with_needs(categories: Mapping[str, Category], names: Iterable[str]) -> list[str]:
    """These categories and all that they need, in the order of the canon."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += categories[name].needs
    return [name for name in categories if name in found]


def _asked(project: Project, request: RunRequest) -> tuple[str, ...]:
    known = project.canon.categories
    for name in request.categories:
        if name in known:
            continue
        if not known:
            raise UserError(f"the canon declares no categories, so `{name}` is none; `canonry init` proposes some")
        near = nearest(name, known)
        hint = f"did you mean `{near}`?" if near else f"it has {', '.join(f'`{each}`' for each in list(known)[:8])}"
        raise UserError(f"`{name}` is no category of the canon; {hint}")
    names = tuple(dict.fromkeys(request.categories))
    return tuple(with_needs(known, names)) if request.with_needs else names


def _named(
    project: Project, request: RunRequest, asked: Iterable[str]
) -> tuple[dict[str, tuple[str, ...]], dict[str, list[str]]]:
    """The files below the named paths, or all test files (and what asked categories name), with the reasons."""
    everything = project.test_files()
    settings = project.settings
    files: dict[str, tuple[str, ...]] = {}
    reasons: dict[str, list[str]] = {}
    if not request.paths:
        patterns = [pattern for name in asked for pattern in project.canon.categories[name].paths]
        known = set(everything)
        more = [
            path
            for path in project.listing.live
            if path not in known and project.is_within(path) and settings.is_test_path(path) and matches(path, patterns)
        ]
        for path in (*everything, *more) if patterns else everything:
            files[path], reasons[path] = (), ["it is a test file"]
        return files, reasons
    for given in request.paths:
        place, separator, rest = given.partition("::")
        relative = project.relative(place)
        if relative in project.listing.live or (relative.endswith(".py") and (project.root / relative).is_file()):
            nodes = (f"{relative}::{rest}",) if separator else ()
            old = files.get(relative)
            files[relative] = () if old == () or not nodes else (*(old or ()), *nodes)
            reasons.setdefault(relative, []).append(f"`{given}` names it")
            continue
        if (project.root / relative).is_file():
            raise UserError(f"`{given}` is no Python file; name a folder, a test file or a test")
        found = [path for path in _below(project, relative, everything) if path not in files]
        for path in found:
            files[path] = ()
            reasons.setdefault(path, []).append(f"it lies below `{given}`")
    return files, reasons


def _below(project: Project, folder: str, everything: list[str]) -> list[str]:
    """The test files below a folder; where it lies outside `testpaths`, those that are named as such."""
    prefix = f"{plain(folder)}/" if plain(folder) else ""
    found = [path for path in everything if path.startswith(prefix)]
    if found or not prefix:
        return found
    settings = project.settings
    return [path for path in project.listing.live if path.startswith(prefix) and settings.is_test_path(path)]


def _of_flows(
    project: Project, request: RunRequest, files: dict[str, tuple[str, ...]], reasons: dict[str, list[str]]
) -> dict[str, tuple[str, ...]]:
    flows = project.canon.flows
    kept: dict[str, tuple[str, ...]] = {}
    for name in request.flows:
        if name not in flows:
            if not flows:
                raise UserError(f"the canon declares no flows, so `{name}` is none; `[flows.{name}]` would declare it")
            near = nearest(name, flows)
            known = ", ".join(f"`{each}`" for each in flows)
            raise UserError(
                f"`{name}` is no flow of the canon; " + (f"did you mean `{near}`?" if near else f"it has {known}")
            )
        for path, nodes in files.items():
            if flows[name].tests and matches(path, flows[name].tests):
                kept[path] = nodes
                reasons[path].append(f"it walks the flow `{name}`")
    return kept


def _narrow(
    files: dict[str, tuple[str, ...]], narrowed: Narrowed, reasons: dict[str, list[str]]
) -> dict[str, tuple[str, ...]]:
    kept: dict[str, tuple[str, ...]] = {}
    for path, nodes in files.items():
        if path not in narrowed.files:
            continue
        wanted = narrowed.files[path]
        if nodes and wanted:
            both = tuple(node for node in wanted if any(_is_within(node, each) for each in nodes))
            if not both:
                continue
            kept[path] = both
        else:
            kept[path] = wanted or nodes
        reasons[path].append(narrowed.reason)
    return kept


def _is_within(node: str, selected: str) -> bool:
    """Whether a node id is the selected one, or below it: of its class, or one of its parameters."""
    return node == selected or node.startswith((f"{selected}::", f"{selected}["))


def _by_category(
    project: Project, asked: tuple[str, ...], files: dict[str, tuple[str, ...]], reasons: dict[str, list[str]]
) -> list[Selected]:
    """The files dealt out to categories: a test belongs to the gravest one that claims it, and runs once."""
    declared = project.canon.categories
    names = [name for name in declared if not asked or name in asked]
    by_rank = sorted(names, key=lambda name: RANKS[declared[name].priority])
    left, given = dict(files), dict[str, Selected]()
    markers: list[str] = []
    for name in by_rank:
        category = declared[name]
        whole = {path for path in left if category.paths and matches(path, category.paths)}
        marked = set(_may_carry(project, category.markers, [each for each in left if each not in whole]))
        for path in [path for path in left if path in whole or path in marked]:
            how = "by its path" if path in whole else "as far as its tests carry a marker of it"
            reasons[path].append(f"the category `{name}` selects it {how}")
        chosen = {path: nodes for path, nodes in left.items() if path in marked or path in whole}
        given[name] = Selected(
            name=name,
            files=chosen,
            whole=frozenset(whole),
            markers=tuple(category.markers),
            without=tuple(markers),
        )
        markers += category.markers
        left = {path: nodes for path, nodes in left.items() if path not in whole}
    found = [given[name] for name in _in_order(declared, names)]
    if not asked and left:
        if declared:
            for path in left:
                reasons[path].append("no category selects it whole, and all tests are asked for")
        found.append(Selected(name="", files=left, whole=frozenset(left), without=tuple(markers)))
    return found


def _in_order(declared: Mapping[str, Category], names: list[str]) -> list[str]:
    """Needed categories first, then by rank and by the order of the canon."""
    place = {name: (RANKS[declared[name].priority], number) for number, name in enumerate(declared)}
    sorter = TopologicalSorter({name: [need for need in declared[name].needs if need in names] for name in names})
    sorter.prepare()
    found: list[str] = []
    ready: list[str] = list(sorter.get_ready())
    while ready:
        ready.sort(key=place.__getitem__)
        name = ready.pop(0)
        found.append(name)
        sorter.done(name)
        ready += sorter.get_ready()
    return found


def _may_carry(project: Project, markers: Iterable[str], paths: list[str]) -> list[str]:
    """The files whose tests may carry one of these markers. A text rules files out, never in: pytest's marks decide.

    Markers may come from the file, from a ``conftest.py`` above it, from a plugin of the tree, and from a base class
    in a module that it imports.
    """
    words = [marker.encode() for marker in markers]
    if not words:
        return []
    suspects: list[str] = []
    wanted = set(paths)
    for path in project.listing.live:
        content = project.session.tree.read(path) or b""
        if any(word in content for word in words) or b"add_marker" in content:
            suspects.append(path)
    found = wanted.intersection(suspects)
    others = [path for path in suspects if path not in wanted]
    for path in others:
        folder, _, name = path.rpartition("/")
        if name == "conftest.py":
            prefix = f"{folder}/" if folder else ""
            found.update(each for each in paths if each.startswith(prefix))
        elif b"pytest_collection_modifyitems" in (project.session.tree.read(path) or b""):
            found.update(paths)
    if len(found) < len(paths):
        bases = [path for path in suspects if _gives_mark(project.session.tree.read(path) or b"", words)]
        if bases:
            found.update(wanted.intersection(importers(project, bases)))
    return [path for path in paths if path in found]


def _gives_mark(content: bytes, words: list[bytes]) -> bool:
    """Whether classes of a file may hand one of these marks down to classes of other files."""
    return b"class " in content and b"mark" in content and any(word in content for word in words)
