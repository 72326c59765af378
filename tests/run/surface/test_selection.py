"""Which tests a request selects, and why: every kind of narrowing has to hold."""

import json
from typing import Any

import pytest

from tests.workbench import SOUND, Folder

CANON = """
[categories.unit]
paths = ["tests/unit"]

[categories.mission_critical]
paths = ["tests/critical"]
markers = ["mission_critical"]
priority = "critical"
needs = ["unit"]

[categories.empty]
paths = ["tests/nothing"]

[flows.golden_path]
tests = ["tests/critical/test_*.py"]
"""
MARKED = "import pytest\n\n@pytest.mark.mission_critical\ndef test_marked():\n    assert 1\n\ndef test_plain():\n    assert 1\n"


@pytest.fixture
def shop(repository: Folder) -> Folder:
    return repository.commit(
        {
            "canonry.toml": CANON,
            "pytest.ini": "[pytest]\ntestpaths = tests\nmarkers = mission_critical\n",
            "shop/__init__.py": "",
            "shop/cart.py": "from shop import price\n\nTOTAL = price.PRICE\n",
            "shop/price.py": "PRICE = 1\n",
            "tests/unit/test_a.py": "from shop.cart import TOTAL\n\ndef test_a():\n    assert TOTAL\n",
            "tests/unit/test_b.py": MARKED,
            "tests/critical/test_c.py": SOUND,
            "tests/test_d.py": SOUND,
            "tests/support.py": "def helper():\n    return 1\n",
            "elsewhere/test_e.py": SOUND,
            "tests_backup_2024/test_f.py": SOUND,
        }
    )


def selected(folder: Folder, *arguments: str) -> dict[str, list[str]]:
    """Category -> the files that `canonry run --list` shows."""
    done = folder.call("run", "--list", "--output-format", "json", *arguments)
    assert done.returncode == 0, done.stderr
    listed: dict[str, Any] = json.loads(done.stdout)
    return {each["name"]: [file["path"] for file in each["files"]] for each in listed["categories"]}


def test_without_a_selection_all_tests_of_testpaths_run_once(shop: Folder) -> None:
    assert selected(shop) == {
        "unit": ["tests/unit/test_a.py", "tests/unit/test_b.py"],
        "mission_critical": ["tests/critical/test_c.py", "tests/unit/test_b.py"],
        "": ["tests/test_d.py"],
    }


def test_without_a_canon_there_is_one_category_of_all_tests(folder: Folder) -> None:
    folder.write({"a/test_a.py": SOUND, "b_test.py": SOUND, "c.py": SOUND})

    assert selected(folder) == {"": ["a/test_a.py", "b_test.py"]}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("-c", "unit"), {"unit": ["tests/unit/test_a.py", "tests/unit/test_b.py"]}),
        (
            ("--category", "mission_critical"),
            {"mission_critical": ["tests/critical/test_c.py", "tests/unit/test_b.py"]},
        ),
        (("-c", "mission_critical", "tests/critical"), {"mission_critical": ["tests/critical/test_c.py"]}),
        (("--flow", "golden_path"), {"mission_critical": ["tests/critical/test_c.py"]}),
        (("-c", "unit", "tests/unit/test_a.py::test_a"), {"unit": ["tests/unit/test_a.py"]}),
        (("elsewhere",), {"": ["elsewhere/test_e.py"]}),
        (("tests/support.py",), {"": ["tests/support.py"]}),
        (("tests/test_d.py::test_total",), {"": ["tests/test_d.py"]}),
    ],
)
def test_a_selection_composes(shop: Folder, arguments: tuple[str, ...], expected: dict[str, list[str]]) -> None:
    assert selected(shop, *arguments) == expected


def test_needs_are_pulled_in_only_when_asked_for(shop: Folder) -> None:
    assert list(selected(shop, "-c", "mission_critical")) == ["mission_critical"]
    assert list(selected(shop, "-c", "mission_critical", "--with-needs")) == ["unit", "mission_critical"]


def test_a_marker_from_a_base_class_or_a_conftest_is_not_ruled_out(repository: Folder) -> None:
    repository.commit(
        {
            "canonry.toml": "[categories.slow]\nmarkers = ['slow']\n",
            "pytest.ini": "[pytest]\npythonpath = .\nmarkers = slow\n",
            "support/bases.py": "import pytest\n\n@pytest.mark.slow\nclass Base:\n    pass\n",
            "tests/test_a.py": "from support.bases import Base\n\nclass TestA(Base):\n    def test_a(self):\n        assert 1\n",
            "tests/test_b.py": SOUND,
            "tests/io/conftest.py": "def pytest_collection_modifyitems(items):\n    for item in items:\n        item.add_marker('slow')\n",
            "tests/io/test_c.py": SOUND,
        }
    )

    assert selected(repository, "-c", "slow") == {"slow": ["tests/io/test_c.py", "tests/test_a.py"]}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("shop/price.py", ["tests/unit/test_a.py"]),
        ("tests/unit/test_b.py", ["tests/unit/test_b.py", "tests/unit/test_b.py"]),
        ("shop/__init__.py", ["tests/unit/test_a.py"]),
    ],
)
def test_changed_follows_imports(shop: Folder, path: str, expected: list[str]) -> None:
    with open(shop.root / path, "a") as file:
        file.write("\nCHANGED = 1\n")
    found = selected(shop, "--changed")

    assert sorted(each for files in found.values() for each in files) == expected


