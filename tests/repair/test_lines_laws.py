"""Laws of the line repairer, over healthy modules of the standard library and of canonry with seeded damage."""

import ast
import re
import sysconfig
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import canonry
from canonry.repair.lines.mend import Budget, mend
from canonry.repair.lines.probe import compiles
from canonry.repair.lines.search import mend_line
from tests.repair.operators import OPERATORS, damaged

_LIBRARY = ("textwrap", "shlex", "bisect", "json/decoder", "csv", "fnmatch", "queue", "sched", "tempfile", "zipapp")
_WORD = re.compile(r"[^\W\d]\w*")


@cache
def modules() -> tuple[str, ...]:
    """Healthy texts."""
    library = Path(sysconfig.get_path("stdlib"))
    ours = Path(canonry.__file__).parent
    found = [library / f"{name}.py" for name in _LIBRARY]
    found += [ours / "source" / "similar.py", ours / "rules" / "roles.py", ours / "canon" / "lines.py"]
    return tuple(path.read_text(encoding="utf-8") for path in found)


def _statements(text: str) -> set[str]:
    return {
        ast.dump(node) for node in ast.walk(ast.parse(text)) if isinstance(node, ast.stmt) and not hasattr(node, "body")
    }


@pytest.mark.parametrize("number", range(len(_LIBRARY) + 3))
def test_a_text_that_parses_is_unchanged(number: int) -> None:
    text = modules()[number]

    mended = mend(text)

    assert mended.text == text
    assert (mended.parses, mended.cost, mended.marked, mended.edits) == (True, 0.0, (), ())


@pytest.mark.parametrize("name", OPERATORS)
def test_each_class_of_damage_parses_again_and_keeps_its_statements(name: str) -> None:
    kept = whole = 0
    for number, text in enumerate(modules()[:6]):
        broken = damaged(text, name, number)
        mended = mend(broken)
        assert mended.parses
        ast.parse(mended.text)
        before = _statements(text)
        kept += len(before & _statements(mended.text))
        whole += len(before)
    assert kept >= (0.8 if name == "text between quotes lost" else 0.93) * whole


@settings(max_examples=15, deadline=None)
@given(
    number=st.integers(0, 12), names=st.lists(st.sampled_from(sorted(OPERATORS)), max_size=3), seed=st.integers(0, 99)
)
def test_mending_is_deterministic_idempotent_and_keeps_every_word(number: int, names: list[str], seed: int) -> None:
    broken = modules()[number]
    for name in names:
        broken = damaged(broken, name, seed, rate=0.2)

    first = mend(broken)

    assert first == mend(broken)
    assert mend(first.text).text == first.text
    assert set(_WORD.findall(broken)) - {"HEAD", "other", "REMOVED"} <= set(_WORD.findall(first.text)) | _split(broken)


def _split(broken: str) -> set[str]:
    """Words whose first letter is the prefix of a string that lost its quote."""
    return {word for word in _WORD.findall(broken) if word[0] in "frbu"}


@pytest.mark.filterwarnings("ignore:invalid escape sequence")
@settings(max_examples=25, deadline=None)
@given(st.text(alphabet="ab=()[]{}:\"'#\\ \n\t,.f", max_size=60))
def test_any_text_ends_and_mends_the_same_twice(text: str) -> None:
    mended = mend(text)

    assert mended == mend(text)
    assert mend(mended.text).text == mended.text
    if mended.parses:
        assert compiles(mended.text)
    else:
        assert mended.text == text


@settings(max_examples=25, deadline=None)
@given(st.text(alphabet="ab=()[]{}:\"', f", max_size=30))
def test_readings_of_one_line_parse_and_come_best_first(line: str) -> None:
    found = mend_line(line)

    assert [one.cost for one in found] == sorted(one.cost for one in found)


def test_a_line_that_parses_is_its_only_reading() -> None:
    (only,) = mend_line("    x = f(1)", known={"x"})

    assert (only.text, only.cost) == ("    x = f(1)", 0.0)


def test_known_names_decide_where_a_lost_quote_stood() -> None:
    line = 'url = build(postgres, port)"'

    best, *_ = mend_line(line, known={"build", "port"})

    assert best.text == 'url = build("postgres", port)'


def test_a_spent_budget_loses_no_word() -> None:
    broken = damaged(modules()[0], "closing quote behind the bracket", 1, rate=1.0) + "x = (\n"

    mended = mend(broken, budget=Budget(probes=0, nodes=0))

    assert set(_WORD.findall(broken)) <= set(_WORD.findall(mended.text))


@pytest.mark.parametrize(
    "broken",
    [
        "x = {\n" + "".join(f'    "key {number}": {number},\n' for number in range(12_000)) + ")\n",
        '"""\nwords of prose\n' * 5_000,
        "the quick brown fox)\n" * 12_000,
        "x = (\n" * 2_500,
    ],
    ids=["one wrong closer", "odd quotes", "prose", "openers"],
)
def test_a_pathological_long_file_ends(broken: str) -> None:
    mended = mend(broken, budget=Budget(probes=2_000, nodes=10_000))

    assert mended.parses or mended.text == broken


def test_the_target_version_decides_what_parses() -> None:
    newer = "match x:\n    case 1:\n        pass\n"

    assert mend(newer, target=(3, 11)).text == newer
    assert mend(newer, target=(3, 9)).text != newer or not mend(newer, target=(3, 9)).parses
