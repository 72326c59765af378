"""Where a real suite stands: two runs of it on two commits, what lacks, and what is damaged."""

import datetime as dt
import json
import shutil
from pathlib import Path

import pytest

from canonry.audit.request import Request
from canonry.history.store import open_history
from canonry.model.errors import UserError
from canonry.model.history import Source
from canonry.model.readiness import ReadinessState
from canonry.model.standing import Absent, Compliance, Judged, Migration, Repair, Run, Standing
from canonry.report.standing.html import render
from canonry.run.keeping import history_path
from canonry.run.recording import recordings, runs_folder
from canonry.source.trees import tree
from canonry.standing.gather import Wanted, gather
from tests.workbench import Folder, call_canonry

OPEN_FOLDER = tree.open_folder
CANON = """
[categories.unit]
paths = ["tests/unit"]
priority = "critical"
retries = 1

[flows.checkout]
tests = ["tests/unit/test_shop.py"]
reliability = 0.95
weight = 3
value = "Everybody who pays."

[canon]
base-cases = []
runner = "canonry run"
"""
SHOP = """
import pathlib

import pytest

from canonry.testing import proves


def test_sum():
    assert sum([1, 2]) == {total}


def test_old():
    assert [] == [1]


@pytest.mark.skip(reason="the bank is closed")
def test_bank():
    assert 1 == 1


@pytest.mark.parametrize("word", ["</script><b>", "\\u202e"])
def test_words(word):
    assert word


def test_sometimes(tmp_path):
    there = pathlib.Path(__file__).with_suffix(".once")
    if there.exists():
        there.unlink()
        assert True
    else:
        there.touch()
        assert not there.exists()


@proves("TST001:nobody")
def test_proof():
    assert 1 == 2
"""


QUARANTINE = """
[[quarantine]]
test = "tests/slow/test_shaky.py::test_shaky"
reason = "the bank's line"
owner = "@ada"
issue = "#7"
created = {}
expires = {}
"""


def suite(total: int) -> str:
    return SHOP.replace("{total}", str(total))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """A repository whose suite ran at two commits; between them one test broke."""
    made, today = Folder(tmp_path_factory.mktemp("shop")), dt.datetime.now(dt.UTC).date()
    files: dict[str, str | bytes] = {
        "canonry.toml": CANON,
        ".gitignore": "*.once\n__pycache__/\n.pytest_cache/\n",
        "CODEOWNERS": "* @ada\ntests/unit/ @bob\n",
        "tests/unit/test_shop.py": suite(3),
        "tests/unit/test_idle.py": "def test_nothing():\n    print(1)\n",
        "shop.py": "def broken(:\n",
        "tests/slow/test_shaky.py": "def test_shaky():\n    assert [] == [2]\n",
        "canonry-quarantine.toml": QUARANTINE.format(today, today + dt.timedelta(days=9)),
    }
    made.start(files)
    first = made.run("run", "-q", "--workers", "1", timeout=300)
    assert first.returncode == 1, first.stderr
    made.commit({"tests/unit/test_shop.py": suite(4)}, "break the sum")
    made.run("run", "-q", "--workers", "1", timeout=300)
    return made


def stands(folder: Folder, **wanted: object) -> Standing:
    return gather(Request(repository=folder.root, workers=1), Wanted(**wanted))[1]  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def found(shop: Folder) -> Standing:
    return stands(shop)


def run_in(found: Standing) -> Run:
    assert isinstance(found.run, Run)
    return found.run


def test_the_verdict_is_failed_for_reasons_that_are_named(found: Standing) -> None:
    assert found.verdict is Judged.FAILED
    assert "every file parses: 1 of 4 files does not parse" in found.reasons
    assert any(reason.startswith("category unit: 3 of ") for reason in found.reasons)
    assert found.actions[0].priority == 0
    assert found.actions[0].command == "canonry repair"


def test_a_failure_is_new_or_known_since_the_run_that_had_it_first(found: Standing, shop: Folder) -> None:
    run = run_in(found)
    told = {run.tests[each.test].node.partition("::")[2]: (each.new, each.runs) for each in run.failures}

    assert told["test_sum"] == (True, 1)
    assert told["test_old"] == (False, 2)
    assert run.compared == recordings(shop.root)[0]


def test_failures_with_one_exception_at_one_place_are_a_cluster(found: Standing) -> None:
    run = run_in(found)
    places = {(each.exception, each.path): len(each.failures) for each in run.clusters}

    assert ("AssertionError", "tests/unit/test_shop.py") in places
    assert sum(places.values()) <= len(run.failures)
    assert all(run.failures[number].text for each in run.clusters for number in each.failures)


