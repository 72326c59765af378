"""How fast an audit is, beside ruff on the same tree in the same minutes.

Run it as ``python benchmarks/audit_speed.py`` (a tree is made) or ``python benchmarks/audit_speed.py TREE`` (it is
copied). Always exits 0: it measures, it does not judge.
"""

import argparse
import json
import os
import platform
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

if not __package__:  # started as a script: `benchmarks` is found in the folder above
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.arguments import tree_parser
from benchmarks.measure import Cost, clean_environment, peak_memory, run_measured
from benchmarks.table import render_table
from benchmarks.trees import (
    KINDS,
    ONE_FILE,
    TreeSize,
    change_files,
    change_somehow,
    commit_everything,
    make_messy,
    pick_files,
    put_tree,
    python_files,
    tree_size,
)

COLD_BAR, COLD_BAR_REPEATED, REPEATED = 5.0, 3.0, 0.4
WARM_BAR, WARM_WALL_BAR = 0.25, 1.0
FIVE, FIVE_WALL_BAR = 5, 0.3
CHANGED_BAR = 3.0
MEMORY_BAR = 300.0
VERSION_BAR = 100.0
VERSION_RUNS = 20
NEIGHBOUR_CHANGES = 40
RACY_SECONDS = 2.5
"""Both tools distrust a file that was written within the last moments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One line of the table. ``bar`` is for the ratio where ``relative``, else for canonry's own value."""

    name: str
    unit: str
    canonry: float
    ruff: float | None = None
    ratio: float | None = None
    bar: float | None = None
    relative: bool = False
    runs: list[list[float]] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        """``ok``, ``over``, or nothing where there is no bar."""
        value = self.ratio if self.relative else self.canonry
        if self.bar is None or value is None:
            return ""
        return "ok" if value <= self.bar else "over"


@dataclass(frozen=True, slots=True)
class Bench:
    """A tree under git, and the two commands that look at it."""

    root: Path
    canonry: str
    ruff: str
    runs: int

    def audit(self, *arguments: str) -> list[str]:
        """The command of an audit."""
        return [self.canonry, "audit", *arguments, "--output-format", "concise", "--exit-zero"]

    def lint(self, *arguments: str) -> list[str]:
        """The command of ruff."""
        options = ["--select", "E9,TID,PT", "--output-format", "concise", "--quiet", "--exit-zero"]
        return [self.ruff, "check", *options, "--cache-dir", str(self.root / ".ruff_cache"), *arguments]

    def forget(self) -> None:
        """Removes both caches."""
        for name in (".canonry", ".ruff_cache"):
            shutil.rmtree(self.root / name, ignore_errors=True)

    def pairs(
        self, *, arguments: Sequence[str] = (), options: Sequence[str] = (), before: Callable[[int], None]
    ) -> list[tuple[Cost, Cost]]:
        """Costs of audit and ruff, run by turns; ``options`` are the audit's, ``before`` is called ahead of each."""
        found: list[tuple[Cost, Cost]] = []
        for number in range(self.runs):
            before(number)
            audit = run_measured(self.audit(*options, *arguments), self.root)
            found.append((audit, run_measured(self.lint(*arguments), self.root)))
        return found


def main() -> None:
    """Measures and prints."""
    options = _arguments()
    with tempfile.TemporaryDirectory(prefix="bench-", dir=options.work) as folder:
        root = Path(folder, "tree")
        _say("making the tree")
        put_tree(root, options.tree, files=options.files, repeat_share=options.repeat_share, seed=options.seed)
        bench = Bench(root, options.canonry, options.ruff, options.runs)
        size = tree_size(root, python_files(root))
        measures, mess = measure_all(bench, size, dirty=options.dirty, seed=options.seed, warm_only=options.warm_only)
        facts = describe_machine(bench, size) | mess
    _print(measures, facts)
    if options.json:
        document = {"facts": facts, "measures": [asdict(each) | {"verdict": each.verdict} for each in measures]}
        options.json.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def measure_all(
    bench: Bench, size: TreeSize, *, dirty: float, seed: int, warm_only: bool
) -> tuple[list[Measure], dict[str, str]]:
    """All measures of a fresh tree, which is changed on the way, and how messy it was in the end."""
    root, paths = bench.root, python_files(bench.root)
    commit_everything(root, "the tree")
    changed = pick_files(paths, NEIGHBOUR_CHANGES, seed=seed + 1)
    change_files(root, changed, "second commit")
    commit_everything(root, "a few changes")
    five = pick_files(paths, FIVE, seed=seed)
    run_measured(bench.audit(*five, "--no-cache"), root)  # byte code is written, files are read into memory
    found = [] if warm_only else [*measure_cold(bench, size), *measure_neighbour(bench, len(changed))]
    edited, added = make_messy(root, paths, share=dirty, seed=seed)
    time.sleep(RACY_SECONDS)
    found += measure_warm(bench)
    with_findings = _files_with_findings(bench)
    found += measure_five(bench, five)
    found += measure_changed(bench, five)
    found.append(measure_version(bench))
    mess = {
        "made dirty for the warm audit": f"{edited:,} changed, {added:,} unknown to git",
        "files with findings of ruff (which it does not cache)": f"{with_findings:,}",
    }
    return found, mess


