"""A project below the root of the repository, with pytest's configuration of its own: it runs as with plain pytest."""

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.workbench import SOUND, Folder, call_canonry, environment

CONFIGURED = """
[tool.pytest.ini_options]
python_files = ["check_*.py"]
pythonpath = ["src"]
testpaths = ["tests"]
markers = ["slow"]
addopts = "--strict-markers"
"""
CONFTEST = "import pytest\n\n@pytest.fixture\ndef place(pytestconfig):\n    return pytestconfig.rootpath.name\n"
CHECK = """
import pytest
from shop import PRICE

@pytest.mark.slow
def test_price(place):
    assert (place, PRICE) == ("shop", 4)
"""
NODE = "tests/check_price.py::test_price"


@pytest.fixture
def monorepo(repository: Folder) -> Folder:
    return repository.commit(
        {
            "services/shop/pyproject.toml": CONFIGURED,
            "services/shop/conftest.py": CONFTEST,
            "services/shop/src/shop.py": "PRICE = 3\n",
            "services/shop/tests/check_price.py": CHECK,
            "services/bill/pytest.ini": "",
            "services/bill/tests/test_bill.py": SOUND,
            "test_whole.py": SOUND,
        }
    )


def called(folder: Folder, below: str, *arguments: str) -> dict[str, Any]:
    """The JSON report of a run that is called in a folder of the repository."""
    done = call_canonry("run", "--workers", "1", "--output-format", "json", *arguments, cwd=folder.root / below)
    assert done.returncode in (0, 1), done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def outcomes(report: dict[str, Any]) -> dict[str, str]:
    return {each["node"]: each["outcome"] for each in report["tests"]}


def by_pytest(folder: Folder, below: str, *arguments: str) -> set[str]:
    """The node ids that plain pytest collects there."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--collect-only", "-q", *arguments],
        cwd=folder.root / below, env=environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    return {line for line in done.stdout.splitlines() if "::" in line}


@pytest.mark.parametrize(
    ("below", "arguments", "expected"),
    [
        ("", (), {"test_whole.py::test_total": "passed", "services/bill/tests/test_bill.py::test_total": "passed"}),
        ("", ("services/shop",), {NODE: "failed"}),
        ("", ("services/bill/tests/test_bill.py",), {"tests/test_bill.py::test_total": "passed"}),
        ("services/shop", (), {NODE: "failed"}),
        ("services/shop/tests", ("check_price.py::test_price",), {NODE: "failed"}),
    ],
)
def test_tests_are_named_and_configured_as_by_plain_pytest(
    monorepo: Folder, below: str, arguments: tuple[str, ...], expected: dict[str, str]
) -> None:
    assert by_pytest(monorepo, below, *arguments) == set(expected)
    assert outcomes(called(monorepo, below, *arguments)) == expected


def test_what_failed_is_known_by_its_place_in_the_repository(monorepo: Folder) -> None:
    first = called(monorepo, "", "services/shop")["tests"][0]
    assert first["attempts"][0]["reason"].startswith("AssertionError: assert ('shop', 3) == ('shop', 4)")
    assert first["again"] == "canonry run services/shop/tests/check_price.py::test_price"

    monorepo.write(
        {"services/shop/src/shop.py": "PRICE = 4  # and not 3\n"}
    )  # of another size: Python would take byte code of the same second
    again = called(monorepo, "services/shop", "--failed")
    assert outcomes(again) == {NODE: "passed"}
    assert again["tests"][0]["again"] == f"canonry run {NODE}"
    assert outcomes(called(monorepo, "", "--rerun", "last")) == {NODE: "passed"}


def test_servers_look_for_files_from_the_root_of_the_repository(monorepo: Folder) -> None:
    done = call_canonry("run", "--workers", "1", "--output-format", "github", cwd=monorepo.root / "services" / "shop")

    assert f"file=services/shop/tests/check_price.py,line=7,title=failed::{NODE}" in done.stdout


def test_what_is_shown_bears_the_same_names(monorepo: Folder) -> None:
    shop = monorepo.root / "services" / "shop"
    explained = call_canonry("run", "--explain", NODE, cwd=shop)
    collected = json.loads(call_canonry("run", "--collect", "--output-format", "json", cwd=shop).stdout)
    listed = call_canonry("run", "--list", cwd=shop).stdout

    assert (explained.returncode, explained.stdout.splitlines()[0]) == (0, NODE)
    assert collected["collected"] == {"tests/check_price.py": [NODE]}
    assert f"  {NODE}\n" in listed
    assert call_canonry("run", "--explain", "../bill/tests/test_bill.py", cwd=shop).returncode == 1


def test_a_change_of_its_configuration_reaches_its_tests(monorepo: Folder) -> None:
    monorepo.write({"services/bill/pytest.ini": "[pytest]\naddopts = -q\n"})

    assert outcomes(called(monorepo, "", "--changed")) == {"services/bill/tests/test_bill.py::test_total": "passed"}


def test_paths_of_two_projects_run_from_the_root_of_the_repository(monorepo: Folder) -> None:
    monorepo.write({"services/shop/tests/test_more.py": SOUND})
    found = called(monorepo, "", "services/shop/tests/test_more.py", "services/bill/tests")

    assert outcomes(found) == {
        "services/shop/tests/test_more.py::test_total": "passed",
        "services/bill/tests/test_bill.py::test_total": "passed",
    }
    assert "pytest's configuration in `services/shop` does not hold: other paths lie outside it" in found["notes"]
