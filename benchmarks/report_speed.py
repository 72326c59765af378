"""The report of a large suite, measured: ``python -m benchmarks.report_speed [--tests N] [--runs N]``.

A suite is made (seeded), its report written (CPU seconds from the value, megabytes), opened in headless Chromium
(ready: milliseconds from the start of the navigation until the first rows are painted) and filtered (milliseconds from
the input event until the rows are painted). Medians of the runs, of the filter that of the slowest word.
"""

import argparse
import random
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from canonry.model.outcome import Outcome
from canonry.model.standing import (
    CategoryLine,
    Compliance,
    Failure,
    Gate,
    Judged,
    Origin,
    Point,
    RuleLine,
    Run,
    Series,
    Share,
    Slow,
    Span,
    Standing,
    Test,
)
from canonry.report.standing.html import render
from canonry.standing.runs import clusters

_WORDS = ("test_charge", "7", "assertionerror", "module_12 refund", "", "zzz nothing", "t")
_BARS = {"written, CPU s": 0.5, "size, MB": 5.0, "ready, ms": 300.0, "filter until painted, ms": 60.0}
_TRACE = (
    "def test_total(client):\n>       assert client.total() == 3\nE       assert {} == 3\n\n"
    "tests/helpers.py:{}: AssertionError\n"
)
_FILTER = """
const done = arguments[arguments.length - 1], words = document.getElementById("words");
words.value = arguments[0];
const began = performance.now();
words.dispatchEvent(new Event("input", { bubbles: true }));
requestAnimationFrame(() => { const port = new MessageChannel();
  port.port1.onmessage = () => done(performance.now() - began); port.port2.postMessage(0); });
"""


