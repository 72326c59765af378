"""Two trees against each other: what is refused, what passes, and why."""

import json
import re
from pathlib import Path

import pytest

from canonry.gate.judge import judge
from canonry.model.gate import Change, Direction, Kind
from tests.workbench import RUNNER, SOUND, Folder, call_canonry

CANON = '[canon]\nrunner = "pytest-wrapper"\nbase-cases = []\nmock-factory = ""\n'
"""A canon that says nothing of base cases and mocks, so that the cases below break one rule each."""
TWO = "def test_total():\n    assert sum([1, 2]) == 3\n\n\ndef test_count():\n    assert len([1]) == 1\n"
DIRECT = "import pytest\n\n\ndef start():\n    pytest.main([])\n"
OTHER = "import pytest\n\n\ndef begin():\n    pytest.main([])\n"
HELPED = "def check(value):\n    assert value == 3\n    assert value\n\n\ndef test_total():\n    check(sum([1, 2]))\n    assert True is not None\n"
STRONG = "def test_total():\n    assert sum([1, 2]) == 3\n    assert sum([])  == 0\n    assert True is not None\n"
BROKEN = "def test_total(:\n    assert 1\n"
ENTRY = '[[quarantine]]\ntest = "tests/test_a.py::test_total"\nreason = "slow"\nowner = "@ada"\n'
FLOW = CANON + '\n[flows.buy]\ntests = ["tests"]\ncontract = "buy.yaml"\nreliability = 0.95\n'
CONTRACT = "contract: buy/1\nevents:\n  paid: {}\n  sent: {}\n"
STRICT = CANON + '\n[categories.e2e]\npaths = ["tests/e2e"]\nmocks = "forbidden"\n'
SWALLOWED = "def test_a():\n    assert 1 == int('1')\n\n    class TestB:\n        def test_b(self):\n            assert 2 == int('2')\n"
"""A class that wrong indentation moved into a function: nothing collects it."""
FREED = (
    "def test_a():\n    assert 1 == int('1')\n\n\nclass TestB:\n    def test_b(self):\n        assert 2 == int('2')\n"
)
E2E = {"tests/e2e/test_a.py": SOUND}

WORSE = [
    ("a new violation", {"tests/test_a.py": TWO}, {"tools/go.py": DIRECT}, "violations"),
    ("a swap between files", {"tools/a.py": DIRECT}, {"tools/a.py": None, "tools/b.py": OTHER}, "violations"),
    ("a swap in one file", {"tools/a.py": DIRECT}, {"tools/a.py": OTHER}, "violations"),
    ("one more of the same", {"tools/a.py": DIRECT}, {"tools/b.py": DIRECT}, "violations"),
    ("a test that is gone", {"tests/test_a.py": TWO}, {"tests/test_a.py": SOUND}, "tests"),
    ("a test file that is gone", {"tests/test_a.py": TWO, "x.py": ""}, {"tests/test_a.py": None}, "tests"),
    ("a class that slips into a function", {"tests/test_a.py": FREED}, {"tests/test_a.py": SWALLOWED}, "tests"),
    ("an assertion fewer", {"tests/test_a.py": STRONG}, {"tests/test_a.py": SOUND}, "assertions"),
    ("a file that breaks", {"tests/test_a.py": SOUND}, {"tests/test_a.py": BROKEN}, "parsing"),
    ("a new file that is broken", {"tests/test_a.py": SOUND}, {"tests/test_b.py": BROKEN}, "parsing"),
    ("one mended, one broken", {"a.py": "x = (\n", "b.py": "x = 1\n"}, {"a.py": "x = 1\n", "b.py": "x = (\n"}, "parsing"),
    ("an exemption", {"tools/a.py": DIRECT},
     {"tools/a.py": DIRECT.replace("([])", "([])  # canonry: ignore[RUN001] for a while")}, "exemptions"),
    ("a quarantine", {"tests/test_a.py": SOUND}, {"canonry-quarantine.toml": ENTRY}, "quarantine"),
    ("a contract that loses an event", {"canonry.toml": FLOW, "buy.yaml": CONTRACT},
     {"buy.yaml": CONTRACT.replace("  sent: {}\n", "")}, "contracts"),
    ("a flow that loses its contract", {"canonry.toml": FLOW, "buy.yaml": CONTRACT},
     {"canonry.toml": FLOW.replace('contract = "buy.yaml"\n', "")}, "contracts"),
    ("a lower target", {"canonry.toml": FLOW, "buy.yaml": CONTRACT},
     {"canonry.toml": FLOW.replace("0.95", "0.5")}, "canon"),
    ("mocks allowed where they were not", {"canonry.toml": STRICT, **E2E},
     {"canonry.toml": STRICT.replace("forbidden", "allowed")}, "canon"),
]  # fmt: skip
PASSING = [
    ("nothing", {"tests/test_a.py": TWO}, {"README.md": "shop\n"}, "neutral"),
    ("a move of a violation", {"tools/a.py": DIRECT}, {"tools/a.py": None, "bin/b.py": DIRECT}, "neutral"),
    ("a reformatted violation", {"tools/a.py": DIRECT},
     {"tools/a.py": '"""Starts."""\n\n\n' + DIRECT.replace("pytest.main([])", "pytest.main(\n        [],\n    )")}, "neutral"),
    ("a moved test", {"tests/test_a.py": TWO}, {"tests/test_a.py": None, "tests/test_b.py": TWO}, "neutral"),
    ("a renamed test", {"tests/test_a.py": STRONG}, {"tests/test_a.py": STRONG.replace("test_total", "test_sum")}, "neutral"),
    ("a broken file that moved", {"a.py": "x = (\n"}, {"a.py": None, "b/a.py": "x = (\n"}, "neutral"),
    ("an edit of a broken file", {"a.py": "x = (\n"}, {"a.py": "x = [\n"}, "neutral"),
    ("assertions that moved into a helper", {"tests/test_a.py": STRONG}, {"tests/test_a.py": HELPED}, "neutral"),
    ("a violation fewer", {"tools/a.py": DIRECT}, {"tools/a.py": "x = 1\n"}, "better"),
    ("a new test", {"tests/test_a.py": SOUND}, {"tests/test_a.py": TWO}, "better"),
    ("a mended file that shows what is in it", {"tools/a.py": DIRECT + ")"}, {"tools/a.py": DIRECT}, "better"),
    ("a class that comes out of a function", {"tests/test_a.py": SWALLOWED}, {"tests/test_a.py": FREED}, "better"),
    ("a stricter canon", {"canonry.toml": CANON + '\n[categories.e2e]\npaths = ["tests/e2e"]\n',
     "tests/e2e/test_a.py": "from unittest.mock import Mock\n\n\ndef test_a():\n    assert Mock(spec=int)\n"},
     {"canonry.toml": STRICT}, "neutral"),
]  # fmt: skip


