"""The quality of `canonry repair` on a repair benchmark, beside two baselines.

``python benchmarks/repair_quality.py GIT_DIR BENCHMARK [--split dev.jsonl] [--limit N] [--methods NAME,...]``
``python benchmarks/repair_quality.py SOURCES BENCHMARK --synthetic [--limit 150] [--methods lines,greedy]``

GIT_DIR is a clone of the repository that the split's blobs come from, BENCHMARK the folder with the split and with
`evaluate.py`, which scores. A row may use the ancestors of its breaking commit, nothing later. The methods:

- ``history``: canonry, as `canonry repair GIT_DIR PATH --rev BREAKING_COMMIT` works;
- ``lines``: canonry with `--no-history`;
- ``restore``: the last earlier version that parses;
- ``greedy``: one small edit after another where the parser's error points (`greedy_repair.py`).

With ``--synthetic``, SOURCES is a folder of healthy Python files, which `damage.py` of BENCHMARK breaks; there is no
history then. Costs are CPU seconds a file.
"""

import argparse
import hashlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.greedy_repair import greedy_repair
from benchmarks.table import render_table
from canonry.repair.ancestors import find_ancestors
from canonry.repair.case import Blob, Case, repair_case
from canonry.source.syntax.parse import parse_source
from canonry.source.trees.git import BlobReader, Git

TARGET = (3, 11)
_SHOWN = ("parse", "stmt_f", "stmt_f_pair", "stmt_f_pair_by_commit", "files_stmt_f>=0.95", "exact", "tests_broken")
_MORE = ("keep", "invent", "idem")


class Row(NamedTuple):
    """One case of the split."""

    name: str
    path: str
    broken: str
    nearest: str
    break_commit: str
    newer: bool


class Done(NamedTuple):
    """What a method made of a case, and what it cost in CPU seconds; None where nothing parses."""

    name: str
    text: str | None
    seconds: float
    again: str | None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repository", type=Path, metavar="GIT_DIR")
    parser.add_argument("benchmark", type=Path, metavar="BENCHMARK")
    parser.add_argument("--split", default="dev.jsonl")
    parser.add_argument("--limit", type=int, default=0, help="only so many rows, drawn by the digest of their names")
    parser.add_argument("--methods", default="history,lines,restore,greedy")
    parser.add_argument("--synthetic", action="store_true", help="break healthy files instead of reading a split")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--work", type=Path, help="keep the files here [default: a temporary folder]")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        work = options.work or Path(temporary)
        work.mkdir(parents=True, exist_ok=True)
        (measure_synthetic if options.synthetic else measure)(options, work)


def measure_synthetic(options: argparse.Namespace, work: Path) -> None:
    """Breaks healthy files, runs the methods that need no history, prints a table."""
    count = options.limit or 150
    command = [options.benchmark / "damage.py", options.repository, work, count]
    subprocess.run([sys.executable, *map(str, command)], check=True, stdout=subprocess.DEVNULL)
    rows = [Row(path.name, path.name, "", "", "", newer=False) for path in sorted((work / "broken").iterdir())]
    results = []
    for method in options.methods.split(","):
        if method in ("lines", "greedy"):
            done = list(run(method, rows, None, work, workers=options.workers))
            results.append((method, score(done, method, work, options.benchmark, None), 0))
    print_table(results, rows)


def measure(options: argparse.Namespace, work: Path) -> None:
    """Writes the split, runs every method, prints a table."""
    split = options.benchmark / options.split
    rows = read_rows(split, options.limit)
    materialise = [sys.executable, options.benchmark / "materialise.py", options.repository, split, work]
    subprocess.run([*map(str, materialise), str(options.limit)], check=True, stdout=subprocess.DEVNULL)
    mendable = [row for row in rows if not row.newer]
    for row in rows:
        if row.newer:
            (work / "broken" / row.name).unlink(missing_ok=True)
    results = []
    for method in options.methods.split(","):
        started = time.process_time()
        done = list(run(method, mendable, options.repository, work, workers=options.workers))
        left_alone = [row for row in rows if row.newer and _touches(row, options.repository)]
        print(f"{method}: {len(done)} files, {time.process_time() - started:.0f} CPU s here", file=sys.stderr)
        results.append((method, score(done, method, work, options.benchmark, split), len(left_alone)))
    print_table(results, rows)


def read_rows(split: Path, limit: int) -> list[Row]:
    """The rows of a split, in the order in which it is materialised."""
    found = [json.loads(line) for line in split.read_text(encoding="utf-8").splitlines()]
    found.sort(key=lambda row: hashlib.sha1(row["id"].encode(), usedforsecurity=False).hexdigest())
    return [
        Row(
            row["id"].replace(":", "_") + ".py",
            row["path"],
            row["broken"],
            row.get("nearest") or "",
            row["break_commit"],
            bool(row.get("newer_python")),
        )
        for row in found[: limit or None]
    ]


