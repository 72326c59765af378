"""The trees that can be audited: a working tree, the index, a commit, a plain folder.

A tree lists its Python files, and those that a reader knows (`canonry.source.documents.readers`), with the key of each
content (the git blob id), and reads any file. Keys of files whose state git does not vouch for are found by reading, or
by the stat record of an earlier reading.
"""

import contextlib
import hashlib
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from canonry.model.errors import UserError
from canonry.source.documents.readers.registry import reader_of
from canonry.source.trees.git import BlobReader, Git, find_repository, split_records
from canonry.source.trees.place import is_file, is_link, read_present, refuse_closed

_LINK, _MODULE = b"120000", b"160000"

Key = bytes
StatRecord = tuple[int, int, int, int]
"""Size, modification and change time in ns, inode."""


@dataclass(slots=True)
class Tree:
    """A listing: paths with keys (None: not yet known) of Python and of documents that a reader knows, and backups."""

    kind: str
    root: Path
    git: Git | None
    commit: str | None = None
    files: dict[str, Key | None] = field(default_factory=dict)
    backups: list[str] = field(default_factory=list)
    modified: set[str] = field(default_factory=set)
    dirty: bool = False
    staged: dict[str, Key | None] = field(default_factory=dict)
    """What the index holds, where nobody asked git what changed since."""
    missing: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    _reader: BlobReader | None = None

    @property
    def by_blob(self) -> bool:
        """Whether contents come from git's object store."""
        return self.kind in ("commit", "index")

    def read(self, path: str) -> bytes | None:
        """The content at a path, None where there is none."""
        if not self.by_blob:
            return read_file(self.root / path)
        blob = key.hex() if (key := self.files.get(path)) else None
        if self.kind == "commit" and blob is None:
            blob = f"{self.commit}:{path}"
        elif blob is None:
            blob = f":0:{path}"
        assert self.git is not None
        if self._reader is None:
            self._reader = BlobReader(self.git)
        return self._reader.read(blob) if "\n" not in blob else None

    def read_present(self, path: str) -> bytes | None:
        """The same for a file that may not be passed over: `UserError` where something is there and cannot be read."""
        return self.read(path) if self.by_blob else read_present(self.root / path, shown=path)

    def close(self) -> None:
        """Ends what reading started."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None


def blob_key(content: bytes, *, size: int = 20) -> Key:
    """The git blob id of a content, in the format of repositories whose ids have this size.

    Source: git's object format, ``blob SIZE NUL CONTENT`` under SHA-1 (20 bytes) or SHA-256 (32 bytes).
    """
    algorithm = hashlib.sha256 if size == 32 else hashlib.sha1
    return algorithm(b"blob %d\0" % len(content) + content, usedforsecurity=False).digest()


def read_file(path: Path) -> bytes | None:
    """A regular file's bytes; None where it is absent, unreadable, or no regular file."""
    found = read_changed(path)
    return None if found is None else found[0]


def read_changed(path: Path) -> tuple[bytes, int] | None:
    """A regular file's bytes, and when it last changed in ns, asked after they were read."""
    try:
        with open(path, "rb", opener=_open_at_once) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return None
            return file.read(), os.fstat(file.fileno()).st_ctime_ns
    except (OSError, ValueError):  # also a name that the file system's encoding cannot hold
        return None


def _open_at_once(path: str, flags: int) -> int:
    """Opens without waiting for somebody at the other end of a pipe."""
    return os.open(path, flags | os.O_NONBLOCK)


def open_commit(git: Git, root: Path, revision: str) -> Tree:
    """The tree of a commit, without a checkout."""
    commit = git.resolve(revision)
    tree = Tree("commit", root, git, commit=commit)
    for record in split_records(git.output("ls-tree", "-r", "-z", "--full-tree", commit)):
        meta, _, name = record.partition(b"\t")
        if name.endswith(b".py") or b".backup" in name or reader_of(os.fsdecode(name)):
            mode, _, blob = meta.split(b" ")
            _enter(tree, mode, blob, name)
    return tree


def open_index(git: Git, root: Path) -> Tree:
    """What is staged."""
    tree = Tree("index", root, git, commit=_head(git))
    unmerged = _read_index(tree, git.output("ls-files", "-s", "-v", "-z"))
    if unmerged:
        tree.notes.append(f"{_plural(len(unmerged), 'unmerged path')} read from the side of the current branch")
    tree.dirty = bool(git.output("diff-index", "--cached", "--name-only", "-z", "HEAD", check=False))
    return tree


