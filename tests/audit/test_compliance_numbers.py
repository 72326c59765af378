"""The numbers of a report: what each counts, and that no option bends them."""

import io

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonry.audit.compliance import compliance_of
from canonry.audit.result import Result, chunk_of
from canonry.report.content import Options, Report
from canonry.report.formats import renderer
from tests.workbench import IDLE, RUNNER, SOUND, Folder, summary_of

BROKEN = "def test_a(:\n"
NEWER = "def test_a():\n    x = {'a': 1}\n    assert f'{x['a']}'\n"
WARNED = "import os\n\n\ndef test_a():\n    assert os.environ['A']\n"


def numbers(folder: Folder, *paths: str, **options) -> tuple[int, int, float | None]:
    value = summary_of(folder.audit(*paths, **options)).compliance
    return value.compliant, value.total, value.percent


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"tests/test_a.py": SOUND}, (1, 1, 100.0)),
        ({"tests/test_a.py": IDLE}, (0, 1, 0.0)),
        ({"tests/test_a.py": SOUND, "tests/test_b.py": IDLE}, (1, 2, 50.0)),
        ({"tests/test_a.py": WARNED}, (1, 1, 100.0)),  # a warning is no error
        ({"tests/test_a.py": BROKEN}, (0, 1, 0.0)),
        ({"tests/test_a.py": NEWER}, (0, 1, 0.0)),  # nothing in it runs, whatever the finding weighs
        ({"tests/test_a.py": ""}, (1, 1, 100.0)),
        ({"shop/a.py": RUNNER}, (0, 0, None)),  # an error outside test files
        ({"shop/a.py": RUNNER, "tests/test_a.py": SOUND}, (1, 1, 100.0)),
        ({"tests/support.py": RUNNER, "tests/test_a.py": SOUND}, (1, 1, 100.0)),  # support code is no test file
        ({"tests/a_test.py": IDLE, "test_b.py": SOUND}, (1, 2, 50.0)),
        ({"backup/test_a.py": IDLE, "tests/test_a.py": SOUND}, (1, 1, 100.0)),  # copies are out of scope
        ({"tests/test_a.py": IDLE * 3}, (0, 1, 0.0)),
    ],
)
def test_compliance_counts_test_files_without_an_error(
    folder: Folder, files: dict[str, str | bytes], expected: tuple[int, int, float | None]
) -> None:
    folder.write(files)

    assert numbers(folder) == expected


@pytest.mark.parametrize(
    ("canon", "expected"),
    [
        ("tests = ['tests']\n", (1, 2, 50.0)),
        ("tests = ['checks']\n", (0, 1, 0.0)),
        ("tests = ['tests', 'checks']\n", (1, 3, 33.33)),
        ("tests = []\n", (0, 0, None)),
    ],
)
def test_the_declared_folders_hold_the_tests(folder: Folder, canon: str, expected) -> None:
    folder.write({"tests/test_a.py": SOUND, "tests/test_b.py": IDLE, "checks/test_c.py": IDLE, "canonry.toml": canon})

    assert numbers(folder) == expected


def test_the_patterns_of_pytest_name_the_tests(folder: Folder) -> None:
    folder.write({"checks/check_a.py": "def check_a():\n    print(1)\n", "tests/test_a.py": SOUND})
    folder.write({"pytest.ini": "[pytest]\npython_files = check_*.py\npython_functions = check_*\n"})

    assert numbers(folder) == (0, 1, 0.0)


def test_a_part_counts_what_is_in_it(folder: Folder) -> None:
    folder.write({"tests/a/test_a.py": SOUND, "tests/b/test_b.py": IDLE, "tests/b/test_c.py": SOUND, "setup.py": ""})

    assert numbers(folder) == (2, 3, 66.67)
    assert numbers(folder, "tests/a") == (1, 1, 100.0)
    assert numbers(folder, "tests/b") == (1, 2, 50.0)
    assert numbers(folder, "tests/b/test_b.py") == (0, 1, 0.0)
    assert numbers(folder, "tests/b/test_b.py", "tests/a") == (1, 2, 50.0)


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_percentage_stays_inside_its_bounds(first: int, second: int) -> None:
    compliant, total = sorted((first, second))
    percent = compliance_of(compliant, total).percent

    assert (percent is None) == (total == 0)
    if percent is not None:
        assert 0 <= percent <= 100
        assert (percent == 100) == (compliant == total)
        assert abs(percent - 100 * compliant / total) <= 0.01