def measure_cold(bench: Bench, size: TreeSize) -> list[Measure]:
    """Neither has a cache; the tree is committed and unchanged."""
    _say("cold")
    pairs = bench.pairs(before=lambda _: bench.forget())
    bar = COLD_BAR_REPEATED if size.repeated >= REPEATED else COLD_BAR
    bench.forget()
    memory = peak_memory(bench.audit(), bench.root)
    return [
        _paired("cold, CPU", pairs, "cpu", bar=bar, relative=True),
        _paired("cold, wall", pairs, "wall"),
        Measure(name="cold, peak memory", unit="MB", canonry=memory, bar=MEMORY_BAR),
    ]


def measure_warm(bench: Bench) -> list[Measure]:
    """Both have looked at the messy tree before, and nothing changed since."""
    _say("warm")
    run_measured(bench.audit(), bench.root)
    run_measured(bench.lint(), bench.root)
    pairs = bench.pairs(before=lambda _: None)
    memory = peak_memory(bench.audit(), bench.root)
    return [
        _paired("warm and messy, CPU", pairs, "cpu", bar=WARM_BAR, relative=True),
        _paired("warm and messy, wall", pairs, "wall", bar=WARM_WALL_BAR),
        Measure(name="warm and messy, peak memory", unit="MB", canonry=memory, bar=MEMORY_BAR),
    ]


def measure_five(bench: Bench, five: Sequence[str]) -> list[Measure]:
    """Five files whose contents changed since the last full audit, as before a commit."""
    _say("five files")
    pairs = bench.pairs(arguments=five, before=lambda number: change_files(bench.root, five, f"run {number}"))
    return [
        _paired("five files, CPU", pairs, "cpu"),
        _paired("five files, wall", pairs, "wall", bar=FIVE_WALL_BAR),
    ]


def measure_changed(bench: Bench, five: Sequence[str]) -> list[Measure]:
    """The whole tree again, the rules in preview included, after five of its files changed, and after one came or went.

    Each change is made on top of the last, which was audited. Files are renamed and removed last.
    """
    found: list[Measure] = []
    for kind in (*KINDS, *ONE_FILE):
        _say(kind)
        run_measured(bench.audit("--preview"), bench.root)

        def change(number: int, kind: str = kind) -> None:
            change_somehow(bench.root, five, kind, number)

        pairs = bench.pairs(options=("--preview",), before=change) if kind not in ONE_FILE[1:] else _once(bench, change)
        files = "" if kind in ONE_FILE else "five times "
        found.append(_paired(f"the whole tree after {files}a {kind}, CPU", pairs, "cpu", bar=CHANGED_BAR))
    return found


def _once(bench: Bench, change: Callable[[int], None]) -> list[tuple[Cost, Cost]]:
    """One pair: what the change takes away is gone."""
    return replace(bench, runs=1).pairs(options=("--preview",), before=change)


def measure_neighbour(bench: Bench, changes: int) -> list[Measure]:
    """A commit without a cache, then its parent: only contents that the first did not hold are read."""
    _say("commits")
    first: list[float] = []
    second: list[float] = []
    read = 0
    for _ in range(bench.runs):
        bench.forget()
        first.append(run_measured(bench.audit("--rev", "HEAD"), bench.root).cpu)
        kept = _kept_contents(bench.root)
        second.append(run_measured(bench.audit("--rev", "HEAD~1"), bench.root).cpu)
        read = _kept_contents(bench.root) - kept
    bench.forget()
    runs = [list(pair) for pair in zip(first, second, strict=True)]
    return [
        Measure(name="a commit, cold, CPU", unit="s", canonry=statistics.median(first), runs=runs),
        Measure(name="its parent after it, CPU", unit="s", canonry=statistics.median(second), runs=runs),
        Measure(name="its parent after it, contents read", unit="", canonry=read, bar=changes),
    ]


