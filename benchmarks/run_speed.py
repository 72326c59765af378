"""What running costs beside plain pytest: ``python -m benchmarks.run_speed [--plugins FOLDER] [--part PART]``.

Ratios of one run: 10,000 trivial tests in 1,000 files with one and two workers, beside pytest and, where FOLDER holds
it, `pytest -n2`; then a suite of which 1 % crash and 1 % hang, on two workers; and
the trivial tests where no byte code may be written beside them. ``--part`` measures one of the three.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from canonry.model.outcome import Outcome
from canonry.model.run_event import AttemptEnded, RunEvent
from canonry.model.run_plan import CategoryPlan, Policy, RunPlan, Work
from canonry.model.state import STATE
from canonry.run.execute import execute

_CRASH, _HANG = "import os; os.abort()", "import time; time.sleep(60)"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plugins", type=lambda text: Path(text).resolve(), help="folder with pytest-xdist")
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--part", choices=("trivial", "deaths", "bytecode"))
    options = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory() as place:
        root = _suite(Path(place, "trivial"), options.files, spoiled=False)
        if options.part == "bytecode":
            _without_bytecode(root)
            return
        _pytest(root, *(["--collect-only"] if options.part == "deaths" else []))  # writes the byte code
        two = _trivial(root, options.plugins) if options.part != "deaths" else _timed(lambda: _run(root, 2))
        if options.part != "trivial":
            _deaths(_suite(Path(place, "spoiled"), options.files, spoiled=True), two)
        if options.part is None:
            _without_bytecode(root)


def _trivial(root: Path, plugins: Path | None) -> tuple[float, float]:
    """Prints a row for each way to run the suite; what two workers take."""
    plain = _timed(lambda: _pytest(root))
    _row("plain pytest", plain, plain)
    _row("one worker", _timed(lambda: _run(root, 1)), plain, "<= 1.10")
    two = _timed(lambda: _run(root, 2))
    _row("two workers", two, plain, "<= 0.70")
    if plugins:
        xdist = _timed(lambda: _pytest(root, "-n2", plugins=plugins))
        _row("pytest -n2", xdist, plain)
        print(f"two workers / pytest -n2: {two[0] / xdist[0]:.2f} (bar <= 0.65)")
    return two


def _deaths(root: Path, two: tuple[float, float]) -> None:
    """Prints what deaths cost beside the suite without them."""
    _pytest(root, "--collect-only")  # both suites have byte code
    outcomes: Counter[Outcome] = Counter()
    bad = _timed(lambda: outcomes.update(_run(root, 2)))
    hangs, crashes = outcomes[Outcome.TIMEOUT], outcomes[Outcome.CRASHED]
    print(f"1 % crash, 1 % hang: {dict(outcomes)}")
    rest = bad[0] - hangs / 2
    print(f"{bad[0]:.1f} s, {hangs / 2:.0f} s of them limits; the rest is {rest / two[0]:.2f} x (bar 1.5)")
    cpu = (bad[1] - two[1]) / max(1, hangs + crashes)
    print(f"without deaths {two[0]:.1f} s wall, {two[1]:.1f} s CPU; a death costs {cpu * 1000:.0f} ms CPU")


def _without_bytecode(root: Path) -> None:
    """Where nothing may be written beside the sources, pytest compiles each file each time; our workers do not."""
    for folder in list(root.rglob("__pycache__")):
        shutil.rmtree(folder)
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    plain = _timed(lambda: _pytest(root))
    _row("plain, no pyc", plain, plain)
    _row("ours, not kept", _timed(lambda: _run(root, 1)), plain)
    (root / STATE).mkdir()
    _run(root, 1)  # fills the folder
    _row("ours, kept", _timed(lambda: _run(root, 1)), plain)
    if list(root.rglob("__pycache__")):
        sys.exit("byte code was written beside the sources")
    del os.environ["PYTHONDONTWRITEBYTECODE"]


def _suite(root: Path, files: int, *, spoiled: bool) -> Path:
    for number in range(files):
        folder = root / "tests" / f"part{number // 50:02}"
        folder.mkdir(parents=True, exist_ok=True)
        bodies = [f"assert {test} + 1 == {test + 1}" for test in range(10)]
        if spoiled and number % 10 in (0, 5):
            bodies[4] = _CRASH if number % 10 else _HANG
        text = "".join(f"def test_{test}():\n    {body}\n\n" for test, body in enumerate(bodies))
        (folder / f"test_m{number:04}.py").write_text(text)
    (root / "pytest.ini").write_text("[pytest]\n")
    return root


def _run(root: Path, workers: int) -> Counter[Outcome]:
    work = tuple(Work(path=path.relative_to(root).as_posix()) for path in sorted(root.rglob("test_*.py")))
    category = CategoryPlan(name="unit", work=work, policy=Policy(hard_limit=1.0))
    outcomes: Counter[Outcome] = Counter()

    def emit(event: RunEvent) -> None:
        if isinstance(event, AttemptEnded):
            outcomes[event.outcome] += 1

    execute(RunPlan(root=str(root), categories=(category,), workers=workers), emit=emit)
    return outcomes


def _pytest(root: Path, *arguments: str, plugins: Path | None = None) -> None:
    environment = {
        **os.environ,
        **({"PYTHONPATH": str(plugins), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"} if plugins else {}),
    }
    more = ("-p", "xdist.plugin") if plugins else ()
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:canonry", *more, *arguments]
    subprocess.run(command, cwd=root, env=environment, stdout=subprocess.DEVNULL, check=True)


def _timed(action: Callable[[], object]) -> tuple[float, float]:
    """Wall and CPU seconds, those of all processes included."""
    began, before = time.perf_counter(), _cpu()
    action()
    return time.perf_counter() - began, _cpu() - before


def _cpu() -> float:
    both = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in both)


def _row(name: str, measured: tuple[float, float], plain: tuple[float, float], bar: str = "") -> None:
    wall, cpu = measured
    ratios = f"{wall / plain[0]:.2f} x wall  {cpu / plain[1]:.2f} x CPU"
    print(f"{name:14} {wall:6.2f} s wall {cpu:6.2f} s CPU  {ratios}  {bar}")


if __name__ == "__main__":
    main()
