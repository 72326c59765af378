"""`canonry run --flow X --prove`: stops as soon as the rounds decide, and never without a commit or with too little."""

import json
import random

import pytest

from canonry.history.reliability import Trial
from canonry.model.reliability import ClaimState
from canonry.run.flow_claims import kept_claim
from canonry.run.keeping import open_for_reports
from canonry.run.project import open_project
from canonry.run.proving import Ground, Proof, Round, better_than, keep_proof, kept_proof, prove
from canonry.run.recording import recordings
from tests.workbench import Folder

CANON = '[flows.buy]\ntests = ["tests/buy"]\nreliability = 0.18\n'
STEPS = """
import os, pathlib, signal

import pytest

COUNTER = pathlib.Path(os.environ["SHOP_COUNTER"])


def test_log_in():
    assert COUNTER.parent.exists()


def test_pay():
    number = len(COUNTER.read_bytes()) if COUNTER.exists() else 0
    with open(COUNTER, "ab") as out:
        out.write(b".")
    how = os.environ["SHOP_SCRIPT"]
    what = how[number % len(how)]
    if what == "k":
        os.kill(os.getpid(), signal.SIGKILL)  # as from outside: the system says no more
    if what == "s":
        pytest.skip("not today")
    assert what == "+"
"""
"""A flow whose second test passes, fails, is killed or skipped in turn: its reliability is planted."""


@pytest.fixture
def shop(repository: Folder) -> Folder:
    return repository.commit(
        {
            "canonry.toml": CANON,
            "tests/buy/test_steps.py": STEPS,
            "tests/test_other.py": "def test_x():\n    assert 0\n",
        }
    )


@pytest.mark.parametrize(
    ("script", "status", "state", "counts"),
    [
        ("-", 1, "refuted", {"failed": 2}),
        ("+-+++", 0, "proven", {"succeeded": 3, "failed": 1}),
    ],
)
def test_a_planted_reliability_is_found(
    shop: Folder, monkeypatch: pytest.MonkeyPatch, script: str, status: int, state: str, counts: dict[str, int]
) -> None:
    monkeypatch.setenv("SHOP_COUNTER", str(shop.root.parent / "counter"))
    monkeypatch.setenv("SHOP_SCRIPT", script)
    done = shop.call("run", "--workers", "1", "--flow", "buy", "--prove", "--output-format", "json")
    found = json.loads(done.stdout)

    assert done.returncode == status, done.stderr
    assert (found["state"], found["target"]) == (state, 0.18)
    assert {name: count for name, count in found["counts"].items() if count} == counts
    assert len(recordings(shop.root)) == counts.get("failed", 0)  # those of clean rounds would push out others
    assert {node for each in found["rounds"] for node in each["failing"]} == (
        {"tests/buy/test_steps.py::test_pay"} if "-" in script else set()
    )


