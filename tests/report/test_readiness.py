"""`canonry report readiness`: what blocks, what nobody knows, and the command that comes next."""

import json
from pathlib import Path

import msgspec
import pytest

from canonry.canon.options import Canon, Category, Flow, Priority
from canonry.history.readiness import ProfileFacts, TreeFacts, judge_readiness
from canonry.model.outcome import Outcome
from canonry.model.readiness import About, ReadinessState
from canonry.model.reliability import ClaimState, FlowClaim
from tests.workbench import SOUND, Folder

A, B = "tests/critical/test_a.py::test_a", "tests/flow/test_b.py::test_b"
CANON = Canon(
    categories={
        "critical": Category(paths=["tests/critical"], priority=Priority.CRITICAL),
        "late": Category(paths=["tests/late"]),
    },
    flows={"buy": Flow(tests=["tests/flow"], components=["shop/**"], reliability=0.95)},
)
TREE = TreeFacts(
    commit="c", files=("tests/critical/test_a.py", "tests/flow/test_b.py"), tests={A: "critical", B: ""}, refused=()
)
PROVEN = {"buy": FlowClaim(flow="buy", state=ClaimState.PROVEN)}
PROFILE = ProfileFacts(name="ci", outcomes={A: Outcome.PASSED, B: Outcome.PASSED}, claims=PROVEN)


def test_it_is_ready_where_everything_is_known_and_nothing_blocks() -> None:
    found = judge_readiness(CANON, TREE, PROFILE)
    assert (found.state, found.command, found.notes) == (ReadinessState.READY, "", ())


def claim(state: ClaimState) -> dict[str, dict[str, FlowClaim]]:
    return {"claims": {"buy": FlowClaim(flow="buy", state=state, failures=3, successes=1)}}


@pytest.mark.parametrize(
    ("tree", "profile", "about", "said", "command"),
    [
        ({"unparsable": ("a.py",)}, {}, About.PARSING, "1 file does not parse: `a.py`", "canonry repair"),
        ({}, {"silent": ("`http://x` does not answer",)}, About.SERVICE, "does not answer", "canonry doctor --profile ci"),
        ({}, {"outcomes": {A: Outcome.CRASHED, B: Outcome.PASSED}}, About.CATEGORY, "P0 category `critical`: 1 of 1 tests fails",
         "canonry run --profile ci --category critical"),
        ({}, {"outcomes": {A: Outcome.PASSED, B: Outcome.FAILED}}, About.FLOW, "flow `buy`: 1 of 1 tests fails",
         "canonry run --profile ci --flow buy"),
        ({}, claim(ClaimState.REFUTED), About.FLOW, "95% reliability is refuted: 3 of 4 runs fail",
         "canonry run --profile ci --flow buy --prove 0.95"),
        ({"flow_errors": {"buy": ("shop/a.py:1 DUP001",)}}, {}, About.FLOW, "1 open error in its components",
         "canonry audit --flow buy"),
        ({"expired": (A,)}, {}, About.QUARANTINE, "the quarantine of 1 test is over", "canonry report quarantine"),
        ({"refused": (("2 tests are gone", "git checkout x"),)}, {}, About.GATE, "2 tests are gone", "git checkout x"),
    ],
)  # fmt: skip
def test_what_blocks(
    tree: dict[str, object], profile: dict[str, object], about: About, said: str, command: str
) -> None:
    found = judge_readiness(CANON, msgspec.structs.replace(TREE, **tree), msgspec.structs.replace(PROFILE, **profile))
    assert found.state is ReadinessState.NOT_READY
    assert [(each.about, each.command) for each in found.blockers] == [(about, command)]
    assert said in found.blockers[0].said
    assert found.command == command
    assert not found.lacking