def open_working_tree(git: Git, root: Path, *, complete: bool = True, python_only: bool = False) -> Tree:
    """The files on disk under git. ``complete`` asks git which files changed and which it does not know.

    ``python_only`` lists no documents and no backups, which takes half of the time.
    """
    tree = Tree("worktree", root, git)
    with contextlib.ExitStack() as running:
        if complete:
            others = running.enter_context(git.start("ls-files", "-o", "--exclude-standard", "-z"))
            changed = running.enter_context(git.start("diff-files", "--name-only", "-z"))
        patterns = ("--", "*.py") if python_only else ()
        unmerged = _read_index(tree, git.output("ls-files", "-s", "-v", "-z", *patterns))
        tree.commit = _head(git)
        if unmerged:
            tree.notes.append(f"a merge is unfinished: {_plural(len(unmerged), 'unmerged file')} read as on disk")
        if not complete:
            tree.staged, tree.files = tree.files, dict.fromkeys(tree.files)
            return tree
        names = [os.fsdecode(name) for name in split_records(git.finish(changed))]
        tree.modified = unmerged | {name for name in names if name in tree.files}
        tree.dirty = bool(unmerged) or _really_changed(tree, names)
        tree.files.update(dict.fromkeys(name for name in tree.modified if name in tree.files))
        for record in split_records(git.finish(others)):
            _enter_untracked(tree, os.fsdecode(record))
    return tree


def _enter_untracked(tree: Tree, name: str) -> None:
    if name.endswith(".py") or ".backup" in name or reader_of(name):
        tree.dirty = True
        _file(tree, name, None)


def open_folder(root: Path) -> Tree:
    """A folder outside git; its ``.gitignore`` files are respected, links are not followed."""
    import pathspec

    tree = Tree("folder", root, None)
    ignored: dict[str, pathspec.PathSpec[pathspec.Pattern]] = {}
    for directory, folders, names in os.walk(root, followlinks=False, onerror=lambda error: _unreadable(tree, error)):
        relative = os.path.relpath(directory, root)
        prefix = "" if relative == "." else relative.replace(os.sep, "/") + "/"
        if ".gitignore" in names and (lines := read_file(Path(directory, ".gitignore"))):
            ignored[prefix] = pathspec.PathSpec.from_lines("gitignore", lines.decode("utf-8", "replace").splitlines())
        rules = [(at, spec) for at, spec in ignored.items() if prefix.startswith(at)]
        folders[:] = sorted(
            name for name in folders if name not in _NEVER and not _is_ignored(prefix + name + "/", rules)
        )
        for name in sorted(names):
            path = prefix + name
            if not (name.endswith(".py") or ".backup" in name or reader_of(path)) or _is_ignored(path, rules):
                continue
            if is_link(Path(directory, name)):
                continue
            _file(tree, path, None)
    return tree


def is_left_out_of_folder(root: Path, path: str) -> bool:
    """Whether `open_folder` passes over a path: by a ``.gitignore`` above it, or by the name of a folder in it."""
    import pathspec

    folders = path.split("/")[:-1]
    if not _NEVER.isdisjoint(folders):
        return True
    rules: list[tuple[str, pathspec.PathSpec[pathspec.Pattern]]] = []
    for depth in range(len(folders) + 1):
        prefix = "".join(f"{folder}/" for folder in folders[:depth])
        if prefix and _is_ignored(prefix, rules):
            return True
        if lines := read_file(root / prefix / ".gitignore"):
            spec = pathspec.PathSpec.from_lines("gitignore", lines.decode("utf-8", "replace").splitlines())
            rules.append((prefix, spec))
    return _is_ignored(path, rules)


_NEVER = frozenset((".git", ".hg", ".svn", ".canonry", ".tox", ".nox", ".venv", "__pycache__", "node_modules"))


def _is_ignored(path: str, rules: Iterable[tuple[str, object]]) -> bool:
    return any(spec.match_file(path[len(at) :]) for at, spec in rules)  # type: ignore[attr-defined]


def _unreadable(tree: Tree, error: OSError) -> None:
    tree.notes.append(f"`{error.filename}` cannot be listed: {error.strerror}")


