"""What migrating costs: all codemods with all checks, and one rewrite beside LibCST's own codemod for it.

``python benchmarks/migrate_speed.py TREE [--rev REV] [--files N] [--seed SEED] [--old MODULE.NAME] [--libcst FOLDER]``.
TREE is a folder, or with ``--rev`` a git directory, also a bare one. N of its Python files (0: all) are copied into a
temporary folder. The rewrite imports a name from elsewhere: canonry's `canonical-symbol`, LibCST's `RenameCommand`;
without ``--old`` it is the name that the sample imports most often. FOLDER holds LibCST where it is not installed
(``pip install --target FOLDER libcst``). Each row is a process of its own with one worker; its CPU seconds are all of
that process, user and system, the start of Python included. LibCST checks nothing.
"""

import argparse
import ast
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

if not __package__:  # started as a script: `benchmarks` is found in the folder above
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.measure import clean_environment
from benchmarks.table import render_table

_HOME = "canonical_home"
_REGULAR = ("100644", "100755")
_LIBCST = """
import json, sys, warnings
from pathlib import Path
from libcst.codemod import CodemodContext, TransformSuccess, transform_module
from libcst.codemod.commands.rename import RenameCommand

warnings.simplefilter("ignore")
root, old, new, word = Path(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
files = edited = failed = 0
for path in sorted(root.rglob("*.py")):
    files += 1
    content = path.read_bytes()
    if word and word.encode() not in content:
        continue
    try:
        text = content.decode()
    except UnicodeDecodeError:
        failed += 1
        continue
    result = transform_module(RenameCommand(CodemodContext(filename=str(path)), old, new), text)
    failed += not isinstance(result, TransformSuccess)
    edited += isinstance(result, TransformSuccess) and result.code != text
print(json.dumps({"files": files, "edited": edited, "failed": failed}))
"""
_CANONRY = """
import gc, json, sys, warnings
from pathlib import Path
from canonry.audit.request import Request
from canonry.migrate.engine import Wanted, migrate

warnings.simplefilter("ignore")
gc.disable()
root, config, names = Path(sys.argv[1]), Path(sys.argv[2]), tuple(sys.argv[3:])
found = migrate(Request(repository=root, config=config, workers=1), Wanted(codemods=names, review=True))
print(json.dumps({"files": found.summary.files, "edited": len(found.plan.files), "failed": 0}))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What one process looked at, edited and could not do, and the CPU seconds that it took."""

    name: str
    files: int
    edited: int
    failed: int
    seconds: float

    @property
    def speed(self) -> float:
        """Files looked at per CPU second."""
        return self.files / self.seconds


def main() -> None:
    """Prints a table, and how many times faster canonry is at the same rewrite."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tree", type=Path)
    parser.add_argument("--rev")
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--old", help="MODULE.NAME that is to be imported from elsewhere")
    parser.add_argument("--libcst", type=Path, help="a folder that holds LibCST")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="migrate-speed-") as place:
        root = Path(place, "tree")
        count = put_sample(options.tree, options.rev, root, options.files, options.seed)
        old = options.old or most_imported(root)
        new = f"{_HOME}.{old.rpartition('.')[2]}"
        rows = [*of_canonry(Path(place), root, old), *of_libcst(root, old, new, options.libcst)]
    print(f"{count:,} files; the rewrite imports `{old}` from `{_HOME}`\n")
    head = ("", "files", "edited", "failed", "CPU s", "files a CPU s", "edited a CPU s")
    print(render_table(head, [cells(row) for row in rows]))
    own, others = rows[2].speed, [row for row in rows if row.name.startswith("LibCST")]
    for row in others:
        print(f"canonical-symbol, nothing cached, is {own / row.speed:.1f} times as fast as {row.name}")
    if not others:
        print("LibCST is not there: `pip install --target FOLDER libcst`, then `--libcst FOLDER`")


def cells(row: Row) -> tuple[str, ...]:
    """A row of the table."""
    speeds = f"{row.speed:,.0f}", f"{row.edited / row.seconds:,.0f}"
    return row.name, f"{row.files:,}", f"{row.edited:,}", f"{row.failed:,}", f"{row.seconds:.1f}", *speeds


def of_canonry(place: Path, root: Path, old: str) -> Iterator[Row]:
    """All codemods and the one, each with an empty cache and with the facts of the run before."""
    module, _, name = old.rpartition(".")
    home = root / f"{_HOME}.py"
    plain, symbols = place / "plain.toml", place / "symbols.toml"
    plain.write_text('target-python = "3.11"\n')
    symbols.write_text(
        f'target-python = "3.11"\n[[canon.symbols]]\nname = "{name}"\nhome = "{_HOME}"\naliases = ["{module}.{name}"]\n'
    )
    for config, names in ((plain, ()), (symbols, ("canonical-symbol",))):
        shutil.rmtree(root / ".canonry", ignore_errors=True)
        if names:
            home.write_text(f"class {name}:\n    pass\n")
        for state in ("nothing cached", "facts cached"):
            what = f"canonry, {names[0] if names else 'all codemods'}, {state}"
            yield measured(what, [sys.executable, "-c", _CANONRY, str(root), str(config), *names], {})
    home.unlink()


def of_libcst(root: Path, old: str, new: str, folder: Path | None) -> Iterator[Row]:
    """LibCST over all files, and over those alone that hold the name."""
    path = {"PYTHONPATH": str(folder.resolve())} if folder is not None else {}
    asked = [sys.executable, "-c", "import libcst"]
    if subprocess.run(asked, env=clean_environment() | path, capture_output=True, check=False).returncode:
        return
    for word, what in (("", "every file"), (old.rpartition(".")[2], "files that hold the name")):
        command = [sys.executable, "-c", _LIBCST, str(root), old, new, word]
        yield measured(f"LibCST, RenameCommand, {what}", command, path)


def measured(name: str, command: list[str], environment: dict[str, str]) -> Row:
    """A command's own account and the CPU seconds of its process."""
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, env=clean_environment() | environment, stdout=said)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{name} ends with {process.returncode}")
        said.seek(0)
        return Row(name=name, seconds=usage.ru_utime + usage.ru_stime, **json.loads(said.read()))