def test_what_passed_only_when_run_again_is_flaky_and_has_its_cost(found: Standing) -> None:
    assert not isinstance(found.flaky, Absent)
    (flaky,) = found.flaky

    assert flaky.node.endswith("::test_sometimes")
    assert flaky.mixed == 2
    assert flaky.cost > 0


def test_every_test_has_its_worker_and_time(found: Standing) -> None:
    run = run_in(found)

    assert {span.worker for span in run.spans} == {1}
    assert all(0 <= span.start <= run.seconds + 1 for span in run.spans)
    assert len(run.tests) == len({each.node for each in run.tests}) >= 8


def test_compliance_is_counted_by_rule_folder_and_owner(found: Standing) -> None:
    compliance = found.compliance
    assert isinstance(compliance, Compliance)

    assert (compliance.part, compliance.whole, compliance.unparsable) == (2, 3, 1)
    assert [(share.name, share.part, share.whole) for share in compliance.owners] == [("@bob", 1, 2), ("@ada", 1, 1)]
    assert "TST006" in {rule.code for rule in compliance.rules}
    assert compliance.origin.commit is not None


def test_a_flow_says_what_it_is_worth_and_what_may_be_claimed(found: Standing) -> None:
    assert not isinstance(found.flows, Absent)
    (flow,) = found.flows

    assert (flow.name, flow.weight, flow.value, flow.state) == ("checkout", 3.0, "Everybody who pays.", Judged.FAILED)
    assert flow.claim.failures == 1
    assert flow.coverage is None
    assert any(each.value == "Everybody who pays." for each in found.actions)


def test_a_failure_in_quarantine_is_forgiven_and_told_with_its_days_left(found: Standing) -> None:
    run, gates = run_in(found), {gate.name: gate for gate in found.gates}
    (shaky,) = [test for test in run.tests if test.quarantined]
    assert not isinstance(found.quarantine, Absent)
    (entry,) = found.quarantine

    assert shaky.node == entry.test == "tests/slow/test_shaky.py::test_shaky"
    assert run.bad == sum(test.outcome.is_bad for test in run.tests) - 1
    assert entry.days in (8, 9)
    assert gates["quarantine"].state is Judged.PASSED


def test_what_is_unproven_is_listed(found: Standing) -> None:
    kinds = {(each.kind, each.why) for each in found.unproven}

    assert ("proof", "still fails, though the finding is closed") in kinds
    assert ("skipped", "the bank is closed") in kinds
    assert any(kind == "flow" for kind, _ in kinds)


def test_figures_move_over_the_runs(found: Standing) -> None:
    assert not isinstance(found.trends, Absent)
    trends = {each.name: [point.value for point in each.points] for each in found.trends}

    assert trends["tests that fail"][1] == trends["tests that fail"][0] + 1
    assert len(trends["time of a run"]) == 2


def test_sections_without_data_name_the_command_that_makes_some(found: Standing) -> None:
    assert found.migration == Absent("no migration is planned here", "canonry migrate plan")
    assert any(gate.command == "canonry gate baseline" and gate.state is Judged.UNKNOWN for gate in found.gates)


def test_profiles_are_not_ready_for_what_stands_in_the_way(found: Standing, shop: Folder) -> None:
    assert not isinstance(found.readiness, Absent)
    local, ci = found.readiness
    assert [(each.profile, each.state) for each in (local, ci)] == [
        ("local", ReadinessState.NOT_READY),
        ("ci", ReadinessState.NOT_READY),
    ]
    assert [each.said.partition(":")[0] for each in local.blockers] == [
        "1 file does not parse",
        "P0 category `unit`",
        "flow `checkout`",
    ]
    assert "no test of it ran at this commit in this profile" in ci.lacking[0].said
    unaudited = stands(shop, audit=False)
    assert unaudited.readiness == Absent(
        "whether a profile is ready to be deployed to was not judged", "canonry report readiness"
    )


def test_a_baseline_makes_a_gate_of_each_kind(shop: Folder, tmp_path: Path) -> None:
    copy = Folder(shutil.copytree(shop.root, tmp_path / "copy"))
    assert copy.call("gate", "baseline", "-q").returncode == 0
    copy.write({"tests/unit/test_more.py": "def test_more():\n    print(2)\n"})
    found = stands(copy)
    gates = {gate.name: gate.state for gate in found.gates}

    assert gates["baseline: violations"] is Judged.FAILED
    assert gates["baseline: tests"] is Judged.PASSED


