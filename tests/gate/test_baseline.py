"""The baseline in its file: written, compared with, merged, damaged."""

import json

import hypothesis
import msgspec
import pytest
from hypothesis import strategies as st

from canonry.gate.baseline import BaselineError, decode_baseline, encode_baseline
from canonry.gate.compare import compare
from canonry.gate.renamed import Bodies
from canonry.model.finding import Confidence, Severity
from canonry.model.gate import Direction, Exemption, Kind, KnownTest, State, Violation
from tests.gate.test_trees import CANON, DIRECT, OTHER, TWO
from tests.workbench import SOUND, Folder

NAME = "canonry-baseline.jsonl"
NO_BODIES = Bodies(lambda _path: None, lambda _path: None)
words = st.text("abc_", min_size=1, max_size=3)
violations = st.lists(
    st.builds(
        Violation,
        st.sampled_from(["RUN001", "ENV001"]),
        st.sampled_from(["00", "01", "02"]),
        st.sampled_from(["a.py", "b.py", "c.py"]),
    ),
    max_size=6,
    unique_by=lambda each: (each.code, each.fingerprint, each.path),
).map(tuple)
states = st.builds(
    State,
    name=st.just("x"),
    violations=violations,
    tests=st.dictionaries(words.map(lambda word: f"a.py::test_{word}"), st.builds(KnownTest, st.integers(0, 3)), max_size=4),
    helpers=st.dictionaries(st.just("a.py"), st.integers(1, 4), max_size=1),
    broken=st.dictionaries(st.sampled_from(["a.py", "b.py"]), st.just((0, "")), max_size=2),
    exemptions=st.lists(
        st.builds(Exemption, st.just("file"), st.sampled_from(["RUN001", "RUN"]), words, words), max_size=3,
        unique_by=lambda each: (each.rule, each.path, each.reason),
    ).map(tuple),
    quarantine=st.dictionaries(words, words, max_size=2),
    contracts=st.frozensets(words, max_size=2),
    canon=st.dictionaries(st.just("canon.runner"), words, max_size=1),
)  # fmt: skip


def accepted(repository: Folder, files: dict[str, str]) -> Folder:
    """A repository whose state is accepted in a committed baseline."""
    repository.commit({"canonry.toml": CANON, **files}, "base")
    assert repository.call("gate", "baseline", "-q").returncode == 0
    return repository.commit({}, "accepted")


def lines(repository: Folder) -> list[dict[str, object]]:
    return [json.loads(line) for line in (repository.root / NAME).read_text().splitlines()]


def of(state: State) -> set[tuple[str, str, str]]:
    return {(each.code, each.fingerprint, each.path) for each in state.violations}


@hypothesis.given(states)
def test_what_is_written_is_read_and_nothing_differs_from_itself(state: State) -> None:
    content = encode_baseline(state)
    read = decode_baseline(content)

    assert encode_baseline(read) == content
    assert of(read) == of(state)
    assert list(compare(read, state, bodies=NO_BODIES)) == []


@hypothesis.given(states, states)
def test_the_union_of_two_baselines_refuses_neither_side_for_its_violations(one: State, other: State) -> None:
    union = decode_baseline(
        b"".join(sorted({*encode_baseline(one).splitlines(True), *encode_baseline(other).splitlines(True)}))
    )

    for side in (one, other):
        changes = compare(union, side, bodies=NO_BODIES)
        assert not [each for each in changes if each.kind is Kind.VIOLATIONS and each.direction is Direction.WORSE]


@hypothesis.given(violations, violations)
def test_violations_are_refused_exactly_where_some_fingerprint_occurs_more_often(
    before: tuple[Violation, ...], now: tuple[Violation, ...]
) -> None:
    def counted(found: tuple[Violation, ...]) -> dict[tuple[str, str], int]:
        return {
            key: sum((e.code, e.fingerprint) == key for e in found) for key in {(e.code, e.fingerprint) for e in found}
        }

    changes = compare(State(name="", violations=before), State(name="", violations=now), bodies=NO_BODIES)
    worse = [each for each in changes if each.direction is Direction.WORSE]
    old = counted(before)
    assert sum(each.count for each in worse) == sum(max(0, n - old.get(key, 0)) for key, n in counted(now).items())


def test_what_wants_a_reader_or_only_informs_never_refuses() -> None:
    for violation in (
        Violation("DUP003", "00", "a.py", severity=Severity.WARNING, confidence=Confidence.REVIEW),
        Violation("RUN007", "00", "README.md", severity=Severity.INFO),
    ):
        (change,) = compare(State(name=""), State(name="", violations=(violation,)), bodies=NO_BODIES)
        assert change.direction is Direction.TOLD


def test_one_more_place_of_a_cluster_is_one_more_violation() -> None:
    def cluster(places: int) -> State:
        return State(name="", violations=(Violation("DUP002", "00", "a.py", weight=places),))

    (change,) = compare(cluster(33), cluster(34), bodies=NO_BODIES)
    assert (change.direction, change.count) == (Direction.WORSE, 1)
    assert [each.direction for each in compare(cluster(34), cluster(33), bodies=NO_BODIES)] == [Direction.BETTER]


