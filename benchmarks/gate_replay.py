"""The last commits before a revision through the gate, each against its first parent, beside labels given by eye.

    python benchmarks/gate_replay.py GIT_DIR --before beta-17 --config docs/evidence/reference-canon.toml

``--labels FILE`` holds a commit, a label and its reason a line. Prints a table in Markdown, and how many labels agree.
``--only COMMIT`` (repeatable) judges these instead.
"""

import argparse
import gc
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from canonry.audit.request import Request
from canonry.gate.terms import Terms
from canonry.gate.trees import judge_trees


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repository", type=Path)
    parser.add_argument("--before", default="HEAD")
    parser.add_argument("--commits", type=int, default=100)
    parser.add_argument("--config", type=Path)
    parser.add_argument("--labels", type=Path)
    parser.add_argument("--only", action="append", default=[])
    options = parser.parse_args()
    gc.disable()
    labels = dict(_labels(options.labels)) if options.labels else {}
    commits = options.only or _commits(options.repository, options.before, options.commits)
    verdicts: Counter[str] = Counter()
    agree = 0
    print("| commit | verdict | label | CPU s | why |\n| -- | -- | -- | --: | -- |")
    for commit in commits:
        start = time.process_time()
        request = Request(repository=options.repository, revision=commit, config=options.config, workers=1)
        found = judge_trees(request, f"{commit}^", terms=Terms())
        verdict, label = found.verdict.value, labels.get(commit[:9], "")
        verdicts[verdict] += 1
        agree += verdict == label
        why = "; ".join(reason.said for reason in found.reasons[:3])
        print(f"| {commit[:9]} | {verdict} | {label} | {time.process_time() - start:.1f} | {why} |", flush=True)
    print(f"\n{dict(verdicts)}; {agree} of {len(labels)} labels agree")


def _commits(repository: Path, before: str, count: int) -> list[str]:
    command = ["git", "-C", str(repository), "rev-list", "--reverse", "--topo-order", f"-{count}", before]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


def _labels(path: Path) -> Iterator[tuple[str, str]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        commit, label, _ = line.split(" ", 2)
        yield commit, label


if __name__ == "__main__":
    main()
