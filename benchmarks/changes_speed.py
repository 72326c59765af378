"""What changes cost: splicing, the checks, and a plan of many files on the disk and back.

``python benchmarks/changes_speed.py [TREE] [--files N]``. TREE is a folder of Python files (default: canonry's own
source). Every file gets up to nine edits that replace whole expressions; those are spliced, and checked. Then N files
of a temporary folder are changed as one plan, and rolled back.
"""

import argparse
import ast
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from canonry.changes.apply import apply_plan
from canonry.changes.check import check_result
from canonry.changes.rollback import roll_back
from canonry.changes.splice import digest_of, replace_file, splice
from canonry.model.change_plan import ChangePlan, FileChange, Verification
from canonry.model.edit import Edit
from canonry.source.syntax.text import SourceText
from canonry.source.syntax.versions import RUNNING

_EDITS = 9


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tree", type=Path, nargs="?", default=Path(__file__).parents[1] / "src")
    parser.add_argument("--files", type=int, default=1_000)
    options = parser.parse_args()
    changes = planned(options.tree)
    edits = sum(len(change.edits) for change, _ in changes)
    print(f"{len(changes):,} files, {edits:,} edits")
    seconds, _ = timed(lambda: [splice(content, change.edits) for change, content in changes])
    print(f"splice: {len(changes) / seconds:,.0f} files per CPU second")
    seconds, _ = timed(lambda: [judged(change, content) for change, content in changes])
    print(f"checks 1, 2, 3 and 5: {len(changes) / seconds:,.0f} files per CPU second")
    on_disk(options.files)


def planned(tree: Path) -> list[tuple[FileChange, bytes]]:
    """Every Python file below a folder that parses and has calls, with edits that replace some of them."""
    chance, found = random.Random(1), []
    for path in sorted(tree.rglob("*.py")):
        content = path.read_bytes()
        try:
            edits = replaced_calls(content, chance)
        except (SyntaxError, ValueError):
            continue
        if edits:
            found.append((FileChange(path=str(path), digest=digest_of(content), edits=edits), content))
    return found


def replaced_calls(content: bytes, chance: random.Random) -> tuple[Edit, ...]:
    """Edits that put brackets around calls outside f-strings, none inside another."""
    tree, text, taken = ast.parse(content), SourceText(content), 0
    strings = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and id(node) not in strings]
    edits = []
    for node in sorted(chance.sample(calls, min(len(calls), _EDITS)), key=lambda node: (node.lineno, node.col_offset)):
        start = text.offset(node.lineno, node.col_offset)
        end = text.offset(node.end_lineno or 0, node.end_col_offset or 0)
        if start >= taken:
            old, taken = content[start:end], end + 1
            edits.append(Edit(start=start, end=end, expected=old, replacement=b"(" + old + b")", rule="BENCH"))
    return tuple(edits)


def judged(change: FileChange, content: bytes) -> str | None:
    """What the checks say."""
    after = splice(content, change.edits)
    return check_result(change, content, after, target=RUNNING, plan_again=None, own=False)


def on_disk(count: int) -> None:
    """Changes files of about 2 kB as one plan, and rolls it back; most of the wall time waits for the disk."""
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        files = []
        for number in range(count):
            path, before = f"p{number % 40}/m{number}.py", f"value_{number} = 1\n".encode() * 120
            (root / path).parent.mkdir(exist_ok=True)
            (root / path).write_bytes(before)
            files.append(replace_file(path, before, b"made = 1\n" + before, rule="BENCH"))
        plan = ChangePlan(files=tuple(files), reason="a benchmark", origin="bench", verification=Verification.OWN)
        for name, action in (
            ("apply", lambda: apply_plan(root, plan, verify=lambda *_: None)),
            ("roll back", lambda: roll_back(root, "1")),
        ):
            started = time.perf_counter()
            seconds, _ = timed(action)
            wall = time.perf_counter() - started
            print(f"{name}: {count:,} files in {wall:.1f} s, {seconds:.1f} CPU s")


def timed(action: Callable[[], object]) -> tuple[float, object]:
    """The CPU seconds of an action, and what it returned."""
    started = time.process_time()
    result = action()
    return time.process_time() - started, result


if __name__ == "__main__":
    main()