def test_repairs_and_waves_are_progress(shop: Folder, tmp_path: Path) -> None:
    copy = Folder(shutil.copytree(shop.root, tmp_path / "copy"))
    copy.write({"scripts/run.py": "import pytest\n\nif __name__ == '__main__':\n    pytest.main(['tests'])\n"})
    copy.git("add", "--all")
    copy.call("repair", "shop.py", "--write", "--review", "-q")
    assert copy.call("migrate", "plan", "-q", "--review").returncode in (0, 1)
    found = stands(copy)

    assert isinstance(found.repair, Repair)
    assert isinstance(found.migration, Migration | Absent)
    if isinstance(found.migration, Migration):
        assert found.migration.files_per_hour is None
        assert all(wave.state == "waiting" for wave in found.migration.waves)
    assert found.repair.unparsable + found.repair.repaired >= 1


def test_the_command_writes_one_file_and_says_the_verdict(shop: Folder) -> None:
    done = call_canonry("report", "--workers", "1", cwd=shop.root)
    page = (shop.root / ".canonry" / "report.html").read_text(encoding="utf-8")

    assert done.returncode == 0, done.stderr
    assert "verdict: failed (gates: " in done.stderr
    assert ".canonry/report.html`" in done.stderr
    assert "test_words[&lt;/script&gt;&lt;b&gt;]" in page or "test_words[\\u003c/script>" in page
    assert "</script><b>" not in page


def test_markdown_quotes_figures_that_the_commands_make(shop: Folder, tmp_path: Path) -> None:
    text = call_canonry("report", "--output-format", "markdown", "-q", cwd=shop.root).stdout
    good, stale = tmp_path / "good.md", tmp_path / "stale.md"
    good.write_text(text, encoding="utf-8")
    stale.write_text(text.replace("compliance.percent -->66.67<", "compliance.percent -->98.7<"), encoding="utf-8")
    done = call_canonry("report", "--verify", good, stale, cwd=shop.root)

    assert done.returncode == 1
    (line,) = done.stdout.splitlines()
    assert line.startswith(f"{stale}:")
    assert "quoted 98.7, found 66.7 (`canonry audit` at `compliance.percent`)" in line


# what is damaged or lacks --------------------------------------------------------------------------------------------


def test_a_recording_that_was_cut_short_is_shown_as_such(shop: Folder, tmp_path: Path) -> None:
    copy = Folder(shutil.copytree(shop.root, tmp_path / "copy"))
    path = runs_folder(copy.root) / f"{recordings(copy.root)[-1]}.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    half = [line for line in lines if b'"run-ended"' not in line][:-3]
    path.write_bytes(b"".join(half) + b'{"event":"attempt-en')
    found = stands(copy)

    assert run_in(found).cut
    assert "cut short" in " ".join(gate.said for gate in found.gates)
    assert found.verdict is not Judged.PASSED


def test_a_damaged_history_costs_what_it_holds_and_no_more(shop: Folder, tmp_path: Path) -> None:
    copy = Folder(shutil.copytree(shop.root, tmp_path / "copy"))
    history_path(copy.root).write_bytes(b"SQLite format 3\0 and nothing else")
    found = stands(copy, audit=False)

    assert len(run_in(found).tests) >= 8
    assert any("damaged" in note for note in found.notes)


def test_without_a_history_nothing_is_new_and_nothing_known(shop: Folder, tmp_path: Path) -> None:
    copy = Folder(shutil.copytree(shop.root, tmp_path / "copy"))
    for each in copy.root.joinpath(".canonry").glob("history.db*"):
        each.unlink()
    run = run_in(stands(copy, audit=False))

    assert {each.new for each in run.failures} == {None}
    assert run.compared == ""


def test_a_small_run_does_not_stand_for_the_suite(shop: Folder, tmp_path: Path) -> None:
    copy = Folder(shutil.copytree(shop.root, tmp_path / "copy"))
    copy.run("run", "-q", "--workers", "1", "tests/unit/test_idle.py")
    shown, named = stands(copy, audit=False), stands(copy, audit=False, run="last")

    assert len(run_in(shown).tests) >= 8
    assert any("a small part of the suite" in note for note in shown.notes)
    assert len(run_in(named).tests) == 1


def test_an_unknown_run_is_the_users_error(shop: Folder) -> None:
    with pytest.raises(UserError, match="no run `nobody` is recorded"):
        stands(shop, audit=False, run="nobody")


def test_an_empty_folder_without_git_says_only_what_lacks(folder: Folder) -> None:
    found = stands(folder)
    done = folder.call("report")

    assert found.verdict is Judged.UNKNOWN
    assert found.run == Absent("no run is recorded here", "canonry run")
    assert done.returncode == 0, done.stderr
    assert "verdict: not enough data" in done.stderr


