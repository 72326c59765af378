"""What has to fail fails, in every style and under every way to run; and the matrix notices when it does not."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from canonry.testing.canary.styles import ASYNC, STYLES, SYNC, Style, class_name
from canonry.testing.canary.table import lies, render
from canonry.testing.canary.ways import WAYS, Way, run
from tests.testing.running import COLLECTION
from tests.workbench import ROOT, copied, environment

TESTING = Path("src", "canonry", "testing")
WITH_PLUGIN = Way("pytest with fixtures", lambda results: (*WAYS[0].command(results), *COLLECTION), WAYS[0].read)


def test_the_matrix(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ways = (*WAYS, WITH_PLUGIN)
    results = {way.name: run(way, tmp_path) for way in ways}
    with capsys.disabled():
        print("\n" + render(STYLES, ways, results))

    assert lies(results) == []
    assert all(set(outcomes) == set(STYLES) for outcomes in results.values())


def test_every_style_has_a_class_of_its_own() -> None:
    assert len({class_name(style) for style in STYLES}) == len(STYLES)
    for base in (SYNC, ASYNC):
        names = {style.name: style.passes for style in STYLES if style.base == base}
        twins = {name.removesuffix(", healthy") for name, passes in names.items() if passes}
        assert {"assert", "assertEqual"} <= twins & names.keys()


def test_a_canary_that_lives_is_told(tmp_path: Path) -> None:
    living = Style("living", SYNC, "def test(self): pass")
    dead = Style("dead", SYNC, "def test(self): assert 1 == 2", passes=True)
    absent = Style("absent", SYNC, "x = 1")
    styles = (living, dead, absent)
    results = {WAYS[2].name: run(WAYS[2], tmp_path, styles)}

    assert [(style.name, passed) for _, style, passed in lies(results)] == [
        ("living", True),
        ("dead", False),
        ("absent", None),
    ]
    assert render(styles, WAYS[2:3], results).count("<- wrong") == 3


def test_the_command_says_whether_all_is_right() -> None:
    command = [sys.executable, "-m", "canonry.testing.canary"]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith(f"all {len(STYLES) * len(WAYS)} are as they have to be\n")


# mutations of our own source -------------------------------------------------------------------------------------------


def awaits(module: str) -> list[tuple[str, int]]:
    """Every place in a module of ours that awaits, as an offset."""
    text = (ROOT / TESTING / module).read_text(encoding="utf-8")
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Await)]
    return [(module, starts[node.lineno - 1] + node.col_offset) for node in nodes]


AWAITS = [place for module in ("async_cases.py", "waiting.py", "loops.py") for place in awaits(module)]
RUN = "loop.run_until_complete(loop.create_task(coroutine, context=context))"


def matrix_in_copy(tmp_path: Path, module: str, old: str, new: str) -> list[str]:
    """The canaries that lie under unittest once the module of a copied package says something else."""
    copied("src", tmp_path)
    target = tmp_path / TESTING / module
    text = target.read_text(encoding="utf-8")
    assert text == old or text.count(old) == 1
    target.write_text(text.replace(old, new), encoding="utf-8")
    script = (
        "import json, pathlib, sys\n"
        "from canonry.testing.canary import styles, table, ways\n"
        "results = {'u': ways.run(ways.WAYS[2], pathlib.Path(sys.argv[1]))}\n"
        "print(json.dumps([style.name for _, style, _ in table.lies(results)]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script, str(tmp_path)],
        env=environment(PYTHONPATH=str(tmp_path / "src"), PYTHONDONTWRITEBYTECODE="1"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told: list[str] = json.loads(done.stdout)
    return told


@pytest.mark.parametrize(("module", "offset"), AWAITS)
def test_an_await_removed_from_our_source_turns_the_matrix_red(module: str, offset: int, tmp_path: Path) -> None:
    text = (ROOT / TESTING / module).read_text(encoding="utf-8")
    assert text.startswith("await ", offset)

    assert matrix_in_copy(tmp_path, module, text, text[:offset] + text[offset + len("await ") :]) != []


@pytest.mark.parametrize(
    ("module", "old", "new", "lying"),
    [
        ("async_cases.py", RUN, "coroutine.close()", "assert"),
        ("async_cases.py", "self._canonry_call(self.asyncTearDown)", "pass", "asyncTearDown"),
        (
            "cases.py",
            '    if hasattr(returned, "__await__"):\n        close =',
            '    if hasattr(returned, "__await__"):\n        return returned.close()\n        close =',
            "async test",
        ),
        (
            "cases.py",
            "names = unawaited.take_dropped(self) if unawaited.dropped else ()",
            "names = ()",
            "coroutine not awaited",
        ),
        ("settle.py", 'if policy == "fail":', "if False:", "leak"),
        ("limits.py", "if took > seconds:", "if False:", None),
        ("limits.py", "signal.setitimer(signal.ITIMER_REAL, after)", "pass", None),
    ],
)
def test_a_guard_removed_turns_the_matrix_red(
    module: str, old: str, new: str, lying: str | None, tmp_path: Path
) -> None:
    told = matrix_in_copy(tmp_path, module, old, new)

    assert lying in told if lying else told == []  # the two guards of a limit stand in for each other


def test_the_copy_unchanged_is_green(tmp_path: Path) -> None:
    assert matrix_in_copy(tmp_path, "async_cases.py", RUN, RUN) == []
