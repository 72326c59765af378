"""Probes until a planted polluter is named: ``python -m benchmarks.order_probes [--tests N] [--seeds K]``.

Among N passing tests one sets a variable, and one later fails where it is set. Where they stand is drawn. A probe is
one run of some of the tests; the bar is 12 of them.
"""

import argparse
import os
import random
import tempfile
from pathlib import Path

from canonry.run.probes.order import check_order
from canonry.run.probes.probe import Prober

_PER_FILE = 20
_POLLUTES, _SUFFERS = "os.environ['LEFT'] = '1'", "assert 'LEFT' not in os.environ"
_BAR = 12


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tests", type=int, default=1000)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    print("| seed | polluter | victim | found | through | probes | bar |\n| --: | --: | --: | -- | -- | --: | --: |")
    for seed in range(options.seeds):
        polluter, victim = sorted(random.Random(seed).sample(range(options.tests), 2))
        with tempfile.TemporaryDirectory() as place:
            nodes = _suite(Path(place), options.tests, polluter, victim)
            report = check_order(Prober(Path(place), (), {}), nodes)
            findings = [(each.node, each.others) for each in report.findings]
            found = findings == [(nodes[victim], (nodes[polluter],))]
            state = ", ".join(name for each in report.findings for name in each.state)
            answer = "yes" if found else "no"
            print(f"| {seed} | {polluter} | {victim} | {answer} | {state} | {report.probes} | {_BAR} |", flush=True)


def _suite(root: Path, tests: int, polluter: int, victim: int) -> list[str]:
    nodes = []
    for first in range(0, tests, _PER_FILE):
        name = f"test_m{first // _PER_FILE:03}.py"
        text = "import os\n"
        for number in range(first, min(first + _PER_FILE, tests)):
            body = {polluter: _POLLUTES, victim: _SUFFERS}.get(number, f"assert {number} + 1 == {number + 1}")
            text += f"\n\ndef test_{number}():\n    {body}\n"
            nodes.append(f"{name}::test_{number}")
        (root / name).write_text(text, encoding="utf-8")
    return nodes


if __name__ == "__main__":
    main()
