"""Laws of how files are dealt out to waves, how the guilty are found, and what counts as worse."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonry.migrate.equivalence.bisect import culprits
from canonry.migrate.equivalence.compare import compare_collected, compare_runs, renamed_back
from canonry.migrate.equivalence.ground import Copy, copied
from canonry.migrate.equivalence.observe import Observation, Seen
from canonry.migrate.equivalence.prove import Proof
from canonry.migrate.equivalence.times import slower
from canonry.migrate.waves.canary import canary_of
from canonry.migrate.waves.order import in_waves
from canonry.migrate.waves.take import decide
from canonry.model.change_plan import FileChange
from canonry.model.edit import Edit, Grade
from canonry.model.outcome import Outcome
from canonry.model.waves import Decision, Guilty, Level, PlannedFile, TestChange, Wave
from canonry.run.tree_copy import imported_from
from tests.workbench import Folder

CODEMODS = ("base-case", "environment", "mock-factory")


@st.composite
def planned(draw: st.DrawFn) -> list[PlannedFile]:
    names = draw(st.lists(st.integers(0, 60), unique=True, max_size=30))
    return [
        PlannedFile(
            change=FileChange(
                path=f"tests/test_{name}{draw(st.sampled_from(('.py', '.sh')))}",
                digest="x",
                grade=draw(st.sampled_from((Grade.SAFE, Grade.REVIEW))),
            ),
            after="y",
            codemods=tuple(draw(st.sets(st.sampled_from(CODEMODS), min_size=1))),
            findings=1,
            owner=draw(st.sampled_from(("", "@ada", "@bo", "@cy"))),
            priority=draw(st.integers(0, 3)),
        )
        for name in names
    ]


@given(planned(), st.integers(1, 8))
def test_waves_hold_every_file_once_in_the_order_of_risk_and_priority(files: list[PlannedFile], size: int) -> None:
    waves = in_waves(files, size=size)
    assert sorted(each.path for wave in waves for each in wave) == sorted(each.path for each in files)
    assert all(0 < len(wave) <= size for wave in waves)
    keys = [{(not each.is_python, each.grade.rank, each.priority) for each in wave} for wave in waves]
    assert all(len(each) == 1 for each in keys)
    assert keys == sorted(keys, key=min)
    for wave in waves:  # an owner shares only what is less than half a wave of his own
        shares = {owner: sum(each.owner == owner for each in wave) for owner in {each.owner for each in wave}}
        assert len(shares) == 1 or all(2 * count < size for count in shares.values())


@given(planned())
def test_the_canary_has_a_file_of_every_codemod(files: list[PlannedFile]) -> None:
    chosen = canary_of(files, is_test=lambda path: path.endswith(".py"))
    assert {name for each in chosen for name in each.codemods} == {name for each in files for name in each.codemods}
    assert len(chosen) <= max(len(CODEMODS), min(8, (len(files) + 1) // 2))
    assert len({each.path for each in chosen}) == len(chosen)


@given(st.integers(1, 40), st.lists(st.sets(st.integers(0, 39), min_size=1, max_size=3), max_size=4))
def test_the_guilty_are_found_and_nothing_else(count: int, faults: list[set[int]]) -> None:
    items = range(count)
    real = [fault for fault in faults if fault <= set(items)]
    asked: list[int] = []

    def fails(some: tuple[int, ...]) -> bool:
        asked.append(len(some))
        return any(fault <= set(some) for fault in real)

    groups = culprits(items, fails)
    rest = tuple(each for each in items if not any(each in group for group in groups))
    assert not fails(rest)
    assert all(set(group) in real for group in groups)
    assert len(asked) <= 2 + sum(2 + 3 * len(group) * 6 for group in groups)


P, F, S, X = Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED, Outcome.EXPECTED_FAILURE


def run(**tests: Outcome | Seen) -> Observation:
    seen = {f"t.py::{name}": each if isinstance(each, Seen) else Seen(outcome=each) for name, each in tests.items()}
    return Observation(nodes={"t.py": tuple(seen)}, tests=seen, broken={})


@pytest.mark.parametrize(
    ("before", "after", "worse", "unmasked", "flaky"),
    [
        pytest.param([P, P], P, False, False, False, id="nothing changed"),
        pytest.param([P, P], F, True, False, False, id="a pass became a failure"),
        pytest.param([P, P], None, True, False, False, id="it is gone"),
        pytest.param([F, F], None, True, False, False, id="a failing test is gone, too"),
        pytest.param([P, P], S, True, False, False, id="it passed and is skipped"),
        pytest.param([P, P], X, True, False, False, id="it passed and is expected to fail"),
        pytest.param([F, F], F, False, False, False, id="it was red before"),
        pytest.param([F, F], P, False, False, False, id="it was mended"),
        pytest.param([P, F], F, False, False, True, id="the runs before disagree"),
        pytest.param([P, F], None, True, False, True, id="a flaky test must not vanish"),
        pytest.param([X, X], F, True, False, False, id="an expected failure is one no more"),
        pytest.param([S, S], F, False, True, False, id="it was skipped and fails"),
        pytest.param([S, S], P, False, False, False, id="it was skipped and passes"),
        pytest.param([Seen(outcome=P, awaited=False)] * 2, F, False, True, False, id="it was never awaited"),
        pytest.param([Seen(outcome=P, awaited=False), P], F, True, False, False, id="it was awaited once"),
    ],
)
def test_what_is_worse(before: list[Outcome], after: Outcome | None, worse: bool, unmasked: bool, flaky: bool) -> None:
    now = run() if after is None else run(a=after)
    found = compare_runs([run(a=each) for each in before], now, known_flaky=frozenset())
    assert (bool(found.worse), bool(found.unmasked), bool(found.flaky)) == (worse, unmasked, flaky)


def test_new_tests_are_none_where_ids_come_and_go_by_themselves() -> None:
    found = compare_runs([run(a=P, b1=P), run(a=P, b2=P)], run(a=P, b3=P), known_flaky=frozenset())
    assert found.worse == ()
    assert compare_runs([run(a=P)], run(a=P, b=P), known_flaky=frozenset()).worse == (
        TestChange(node="t.py::b", before=Outcome.NOT_RUN, after=P, reason="it was not collected before"),
    )
    assert [each.node for each in compare_runs([run(a=P)], run(a=P, b=F), known_flaky=frozenset()).unmasked] == [
        "t.py::b"
    ]
    assert [each.node for each in compare_collected([run(a=P, b=P)], run(a=P, c=P)).worse] == ["t.py::b", "t.py::c"]


@pytest.mark.parametrize(
    ("before", "after", "again", "said", "runs"),
    [
        pytest.param([10.0, 11.0], 13.0, [], False, 1, id="within the tolerance of the slowest"),
        pytest.param([0.5], 1.4, [], False, 1, id="less than a second"),
        pytest.param([10.0], 15.0, [(10.0, 15.0), (10.0, 14.0)], True, 3, id="slower however often"),
        pytest.param([10.0], 15.0, [(13.0, 15.0)], False, 2, id="the machine was busy: before is slow, too"),
        pytest.param([10.0], 15.0, [(10.0, 11.0)], False, 2, id="the machine was busy: after was slow once"),
    ],
)
def test_slower_is_what_stays_slower(
    before: list[float], after: float, again: list[tuple[float, float]], said: bool, runs: int
) -> None:
    times, measured = [after], iter(again)
    found = slower(before, times, lambda: next(measured))
    assert (bool(found), len(times)) == (said, runs)


def test_renamed_tests_are_the_same_tests() -> None:
    now = run(**{"new": P, "new[a-b]": P})
    back = renamed_back(now, {"t.py::old": "t.py::new"})
    assert compare_runs([run(**{"old": P, "old[a-b]": P})], back, known_flaky=frozenset()).worse == ()
    assert back.nodes == {"t.py": ("t.py::old", "t.py::old[a-b]")}
    assert len(compare_runs([run(old=P)], run(new=P), known_flaky=frozenset()).worse) == 2


def test_a_slower_wave_and_too_many_guilty_files_stop_the_plan() -> None:
    changes = tuple(FileChange(path=f"tests/test_{n}.py", digest="x") for n in range(10))
    files = tuple(PlannedFile(change=each, after="y", codemods=("base-case",), findings=1) for each in changes)

    def decision(*, canary: bool = False, guilty: int = 0, unmasks: bool = False, slow: str = "") -> Decision:
        blamed = tuple(Guilty(path=each.path, reason="r", unmasks=unmasks) for each in changes[:guilty])
        proof = Proof(accepted=changes[guilty:], level=Level.RUN, guilty=blamed, slower=slow)
        return decide(Wave(number=1, files=files, canary=canary), proof)[0]

    assert decision() is Decision.LAND
    assert decision(slow="it takes longer") is Decision.STOP
    assert decision(guilty=2) is Decision.LAND
    assert decision(guilty=3) is Decision.STOP
    assert decision(guilty=1, canary=True) is Decision.STOP
    assert decision(guilty=1, canary=True, unmasks=True) is Decision.LAND
    assert decision(guilty=10, unmasks=True) is Decision.REFUSE


def test_a_copy_stands_for_the_tree_and_for_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = Folder(tmp_path / "shop").start({"src/shop.py": "x = 1\n", ".gitignore": "data.bin\nvenv\n"})
    place.write({"data.bin": b"\0", "venv/pyvenv.cfg": "", "src/__pycache__/shop.pyc": b"", "new.py": "y = 1\n"})
    (place.root / "linked.py").symlink_to(place.root / "new.py")
    monkeypatch.syspath_prepend(str(place.root / "src"))
    monkeypatch.syspath_prepend(str(tmp_path))  # the first entry is the program's own folder
    change = FileChange(
        path="src/shop.py", digest="", edits=(Edit(start=4, end=5, expected=b"1", replacement=b"2", rule="r"),)
    )
    with copied(place.root, tmp_path / "scratch" / "shop") as ground:
        assert isinstance(ground, Copy)
        assert {path.name for path in ground.root.iterdir()} == {
            ".git",
            ".gitignore",
            "src",
            "data.bin",
            "linked.py",
            "new.py",
            "venv",
        }
        assert (ground.root / "venv").is_symlink()
        assert (ground.root / "linked.py").readlink() == ground.root / "new.py"
        assert not (ground.root / "src/__pycache__").exists()
        assert Folder(ground.root).git("status", "--porcelain") == "?? linked.py\n?? new.py"
        assert imported_from(place.root, ground.root) == [str(ground.root / "src")]
        times = [(ground.root / "src/shop.py").stat().st_mtime]
        for expected in (b"x = 2\n", b"x = 2\n"):
            assert ground.trial([change], (ground.root / "src/shop.py").read_bytes) == expected
            assert (ground.root / "src/shop.py").read_bytes() == b"x = 1\n"
            times.append((ground.root / "src/shop.py").stat().st_mtime)
        assert len({int(each) for each in times}) == 3  # byte code is told by size and second
    assert not (tmp_path / "scratch" / "shop").exists()
    assert (place.root / "src/shop.py").read_bytes() == b"x = 1\n"


def test_a_copy_of_a_worktree_has_a_repository_of_its_own(tmp_path: Path) -> None:
    place = Folder(tmp_path / "shop").start({"a.py": "x = 1\n"})
    place.git("worktree", "add", "--quiet", str(tmp_path / "beside"))
    before = (tmp_path / "beside/.git").read_bytes()
    with copied(tmp_path / "beside", tmp_path / "scratch" / "beside") as ground:
        there = Folder(ground.root)
        assert there.git("status", "--porcelain") == ""
        there.commit({"b.py": "y = 1\n"})
        assert there.git("rev-list", "--count", "HEAD") == "2"
    assert Folder(tmp_path / "beside").git("rev-list", "--count", "--all") == "1"
    assert (tmp_path / "beside/.git").read_bytes() == before