def test_changed_compares_with_a_revision(shop: Folder) -> None:
    shop.commit({"shop/price.py": "PRICE = 2\n"}, "second").commit({"tests/test_d.py": f"{SOUND}# x\n"}, "third")

    assert selected(shop, "--changed", "HEAD~1") == {"": ["tests/test_d.py"]}
    assert selected(shop, "--changed", "HEAD~2") == {"unit": ["tests/unit/test_a.py"], "": ["tests/test_d.py"]}


def test_a_path_behind_changed_is_no_revision(shop: Folder) -> None:
    shop.write({"tests/test_d.py": f"{SOUND}# x\n", "tests/critical/test_c.py": f"{SOUND}# x\n"})

    assert selected(shop, "--changed", "tests/critical") == {"mission_critical": ["tests/critical/test_c.py"]}


def test_a_changed_configuration_reaches_every_test(shop: Folder) -> None:
    shop.write({"pytest.ini": "[pytest]\ntestpaths = tests\nmarkers = mission_critical\naddopts = -q\n"})

    assert selected(shop, "--changed") == selected(shop)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("-c", "mission-critical"), "did you mean `mission_critical`?"),
        (("--flow", "golden"), "`golden` is no flow of the canon"),
        (("tests/test_z.py",), "`tests/test_z.py` does not exist"),
        (("pytest.ini",), "is no Python file"),
        (("--changed", "no-such"), "names no commit"),
        (("--profile", "stagng"), "did you mean `staging`?"),
        (("--rerun", "x"), "no run is recorded here"),
        (("--resume",), "there is nothing to resume"),
        (("--plan", "--list"), "ask for two things"),
        (("--list", "--output-format", "junit"), "not as `junit`"),
        (("--shard", "3/2"), "is no part such as `2/4`"),
        (("--timeout", "soon"), "is no duration"),
        (("--report", "pdf=x"), "is no report such as"),
    ],
)
def test_a_mistake_is_one_sentence(shop: Folder, arguments: tuple[str, ...], message: str) -> None:
    done = shop.call("run", *arguments)

    assert done.returncode == 2, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("-c", "empty"), "the category `empty` selects no test"),
        (("-c", "unit", "tests/critical"), "the category `unit` selects no test"),
        (("--failed",), "no run is known here"),
        (("shop",), "no test is selected"),
    ],
)
def test_an_empty_selection_validates_nothing(shop: Folder, arguments: tuple[str, ...], message: str) -> None:
    done = shop.call("run", *arguments)

    assert done.returncode == 5
    assert message in done.stderr


def test_explain_says_why_and_where(shop: Folder) -> None:
    said = shop.call("run", "--explain", "tests/critical/test_c.py::test_total").stdout

    assert "the category `mission_critical` selects it by its path" in said
    assert "it would run in category `mission_critical`, wave 2 of 2" in said


def test_explain_knows_what_a_collected_file_holds(shop: Folder) -> None:
    wrong = "tests/critical/test_c.py::test_totl"
    assert shop.call("run", "--explain", wrong).returncode == 0  # nobody has looked into the file
    assert shop.call("run", "--collect", "tests/critical/test_c.py").returncode == 0
    done = shop.call("run", "--explain", wrong)

    assert (done.returncode, "its file holds no such test" in done.stdout) == (1, True)
    assert shop.call("run", "--explain", "tests/critical/test_c.py::test_total").returncode == 0


@pytest.mark.parametrize(
    ("node", "reason"),
    [
        ("tests_backup_2024/test_f.py", "it lies in a shadow tree"),
        ("tests/support.py", "its name is none of"),
        ("elsewhere/test_e.py", "it lies outside `tests`"),
    ],
)
def test_explain_says_why_not(shop: Folder, node: str, reason: str) -> None:
    done = shop.call("run", "--explain", node)

    assert done.returncode == 1
    assert reason in done.stdout


def test_the_patterns_of_pytest_are_honoured(folder: Folder) -> None:
    folder.write(
        {
            "pytest.ini": "[pytest]\npython_files = check_*.py\ntestpaths = checks\n",
            "checks/check_a.py": SOUND,
            "checks/test_b.py": SOUND,
            "other/check_c.py": SOUND,
            "checks/build/check_d.py": SOUND,
        }
    )

    assert selected(folder) == {"": ["checks/check_a.py"]}
