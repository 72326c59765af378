"""One selected test beside plain pytest, cold and warm: ``python -m benchmarks.warm_speed [--runs N]``.

Medians of paired runs (pytest, canonry, pytest, ...) on a light project, on one whose test file imports for 1.3 s, and
on one whose conftest file does. CPU of a warm call is the caller's alone: the
run is a child of the warm process, and its seconds are not told to the caller.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from canonry.run.warm import end_warm

_TEST = "test_shop.py::test_total"
_BODY = "def test_total():\n    assert sum([1, 2]) == 3\n"
_HEAVY = "import time\n\n_end = time.process_time() + 1.3\nwhile time.process_time() < _end:\n    pass\n"
_PROJECTS: dict[str, tuple[dict[str, str], str]] = {
    "light": ({"test_shop.py": _BODY}, "<= 0.50"),
    "1.3 s in the test's imports": ({"test_shop.py": f"import heavy\n\n{_BODY}", "heavy.py": _HEAVY}, "<= 0.10"),
    "1.3 s in conftest": (
        {"test_shop.py": _BODY, "heavy.py": _HEAVY, "conftest.py": "import heavy\n"},
        "<= 0.10",
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9)
    options = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    print("| project | way | wall, ms | CPU, ms | wall, x pytest | CPU, x pytest | bar |")
    print("| -- | -- | --: | --: | --: | --: | -- |")
    for name, (files, bar) in _PROJECTS.items():
        with tempfile.TemporaryDirectory() as place:
            root = Path(place)
            for path, text in files.items():
                (root / path).write_text(text, encoding="utf-8")
            subprocess.run(["git", "init", "--quiet", str(root)], check=True)
            _measure(root, name, "cold", options.runs, "", "run", _TEST)
            _call(root, "canonry", "run", "--warm", _TEST)
            for _ in range(3):  # what it learns from calls is learned
                time.sleep(2.5)
                _call(root, "canonry", "run", _TEST)
            try:
                _measure(root, name, "warm", options.runs, bar, "run", _TEST)
            finally:
                end_warm(root)


def _measure(root: Path, name: str, way: str, runs: int, bar: str, *arguments: str) -> None:
    plain, ours = [], []
    for _ in range(runs):
        plain.append(_call(root, "pytest", "-q", "-p", "no:canonry", _TEST))
        time.sleep(0.3)  # the warm process has nothing to do any more
        ours.append(_call(root, "canonry", *arguments))
        time.sleep(0.3)
    wall, cpu = (median(each[part] for each in ours) * 1000 for part in (0, 1))
    ratios = [median(one[part] / other[part] for one, other in zip(ours, plain, strict=True)) for part in (0, 1)]
    beside, beside_cpu = (median(each[part] for each in plain) * 1000 for part in (0, 1))
    print(f"| {name} | pytest | {beside:.0f} | {beside_cpu:.0f} | | | |")
    print(f"| {name} | {way} | {wall:.0f} | {cpu:.0f} | {ratios[0]:.2f} | {ratios[1]:.2f} | {bar} |", flush=True)


def _call(root: Path, module: str, *arguments: str) -> tuple[float, float]:
    """Wall and CPU seconds of one call, with those of the processes that it started and waited for."""
    before, began = _cpu(), time.perf_counter()
    subprocess.run([sys.executable, "-m", module, *arguments], cwd=root, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began, _cpu() - before


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