# the sample ----------------------------------------------------------------------------------------------------------


def put_sample(tree: Path, rev: str | None, root: Path, count: int, seed: int) -> int:
    """Writes some Python files of a tree into a folder; returns how many."""
    paths = sorted(path for path in (in_commit(tree, rev) if rev else in_folder(tree)) if path.endswith(".py"))
    chosen = random.Random(seed).sample(paths, count) if 0 < count < len(paths) else paths
    for path, content in contents(tree, rev, sorted(chosen)):
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    return len(list(root.rglob("*.py")))


def in_folder(tree: Path) -> Iterator[str]:
    """The Python files below a folder, but for what hidden folders hold."""
    for path in tree.rglob("*.py"):
        name = path.relative_to(tree)
        if path.is_file() and not any(part.startswith(".") for part in name.parts):
            yield name.as_posix()


def in_commit(repository: Path, rev: str) -> Iterator[str]:
    """The files of a commit; links are left out."""
    yield from blobs(repository, rev)


def blobs(repository: Path, rev: str) -> dict[str, str]:
    """The files of a commit, each with the id of its blob; links are left out."""
    found: dict[str, str] = {}
    command = ["git", "-C", str(repository), "ls-tree", "-r", "-z", rev]
    for row in subprocess.run(command, capture_output=True, check=True).stdout.split(b"\0"):
        what, _, path = row.partition(b"\t")
        mode, _, blob = what.decode().split(" ") if what else ("", "", "")
        if mode in _REGULAR:
            found[os.fsdecode(path)] = blob
    return found


def contents(tree: Path, rev: str | None, paths: list[str]) -> Iterator[tuple[str, bytes]]:
    """The bytes of these files; those that the store lacks are passed over."""
    if rev is None:
        yield from ((path, (tree / path).read_bytes()) for path in paths)
        return
    command = ["git", "-C", str(tree), "cat-file", "--batch"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for path in paths:
            process.stdin.write(os.fsencode(f"{rev}:{path}\n"))
            process.stdin.flush()
            head = process.stdout.readline().split()
            if head[-1] != b"missing":
                yield path, process.stdout.read(int(head[-1]))
                process.stdout.read(1)
        process.stdin.close()


def most_imported(root: Path) -> str:
    """The class that most files import by its absolute name, as ``module.Name``."""
    found: Counter[str] = Counter()
    for path in sorted(root.rglob("*.py")):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tree = ast.parse(path.read_bytes())
        except (SyntaxError, ValueError):
            continue
        found.update(
            {
                f"{node.module}.{alias.name}"
                for node in ast.walk(tree)
                if isinstance(node, ast.ImportFrom) and not node.level and node.module not in ("typing", "__future__")
                for alias in node.names
                if alias.name[:1].isupper()
            }
        )
    if not found:
        raise SystemExit("no file of the sample imports a class by name; name one with `--old MODULE.NAME`")
    return found.most_common(1)[0][0]


if __name__ == "__main__":
    main()
