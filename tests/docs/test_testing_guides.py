"""The examples of docs/testing are run as they stand there."""

from pathlib import Path

import pytest

from tests.docs.test_guides import blocks
from tests.testing.running import COLLECTION, run_pytest, run_unittest


@pytest.mark.parametrize(
    ("page", "tests"), [("base-cases.md", 5), ("environment.md", 1), ("metrics-and-context.md", 1)]
)
def test_the_example_of_a_page_runs(page: str, tests: int, tmp_path: Path) -> None:
    (code,) = blocks(f"testing/{page}", "python")
    outcomes, said = run_pytest(tmp_path, code, *COLLECTION, variables={"CANONRY_EVENTS": "events"})

    assert list(outcomes.values()) == ["passed"] * tests, said
    assert ("environment `SHOP_REGION` was added" in said) == (page == "base-cases.md")


def test_the_base_cases_run_under_unittest_as_the_page_says(tmp_path: Path) -> None:
    (code,) = blocks("testing/base-cases.md", "python")
    status, said = run_unittest(tmp_path, code)

    assert status == 1
    assert "Ran 5 tests" in said
    assert "FAILED (errors=1)" in said
    assert "`TestOrders.test_pytest_style` takes `tmp_path`" in said
