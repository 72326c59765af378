"""One audit's inputs, opened: the tree, the canon, the target version, the cache."""

import datetime as dt
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from canonry.audit.request import Request
from canonry.audit.test_folders import absent_folders, with_existing_testpaths
from canonry.canon.load import LoadedCanon, load_canon
from canonry.model.errors import UserError
from canonry.rules.catalogue import Catalogue, catalogue_of, problems_of
from canonry.rules.selection import select_rules
from canonry.source.cache import Cache, cache_path
from canonry.source.documents.readers.registry import reader_of
from canonry.source.pytest_settings import PytestSettings, read_pytest_settings
from canonry.source.syntax.versions import Version
from canonry.source.target import choose_target
from canonry.source.trees.git import split_records
from canonry.source.trees.place import is_file, is_folder, refuse_closed
from canonry.source.trees.tree import Tree, blob_key, open_tree, read_file


@dataclass(slots=True)
class Session:
    """Everything an audit needs before it looks at files. Close it when done."""

    tree: Tree
    loaded: LoadedCanon
    settings: PytestSettings
    target: Version
    target_origin: str
    cache: Cache
    scope: tuple[str, ...]
    complete: bool
    workers: int
    explicit: frozenset[str] = frozenset()
    preview: frozenset[str] = frozenset()
    """The codes of the preview rules that judge."""
    catalogue: Catalogue = field(default_factory=Catalogue)
    today: dt.date = dt.date.min
    base: str = ""
    """The commit that exemptions are to be compared with, empty where nobody asked for one."""
    canon_of_tree: bool = True
    """Whether the canon comes from the tree itself."""
    notes: list[str] = field(default_factory=list)
    history: bool = True
    """Whether history is asked which commits broke the files that do not parse."""
    started: int = 0
    """When the tree was opened, in ns."""

    def close(self) -> None:
        """Ends what reading started."""
        self.tree.close()
        self.cache.close()


def open_session(request: Request, *, catalogue: Catalogue | None = None, tree: Tree | None = None) -> Session:
    """Opens what a request names, or the ``tree`` that is listed already. Raises `UserError` for what can be mended."""
    started = time.time_ns()
    start, paths = _where(request)
    on_disk = request.revision is None and not request.staged
    complete = not (on_disk and paths and all(is_file(Path(path)) for path in paths))
    python_only = not complete and all(path.endswith(".py") for path in paths)
    if tree is None:
        tree = open_tree(
            start, revision=request.revision, staged=request.staged, complete=complete, python_only=python_only
        )
    try:
        return _opened(request, tree, paths, catalogue, complete=complete, started=started)
    except BaseException:  # whatever ended it, the tree is closed, and it is raised again
        tree.close()
        raise


def _opened(
    request: Request, tree: Tree, paths: tuple[str, ...], catalogue: Catalogue | None, *, complete: bool, started: int
) -> Session:
    """The session of a tree that is open; it is the caller's to close where this raises."""
    scope = _scope(paths, tree)
    loaded = load_canon(
        tree.read_present,
        explicit=_explicit(request.config),
        also=lambda table: (*absent_folders(table, tree), *problems_of(table)),
    )
    if catalogue is None:
        catalogue = _catalogue(loaded, tree)
    select_rules(request.named, (), catalogue.rules)
    target, origin = choose_target(request.target or loaded.canon.target_python, loaded.requires_python)
    bare = tree.git is not None and tree.root == tree.git.directory and not (tree.root / ".git").exists()
    cache = Cache(cache_path(tree.root, bare=bare) if request.cache else None)
    explicit: frozenset[str] = frozenset()
    if not complete:
        explicit = frozenset(scope)
        if tree.git is not None:
            tree.dirty = _differs_from_head(tree, scope)
        for path in scope:
            if path.endswith(".py") or reader_of(path):
                tree.files[path] = None
                tree.modified.add(path)
    settings = with_existing_testpaths(read_pytest_settings(tree.read), tree)
    return Session(
        tree,
        loaded,
        settings,
        target,
        origin,
        cache,
        scope,
        complete,
        request.workers,
        explicit,
        preview=catalogue.previewed(request.preview),
        catalogue=catalogue,
        today=request.today or dt.datetime.now(dt.UTC).date(),
        base=_asked_base(request.base, tree),
        canon_of_tree=request.config is None,
        history=request.history,
        started=started,
    )


