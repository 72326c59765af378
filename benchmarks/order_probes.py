"""Probes until a planted polluter is named: ``python -m benchmarks.order_probes [--tests N] [--seeds K]``.

Among N passing tests one leaves something, and one fails where it is. Where they stand is drawn, then they stand at
the ends. What is left is a variable, which is looked at, or an attribute of a module of the standard library, which is
not; or the second fails where it is not. A probe is one run of some of the tests; the bar is 12 of them.
"""

import argparse
import os
import random
import tempfile
from pathlib import Path

from canonry.run.probes.order import check_order
from canonry.run.probes.probe import Prober

_PER_FILE = 20
_KINDS = {
    "watched": ("os.environ['LEFT'] = '1'", "assert 'LEFT' not in os.environ"),
    "unwatched": ("json.left = 1", "assert not hasattr(json, 'left')"),
    "setter": ("json.left = 1", "assert hasattr(json, 'left')"),
}
_BAR = 12


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tests", type=int, default=1000)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    print("| kind | first | second | found | through | probes | bar |\n| -- | --: | --: | -- | -- | --: | --: |")
    draws = [tuple(sorted(random.Random(seed).sample(range(options.tests), 2))) for seed in range(options.seeds)]
    last = options.tests - 1
    for kind, bodies in _KINDS.items():
        for one, other in (*draws, (0, last), (0, 1), (last - 1, last)):
            with tempfile.TemporaryDirectory() as place:
                nodes = _suite(Path(place), options.tests, {one: bodies[0], other: bodies[1]})
                report = check_order(Prober(Path(place), (), {}), nodes)
            found = [(each.node, each.others) for each in report.findings] == [(nodes[other], (nodes[one],))]
            state = ", ".join(name for each in report.findings for name in each.state)
            answer = "yes" if found else "no"
            print(f"| {kind} | {one} | {other} | {answer} | {state} | {report.probes} | {_BAR} |", flush=True)


def _suite(root: Path, tests: int, planted: dict[int, str]) -> list[str]:
    nodes = []
    for first in range(0, tests, _PER_FILE):
        name = f"test_m{first // _PER_FILE:03}.py"
        text = "import json\nimport os\n"
        for number in range(first, min(first + _PER_FILE, tests)):
            body = planted.get(number, f"assert {number} + 1 == {number + 1}")
            text += f"\n\ndef test_{number}():\n    {body}\n"
            nodes.append(f"{name}::test_{number}")
        (root / name).write_text(text, encoding="utf-8")
    return nodes


if __name__ == "__main__":
    main()
