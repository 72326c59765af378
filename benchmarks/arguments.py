"""The arguments of the benchmarks that measure a canonry on a tree."""

import argparse
import sys
from pathlib import Path


def tree_parser(description: str, *, runs: int, of_runs: str, of_ruff: str) -> argparse.ArgumentParser:
    """A parser of the arguments that all of them take: the tree, how often, and which programs; the rest is added."""
    beside = Path(sys.executable).parent
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("tree", nargs="?", type=Path, metavar="TREE", help="a folder, copied first [default: made]")
    parser.add_argument("--files", type=int, default=4000, help="Python files of the tree that is made")
    parser.add_argument("--runs", type=int, default=runs, help=of_runs)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--work", type=Path, help="where the tree is put [default: the folder for temporary files]")
    parser.add_argument("--canonry", default=str(beside / "canonry"), help="the canonry to measure")
    parser.add_argument("--ruff", default=str(beside / "ruff"), help=of_ruff)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers here too")
    return parser