def measure_version(bench: Bench) -> Measure:
    """``canonry --version``: what every start costs."""
    walls = [run_measured([bench.canonry, "--version"], bench.root).wall * 1000 for _ in range(VERSION_RUNS)]
    return Measure(
        name="canonry --version, wall",
        unit="ms",
        canonry=statistics.median(walls),
        bar=VERSION_BAR,
        runs=[[wall] for wall in walls],
    )


def describe_machine(bench: Bench, size: TreeSize) -> dict[str, str]:
    """What the numbers depend on."""
    shown = _output([bench.ruff, "check", "--show-files"], bench.root).splitlines()
    return {
        "Python files": f"{size.files:,} with {size.megabytes:,.0f} MB",
        "distinct contents": f"{size.distinct:,} ({size.repeated:.0%} of the files repeat one)",
        "files that ruff looks at, after the mess": f"{sum(name.endswith('.py') for name in shown):,}",
        "pairs of runs": str(bench.runs),
        "CPU": _cpu_model(),
        "cores": f"{len(os.sched_getaffinity(0))}, load {os.getloadavg()[2]:.1f} in the last 15 minutes",
        "Python": platform.python_version(),
        "canonry": _output([bench.canonry, "--version"], bench.root).split()[-1],
        "ruff": _output([bench.ruff, "--version"], bench.root).split()[-1],
        "git": _output(["git", "--version"], bench.root).split()[2],
    }


def _paired(
    name: str, pairs: Sequence[tuple[Cost, Cost]], kind: str, *, bar: float | None = None, relative: bool = False
) -> Measure:
    """Medians of both sides, and the median of the ratios of the pairs."""
    values: list[list[float]] = [[getattr(ours, kind), getattr(theirs, kind)] for ours, theirs in pairs]
    return Measure(
        name=name,
        unit="s",
        canonry=statistics.median(ours for ours, _ in values),
        ruff=statistics.median(theirs for _, theirs in values),
        ratio=statistics.median(ours / theirs for ours, theirs in values),
        bar=bar,
        relative=relative,
        runs=values,
    )


def _kept_contents(root: Path) -> int:
    connection = sqlite3.connect(root / ".canonry" / "cache.db")
    try:
        return int(connection.execute("select count(*) from facts").fetchone()[0])
    finally:
        connection.close()


def _files_with_findings(bench: Bench) -> int:
    lines = _output(bench.lint(), bench.root).splitlines()
    return len({line.partition(":")[0] for line in lines if ".py:" in line})


def _output(command: Sequence[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, env=clean_environment(), capture_output=True, text=True, check=True)
    return done.stdout


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or "unknown"


def _print(measures: Sequence[Measure], facts: dict[str, str]) -> None:
    rows = [
        [
            f"{each.name} [{each.unit}]" if each.unit else each.name,
            _number(each.canonry),
            "" if each.ruff is None else _number(each.ruff),
            "" if each.ratio is None else f"{each.ratio:.2f}",
            _bar(each),
            each.verdict,
        ]
        for each in measures
    ]
    print(render_table(["measure", "canonry", "ruff", "ratio", "bar", "verdict"], rows))
    print(render_table(["fact", "value"], [[name, value] for name, value in facts.items()]))


def _bar(measure: Measure) -> str:
    if measure.bar is None:
        return ""
    return f"<= {measure.bar:g} x ruff" if measure.relative else f"<= {measure.bar:g} {measure.unit}".rstrip()


def _number(value: float) -> str:
    return f"{value:.3f}" if value < 10 else f"{value:.1f}" if value < 1000 else f"{value:,.0f}"


def _say(what: str) -> None:
    print(f"audit_speed: {what}", file=sys.stderr, flush=True)


def _arguments() -> argparse.Namespace:
    parser = tree_parser(
        "CPU seconds of an audit beside ruff's, on the same tree.",
        runs=5,
        of_runs="pairs of runs per measure",
        of_ruff="the ruff to measure",
    )
    parser.add_argument("--repeat-share", type=float, default=0.0, help="share of files that repeat a content, 0..1")
    parser.add_argument("--dirty", type=float, default=0.3, help="share of files made dirty for the warm audit, 0..1")
    parser.add_argument("--warm-only", action="store_true", help="leave out what begins without a cache")
    return parser.parse_args()


if __name__ == "__main__":
    main()