def start(repository: Folder, base: dict[str, str], head: dict[str, str | None]) -> None:
    """A repository at the base with the head as uncommitted changes."""
    repository.commit({"canonry.toml": CANON, **base}, "base")
    for path, content in head.items():
        if content is None:
            (repository.root / path).unlink()
        else:
            repository.write({path: content})


def judged(repository: Folder, *arguments: str) -> dict[str, object]:
    done = repository.call("gate", *arguments, "--output-format", "json", "--no-cache")
    assert done.returncode in (0, 1), done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    assert done.returncode == found["refused"]
    return found


@pytest.mark.parametrize(("base", "head", "kind"), [case[1:] for case in WORSE], ids=[case[0] for case in WORSE])
def test_what_is_worse_is_refused(
    repository: Folder, base: dict[str, str], head: dict[str, str | None], kind: str
) -> None:
    start(repository, base, head)

    found = judged(repository, "--against", "HEAD")
    assert found["verdict"] == "worse"
    assert kind in [reason["kind"] for reason in found["reasons"]]  # type: ignore[attr-defined]


@pytest.mark.parametrize(("base", "head", "verdict"), [case[1:] for case in PASSING], ids=[case[0] for case in PASSING])
def test_what_is_no_worse_passes(
    repository: Folder, base: dict[str, str], head: dict[str, str | None], verdict: str
) -> None:
    start(repository, base, head)

    found = judged(repository, "--against", "HEAD")
    assert (found["verdict"], found["reasons"]) == (verdict, [])


def test_the_working_tree_the_index_and_a_commit_of_a_bare_repository(repository: Folder, tmp_path: Path) -> None:
    start(repository, {"tests/test_a.py": TWO}, {"tests/test_a.py": SOUND})
    assert judged(repository, "--staged", "--against", "HEAD")["verdict"] == "neutral"
    repository.git("add", ".")
    assert judged(repository, "--staged", "--against", "HEAD")["verdict"] == "worse"

    repository.commit()
    bare = repository.clone_bare(tmp_path / "bare.git")
    done = call_canonry("gate", bare, "--rev", "HEAD", "--against", "HEAD^", "--no-cache", cwd=tmp_path)
    assert (done.returncode, done.stdout.splitlines()[0].split()[0]) == (1, "refused")
    back = call_canonry("gate", bare, "--rev", "HEAD^", "--against", "HEAD", "--no-cache", cwd=tmp_path)
    assert (back.returncode, back.stdout.split(":")[0].split()[:2]) == (0, ["passes,", "better"])


def test_a_refusal_shows_three_lines_and_the_command_that_mends(repository: Folder) -> None:
    head = {"tests/test_a.py": BROKEN, "tools/go.py": DIRECT, "tools/run.py": RUNNER, "tests/test_b.py": None}
    start(repository, {"tests/test_a.py": SOUND, "tests/test_b.py": TWO.replace("test_", "test_b_")}, head)

    done = repository.call("gate", "--against", "HEAD", "--no-cache", "--color", "never")
    lines = done.stdout.splitlines()
    assert lines[1].startswith("  1 file that does not parse")
    assert "tests/test_a.py:1: " in lines[1]
    assert lines[2].startswith("  3 tests are gone")
    assert lines[3].startswith("  2 more violations of RUN001")
    assert lines[4].strip().endswith("(all with -v)")
    assert lines[-1] == "next  canonry repair tests/test_a.py --review --write"


