"""Enforcement tests are written, shown to be able to fail, and proof tests are judged."""

import json
import tomllib

from canonry.audit.request import Request
from canonry.canon.load import load_canon
from canonry.canon.options import Canon, Category
from canonry.gate.enforcement import enforcement_tests, uncovered
from canonry.gate.plant import plants
from canonry.gate.proofs import judge_proofs
from canonry.model.finding import Confidence, Severity
from canonry.rules.registry import all_rules
from tests.gate.test_trees import CANON, DIRECT
from tests.workbench import SOUND, Folder

SYMBOLS = (
    CANON
    + """
[[canon.symbols]]
name = "Manager"
home = "shop.manager"
aliases = ["shop.old.Manager"]
[categories.e2e]
paths = ["tests/e2e"]
mocks = "forbidden"
[flows.buy]
tests = ["tests/flows"]
contract = "buy.yaml"
"""
)
HOME = {"shop/__init__.py": "", "shop/manager.py": "class Manager:\n    def run(self):\n        return 1\n"}
ONE = "tests/enforcement/test_ssot_test_runner_enforcement.py"


def test_tests_are_written_once_and_no_file_of_somebody_else_is_lost(repository: Folder) -> None:
    repository.commit({"canonry.toml": CANON, "tests/test_a.py": SOUND})

    first = repository.call("gate", "write-tests")
    assert first.returncode == 0
    assert first.stderr.count("wrote `tests/enforcement/test_ssot_") == 8
    assert "nothing to change" in repository.call("gate", "write-tests").stderr
    found = [each for each in repository.findings() if each.path.startswith("tests/enforcement/")]
    assert [(each.code, each.path) for each in found] == []
    repository.write({ONE: "mine = 1\n"})
    assert repository.call("gate", "write-tests").returncode == 2
    assert repository.call("gate", "write-tests", "../elsewhere").returncode == 2


def test_a_planted_violation_turns_its_test_red_or_is_told_to_be_unproven(repository: Folder) -> None:
    mine = "def test_no_script_calls_pytest():\n    assert not list(__import__('pathlib').Path('tools').glob('*.py'))\n"
    repository.commit({"canonry.toml": CANON, "tests/test_a.py": SOUND, "tests/test_mine.py": mine})
    repository.call("gate", "write-tests", "-q")
    repository.call("gate", "baseline", "-q")

    done = repository.call("gate", "prove", "--select", "RUN001", "--output-format", "json", "-q")
    (planted,) = json.loads(done.stdout)["found"]["planted"]
    assert (done.returncode, planted["red"]) == (0, [f"{ONE}::test_no_violation_beyond_the_baseline[RUN001]"])
    assert json.loads(done.stdout)["found"]["red_before"] == []

    done = repository.call("gate", "prove", "--select", "ISO001", "-q")
    assert (done.returncode, "ISO001  shared-instance               not planted" in done.stdout) == (0, True)

    done = repository.call("gate", "prove", "--select", "SYN004,DUP001", "--tests", "tests/test_mine.py", "-q")
    assert done.returncode == 1
    assert "DUP001  second-home                   not planted" in done.stdout
    assert "SYN004  merge-conflict-marker         unproven" in done.stdout
    assert not (repository.root / "tests/test_example.py").exists()


def test_without_enforcement_tests_nothing_is_proved(repository: Folder) -> None:
    repository.commit({"canonry.toml": CANON, "tests/test_a.py": SOUND})

    assert repository.call("gate", "prove").returncode == 5


def test_what_the_canon_declares_is_broken_in_its_own_words(repository: Folder) -> None:
    repository.commit({"canonry.toml": SYMBOLS, "buy.yaml": "contract: buy/1\nevents:\n  paid: {}\n", **HOME})
    repository.write({"tests/e2e/test_a.py": SOUND, "tests/flows/test_b.py": SOUND})
    canon = load_canon(
        lambda path: (repository.root / path).read_bytes() if (repository.root / path).is_file() else None
    ).canon
    before = {(each.code, each.path) for each in repository.findings()}

    for code in ("DUP001", "DUP002", "IMP003", "MCK002", "FLW001", "CAT002", "GOV004"):
        plant = next(iter(plants(all_rules()[code], canon, lambda path: (repository.root / path).exists())))
        repository.write(dict(plant))
        new = {(each.code, each.path) for each in repository.findings()} - before
        for path in plant:
            (repository.root / path).unlink()
        assert code in {found for found, _ in new}


def test_every_rule_that_refuses_has_an_enforcement_test() -> None:
    texts = b"".join(enforcement_tests("tests/enforcement").values()).decode()
    kinds = {"SYN001", "SYN002", "GOV004"}  # broken files and exemptions, which are compared as such
    for code, rule in all_rules().items():
        doubted = rule.confidence is Confidence.REVIEW and code != "DUP002"  # some of whose findings are likely
        refuses = not (rule.preview or doubted or rule.severity is Severity.INFO or code in kinds)
        assert (f'"{code}",  # {rule.name}' in texts) is refuses, code


PROOFS = """import pytest
from canonry.testing import proves


@proves("RUN001:start")
def test_open_and_red():
    assert False


@proves("RUN001:start")
def test_open_and_green():
    assert sum([]) == 0


@proves("DUP001:Gone")
def test_closed_and_green():
    assert sum([]) == 0


@proves("RUN001:tools/go.py:start")
def test_skipped():
    pytest.skip("later")
"""


def test_a_proof_is_red_while_its_finding_is_open_and_green_once_it_is_closed(repository: Folder) -> None:
    repository.commit({"canonry.toml": CANON, "tests/test_proofs.py": PROOFS, "tools/go.py": DIRECT})
    repository.run("run", "tests/test_proofs.py", "-q")

    found = judge_proofs(repository.root, Request(repository=repository.root, cache=False), "last")
    assert {each.test.rpartition("::")[2]: each.standing.value for each in found} == {
        "test_open_and_red": "proven",
        "test_open_and_green": "contradicted",
        "test_closed_and_green": "proven",
        "test_skipped": "unproven",
    }
    done = repository.call("gate", "proofs")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (1, "2 proven, 1 contradicted, 1 unproven")


def test_a_run_without_proofs_is_no_proof(repository: Folder) -> None:
    repository.commit({"canonry.toml": CANON, "tests/test_a.py": SOUND})
    assert repository.call("gate", "proofs").returncode == 2


def test_enforcement_tests_that_no_category_covers_are_told_with_the_lines_that_cover_them() -> None:
    files = enforcement_tests("tests/enforcement")
    unit, whole = Category(paths=["tests/unit"]), Category(paths=["tests/enforcement"])
    said = uncovered(Canon(categories={"unit": unit}), files)

    assert tomllib.loads(said.partition("\n")[2]) == {"categories": {"enforcement": {"paths": ["tests/enforcement"]}}}
    assert uncovered(Canon(categories={"unit": unit, "enforcement": whole}), files) == ""
    assert uncovered(Canon(), files) == ""
