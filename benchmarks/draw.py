"""Draws findings of one confidence at random, each with its code: what a reader judges when a rate is measured.

``python benchmarks/draw.py GIT_DIR --rev REV --config FILE --select CODE --confidence likely --sample 25 --seed 7``
"""

import argparse
import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

_AROUND = 12


def main() -> int:
    """Prints the places that were drawn, and how many there are to draw from."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("tree", help="a folder or a git directory")
    parser.add_argument("--rev", help="a commit of it")
    parser.add_argument("--config", help="the canon")
    parser.add_argument("--select", required=True, help="a rule, or several with commas")
    parser.add_argument("--confidence", default="likely,review", help="what to draw from [default: likely,review]")
    parser.add_argument("--sample", type=int, default=25, help="how many of each rule")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--around", type=int, default=_AROUND, help="lines of code shown above and below each")
    options = parser.parse_args()
    findings = audit(options)
    for code in sorted({each["code"] for each in findings}):
        of_rule = [each for each in findings if each["code"] == code]
        drawn = draw(of_rule, options.sample, options.seed)
        print(f"{code}: {len(drawn)} of {len(of_rule)} drawn")
        for place in drawn:
            print(f"\n{place['path']}:{place['line']} {place['confidence']} {place['severity']}: {place['message']}")
            print(excerpt(options, place["path"], place["line"]))
    return 0


def audit(options: argparse.Namespace) -> list[dict[str, Any]]:
    """The findings with a wanted confidence, in the order of the report."""
    command = [sys.executable, "-m", "canonry", "audit", options.tree, "--select", options.select]
    command += ["--output-format", "jsonl", "--exit-zero", "--quiet"]
    command += ["--rev", options.rev] if options.rev else []
    command += ["--config", options.config] if options.config else []
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    wanted = options.confidence.split(",")
    return [each for each in lines if each.get("confidence") in wanted]


def draw(findings: list[dict[str, Any]], sample: int, seed: int) -> list[dict[str, Any]]:
    """As many findings as the sample wants, all where there are fewer; the same for the same seed."""
    return findings if len(findings) <= sample else random.Random(seed).sample(findings, sample)


def excerpt(options: argparse.Namespace, path: str, line: int) -> str:
    """The code around a place, with line numbers."""
    if options.rev:
        command = ["git", "-C", options.tree, "show", f"{options.rev}:{path}"]
        text = subprocess.run(command, capture_output=True, check=True).stdout.decode(errors="replace")
    else:
        text = Path(options.tree, path).read_text(errors="replace")
    first = max(line - 1 - options.around, 0)
    shown = text.splitlines()[first : line + options.around]
    return "\n".join(f"{number:>6}  {each}" for number, each in enumerate(shown, first + 1))


if __name__ == "__main__":
    sys.exit(main())