def made(tests: int, *, seed: int = 1, workers: int = 8) -> Standing:
    """A suite of so many tests: 15 to a class, 60 to a module, 2 % of them fail at 40 places, 1 % are flaky."""
    draw = random.Random(seed)
    categories = ("unit", "integration", "e2e", "mission_critical")
    found: list[Test] = []
    failures: list[Failure] = []
    spans: list[Span] = []
    clock = [0.0] * workers
    for number in range(tests):
        bad, flaky = draw.random() < 0.02, draw.random() < 0.01
        took = draw.expovariate(1 / 0.05)
        folder = categories[number // 60 % len(categories)]
        node = (
            f"tests/{folder}/area_{number // 600}/test_module_{number // 60}.py::TestCase{number // 15 % 4}"
            f"::test_{draw.choice(('charge', 'refund', 'login', 'answer'))}_number_{number % 15}"
        )
        outcome = Outcome.FAILED if bad else draw.choices(list(Outcome), _CHANCES)[0]
        found.append(
            Test(
                node=node, outcome=outcome, category=folder, duration=took, attempts=1 + flaky, flaky=flaky and not bad
            )
        )
        if outcome.is_bad:
            place = draw.randrange(40)
            text = _TRACE.format(draw.randrange(10**6), place) * draw.randrange(1, 8)
            failures.append(
                Failure(
                    test=number,
                    reason=f"AssertionError: assert {draw.randrange(10**6)} == 3",
                    path=f"tests/helpers_{place % 7}.py",
                    line=10 + place,
                    text=text,
                    new=draw.random() < 0.3,
                    since=1_795_000_000.0 - draw.randrange(10) * 86_400,
                    runs=draw.randrange(1, 9),
                )
            )
        worker = min(range(workers), key=clock.__getitem__)
        spans.append(Span(worker + 1, clock[worker], took, number, outcome.is_bad))
        clock[worker] += took + 0.002
    return _standing(tuple(found), tuple(failures), tuple(spans), max(clock))


_CHANCES = [97 if each is Outcome.PASSED else 3 if each is Outcome.SKIPPED else 0 for each in Outcome]


def _standing(tests: tuple[Test, ...], failures: tuple[Failure, ...], spans: tuple[Span, ...], took: float) -> Standing:
    origin = Origin(command="canonry run --replay made", population=f"{len(tests):,} tests", commit="0123456789ab")
    outcomes: dict[str, int] = {}
    for test in tests:
        outcomes[test.outcome.value] = outcomes.get(test.outcome.value, 0) + 1
    lines: dict[str, list[Test]] = {}
    for test in tests:
        lines.setdefault(test.category, []).append(test)
    run = Run(
        origin=origin, id="made", profile="ci", status=1, seconds=took, tests=tests, outcomes=outcomes,
        failures=failures, clusters=clusters(failures), spans=spans, compared="earlier",
        categories=tuple(
            CategoryLine(
                name=name, tests=len(each), bad=sum(test.outcome.is_bad for test in each), skipped=0, flaky=0,
                seconds=sum(test.duration for test in each), state="failed",
            )
            for name, each in lines.items()
        ),
    )  # fmt: skip
    shares = tuple(
        Share(f"tests/area_{number}", 40 + number % 20, 60, 100 * (40 + number % 20) / 60) for number in range(60)
    )
    points = tuple(Point(1_794_000_000.0 + 3600 * hour, hour % 7, "ab") for hour in range(60))
    return Standing(
        name="made", at=1_795_000_000.0, version="0", command="canonry report", verdict=Judged.FAILED,
        reasons=("the newest run passes: some tests fail",),
        gates=(Gate(name="the newest run passes", state=Judged.FAILED, said="some fail", command="canonry run"),),
        compliance=Compliance(
            origin=origin, part=900, whole=1200, percent=75.0, files=2400, tests=len(tests), unparsable=3, missing=0,
            suppressed=2, folders=shares, owners=shares[:12],
            rules=tuple(RuleLine(f"TST{number:03}", "a-rule", "error", 9, 8, 7) for number in range(40)),
        ),
        run=run,
        slow=tuple(Slow(node=test.node, seconds=test.duration, share=0.01) for test in tests[:20]),
        trends=tuple(
            Series(name=name, origin=origin, points=points)
            for name in ("compliance", "tests", "tests that fail")
        ),
    )  # fmt: skip


def browser(*, width: int = 1280, height: int = 900) -> Any:
    """Headless Chromium, driven by its own driver."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-proxy-server"):
        options.add_argument(argument)
    options.add_argument(f"--window-size={width},{height}")
    return webdriver.Chrome(options, webdriver.ChromeService("/usr/bin/chromedriver"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tests", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    standing = made(options.tests)
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder, "report.html")
        found = {"written, CPU s": median(_write(standing, page) for _ in range(options.runs))}
        found["size, MB"] = page.stat().st_size / 1e6
        driver = browser()
        try:
            found["ready, ms"] = median(_ready(driver, page) for _ in range(options.runs))
            driver.execute_script("document.getElementById('tests').scrollIntoView()")
            painted = [
                median(driver.execute_async_script(_FILTER, word) for _ in range(options.runs)) for word in _WORDS
            ]
            found["filter until painted, ms"] = max(painted)
            rows = driver.execute_script("return document.querySelectorAll('.row').length")
        finally:
            driver.quit()
    print("| measure | found | bar | |\n| -- | --: | --: | -- |")
    for name, value in found.items():
        print(f"| {name} | {value:.3g} | <= {_BARS[name]:g} | {'ok' if value <= _BARS[name] else '**missed**'} |")
    print(f"\n{options.tests:,} tests; {rows} rows in the page")


def _write(standing: Standing, page: Path) -> float:
    began = time.process_time()
    with page.open("w", encoding="utf-8") as out:
        render(standing, out)
    return time.process_time() - began


def _ready(driver: Any, page: Path) -> float:
    from selenium.webdriver.support.ui import WebDriverWait

    driver.get("about:blank")
    driver.get(page.as_uri())
    said = "return (performance.getEntriesByName('ready')[0] || {}).startTime"
    return float(WebDriverWait(driver, 30, poll_frequency=0.02).until(lambda each: each.execute_script(said)))


if __name__ == "__main__":
    main()