@pytest.mark.parametrize(
    ("tree", "profile", "said"),
    [
        ({"commit": None}, {}, "at no commit"),
        ({"dirty": True}, {}, "uncommitted changes"),
        ({}, {"outcomes": {B: Outcome.PASSED}}, "P0 category `critical`: no test of it ran at this commit"),
        ({}, {"outcomes": {A: Outcome.SKIPPED, B: Outcome.PASSED}}, "none of 1 tests ran to its end"),
        ({"tests": {A: "critical", f"{A}_2": "critical", B: ""}}, {}, "1 of 2 tests did not run in this profile"),
        ({"files": (*TREE.files, "tests/critical/test_c.py")}, {}, "no test of 1 of 2 files ran"),
        ({}, {"claims": {}}, "95% reliability is not proven (no run)"),
        ({}, claim(ClaimState.NOT_YET), "is not proven (not yet)"),
    ],
)
def test_what_nobody_knows(tree: dict[str, object], profile: dict[str, object], said: str) -> None:
    found = judge_readiness(CANON, msgspec.structs.replace(TREE, **tree), msgspec.structs.replace(PROFILE, **profile))
    assert found.state is ReadinessState.NOT_ENOUGH
    assert [said in each.said for each in found.lacking] == [True]
    assert found.command


def test_a_forgiven_failure_does_not_block_and_other_categories_do_not_count() -> None:
    tree = msgspec.structs.replace(
        TREE, forgiven=frozenset((A,)), tests={A: "critical", B: "", "tests/late/test_c.py::t": "late"}
    )
    profile = msgspec.structs.replace(PROFILE, outcomes={A: Outcome.FAILED, B: Outcome.PASSED})
    assert judge_readiness(CANON, tree, profile).state is ReadinessState.READY


def test_where_no_category_is_critical_the_whole_suite_counts() -> None:
    late = {"tests/late/test_c.py::t": Outcome.FAILED}
    found = judge_readiness(Canon(), TREE, msgspec.structs.replace(PROFILE, outcomes={**PROFILE.outcomes, **late}))
    assert "the suite (no category is critical): 1 of 3 tests fails" in found.blockers[0].said


def test_a_profile_that_does_not_run_a_critical_category_is_not_asked_for_it() -> None:
    profile = msgspec.structs.replace(PROFILE, categories=("late",), outcomes={B: Outcome.PASSED})
    assert judge_readiness(CANON, TREE, profile).state is ReadinessState.READY


def test_readiness_of_a_repository_from_its_own_runs(tmp_path: Path) -> None:
    canon = '[categories.critical]\npaths = ["tests/critical"]\npriority = "critical"\n'
    canon += '[profiles.away]\nurl = "http://127.0.0.1:9"\nready-timeout = "1s"\n'
    shop = Folder(tmp_path).start({"canonry.toml": canon, "tests/critical/test_a.py": SOUND, "tests/test_b.py": SOUND})

    def asked(*options: str) -> tuple[int, dict[str, object]]:
        done = shop.call("report", "readiness", "--workers", "1", "--output-format", "json", *options)
        assert done.returncode in (0, 1, 5), done.stderr
        return done.returncode, {each["profile"]: each for each in json.loads(done.stdout)["profiles"]}

    status, found = asked("--profile", "local")
    assert status == 5
    assert found["local"]["next"] == "canonry run --profile local --category critical"  # type: ignore[index]
    assert shop.run("run", "--cold", "-q").returncode == 0
    assert asked("--profile", "local")[0] == 0
    status, found = asked()
    assert status == 1
    states = {name: each["state"] for name, each in found.items()}  # type: ignore[index]
    assert states == {"local": "ready", "ci": "not enough data", "away": "not ready"}
    shop.commit({"shop/a.py": "def broken(:\n"})
    status, found = asked("--profile", "local")
    assert status == 1
    assert [each["about"] for each in found["local"]["blockers"]] == ["parsing"]  # type: ignore[index]
    assert "no test of it ran at this commit" in found["local"]["lacking"][0]["said"]  # type: ignore[index]
    assert shop.call("report", "readiness", "--profile", "lokal").returncode == 2
    text = shop.call("report", "readiness", "--profile", "local", "--output-format", "markdown").stdout
    assert "| local | **not ready** | 1 |" in text
