"""False alarms of comparisons: ``python -m benchmarks.compare_alarms REPOSITORY PATH... [--repeats N] [--plant NODE]``.

`canonry run --compare HEAD` on a clone in which nothing changed, N times: each test that is called slower or faster is
a false alarm. Then NODE takes twice as long, by a hook in ``conftest.py`` that waits once more for what the test took;
it has to be the one test that is called slower. The bars: no alarm in ten repeats, and the planted one found.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

_PLANTED = """

import time as _time

import pytest as _pytest


@_pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    start = _time.perf_counter()
    result = yield
    if item.nodeid == {node!r}:
        _time.sleep(_time.perf_counter() - start)
    return result
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repository", type=Path)
    parser.add_argument("paths", nargs="+")
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--plant", metavar="NODE")
    options = parser.parse_args()
    print("| tree | tests | runs | slower | faster | the same | not told | CPU s |")
    print("| -- | --: | --: | -- | -- | --: | --: | --: |")
    with tempfile.TemporaryDirectory(prefix="compare-alarms-") as place:
        clone = Path(place, "suite")
        subprocess.run(["git", "clone", "--quiet", "--shared", str(options.repository), str(clone)], check=True)
        for _ in range(options.repeats):
            _row("unchanged", clone, options.paths)
        if options.plant:
            hooks = clone / "conftest.py"
            before = hooks.read_text(encoding="utf-8") if hooks.exists() else ""
            hooks.write_text(before + _PLANTED.format(node=options.plant), encoding="utf-8")
            _row(f"`{options.plant}` twice as long", clone, options.paths)


def _row(name: str, root: Path, paths: list[str]) -> None:
    before = os.times()
    command = [
        sys.executable,
        "-m",
        "canonry",
        "run",
        "--compare",
        "HEAD",
        "--quiet",
        "--output-format",
        "json",
        *paths,
    ]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if not done.stdout:
        sys.exit(done.stderr)
    found, after = json.loads(done.stdout), os.times()
    by_verdict = {
        verdict: [each["node"] for each in found["tests"] if each["verdict"] == verdict] for verdict in found["counts"]
    }
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    slower, faster = (", ".join(by_verdict[each]) or "none" for each in ("slower", "faster"))
    same, not_told = len(by_verdict["same"]), len(by_verdict["not enough"])
    row = (name, len(found["tests"]), found["runs"], slower, faster, same, not_told, f"{cpu:.0f}")
    print(f"| {' | '.join(map(str, row))} |", flush=True)


if __name__ == "__main__":
    main()