def _read_index(tree: Tree, output: bytes) -> set[str]:
    """Enters the index; returns the unmerged paths (of several stages, the current branch's is entered).

    It is asked for whole: git needs longer to match the patterns of all readers than to write everything.
    """
    unmerged: set[str] = set()
    files, skipped, from_hex, reads = tree.files, (_LINK.decode(), _MODULE.decode()), bytes.fromhex, reader_of
    on_disk = tree.kind == "worktree"
    for record in os.fsdecode(output).split("\0"):  # tens of thousands: decoded at once, entered in place
        tab = record.find("\t")  # what stands before it: `H 100644 BLOB 0`
        path = record[tab + 1 :]
        backup = ".backup" in path and ".backup" in path.rpartition("/")[2]
        if not (backup or path.endswith(".py") or reads(path)):
            continue
        if record[:5] == "H 100" and record[tab - 1] == "0":  # nearly all: a file of which nothing else is to be said
            if backup:
                tree.backups.append(path)
            else:
                files[path] = from_hex(record[9 : tab - 2])
            continue
        if record.startswith(skipped, 2):
            continue
        flag, blob, stage = record[0], record[9 : tab - 2], record[tab - 1]
        if stage != "0":
            unmerged.add(path)
            if stage == "3" and path in files:
                continue
        if on_disk and flag == "S" and not os.path.lexists(tree.root / path):
            continue  # left out by a sparse checkout
        if backup:
            tree.backups.append(path)
        elif on_disk and flag.islower():
            files[path] = None  # assumed unchanged: git does not look, so we do
        else:
            files[path] = from_hex(blob)
    return unmerged


def _enter(tree: Tree, mode: bytes, blob: bytes, name: bytes) -> None:
    if mode in (_LINK, _MODULE):
        return
    _file(tree, os.fsdecode(name), bytes.fromhex(blob.decode()))


def _file(tree: Tree, path: str, key: Key | None) -> None:
    """Files a path as a backup, or as a Python file or a document."""
    if ".backup" in path.rpartition("/")[2]:
        tree.backups.append(path)
    elif path.endswith(".py") or reader_of(path):
        tree.files[path] = key


def _really_changed(tree: Tree, names: list[str]) -> bool:
    """Whether a file that git's stat check doubts differs in content; files other than Python count as differing."""
    for name in names:
        key = tree.files.get(name)
        content = read_file(tree.root / name) if key else None
        if content is None or key is None or blob_key(content, size=len(key)) != key:
            return True
    return False


def _head(git: Git) -> str | None:
    return git.output("rev-parse", "--verify", "--quiet", "HEAD", check=False).decode().strip() or None


def _plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def open_tree(
    path: Path,
    *,
    revision: str | None = None,
    staged: bool = False,
    complete: bool = True,
    python_only: bool = False,
) -> Tree:
    """The tree that a path names: the repository around it, or the folder itself outside git.

    Raises `UserError` where the path does not exist, or a revision or the index is asked for outside git.
    """
    refuse_closed(path)
    if not path.exists():
        raise UserError(f"`{path}` does not exist; name a folder, a file or a git directory")
    found = find_repository(path.resolve())
    if found is None:
        if revision is not None or staged:
            wanted = "--staged" if staged else "--rev"
            raise UserError(f"`{path}` is not in a git repository, which `{wanted}` needs; leave it out, or name one")
        folder = path.resolve() if path.is_dir() else path.resolve().parent
        return open_folder(_project_root(folder))
    git, top = found
    if revision is not None:
        return open_commit(git, top or git.directory, revision)
    if top is None:
        if staged:
            raise UserError(f"`{path}` is a git directory, whose index is not read; name a commit with `--rev`")
        tree = open_commit(git, git.directory, "HEAD")
        tree.notes.append("a git directory holds no files, so its HEAD is audited; name a commit with `--rev`")
        return tree
    if staged:
        return open_index(git, top)
    return open_working_tree(git, top, complete=complete, python_only=python_only)


def open_reading_tree(path: Path, *, revision: str | None = None, staged: bool = False) -> Tree:
    """The tree that a path names, for reading single files: nothing is listed."""
    refuse_closed(path)
    found = find_repository(path.resolve())
    if found is None:
        folder = path.resolve() if path.is_dir() else path.resolve().parent
        return Tree("folder", _project_root(folder), None)
    git, top = found
    if revision or top is None:
        return Tree("commit", top or git.directory, git, commit=git.resolve(revision or "HEAD"))
    return Tree("index" if staged else "worktree", top, git)


_OF_PROJECTS = ("canonry.toml", "pyproject.toml", "setup.cfg", "setup.py")


def is_project(folder: Path) -> bool:
    """Whether a folder lies in a repository, or in a project that a file of it says to be one."""
    if find_repository(folder.resolve()) is not None:
        return True
    root = _project_root(folder.resolve())
    return any(is_file(root / name) for name in _OF_PROJECTS)


def _project_root(folder: Path) -> Path:
    for candidate in (folder, *folder.parents):
        if any(is_file(candidate / name) for name in _OF_PROJECTS):
            return candidate
    services = (candidate for candidate in (folder, *folder.parents) if candidate.name in (".github", ".gitlab"))
    return next((candidate.parent for candidate in services), folder)


def stat_record(path: str) -> StatRecord | None:
    """The stat record of a regular file, None for anything else."""
    try:
        status = os.lstat(path)
    except OSError:
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino
