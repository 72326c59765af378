"""What finding clones of functions costs: the first time, when nothing changed, and after five files changed.

Run it as ``python benchmarks/clones_speed.py`` (a tree is made) or ``python benchmarks/clones_speed.py TREE`` (it is
copied). Where lizard is installed beside Python (``pip install lizard``), its duplicate detector runs on the same
sample of files by turns with a cold audit. Always exits 0: it measures, it does not judge.
"""

import argparse
import ast
import json
import random
import shutil
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

if not __package__:  # started as a script: `benchmarks` is found in the folder above
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.arguments import tree_parser
from benchmarks.audit_speed import RACY_SECONDS, describe_machine
from benchmarks.audit_speed import Bench as AuditBench
from benchmarks.measure import Cost, peak_memory, run_measured
from benchmarks.table import render_table
from benchmarks.trees import (
    change_files,
    commit_everything,
    live_files,
    pick_files,
    put_tree,
    python_files,
    tree_size,
)

FIRST_BAR, FIVE_BAR, SHARE_BAR, MEMORY_BAR = 40.0, 3.0, 1.0, 300.0
FIVE = 5
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One line of the table: medians of ``runs``."""

    name: str
    unit: str
    value: float
    bar: float | None = None
    runs: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Bench:
    """A tree under git, and canonry."""

    root: Path
    canonry: str
    runs: int

    def audit(self, *arguments: str) -> list[str]:
        """The command of an audit."""
        return [self.canonry, "audit", *arguments, "--output-format", "concise", "--exit-zero"]

    def clones(self, *arguments: str) -> list[str]:
        """The command of an audit that looks for clones too."""
        return self.audit("--select", "DUP004", *arguments)

    def pairs(self, before: Callable[[int], None]) -> list[tuple[Cost, Cost]]:
        """The costs of an audit without clones, and of one with them, by turns, each after ``before``."""
        found: list[tuple[Cost, Cost]] = []
        for number in range(self.runs):
            before(2 * number)
            without = run_measured(self.audit(), self.root)
            before(2 * number + 1)
            found.append((without, run_measured(self.clones(), self.root)))
        return found


def main() -> None:
    """Measures and prints."""
    options = _arguments()
    with tempfile.TemporaryDirectory(prefix="bench-", dir=options.work) as folder:
        root = Path(folder, "tree")
        _say("making the tree")
        put_tree(root, options.tree, files=options.files, repeat_share=0.0, seed=options.seed)
        commit_everything(root, "the tree")
        bench = Bench(root, options.canonry, options.runs)
        paths = python_files(root)
        facts = describe_machine(AuditBench(root, options.canonry, options.ruff, options.runs), tree_size(root, paths))
        facts.pop("files that ruff looks at, after the mess")
        facts["functions in live files"] = f"{_functions(root, live_files(paths)):,}"
        measures = [*measure_first(bench), *measure_five(bench, pick_files(paths, FIVE, seed=options.seed))]
        if Path(options.lizard).exists():
            sample = _sample(root, live_files(paths), Path(folder, "sample"), options.sample, seed=options.seed)
            measures += measure_peer(bench, sample, options.lizard)
            facts["files in the sample"] = f"{options.sample:,}"
        else:
            _say(f"no lizard at {options.lizard}: left out")
    _print(measures, facts)
    if options.json:
        document = {"facts": facts, "measures": [asdict(each) for each in measures]}
        options.json.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def measure_first(bench: Bench) -> list[Measure]:
    """Facts are kept, shapes are not; then everything is kept and nothing changed."""
    _say("first time")
    state, kept = bench.root / ".canonry", bench.root.parent / "kept"
    run_measured(bench.audit(), bench.root)
    shutil.copytree(state, kept)

    def forget(_number: int) -> None:
        shutil.rmtree(state)
        shutil.copytree(kept, state)
        (state / "cache.db-wal").unlink(missing_ok=True)
        _forget_results(state)

    pairs = bench.pairs(forget)
    forget(0)
    memory = peak_memory(bench.clones(), bench.root)
    warm = [run_measured(bench.clones(), bench.root).cpu for _ in range(bench.runs)]
    return [
        _measure("audit with clones, the first time, CPU", [ours.cpu for _, ours in pairs], bar=FIRST_BAR),
        _measure("the same audit without clones, CPU", [without.cpu for without, _ in pairs]),
        _measure("nothing changed since, CPU", warm),
        Measure(name="the first time, peak memory (PSS, all processes)", unit="MB", value=memory, bar=MEMORY_BAR),
    ]


def measure_five(bench: Bench, five: Sequence[str]) -> list[Measure]:
    """Five files got contents that they never had; everything else is kept."""
    _say("five files")
    run_measured(bench.clones(), bench.root)
    time.sleep(RACY_SECONDS)

    def change(number: int) -> None:
        change_files(bench.root, five, f"run {number}")
        for path in five:
            with open(bench.root / path, "a", encoding="utf-8") as file:
                file.write(_new_function(number))

    pairs = bench.pairs(change)
    return [
        _measure("five files changed, with clones, CPU", [ours.cpu for _, ours in pairs], bar=FIVE_BAR),
        _measure("five files changed, without clones, CPU", [without.cpu for without, _ in pairs]),
        _measure("the difference, CPU", [ours.cpu - without.cpu for without, ours in pairs], bar=SHARE_BAR),
    ]


def measure_peer(bench: Bench, sample: Path, lizard: str) -> list[Measure]:
    """Both read the sample from nothing, by turns."""
    _say("lizard")
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(bench.runs):
        ours.append(run_measured([*bench.clones("--no-cache"), "."], sample).cpu)
        theirs.append(_finished([lizard, "-Eduplicate", "-l", "python", "."], sample).cpu)
    ratios = [mine / other for mine, other in zip(ours, theirs, strict=True)]
    return [
        _measure("sample, audit with clones from nothing, CPU", ours),
        _measure("sample, lizard -Eduplicate, CPU", theirs),
        Measure(name="sample, ratio", unit="", value=statistics.median(ratios), runs=ratios),
    ]


def _finished(command: Sequence[str], folder: Path) -> Cost:
    """The cost of a command that exits with 1 where it finds something."""
    shell = ["sh", "-c", '"$@" || [ $? -eq 1 ]', "sh", *command]
    return run_measured(shell, folder)


def _forget_results(state: Path) -> None:
    import sqlite3

    connection = sqlite3.connect(state / "cache.db")
    with connection:
        for table in ("results", "chunks"):
            connection.execute(f"delete from {table}")
    connection.close()


def _functions(root: Path, paths: Sequence[str]) -> int:
    found = 0
    for path in paths:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                tree = ast.parse((root / path).read_bytes())
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                continue
        found += sum(isinstance(node, _FUNCTIONS) for node in ast.walk(tree))
    return found


def _sample(root: Path, paths: Sequence[str], target: Path, count: int, *, seed: int) -> Path:
    target.mkdir()
    for number, path in enumerate(sorted(random.Random(seed).sample(paths, min(count, len(paths))))):
        shutil.copyfile(root / path, target / f"m{number:05}.py")
    return target


def _new_function(number: int) -> str:
    lines = "".join(f"    data = shop.step_{number}_{step}(data)\n" for step in range(12))
    return f"\n\ndef new_{number}(data):\n{lines}    return data\n"


def _measure(name: str, runs: list[float], *, bar: float | None = None) -> Measure:
    return Measure(name=name, unit="s", value=statistics.median(runs), bar=bar, runs=runs)


def _print(measures: Sequence[Measure], facts: dict[str, str]) -> None:
    rows = [
        [
            f"{each.name} [{each.unit}]" if each.unit else each.name,
            f"{each.value:.2f}",
            "" if each.bar is None else f"<= {each.bar:g} {each.unit}",
            "" if each.bar is None else "ok" if each.value <= each.bar else "over",
        ]
        for each in measures
    ]
    print(render_table(["measure", "median", "bar", "verdict"], rows))
    print(render_table(["fact", "value"], [[name, value] for name, value in facts.items()]))


def _say(what: str) -> None:
    print(f"clones_speed: {what}", file=sys.stderr, flush=True)


def _arguments() -> argparse.Namespace:
    parser = tree_parser(
        "CPU seconds of finding clones of functions.",
        runs=3,
        of_runs="runs per measure",
        of_ruff="a ruff, which counts the files",
    )
    parser.add_argument("--sample", type=int, default=400, help="files on which lizard runs too")
    parser.add_argument(
        "--lizard", default=str(Path(sys.executable).with_name("lizard")), help="the lizard to compare with"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