def test_a_tree_against_its_file(repository: Folder) -> None:
    accepted(repository, {"tools/a.py": DIRECT, "tests/test_a.py": TWO})

    assert repository.call("gate").returncode == 0
    repository.write({"tools/a.py": OTHER})
    assert repository.call("gate").returncode == 1
    (repository.root / "tools/a.py").write_text("x = 1\n")
    (repository.root / "tests/test_a.py").rename(repository.root / "tests/test_b.py")
    done = repository.call("gate")
    assert (done.returncode, "1 violation fewer" in done.stdout) == (0, True)

    again = repository.call("gate", "baseline")
    assert "wrote" in again.stderr
    assert "says what the tree is already" in repository.call("gate", "baseline").stderr
    assert [*map(str, lines(repository))][1:] == sorted(map(str, lines(repository)[1:]))


def merge(repository: Folder, one: dict[str, str], other: dict[str, str], *, driver: bool) -> Folder:
    """Two branches, each with its own baseline, merged; ``driver`` lets git take the union of the lines."""
    accepted(repository, {"tools/a.py": DIRECT, "tools/b.py": OTHER, "tests/test_a.py": SOUND})
    if driver:
        repository.commit({".gitattributes": "*.jsonl merge=union\n"}, "union")
    repository.git("branch", "topic")
    repository.commit(one).call("gate", "baseline", "-q")
    repository.commit({}, "ours").git("checkout", "--quiet", "topic")
    repository.commit(other).call("gate", "baseline", "-q")
    repository.commit({}, "theirs")
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@shop.example")
    try:
        repository.git(*identity, "merge", "--no-edit", "-")
    except Exception:  # noqa: BLE001 - a conflict is what is asked for
        assert not driver
    return repository


@pytest.mark.parametrize("driver", [True, False])
def test_a_merge_is_recomputed_with_and_without_marks(repository: Folder, driver: bool) -> None:
    more = "def test_more():\n    assert sum([1]) == 1\n"
    merge(
        repository,
        {"tools/a.py": "x = 1\n", "tests/test_b.py": more},
        {"tools/b.py": "x = 1\n", "tests/test_c.py": more},
        driver=driver,
    )
    if not driver:
        done = repository.call("gate")
        assert (done.returncode, "marks of an unfinished merge; run `canonry gate merge`" in done.stderr) == (2, True)

    assert repository.call("gate", "merge").returncode == 0
    assert not [entry for entry in lines(repository) if "violation" in entry]
    assert {entry["test"] for entry in lines(repository) if "test" in entry} == {
        "tests/test_a.py::test_total", "tests/test_b.py::test_more", "tests/test_c.py::test_more",
    }  # fmt: skip
    assert repository.call("gate").returncode == 0


def test_a_merge_accepts_nothing_new_and_forgets_no_test(repository: Folder) -> None:
    accepted(repository, {"tools/a.py": DIRECT, "tests/test_a.py": TWO})
    repository.write({"tools/b.py": OTHER, "tests/test_a.py": SOUND})

    done = repository.call("gate", "merge")
    assert (done.returncode, "`tests/test_a.py::test_count` was on one side" in done.stderr) == (1, True)
    assert [entry["path"] for entry in lines(repository) if "violation" in entry] == ["tools/a.py"]
    refused = json.loads(repository.call("gate", "--output-format", "json").stdout)
    assert {reason["kind"] for reason in refused["reasons"]} == {"tests", "violations"}


HEAD = b'{"baseline":1}\n'


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "does not begin with"),
        (b'{"test":"a.py::test_a","assertions":1}\n', "does not begin with"),
        (b'{"baseline":2}\n', "of version 2, written by a newer canonry"),
        (b'{"baseline":"x"}\n', "of no known version"),
        (HEAD + b"<<<<<<< ours\n", "marks of an unfinished merge"),
        (HEAD + b"not json\n", ":2` is no entry of a baseline"),
        (HEAD + b"[1]\n", ":2` is no entry of a baseline"),
        (HEAD + b'{"test":"a.py::test_a","assertions":-1}\n', ":2` is no entry of a baseline"),
        (HEAD + b'{"test":"a.py::test_a"}\n', ":2` is no entry of a baseline"),
        (HEAD + b'{"violation":7,"fingerprint":"x","path":"a"}\n', ":2` is no entry of a baseline"),
        (HEAD + b'{"surprise":"x"}\n', ":2` is no entry of a baseline"),
        (HEAD + b"\xff\xfe\n", ":2` is no entry of a baseline"),
        (HEAD + b'{"contract":"' + b"x" * 1_000_001 + b'"}\n', "is longer than"),
    ],
)
def test_a_damaged_baseline_is_one_sentence(content: bytes, said: str) -> None:
    with pytest.raises(BaselineError) as raised:
        decode_baseline(content)
    assert said in str(raised.value)


def test_a_gigantic_baseline_is_read() -> None:
    tests = {f"tests/test_{number % 500}.py::test_{number}": KnownTest(2) for number in range(100_000)}
    state = State(name="x", tests=tests)

    assert msgspec.structs.replace(decode_baseline(encode_baseline(state)), name="x").tests == tests
