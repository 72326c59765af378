"""The report's page in a real browser: 2,000 tests, of which it holds some rows; words of tests are never markup."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.report_speed import browser as open_browser
from benchmarks.report_speed import made
from canonry.model.outcome import Outcome
from canonry.model.standing import Absent, Run, Standing
from tests.report.stands import HOSTILE, hostile, page_of

pytestmark = pytest.mark.requires("browser")

TESTS = 2_000
ROWS = """
return [...document.querySelectorAll("#rows .row")].map(row => row.children[1].title)
"""
FILTER = """
const set = (id, value) => { const each = document.getElementById(id);
    if (each.type === "checkbox") each.checked = value; else each.value = value; };
for (const [id, value] of Object.entries(arguments[0])) set(id, value);
document.getElementById("words").dispatchEvent(new Event("input"));
return [document.getElementById("count").textContent,
    [...document.querySelectorAll("#rows .row")].map(row => row.children[1].title)];
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    driver = open_browser()
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def value() -> Standing:
    return made(TESTS, seed=7)


@pytest.fixture(scope="module")
def big(browser: Any, value: Standing, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The browser with the page of many tests, as a visitor finds it."""
    return visit(browser, page_of(value), tmp_path_factory.mktemp("page"))


def visit(browser: Any, page: str, folder: Path) -> Any:
    target = folder / "report.html"
    target.write_text(page, encoding="utf-8")
    browser.get(target.as_uri())
    wait_for(browser, "return document.documentElement.dataset.ready === 'yes'")
    return browser


def wait_for(browser: Any, code: str) -> None:
    from selenium.webdriver.support.ui import WebDriverWait

    WebDriverWait(browser, 60, poll_frequency=0.05).until(lambda each: each.execute_script(code))


def run_in(value: Standing) -> Run:
    assert not isinstance(value.run, Absent)
    return value.run


def test_a_page_of_many_tests_holds_some_rows_and_asks_nobody(big: Any) -> None:
    rows = big.execute_script(ROWS)
    asked = big.execute_script("return performance.getEntriesByType('resource').length")
    counted = big.execute_script("return document.getElementById('count').textContent")

    assert 10 < len(rows) < 90
    assert counted == "2,000 of 2,000 tests"
    assert asked == 0


def test_every_failure_stands_in_the_page_as_text(big: Any, value: Standing) -> None:
    run = run_in(value)
    text = big.execute_script("return document.getElementById('failures').textContent")

    assert len(run.failures) > 20
    assert [run.tests[each.test].node for each in run.failures if run.tests[each.test].node not in text] == []


@settings(max_examples=25)
@given(
    words=st.lists(
        st.sampled_from(["charge", "REFUND", "_1", "area_2", "assert", "unit", "]", "nothing at all"]), max_size=3
    ),
    outcome=st.sampled_from(["", "-1", "passed", "failed", "skipped"]),
    category=st.sampled_from(["", "unit", "e2e"]),
    flaky=st.booleans(),
    new=st.booleans(),
)
def test_a_filter_shows_what_it_is_asked_for(
    big: Any, value: Standing, words: list[str], outcome: str, category: str, flaky: bool, new: bool
) -> None:
    run = run_in(value)
    reasons = {each.test: each.reason for each in run.failures}
    fresh = {each.test for each in run.failures if each.new}
    outcomes = sorted({each.outcome.value for each in run.tests})
    categories = sorted({each.category for each in run.tests})
    expected = [
        test.node
        for number, test in enumerate(run.tests)
        if all(word.lower() in f"{test.node}\n{reasons.get(number, '')}".lower() for word in " ".join(words).split())
        and (outcome in ("", test.outcome.value) or (outcome == "-1" and test.outcome.is_bad))
        and category in ("", test.category)
        and (not flaky or test.flaky)
        and (not new or number in fresh)
    ]
    asked = {
        "words": " ".join(words),
        "outcome": str(outcomes.index(outcome)) if outcome in outcomes else outcome,
        "category": str(categories.index(category)) if category else "",
        "flaky": flaky,
        "new": new,
    }
    count, rows = big.execute_script(FILTER, asked)

    assert count == f"{len(expected):,} of {TESTS:,} tests"
    assert rows == expected[: len(rows)]
    assert len(rows) >= min(len(expected), 20)


def test_tests_are_sorted_and_opened_with_the_keyboard_alone(big: Any, value: Standing) -> None:
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    run = run_in(value)
    big.execute_script(FILTER, {"words": "", "outcome": "-1", "category": "", "flaky": False, "new": False})
    button = big.find_element(By.CSS_SELECTOR, "[data-sort=d]")
    button.send_keys(Keys.ENTER)
    grid = big.find_element(By.ID, "grid")
    grid.send_keys(Keys.ARROW_DOWN, Keys.ARROW_DOWN, Keys.ENTER)
    slowest = sorted((each for each in run.failures), key=lambda each: -run.tests[each.test].duration)
    detail = big.execute_script("return document.getElementById('detail').textContent")
    focused = big.execute_script("return document.activeElement.id")

    second = slowest[1]
    assert run.tests[second.test].node in detail
    assert second.reason in detail
    assert second.text.strip().splitlines()[0] in detail
    assert focused == "detail"
    assert big.execute_script("return document.getElementById('grid').getAttribute('aria-activedescendant')") == "row-1"


def test_a_row_far_below_is_there_when_one_scrolls_to_it(big: Any, value: Standing) -> None:
    big.execute_script(FILTER, {"words": "", "outcome": "", "category": "", "flaky": False, "new": False})
    big.execute_script("document.querySelector('[data-sort=n]').click()")
    big.execute_script("document.getElementById('grid').scrollTop = 1e9")
    wait_for(big, "return [...document.querySelectorAll('.row')].some(row => +row.dataset.place === 1999)")

    assert len(big.execute_script(ROWS)) < 90


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (360, "dark"), (1280, "dark")])
def test_the_page_fits_its_screen(big: Any, width: int, scheme: str) -> None:
    size = {"width": width, "height": 780, "deviceScaleFactor": 1, "mobile": width < 500}
    big.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    big.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
    try:
        wide = big.execute_script("return document.documentElement.scrollWidth")
        paper = big.execute_script("return getComputedStyle(document.body).backgroundColor")
        rows = big.execute_script("return document.querySelectorAll('.row').length")
    finally:
        big.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        big.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})

    assert wide <= width
    assert (sum(map(int, re.findall(r"\d+", paper)[:3])) < 200) == (scheme == "dark")
    assert 10 < rows < 90


def test_print_shows_failures_and_charts_and_no_table_that_scrolls(big: Any) -> None:
    big.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        hidden = big.execute_script("return getComputedStyle(document.getElementById('grid')).display")
        drawn = big.execute_script(
            "return [...document.querySelectorAll('svg')].filter(s => s.getBBox().width > 100).length"
        )
        nodes = big.execute_script("return [...document.querySelectorAll('.nodes')].every(n => n.offsetHeight > 0)")
    finally:
        big.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})

    assert hidden == "none"
    assert drawn >= 4
    assert nodes


def test_words_of_tests_are_never_markup(browser: Any, big: Any, tmp_path: Path) -> None:
    page = visit(browser, page_of(hostile()), tmp_path)
    page.execute_script("document.querySelector('.row').click()")
    found = page.execute_script("return [window.pwned === undefined, document.querySelectorAll('img').length]")
    rows, detail = (
        page.execute_script(ROWS),
        page.execute_script("return document.getElementById('detail').textContent"),
    )
    title = page.execute_script("return document.title")

    assert found == [True, 0]
    assert len(rows) == len(HOSTILE)
    assert any("</script><script>window.pwned = 1</script>" in row for row in rows)
    assert "window.pwned" in detail
    assert title.startswith("</script>")
    assert page.execute_script("return document.querySelectorAll('script').length") == 2


def test_the_data_of_a_page_is_what_the_run_holds(value: Standing) -> None:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page_of(value), re.DOTALL)
    assert found is not None
    data, run = json.loads(found[1]), run_in(value)
    nodes = [f"{data['modules'][module]}::{name}" for module, name in zip(data["m"], data["n"], strict=True)]

    assert nodes == [test.node for test in run.tests]
    assert [Outcome(data["outcomes"][each]) for each in data["o"]] == [test.outcome for test in run.tests]