def test_what_somebody_agrees_to_passes_and_is_told(repository: Folder) -> None:
    start(repository, {"tests/test_a.py": TWO}, {"tests/test_a.py": SOUND})

    done = repository.call("gate", "--against", "HEAD", "--allow", "tests", "--no-cache")
    assert done.returncode == 0
    assert "agreed to: tests (1)" in done.stdout


def test_warnings_count_unless_only_errors_do(repository: Folder) -> None:
    start(
        repository, {"tests/test_a.py": SOUND}, {"tests/test_b.py": f"import sys\n\nsys.path.append('x')\n\n\n{SOUND}"}
    )

    assert judged(repository, "--against", "HEAD")["verdict"] == "worse"
    assert judged(repository, "--against", "HEAD", "--fail-on", "error")["verdict"] == "better"
    assert judged(repository, "--against", "HEAD", "--select", "RUN")["verdict"] == "better"


def test_where_histories_part_is_what_a_branch_started_from(repository: Folder) -> None:
    start(repository, {"tests/test_a.py": SOUND}, {})
    repository.git("branch", "topic")
    repository.commit({"tests/test_a.py": TWO}, "more on the main branch")

    assert judged(repository, "--rev", "topic", "--against", "HEAD")["verdict"] == "worse"
    assert judged(repository, "--rev", "topic", "--against", "HEAD", "--merge-base")["verdict"] == "neutral"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--against", "nowhere"], "`nowhere` names no commit"),
        ([], "there is no `canonry-baseline.jsonl` to compare with"),
        (["--against", "HEAD", "--absolute"], "give one of them"),
        (["--merge-base"], "name it with `--against`"),
        (["--staged", "--rev", "HEAD"], "give one of them"),
        (["--against", "HEAD", "--rev", "gone"], "`gone` names no commit"),
    ],
)
def test_a_mistake_is_one_sentence(repository: Folder, arguments: list[str], said: str) -> None:
    start(repository, {"tests/test_a.py": SOUND}, {})

    done = repository.call("gate", *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_shallow_clone_without_the_parent(repository: Folder, tmp_path: Path) -> None:
    start(repository, {"tests/test_a.py": SOUND}, {})
    repository.commit({"tests/test_a.py": TWO}, "two")
    repository.git("clone", "--quiet", "--depth", "1", f"file://{repository.root}", str(tmp_path / "shallow"))

    done = call_canonry("gate", "--against", "HEAD^", cwd=tmp_path / "shallow")
    assert done.returncode == 2
    assert "git fetch --deepen" in done.stderr


def test_rewritten_history_has_nothing_in_common(repository: Folder) -> None:
    start(repository, {"tests/test_a.py": SOUND}, {})
    repository.git("checkout", "--quiet", "--orphan", "rewritten")
    repository.commit({"tests/test_a.py": TWO}, "the same, told anew")
    old = repository.git("rev-list", "--max-count=1", "--all", "--grep=base")

    assert judged(repository, "--against", old)["verdict"] == "better"
    done = repository.call("gate", "--against", old, "--merge-base")
    assert (done.returncode, "no commit in common" in done.stderr) == (2, True)


def test_what_mends_a_refusal_is_a_command_and_what_is_meant_stands_apart() -> None:
    for kind in Kind:
        for commit in ("", "a" * 40):
            change = Change(
                kind=kind, direction=Direction.WORSE, message="it is gone", path="tests/a.py", rule="CAT002"
            )
            (reason,) = judge([change], head="tree", base="base", commit=commit).reasons
            assert re.fullmatch(r"(canonry|git) [\w./= -]+", reason.mend), reason.mend
            assert " where " not in reason.mend
            assert ("--allow" in reason.remark) is (kind not in (Kind.PARSING, Kind.VIOLATIONS))


@pytest.mark.parametrize(
    ("rule", "command"),
    [
        ("RUN001", "canonry audit tests/a.py --select RUN001 --fix --write"),
        ("CAT002", "canonry explain CAT002"),  # its codemod asks a reader, so that `--write` alone does nothing
        ("TST006", "canonry explain TST006"),  # its codemod only lists
        ("GOV001", "canonry explain GOV001"),
    ],
)
def test_a_fix_is_offered_only_where_it_would_do_something(rule: str, command: str) -> None:
    change = Change(kind=Kind.VIOLATIONS, direction=Direction.WORSE, message="new", path="tests/a.py", rule=rule)
    (reason,) = judge([change], head="tree", base="base").reasons
    assert reason.mend == command