def test_infrastructure_and_skips_prove_nothing_and_a_proof_goes_on(
    shop: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_COUNTER", str(shop.root.parent / "counter"))
    call = ("run", "--workers", "1", "--flow", "buy", "--prove")
    monkeypatch.setenv("SHOP_SCRIPT", "k")
    done = shop.call(*call, "--max-runs", "10")
    assert done.returncode == 5
    assert "infrastructure took 1 of 1 rounds away" in done.stdout

    monkeypatch.setenv("SHOP_SCRIPT", "s")
    done = shop.call(*call)
    assert done.returncode == 5
    assert "`tests/buy/test_steps.py::test_pay` gave no evidence" in done.stdout

    monkeypatch.setenv("SHOP_SCRIPT", "+")
    done = shop.call(*call, "--max-runs", "1")
    assert done.returncode == 5
    assert "1 round did not decide" in done.stdout
    done = shop.call(*call)
    assert "goes on behind 1 round" in done.stderr
    assert "2 of 2 rounds passed" in done.stdout
    assert done.returncode == 0

    # what is recorded of the flow is claimed at the end of every run of it
    found = json.loads(shop.call("run", "--workers", "1", "--flow", "buy", "--output-format", "json").stdout)
    claim = found["claims"]["buy"]
    assert (claim["state"], claim["tests"], claim["target"]) == ("not enough data", 2, 0.18)
    assert claim["excluded"] == 1
    assert claim["incomplete"] == 1
    assert claim["successes"] >= 1
    assert "of the runs away" in claim["reason"]

    # and is there for whoever asks the history
    monkeypatch.chdir(shop.root)
    with open_project() as project, open_for_reports(project.root, project.canon.history, []) as history:
        newest = history.runs(last=1)[0]
        kept = kept_claim(
            history, project, "buy",
            commit=newest.commit or "", environment=newest.environment, profile=newest.profile,
        )  # fmt: skip
    assert (kept.state.value, kept.successes, kept.excluded, kept.incomplete, kept.tests) == tuple(
        claim[name] for name in ("state", "successes", "excluded", "incomplete", "tests")
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--prove",), "proves one flow"),
        (("--flow", "buy", "--prove", "-k", "pay"), "is of all tests of a flow"),
        (("--flow", "buy", "--prove", "--list"), "ask for two things"),
        (("--flow", "buy", "--prove", "--report", "junit=x"), "makes many runs"),
        (("--flow", "buy", "--prove", "--output-format", "junit"), "`full` or `json`"),
        (("--flow", "buy", "--prove", "1.5"), "1.5"),
        (("--flow", "buy", "--prove", "0"), "no number of runs proves a reliability of 0.0"),
        (("--flow", "buy", "--prove", "0.9999999999"), "200 runs can never prove a reliability of 0.9999999999"),
    ],
)
def test_what_cannot_be_proved_is_a_mistake(shop: Folder, arguments: tuple[str, ...], said: str) -> None:
    done = shop.call("run", *arguments)

    assert done.returncode == 2
    assert said in done.stderr


def test_a_dirty_tree_is_no_commit(shop: Folder) -> None:
    shop.write({"tests/buy/test_steps.py": f"{STEPS}\n# changed\n"})
    done = shop.call("run", "--flow", "buy", "--prove")

    assert done.returncode == 2
    assert "uncommitted changes" in done.stderr


GROUND = Ground(flow="buy", target=0.95, commit="c", environment="e", profile="local")


def proved(chance: random.Random, truth: float, *, lost: float = 0.0, most: int = 100_000) -> Proof:
    """The proof of a flow of this reliability, of whose rounds infrastructure takes a share away."""

    def one() -> Round:
        if chance.random() < lost:
            return Round(run="", trial=Trial.EXCLUDED)
        return Round(run="", trial=Trial.SUCCEEDED if chance.random() < truth else Trial.FAILED)

    return prove(Proof(ground=GROUND, most=most), one, told=lambda _proof: None)


def test_both_errors_are_kept_also_where_infrastructure_takes_rounds_away() -> None:
    chance = random.Random(3)
    for truth, wrong in ((0.95, ClaimState.PROVEN), (0.99, ClaimState.REFUTED)):
        states = [proved(chance, truth, lost=0.02).state for _ in range(150)]
        assert ClaimState.NOT_ENOUGH not in states
        assert states.count(wrong) / len(states) <= 0.05 + 3 * (0.05 * 0.95 / 150) ** 0.5


def test_too_much_taken_away_is_no_verdict_however_good_the_rest() -> None:
    found = proved(random.Random(1), 1.0, lost=0.2, most=200)

    assert found.state is ClaimState.NOT_ENOUGH
    assert len(found.rounds) < 200  # it does not go on without hope
    assert better_than(0.95) == pytest.approx(0.99)


def test_rounds_of_another_ground_or_a_damaged_file_are_not_taken(folder: Folder) -> None:
    proof = Proof(ground=GROUND, rounds=(Round(run="1", trial=Trial.SUCCEEDED),) * 3)
    keep_proof(folder.root, proof)

    assert len(kept_proof(folder.root, GROUND)) == 3
    assert kept_proof(folder.root, Ground(flow="buy", target=0.95, commit="d", environment="e", profile="local")) == ()
    for content in (b"{", b"[]", b'{"format": 9}', b"\xff"):
        next(folder.root.glob(".canonry/proofs/*.json")).write_bytes(content)
        assert kept_proof(folder.root, GROUND) == ()
