"""What the codemods make of a commit: findings by codemod and grade, shares, speed; and what a second run finds.

``python benchmarks/migrate_reference.py GIT_DIR --rev REV [--config FILE] [--second] [--no-cache]``. Nothing is written
but a temporary folder, with ``--second``: the tree with all results in it, which is migrated once more. Files looked at
are the live Python files and the documents that canonry reads (workflows, scripts, Make, ...); the CPU seconds are
those of all processes. Facts that an audit or a migration before has kept are used again.
"""

import argparse
import ast
import gc
import sys
import tempfile
import warnings
from pathlib import Path

if not __package__:  # started as a script: `benchmarks` is found in the folder above
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.migrate_speed import blobs
from canonry.audit.request import Request
from canonry.migrate.engine import Migrated, Wanted, migrate
from canonry.model.edit import Grade
from canonry.report.migration import grades
from canonry.source.trees.git import BlobReader, Git


def main() -> None:
    """Prints one table per commit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repository", type=Path)
    parser.add_argument("--rev", action="append", required=True)
    parser.add_argument("--config", type=Path)
    parser.add_argument("--codemod", action="append", default=[])
    parser.add_argument("--second", action="store_true")
    parser.add_argument("--unchecked", action="store_true", help="leave out the six checks, to see what planning costs")
    parser.add_argument("--no-cache", action="store_true", help="read the facts of all files, whatever is kept of them")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    gc.disable()
    for rev in options.rev:
        wanted = Wanted(codemods=tuple(options.codemod), review=True, checked=not options.unchecked)
        cache = not options.no_cache
        request = Request(repository=options.repository, revision=rev, config=options.config, workers=2, cache=cache)
        found = migrate(request, wanted)
        print(f"## {rev}\n")
        show(found)
        if options.second:
            print(f"a second run edits {second(options.repository, rev, options.config, found, wanted):,} files\n")


def show(found: Migrated) -> None:
    """Prints the findings by codemod and grade with their shares, whether every result parses, and the speed."""
    print("| codemod | safe | review | manual | safe, share | safe + review, share |")
    print("| -- | --: | --: | --: | --: | --: |")
    for name, counts in grades(found.summary).items():
        total = counts.total()
        done = counts[Grade.SAFE] + counts[Grade.REVIEW]
        cells = " | ".join(f"{counts[grade]:,}" for grade in Grade)
        print(f"| {name} | {cells} | {counts[Grade.SAFE] / total:.1%} | {done / total:.1%} |")
    parsed, moved = 0, []
    for path, content in found.after().items():
        if path.endswith(".py"):
            renames = dict(found.renames.get(path, ()))
            before = sorted(renames.get(each, each) for each in test_ids(found.before[path]))
            moved += [path] if before != test_ids(content) else []
            parsed += 1
    summary = found.summary
    print(f"\n{parsed:,} results parse, {parsed - len(moved):,} of them with the same test ids")
    for path in moved:
        print(f"other test ids: {path}")
    speed = summary.files / summary.cpu_seconds
    print(f"{summary.files:,} files looked at in {summary.cpu_seconds:.1f} CPU seconds, {speed:,.0f} a CPU second; ")
    print(f"{summary.changed:,} files edited, {summary.changed / summary.cpu_seconds:,.0f} a CPU second\n")


def test_ids(content: bytes) -> list[str]:
    """The functions of a source that are named like tests, with their classes, sorted."""
    found: list[str] = []
    waiting: list[tuple[str, ast.AST]] = [("", ast.parse(content))]
    while waiting:
        owner, node = waiting.pop()
        for child in reversed(list(ast.iter_child_nodes(node))):
            if isinstance(child, ast.ClassDef):
                waiting.append((f"{owner}{child.name}::", child))
            elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                found += [f"{owner}{child.name}"] if child.name.startswith("test") else []
                waiting.append((f"{owner}{child.name}.", child))
            else:
                waiting.append((owner, child))
    return sorted(found)


def second(repository: Path, rev: str, config: Path | None, found: Migrated, wanted: Wanted) -> int:
    """How many files a second run would edit, in a tree that holds all results of the first."""
    with tempfile.TemporaryDirectory() as folder:
        after, gone = found.after(), {change.path for change in found.plan.files if change.removed}
        reader = BlobReader(Git(repository))
        for path, blob in blobs(repository, rev).items():
            place, content = Path(folder, path), after.get(path) or reader.read(blob)
            if path in gone or content is None:  # the store may lack some
                continue
            try:
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(content)
            except OSError as error:
                print(f"left out: {path[:80]}: {error.strerror}")
        reader.close()
        request = Request(repository=Path(folder), config=config, workers=2)  # what stayed as it was has been read
        again = migrate(request, wanted)
        for change in again.plan.files[:20]:
            print(f"again: {change.path}: {change.reason}")
            for edit in change.edits[:3]:
                print(f"    {edit.rule}: {edit.expected[:100]!r} -> {edit.replacement[:100]!r}")
        return len(again.plan.files)


if __name__ == "__main__":
    main()