def test_a_file_name_that_is_no_text_is_legible(folder: Folder) -> None:
    (folder.root / "tests").mkdir()
    target = bytes(folder.root / "tests") + b"/test_\xff.py"
    with open(target, "wb") as out:
        out.write(b"def test_a(:\n")
    done = folder.call("report", "--output-format", "json", "-q")

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["compliance"]["unparsable"] == 1


def test_a_bare_repository_is_audited_and_needs_a_place_for_the_page(repository: Folder, tmp_path: Path) -> None:
    repository.commit({"tests/test_a.py": "def test_a():\n    assert 1 == 1\n"}, "first")
    bare = repository.clone_bare(tmp_path / "bare.git")
    refused = call_canonry("report", bare, cwd=tmp_path)
    done = call_canonry("report", bare, "--output-file", tmp_path / "page.html", cwd=tmp_path)

    assert refused.returncode == 2
    assert "--output-file" in refused.stderr
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "page.html").stat().st_size > 10_000


def test_an_audit_is_kept_once_for_each_commit(repository: Folder) -> None:
    repository.commit({"tests/test_a.py": "def test_a():\n    assert 1 == 1\n"}, "first")
    stands(repository)
    stands(repository)
    repository.commit({"tests/test_b.py": "def test_b():\n    print(1)\n"}, "second")
    found = stands(repository)
    with open_history(history_path(repository.root)) as history:
        kept = history.measured(Source.AUDIT)

    assert len(kept) == 2
    assert not isinstance(found.trends, Absent)
    assert sorted(point.value for point in found.trends[0].points) == [50.0, 100.0]


def test_the_page_of_a_real_suite_is_written(found: Standing, tmp_path: Path) -> None:
    with (tmp_path / "page.html").open("w", encoding="utf-8") as out:
        render(found, out)

    assert "known since" in (tmp_path / "page.html").read_text(encoding="utf-8")


# what a green run does not say ---------------------------------------------------------------------------------------

GREEN = """
[categories.unit]
paths = ["tests/unit"]
priority = "critical"

[categories.e2e]
paths = ["tests/e2e"]
priority = "critical"
"""


def test_a_green_run_of_a_part_or_of_another_commit_is_not_enough_to_pass(repository: Folder) -> None:
    repository.commit(
        {
            "canonry.toml": GREEN,
            ".gitignore": "__pycache__/\n.pytest_cache/\n.canonry/\n",
            "tests/unit/test_a.py": "def test_a():\n    assert sum([1]) == 1\n",
            "tests/e2e/test_b.py": "def test_b():\n    assert sum([2]) == 2\n",
        },
        "first",
    )
    ran = repository.git("rev-parse", "HEAD").strip()[:10]
    assert repository.run("run", "-q", "--workers", "1", timeout=300).returncode == 0
    whole = stands(repository)
    assert whole.verdict is Judged.PASSED, whole.reasons

    repository.write({"tests/e2e/test_b.py": "def test_b():\n    assert sum([1]) == 2\n"})
    assert stands(repository).verdict is Judged.UNKNOWN
    repository.commit({}, "break what never runs")
    later = stands(repository)
    gates = {gate.name: gate for gate in later.gates}
    assert later.verdict is Judged.UNKNOWN
    assert gates["category e2e"].state is gates["the newest run passes"].state is Judged.UNKNOWN
    assert f"ran at {ran}, not HEAD" in gates["category e2e"].said

    assert repository.run("run", "-q", "--workers", "1", "tests/unit", timeout=300).returncode == 0
    part = stands(repository)
    gates = {gate.name: gate for gate in part.gates}
    assert gates["category unit"].state is Judged.PASSED
    assert gates["category e2e"].state is Judged.UNKNOWN
    assert part.verdict is Judged.UNKNOWN
    assert not isinstance(part.readiness, Absent)
    assert part.readiness[0].state is not ReadinessState.READY


def test_a_folder_that_is_no_project_is_neither_listed_in_vain_nor_given_a_cache(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write({f"data/{number}.py": "x = 1\n" for number in range(3)})
    walked = list[object]()

    def open_folder(root: Path) -> tree.Tree:
        walked.append(root)
        return OPEN_FOLDER(root)

    monkeypatch.setattr(tree, "open_folder", open_folder)
    assert stands(folder, audit=False).verdict is Judged.UNKNOWN
    assert walked == []
    stands(folder)
    assert walked == [folder.root]
    assert not (folder.root / ".canonry").exists()
