"""Tests in quarantine run, do not fail the run, and do again once their time is up."""

import datetime as dt
import json

import pytest

from tests.run.surface.calls import report, summary
from tests.workbench import SOUND, Folder

ENTRY = '[[quarantine]]\ntest = "{test}"\nreason = "it waits"\nowner = "@ada"\nissue = "SHOP-1"\ncreated = {created}\nexpires = {expires}\n'
CANON = """
[categories.unit]
paths = ["tests/unit"]
[categories.e2e]
paths = ["tests/e2e"]
needs = ["unit"]
[flows.buy]
tests = ["tests/e2e"]
"""
TWO = "def test_flaky():\n    assert sum([1, 2]) == 4\n\n\ndef test_other():\n    assert sum([1]) == 1\n"


def entry(test: str, *, left: int = 10) -> str:
    """An entry of 30 days with so many days left."""
    expires = dt.date.today() + dt.timedelta(days=left)
    return ENTRY.format(test=test, created=expires - dt.timedelta(days=30), expires=expires)


def test_a_quarantined_failure_fails_neither_the_run_nor_what_needs_its_category(folder: Folder) -> None:
    folder.write(
        {
            "canonry.toml": CANON,
            "tests/unit/test_a.py": TWO,
            "tests/e2e/test_b.py": SOUND,
            "canonry-quarantine.toml": entry("tests/unit/test_a.py::test_flaky"),
        }
    )
    done = folder.call(
        "run", "--workers", "1", "--fail-fast", "--report", "json=r.json", "--report", "junit=r.xml",
        "--report", "ctrf=r.ctrf", "--report", "github=r.gh", "--report", "markdown=r.md",
    )  # fmt: skip
    told = json.loads((folder.root / "r.json").read_text())
    ctrf = json.loads((folder.root / "r.ctrf").read_text())["results"]["summary"]

    assert done.returncode == 0, done.stdout
    assert "QUARANTINED unit tests/unit/test_a.py::test_flaky: assert" in done.stdout
    assert "10 days left (@ada, SHOP-1: it waits)" in done.stdout
    assert told["counts"] == {"failed": 1, "passed": 2}
    assert [each["forgives"] for each in told["quarantine"]] == [["tests/unit/test_a.py::test_flaky"]]
    assert (ctrf["failed"], ctrf["other"], ctrf["passed"]) == (0, 1, 2)
    assert '<skipped type="quarantined"' in (folder.root / "r.xml").read_text()
    assert 'failures="0" errors="0"' in (folder.root / "r.xml").read_text()
    assert "::error" not in (folder.root / "r.gh").read_text()
    assert "::warning file=tests/unit/test_a.py,title=quarantine" in (folder.root / "r.gh").read_text()
    assert "### Failures" not in (folder.root / "r.md").read_text()
    assert folder.call("run", "--replay", "last").returncode == 0
    assert summary(folder).categories["unit"].state == "passed"

    # alone it is no evidence
    assert folder.call("run", "--workers", "1", "tests/unit/test_a.py::test_flaky").returncode == 5

    # and when its time is up, it fails the run, which says so
    folder.write({"canonry-quarantine.toml": entry("tests/unit/test_a.py::test_flaky", left=-1)})
    done = folder.call("run", "--workers", "1", "tests/unit")
    assert done.returncode == 1
    assert "EXPIRED unit tests/unit/test_a.py::test_flaky: its quarantine ended on" in done.stdout


