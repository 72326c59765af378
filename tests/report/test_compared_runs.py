"""`canonry report compare-env`: what two runs stood on, and what could explain tests that ended differently."""

import io
import json
from pathlib import Path

import pytest

from canonry.history.store import open_history
from canonry.model.environments import ComparedRuns, Layer
from canonry.model.outcome import Outcome
from canonry.model.run_event import AttemptEnded, RunEnded, RunEvent, RunStarted, encode
from canonry.report.environments import render
from canonry.run.environments import compare_runs, recording_of
from canonry.run.keeping import history_path
from canonry.run.recorded import recorded_run
from canonry.run.recording import runs_folder
from tests.workbench import Folder

HERE = {
    "python": "3.11.9", "cores": "8", "package:requests": "2.31", "package:same": "1", "service:store": "15.2",
    "variables": "HOME SHOP_TOKEN",
}  # fmt: skip
THERE = {"python": "3.12.1", "cores": "2", "package:same": "1", "service:store": "14.0", "variables": "HOME"}
NODE = "tests/test_a.py::test_a"


def recording(folder: Path, name: str, print_of: dict[str, str], *attempts: AttemptEnded, cut: bool = False) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    events: list[RunEvent] = [RunStarted(run=name, at=1e9, commit="c" * 40, fingerprint=print_of), *attempts]
    path = folder / f"{name}.jsonl"
    path.write_bytes(b"".join(map(encode, events)) + (b'{"event":"attem' if cut else encode(RunEnded())))
    return path


def ended(outcome: Outcome, reason: str = "", *, node: str = NODE, attempt: int = 1, text: str = "") -> AttemptEnded:
    return AttemptEnded(node=node, outcome=outcome, attempt=attempt, reason=reason, text=text, at=1e9 + attempt)


def compared(folder: Path, here: AttemptEnded, *there: AttemptEnded) -> ComparedRuns:
    one, other = recording(folder, "here", HERE, here), recording(folder, "there", THERE, *there)
    return compare_runs(recording_of(folder, str(one), None), recording_of(folder, str(other), None))


def test_what_differs_is_grouped_and_variables_are_names_alone(tmp_path: Path) -> None:
    found = compared(tmp_path, ended(Outcome.PASSED), ended(Outcome.PASSED))
    assert [(each.layer, each.name, each.one, each.other) for each in found.differences] == [
        (Layer.PYTHON, "python", "3.11.9", "3.12.1"),
        (Layer.MACHINE, "cores", "8", "2"),
        (Layer.SERVICES, "store", "15.2", "14.0"),
        (Layer.PACKAGES, "requests", "2.31", ""),
        (Layer.VARIABLES, "SHOP_TOKEN", "set", ""),
    ]
    assert (found.compared, found.differing) == (1, ())


@pytest.mark.parametrize(
    ("outcome", "reason", "named", "possible"),
    [
        (Outcome.FAILED, "KeyError: 'SHOP_TOKEN'", ["SHOP_TOKEN"], []),
        (Outcome.FAILED, "ModuleNotFoundError: No module named 'requests'", ["requests"], []),
        (Outcome.FAILED, "assert 1 == 2", [], []),
        (Outcome.FAILED, "MY_SHOP_TOKEN_2 and prerequests", [], []),
        (Outcome.SERVICE_UNAVAILABLE, "", [], ["store"]),
        (Outcome.UNCOLLECTABLE, "SyntaxError", [], ["python", "requests"]),
        (Outcome.TIMEOUT, "", [], ["cores"]),
    ],
)
def test_what_could_explain_a_test(
    tmp_path: Path, outcome: Outcome, reason: str, named: list[str], possible: list[str]
) -> None:
    found = compared(tmp_path, ended(Outcome.PASSED), ended(outcome, reason))
    (test,) = found.differing
    assert (test.one, test.other, test.reason) == (Outcome.PASSED, outcome, reason)
    told = {flag: [each.difference.name for each in test.explanations if each.difference and each.named is flag]
            for flag in (True, False)}  # fmt: skip
    assert told == {True: named, False: possible}


def test_a_test_that_differs_from_itself_may_be_flaky(tmp_path: Path) -> None:
    retried = (ended(Outcome.PASSED), ended(Outcome.FAILED, "x", attempt=2))
    found = compared(tmp_path, ended(Outcome.PASSED), *retried)
    assert ["flaky" in each.why for each in found.differing[0].explanations] == [True]
    text = io.StringIO()
    render(found, text, output_format="full", color=False)
    assert f"{NODE}: passed in one, failed in the other" in text.getvalue()
    assert "the one test that is in both ended differently" in text.getvalue()


def test_the_command_takes_ids_files_and_runs_that_only_the_history_has(tmp_path: Path) -> None:
    shop = Folder(tmp_path).start({"a.txt": "x"})
    runs = runs_folder(shop.root)
    recording(runs, "20260101-here", HERE, ended(Outcome.PASSED))
    cut = recording(runs, "20260102-there", THERE, ended(Outcome.FAILED, "SHOP_TOKEN | <none>"), cut=True)
    lone = recording(tmp_path / "x", "lone", THERE, ended(Outcome.PASSED, node="tests/test_z.py::test_z"))
    elsewhere = recording(tmp_path / "x", "elsewhere", THERE, ended(Outcome.FAILED))
    newer = tmp_path / "x" / "newer.jsonl"
    newer.write_bytes(encode(RunStarted(run="newer", format=99)))
    with open_history(history_path(shop.root)) as history:
        history.add(recorded_run(elsewhere))

    def asked(*arguments: str) -> tuple[int, str, str]:
        done = shop.call("report", "compare-env", *arguments)
        assert "Traceback" not in done.stderr
        return done.returncode, done.stdout, done.stderr

    status, out, _ = asked("20260101", "last", "--output-format", "json")
    assert status == 1
    document = json.loads(out)
    assert [each["node"] for each in document["differing"]] == [NODE]
    assert any("ends before the run did" in each for each in document["notes"])
    status, out, _ = asked("20260101-here", "elsewhere", "--output-format", "markdown")
    assert status == 1
    assert "| packages | requests | 2.31 | - |" in out
    assert asked("20260102", str(cut))[0] == 0
    assert asked("last", str(lone))[0] == 5
    for wrong, said in (
        ("nix", "no run `nix`"),
        ("x/nix.jsonl", "no recording"),
        ("a.txt", "is no recording"),
        (str(newer), "newer canonry"),
    ):
        status, _, err = asked("last", wrong)
        assert (status, said in err) == (2, True), err
