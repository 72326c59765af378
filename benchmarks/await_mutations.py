"""Whether a test notices when one `await` is taken out of `canonry.testing`.

``python -m benchmarks.await_mutations [MODULE ...]``. Each `await` of the modules below is taken out of a copy of the
package, one at a time, and the tests named beside the module run on the copy; one that stays green is told, and the
status is 1. What the matrix of the base cases shows is mutated by `tests/testing/test_canary.py` at every run.
"""

import argparse
import ast
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
TESTING = Path("src", "canonry", "testing")
TESTS = {
    "connection.py": ("services/test_connection.py",),
    "distinct.py": ("test_distinct.py",),
    "doubles/spies.py": ("doubles/test_in_place.py", "doubles/test_double.py"),
    "patched.py": ("test_patched.py",),
    "users.py": ("services/test_websocket.py", "services/test_fixtures.py", "services/test_connection.py"),
    "websocket.py": ("services/test_websocket.py",),
}
"""Modules that await outside the base cases, and the tests below `tests/testing` that have to notice."""

SECONDS = 120
"""How long the tests of a module may take; they need a tenth of it."""


def main() -> None:
    """Mutates and prints; exits with 1 where a mutation lives."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="*", default=list(TESTS), metavar="MODULE")
    living = 0
    for module in parser.parse_args().modules:
        for line, mutated in mutations((ROOT / TESTING / module).read_text(encoding="utf-8")):
            noticed = is_noticed(module, mutated)
            living += not noticed
            print(f"{'noticed' if noticed else 'LIVES  '} {module}:{line}", flush=True)
    raise SystemExit(bool(living))


def mutations(text: str) -> list[tuple[int, str]]:
    """The lines that await, each with the module as it is without that one `await`."""
    lines = text.encode().splitlines(keepends=True)
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Await):
            at = sum(map(len, lines[: node.lineno - 1])) + node.col_offset
            whole = text.encode()
            found.append((node.lineno, (whole[:at] + whole[at + len("await ") :]).decode()))
    return sorted(found)


def is_noticed(module: str, mutated: str) -> bool:
    """Whether the tests of a module fail on a copy of the package that holds the mutated module."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "src", Path(folder, "src"), ignore=shutil.ignore_patterns("__pycache__"))
        Path(folder, TESTING, module).write_text(mutated, encoding="utf-8")
        tests = [f"tests/testing/{name}" for name in TESTS[module]]
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
        given = {**os.environ, "PYTHONPATH": str(Path(folder, "src"))}
        try:
            done = subprocess.run(
                command, cwd=ROOT, env=given, capture_output=True, text=True, check=False, timeout=SECONDS
            )
        except subprocess.TimeoutExpired:  # a loop that no longer awaits never ends: no run with a limit stays green
            return True
        if done.returncode not in (0, 1):
            raise SystemExit(done.stdout + done.stderr)
        return done.returncode == 1


if __name__ == "__main__":
    main()