def test_a_test_that_is_not_there_is_told(folder: Folder) -> None:
    folder.write({"tests/test_a.py": SOUND, "canonry-quarantine.toml": entry("tests/test_a.py::test_gone")})
    assert any("holds no such test" in note for note in report(folder)["notes"])

    folder.write({"canonry-quarantine.toml": entry("tests/test_gone.py::test_gone")})
    assert any("there is no such file" in note for note in report(folder)["notes"])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (entry("tests/e2e/test_b.py::test_total"), "walks the flow `buy`"),
        (entry("tests/unit/test_a.py::test_flaky") + entry("tests/unit/test_a.py::test_other"), "at most 1 % (1)"),
        (entry("tests/unit/test_a.py::test_flaky", left=40), "a day to come"),
        ("[[quarantine]]\n", "`test` is missing"),
    ],
)
def test_a_quarantine_that_holds_too_much_is_a_mistake(folder: Folder, content: str, said: str) -> None:
    folder.write({"canonry.toml": CANON, "tests/unit/test_a.py": TWO, "tests/e2e/test_b.py": SOUND})
    folder.write({"canonry-quarantine.toml": content})
    done = folder.call("run", "--plan")

    assert done.returncode == 2
    assert said in done.stderr


def test_of_a_hundred_tests_one_may_be_in_it_and_of_two_hundred_two(folder: Folder) -> None:
    many = "".join(f"def test_{number}():\n    assert {number} + 1\n" for number in range(200))
    two = entry("test_a.py::test_1") + entry("test_a.py::test_2") + entry("test_a.py::test_3", left=-3)
    folder.write({"test_a.py": many, "canonry-quarantine.toml": two})
    assert folder.call("run", "--plan").returncode == 0

    folder.write({"test_a.py": many.replace("def test_7(", "def check_7(")})
    assert "holds 2 tests of 199" in folder.call("run", "--plan").stderr


def test_the_report_shows_and_changes_it(repository: Folder) -> None:
    repository.commit({"canonry.toml": CANON, "tests/unit/test_a.py": TWO, "tests/e2e/test_b.py": SOUND})
    who = ("--reason", 'it "waits"', "--owner", "@ada", "--issue", "SHOP-1")

    def call(*arguments: str) -> str:
        done = repository.call("report", "quarantine", *arguments)
        return f"{done.returncode} {done.stdout}{done.stderr}"

    assert call("--add", "tests/unit/test_a.py::test_gone", *who).startswith("2 canonry: `tests/unit/test_a.py` holds")
    assert "`--add tests/e2e/test_b.py::test_total` walks the flow `buy`" in call(
        "--add", "tests/e2e/test_b.py::test_total", *who
    )
    assert "give --owner, --issue" in call("--add", "tests/unit/test_a.py::test_flaky", "--reason", "x")
    assert not (repository.root / "canonry-quarantine.toml").exists()
    assert call("--add", "tests/unit/test_a.py::test_flaky", *who).startswith("0 ")
    assert "stands in line 1 already" in call("--add", "tests/unit/test_a.py::test_flaky", *who)
    shown = json.loads(call("--output-format", "json").partition(" ")[2])
    assert [(each["test"], each["days"], each["reason"]) for each in shown["entries"]] == [
        ("tests/unit/test_a.py::test_flaky", 30, 'it "waits"')
    ]
    assert (shown["live"], shown["allowed"], shown["tests"]) == (1, 1, 3)
    assert "30 days left  tests/unit/test_a.py::test_flaky" in call()
    assert call("--remove", "tests/unit/test_a.py::test_flaky").startswith("0 ")
    assert call("--remove", "tests/unit/test_a.py::test_flaky").startswith("2 ")
    assert call().startswith("0 0 tests in quarantine")


def test_history_reports_have_nothing_to_say_before_a_run_and_then_have(folder: Folder) -> None:
    folder.write({"tests/test_a.py": TWO})
    for name in ("flaky", "slow"):
        done = folder.call("report", name)
        assert done.returncode == 5
        assert "no run is known here" in done.stderr
    folder.call("run", "--workers", "1")

    assert json.loads(folder.call("report", "flaky", "--output-format", "json").stdout)["runs"] == 1
    assert "broken" in folder.call("report", "flaky").stdout
    assert "tests/test_a.py::test_other" in folder.call("report", "slow").stdout
