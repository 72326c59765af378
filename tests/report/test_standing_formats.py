"""The report in every format: bounded, honest about what lacks, legible whatever tests are called."""

import io
import json
import re
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

import canonry.report.standing.html as page_module
from canonry.model.outcome import Outcome
from canonry.model.standing import (
    Absent,
    Compliance,
    Failure,
    Judged,
    Migration,
    Point,
    Series,
    Standing,
    Test,
    WaveLine,
)
from canonry.report.standing.json import render as render_json
from canonry.report.standing.markdown import render as render_markdown
from canonry.report.standing.words import percent
from tests.report.stands import HOSTILE, ORIGIN, hostile, page_of, run_of, standing

STYLE = (Path(page_module.__file__).with_name("page.css")).read_text(encoding="utf-8")


def markdown_of(made: Standing) -> str:
    out = io.StringIO()
    render_markdown(made, out)
    return out.getvalue()


def test_what_lacks_data_says_so_and_never_nought() -> None:
    bare = standing(gates=(), reasons=())
    page, text = page_of(bare), markdown_of(bare)

    for said in ("canonry audit", "canonry run", "canonry migrate plan"):
        assert f"<code>{said}</code> makes it" in page
        assert f"`{said}` makes it" in text
    assert page.count("Not enough data") >= 6
    assert "0.0 %" not in page
    assert "0.0 %" not in text


def test_every_figure_of_a_section_has_a_command_and_a_population() -> None:
    compliance = Compliance(
        origin=ORIGIN, part=2, whole=3, percent=66.67, files=4, tests=9, unparsable=1, missing=0, suppressed=0
    )
    series = Series(name="tests", points=(Point(1.0, 2.0, "abc"), Point(2.0, 3.0, None)), origin=ORIGIN)
    page = page_of(standing(compliance=compliance, run=run_of([]), trends=(series,)))

    assert page.count("class='origin'") >= 4
    assert page.count("made up; 0123456789") >= 4


def test_twenty_thousand_failures_of_their_own_stay_below_five_megabytes() -> None:
    tests = [Test(node=f"tests/unit/test_{n // 40}.py::test_number_{n}", outcome=Outcome.FAILED) for n in range(20_000)]
    failures = [
        Failure(test=n, reason=f"ValueError: {n} {'x' * 300}", path=f"shop/part_{n}.py", line=n, text=f"{n} " * 2_000)
        for n in range(20_000)
    ]
    page = page_of(standing(run=run_of(tests, failures)))

    assert len(page.encode()) < 5_000_000
    assert all(each.node.partition("::")[2] in page for each in tests[::97])


def test_words_of_others_stand_in_the_markdown_as_they_are() -> None:
    text = markdown_of(hostile())
    rendered = MarkdownIt("commonmark").enable("table").render(text)

    assert "<script" not in rendered
    assert "<img" not in rendered
    assert len(text) < 65_536
    assert "\ud800" not in text


def test_the_json_is_whole_and_valid_whatever_tests_are_called() -> None:
    out = io.StringIO()
    render_json(hostile(), out)
    data = json.loads(out.getvalue().encode("utf-8"))

    assert data["schema"] == 1
    assert len(data["run"]["tests"]) == len(HOSTILE)
    assert data["compliance"]["type"] == "absent"
    assert "\\ud800" in data["run"]["tests"][3]["node"]


def test_markdown_is_bounded_and_counts_what_it_leaves_out() -> None:
    tests = [Test(node=f"tests/test_a.py::test_{n}", outcome=Outcome.FAILED) for n in range(300)]
    failures = [Failure(test=n, reason=f"KeyError: {n}", path=f"p{n}.py", line=1) for n in range(300)]
    text = markdown_of(standing(run=run_of(tests, failures)))

    assert "And 290 more clusters." in text
    assert len(text) < 65_536


def test_effort_is_what_waves_took() -> None:
    waves = tuple(
        WaveLine(number=n, state="landed" if n < 2 else "waiting", files=50, landed=50 * (n < 2), priority=1, grade="safe", codemods=("base-case",))
        for n in range(1, 4)
    )  # fmt: skip
    plan = Migration(origin=ORIGIN, plan="0001", waves=waves, by_hand=1, waves_tried=1, files_tried=50, seconds=100.0)
    text = markdown_of(standing(migration=plan))

    assert (
        "50 files in 1 waves took 1.7 min, 1,800 files an hour; 100 are left, 3.3 min at that pace; 1 file by hand"
        in text
    )


def test_a_recording_that_is_cut_short_is_told() -> None:
    made = standing(run=run_of([Test(node="tests/test_a.py::test_a", outcome=Outcome.PASSED)], cut=True))

    assert "The recording is cut short" in page_of(made)
    assert "The recording is cut short" in markdown_of(made)


@pytest.mark.parametrize(
    ("share", "said"), [(1.0, "100.0 %"), (0.9999, "99.9 %"), (0.0, "0.0 %"), (None, "not measured")]
)
def test_rounding_makes_no_whole_of_a_part(share: float | None, said: str) -> None:
    assert percent(share) == said


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_words_are_legible_on_their_ground(scheme: int) -> None:
    """WCAG 2.2, 1.4.3: text has a contrast of 4.5 to its ground at least."""
    block = re.findall(r":root \{([^}]*--ink[^}]*)\}", STYLE)[scheme]
    colours = dict(re.findall(r"--(\w+): #([0-9a-f]+)", block))

    for ground in ("paper", "raised"):
        for name in ("ink", "soft", "hue", "bad", "good", "open"):
            assert contrast(colours[name], colours[ground]) >= 4.5, (name, ground)


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    full = colour if len(colour) == 6 else "".join(each * 2 for each in colour)
    parts = [int(full[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_an_unknown_verdict_is_said_in_words() -> None:
    assert "not enough data</span></h1>" in page_of(standing(verdict=Judged.UNKNOWN, flows=Absent("none", "")))