def run(method: str, rows: Sequence[Row], repository: Path | None, work: Path, *, workers: int) -> Iterator[Done]:
    """What one method makes of every row."""
    asks = method == "history" and repository is not None
    cases = list(_cases(rows, repository)) if asks and repository else [Case(row.path, b"") for row in rows]
    jobs = [(method, row, case, repository, work) for row, case in zip(rows, cases, strict=True)]
    with ProcessPoolExecutor(workers) as pool:
        yield from pool.map(_work, jobs, chunksize=4)


def _cases(rows: Sequence[Row], repository: Path) -> Iterator[Case]:
    git = Git(repository)
    by_commit: dict[str, set[str]] = {}
    for row in rows:
        by_commit.setdefault(row.break_commit, set()).add(row.path)
    versions = {commit: find_ancestors(git, commit, sorted(paths)) for commit, paths in by_commit.items()}
    for row in rows:
        yield Case(row.path, bytes.fromhex(row.broken), versions=versions[row.break_commit].get(row.path, ()))


def _work(job: tuple[str, Row, Case, Path | None, Path]) -> Done:
    method, row, case, repository, work = job
    content = (work / "broken" / row.name).read_bytes()
    reader = BlobReader(Git(repository)) if repository is not None else None
    blob = reader.read if reader is not None else _no_blob
    try:
        started = time.process_time()
        text = _METHODS[method](content, case, row, blob)
        seconds = time.process_time() - started
        again = None if text is None else _METHODS[method](text.encode(), Case(row.path, b""), row, blob)
    finally:
        if reader is not None:
            reader.close()
    return Done(row.name, text, seconds, again)


def _canonry(content: bytes, case: Case, _row: Row, blob: Blob) -> str | None:
    if parse_source(content, TARGET)[2] is None:
        return content.decode()
    proposal = repair_case(case, content, blob, TARGET)
    return None if proposal.after is None else proposal.after.decode()


def _restore(content: bytes, _case: Case, row: Row, blob: Blob) -> str | None:
    found = blob(row.nearest) if row.nearest else None
    return found.decode("utf-8", "replace").replace("\r\n", "\n") if found is not None else None


def _greedy(content: bytes, _case: Case, _row: Row, _blob: Blob) -> str | None:
    return greedy_repair(content.decode())


_METHODS: dict[str, Callable[[bytes, Case, Row, Blob], str | None]] = {
    "history": _canonry,
    "lines": _canonry,
    "restore": _restore,
    "greedy": _greedy,
}


def _no_blob(_blob: str) -> bytes | None:
    return None


def _touches(row: Row, repository: Path) -> bool:
    """Whether canonry proposes anything for a file that only a newer Python reads."""
    reader = BlobReader(Git(repository))
    try:
        content = reader.read(row.broken) or b""
        return repair_case(Case(row.path, b"", newer="asked"), content, reader.read, TARGET).after is not None
    finally:
        reader.close()


def score(done: Sequence[Done], method: str, work: Path, benchmark: Path, split: Path | None) -> dict[str, Any]:
    """What `evaluate.py` says of the method's files, and what they cost."""
    for folder, texts in (
        ("", [(each.name, each.text) for each in done]),
        ("-again", [(d.name, d.again) for d in done]),
    ):
        target = work / f"{method}{folder}"
        target.mkdir(exist_ok=True)
        for name, text in texts:
            (target / name).unlink(missing_ok=True)
            if text is not None:
                (target / name).write_text(text, encoding="utf-8", newline="")
    report = work / f"{method}.json"
    command = [benchmark / "evaluate.py", work / "broken", work / method, "--truth", work / "truth"]
    command += ["--again", work / f"{method}-again", "--json", report, *(["--split", split] if split else [])]
    subprocess.run([sys.executable, *map(str, command)], check=True, stdout=subprocess.DEVNULL)
    summary: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))["summary"]
    seconds = sorted(each.seconds for each in done)
    summary["median_seconds"] = statistics.median(seconds)
    summary["p90_seconds"] = seconds[int(0.9 * (len(seconds) - 1))]
    return summary


def print_table(results: Sequence[tuple[str, dict[str, Any], int]], rows: Sequence[Row]) -> None:
    """A column per method."""
    print(f"{len(rows)} rows, {sum(row.newer for row in rows)} of them for a newer Python")
    lines = [
        [name, *(f"{summary[name]:.4f}" for _, summary, _ in results)]
        for name in (*_SHOWN, *_MORE)
        if all(summary.get(name) is not None for _, summary, _ in results)
    ]
    lines += [
        [name, *(f"{summary[name]:.3f}" for _, summary, _ in results)] for name in ("median_seconds", "p90_seconds")
    ]
    lines.append(["newer touched", *(str(touched) for _, _, touched in results)])
    print(render_table(["measure", *(name for name, _, _ in results)], lines), end="")


if __name__ == "__main__":
    main()