def _catalogue(loaded: LoadedCanon, tree: Tree) -> Catalogue:
    """The rules of a tree. The code of a commit is never run: its own rules in Python are left out, and it is said."""
    catalogue = catalogue_of(loaded, root=None if tree.kind == "commit" else tree.root)
    if catalogue.left_out:
        places = ", ".join(f"`{place}`" for place in loaded.canon.rules_from)
        tree.notes.append(f"the rules in {places} are left out: an audit of a commit runs none of its code")
    return catalogue


def _asked_base(base: str | None, tree: Tree) -> str:
    if base is None:
        return ""
    if tree.git is None:
        raise UserError("`--base` names a commit, and there is no git repository here; leave it out")
    return tree.git.resolve(base)


def _differs_from_head(tree: Tree, paths: tuple[str, ...]) -> bool:
    """Whether one of these files has another content than the commit, or is not in it; one process, exact."""
    assert tree.git is not None
    listing = tree.git.output("ls-tree", "-z", "--full-tree", "HEAD", "--", *paths, check=False)
    committed = {os.fsdecode(name): meta.split(b" ")[2] for meta, _, name in map(_split, split_records(listing))}
    return any(
        committed.get(path) != blob_key(content).hex().encode()
        for path in paths
        if (content := read_file(tree.root / path)) is not None
    )


def _split(record: bytes) -> tuple[bytes, bytes, bytes]:
    return record.partition(b"\t")


def _where(request: Request) -> tuple[Path, tuple[str, ...]]:
    """The place that names the repository, and the paths inside it."""
    for path in request.paths:
        if not path:
            raise UserError("a PATH is empty; name a folder, a file or a git directory")
        refuse_closed(Path(path))
    if request.repository is not None:
        refuse_closed(request.repository)
        return request.repository, request.paths
    if request.paths:
        first = Path(request.paths[0])
        if is_git_directory(first):
            return first, request.paths[1:]
        if (request.revision is not None or request.staged) and not first.exists():
            return Path(), request.paths
        return first, request.paths
    return Path(), ()


def place(request: Request) -> Path:
    """The place whose tree a request is about."""
    return _where(request)[0]


def is_git_directory(path: Path) -> bool:
    """Whether a path is a git directory itself (bare, or somebody's ``.git``)."""
    return is_file(path / "HEAD") and is_folder(path / "objects") and is_folder(path / "refs")


def _scope(paths: tuple[str, ...], tree: Tree) -> tuple[str, ...]:
    """The paths as they stand in the tree; empty where they hold the whole of it."""
    scope: list[str] = []
    whole = False
    for path in paths:
        if tree.by_blob and not (Path(path).exists() and _inside(Path(path), tree.root)):
            relative = path.strip("/").removeprefix("./")
        else:
            absolute = Path(path).resolve()
            if not absolute.exists():
                raise UserError(f"`{path}` does not exist; name a folder, a file or a git directory")
            if not _inside(absolute, tree.root):
                raise UserError(f"`{path}` lies outside `{tree.root}`; audit one repository at a time")
            relative = absolute.relative_to(tree.root).as_posix()
        if relative in (".", ""):
            whole = True
            continue
        known = relative in tree.files or any(file.startswith(relative + "/") for file in tree.files)
        if tree.by_blob and not known:
            holder, command = ("commit", "ls-tree") if tree.kind == "commit" else ("index", "ls-files")
            raise UserError(
                f"the {holder} holds no file that canonry reads at `{relative}`; see `git {command}` for what it holds"
            )
        scope.append(relative)
    return () if whole else tuple(scope)


def _inside(path: Path, root: Path) -> bool:
    return path.resolve().is_relative_to(root.resolve())


def _explicit(config: Path | None) -> tuple[str, bytes] | None:
    if config is None:
        return None
    try:
        return str(config), config.read_bytes()
    except OSError as error:
        raise UserError(f"`{config}` cannot be read ({error.strerror}); `--config` takes a canonry.toml") from error


Progress = Callable[[str, int, int], None]
"""Told what is being done, how many are done, how many there are."""