def test_one_failing_file_of_very_many_is_not_rounded_away(folder: Folder) -> None:
    result = folder.write({"tests/test_idle.py": IDLE}).audit()
    (chunk,) = result.read()
    others = [msgspec.structs.replace(chunk.files[0], path=f"tests/test_{number}.py") for number in range(2_500)]
    many = Result(result.header, [msgspec.msgpack.encode(chunk_of([*chunk.files, *others], chunk.findings))])
    out = io.StringIO()
    renderer("concise")(Report(many, summary_of(many), Options(read=lambda _path: [])), out)

    assert "compliance 99.9 %: 2,500 of 2,501 test files" in out.getvalue()


def test_the_population(repository: Folder) -> None:
    asynchronous = "import pytest\n\n\n@pytest.mark.asyncio\nasync def test_a():\n    assert 1\n"
    repository.commit(
        {
            "shop/a.py": "x = 1\n",
            "tests/conftest.py": "",
            "tests/test_a.py": SOUND + asynchronous,
            "tests/test_b.py": "class TestB:\n    def test_b(self):\n        assert 1\n\n    def help(self): ...\n",
            "tests/test_broken.py": BROKEN,
            "tests/test_gone.py": SOUND,
            "tests_old/test_a.py": SOUND,
            "tests_old/test_b.py": SOUND,
            "notes.txt": "no Python\n",
        }
    )
    (repository.root / "tests" / "test_gone.py").unlink()
    population = repository.report()["population"]

    assert population == {
        "files": 5,
        "test_files": 3,
        "test_functions": 3,
        "async_test_functions": 1,
        "shadow_files": 2,
        "unparsable": 1,
        "missing": 1,
        "documents": 0,
        "commands": 0,
        "passed_over": 0,
    }


def test_copies_are_counted_in_print(folder: Folder) -> None:
    folder.write({"tests/test_a.py": SOUND, "tests_old/test_a.py": SOUND, "tests_old/test_b.py": SOUND})

    assert "2 files in shadow trees left out" in folder.call("audit").stdout


def test_a_rule_is_counted_with_its_files(folder: Folder) -> None:
    folder.write({"tests/test_a.py": IDLE + "\n\n" + IDLE.replace("total", "sum"), "tests/test_b.py": IDLE})
    (rule,) = folder.report()["rules"]

    assert rule == {
        "code": "TST001", "name": "no-assertion", "severity": "error", "count": 3, "files": 2, "errors": 3, "worst": "error"
    }  # fmt: skip


def test_raw_counts_are_facts(folder: Folder) -> None:
    block = "if __name__ == '__main__':\n    pytest.main()\n"
    folder.write(
        {"tests/test_a.py": f"import pytest\n\n{SOUND}\n{block}", "shop/a.py": "if __name__ == '__main__':\n    go()\n"}
    )
    facts = {fact["name"]: (fact["count"], fact["files"]) for fact in folder.report()["facts"]}

    assert facts["main-blocks"] == (2, 2)
    assert facts["main-blocks-in-test-files"] == (1, 1)
    assert facts["pytest-main-calls"] == (1, 1)


def test_compliance_of_each_owner_and_folder(repository: Folder) -> None:
    owners = "* @everyone\ntests/api/ @api @web\n/tests/shop/ @shop # ours\n"
    files: dict[str, str | bytes] = {"tests/api/test_a.py": IDLE, "tests/api/test_b.py": SOUND, "test_top.py": SOUND}
    repository.commit(files | {"tests/shop/deep/test_c.py": IDLE, ".github/CODEOWNERS": owners})
    parts = repository.report()["compliance_by"]
    table = {
        kind: {part["name"]: (part["compliance"]["compliant"], part["compliance"]["total"]) for part in parts[kind]}
        for kind in parts
    }

    assert table["folder"] == {".": (1, 1), "tests/api": (1, 2), "tests/shop": (0, 1)}
    assert table["owner"] == {"@everyone": (1, 1), "@api": (1, 2), "@web": (1, 2), "@shop": (0, 1)}


def test_patches_are_counted_by_what_they_patch(folder: Folder) -> None:
    folder.write(
        {
            "tests/test_a.py": "import os\nfrom unittest import mock\nfrom unittest.mock import patch\n\n"
            "@patch('a.b')\n@patch.object(os, 'name')\ndef test_a(a, b):\n"
            "    with patch.dict(os.environ, {'A': '1'}), mock.patch.dict('a.b', {}), patch.multiple('a', b=1):\n"
            "        assert client.patch.object('/') is None\n",
        }
    )
    facts = {fact["name"]: fact["count"] for fact in folder.report()["facts"]}

    assert {name: count for name, count in facts.items() if name.startswith("mock-calls-")} == {
        "mock-calls-patch": 1,
        "mock-calls-patch.object": 1,
        "mock-calls-patch.dict": 2,
        "mock-calls-patch.multiple": 1,
    }
