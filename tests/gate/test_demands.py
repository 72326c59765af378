"""What the gate sees of tests that are still there and demand less: cases, excuses, assertions, what is left out."""

import json
import subprocess

import pytest

from canonry.gate.baseline import BaselineError, decode_baseline
from canonry.gate.collection import left_out
from canonry.gate.strength import covered, differing, strengths, weaker
from tests.gate.test_trees import DIRECT, TWO, start
from tests.workbench import SOUND, Folder

TABLE = "import pytest\n\n\n@pytest.mark.parametrize('n', [1, 2, 3])\ndef test_a(n):\n    assert n + 1 > n\n"
CHECKED = "def check(value):\n    assert value == 3\n    assert value\n\n\ndef test_total():\n    check(sum([1, 2]))\n    assert TWO\n"
LEAN = "def total(*values):\n    return sum(values)\n"
ONE_BY_ONE = f"""{LEAN}

class TestSums:
    def test_one(self):
        found = total(*(1,))
        assert found == 1
        assert type(found) is int

    def test_two(self):
        found = total(*(2, 3))
        assert found == 5, "two"
        assert type(found) is int
"""
TOGETHER = f"""import pytest

{LEAN}

class TestSums:
    @pytest.mark.parametrize(("values", "expected"), [((1,), 1), ((2, 3), 5)])
    def test_sum(self, values, expected):
        found = total(*values)
        assert found == expected
        assert type(found) is int
"""
HELPED = f"""{LEAN}

def check(found, expected):
    assert found == expected
    assert type(found) is int


class TestSums:
    def test_one(self):
        check(total(1), 1)

    def test_two(self):
        check(total(2, 3), 5)
"""


def reasons(repository: Folder, *arguments: str) -> list[dict[str, str]]:
    options = [] if "staged" in arguments else ["--no-cache"]
    done = repository.call("gate", *arguments, *options, "--output-format", "json")
    assert done.returncode in (0, 1), done.stderr
    found: list[dict[str, str]] = json.loads(done.stdout)["reasons"]
    return found


def strength(text: str, name: str = "test_a") -> tuple[int | None, str, int]:
    found = strengths(text.encode())[name]
    return found.cases, found.excused, len(found.assertions)


@pytest.mark.parametrize(
    ("text", "cases", "excused", "assertions"),
    [
        ("def test_a():\n    assert 1 and 2\n", 1, "", 2),
        ("def test_a():\n    assert 0 < n < 3\n", 1, "", 2),
        ("def test_a():\n    assert (x, y) == (1, 2)\n", 1, "", 2),
        ("def test_a():\n    return\n    assert 1\n", 1, "", 0),
        ("def test_a():\n    if 0:\n        assert 1\n    assert 2\n", 1, "", 1),
        ("def test_a():\n    pytest.xfail('later')\n    assert 1\n", 1, "", 0),
        ("def test_a(reader):\n    reader.skip(4)\n    assert 1\n", 1, "", 1),
        (TABLE, 3, "", 1),
        (TABLE.replace("[1, 2, 3]", "CASES").replace("import pytest", "CASES = (1, 2)"), 2, "", 1),
        (TABLE.replace("3]", "pytest.param(3, marks=pytest.mark.xfail)]"), 2, "", 1),
        (TABLE.replace("[1, 2, 3]", "[*more()]"), None, "", 1),
        (TABLE.replace("@", "@pytest.mark.parametrize('m', [1, 2])\n@"), 6, "", 1),
        ("@pytest.mark.xfail(reason='issue 3')\ndef test_a():\n    assert 1\n", 1, "it is expected to fail", 1),
        ("@pytest.mark.xfail(WINDOWS, reason='issue 3')\ndef test_a():\n    assert 1\n", 1, "", 1),
        ("pytestmark = [pytest.mark.xfail(reason='x')]\ndef test_a():\n    assert 1\n", 1, "it is expected to fail", 1),
        ("__test__ = False\ndef test_a():\n    assert 1\n", 1, "`__test__` says that it is none", 1),
        ("def test_a():\n    assert 1\ndel test_a\n", 1, "it is deleted again", 1),
        ("if False:\n    def test_a():\n        assert 1\n", 1, "it stands under a condition that is never true", 1),
    ],
)
def test_what_a_test_demands(text: str, cases: int | None, excused: str, assertions: int) -> None:
    assert strength(text) == (cases, excused, assertions)


@pytest.mark.parametrize(
    ("before", "now", "is_weaker"),
    [
        ("assert x == 3", "assert x", True),
        ("assert x == 3", "assert x is not None", True),
        ("assert x == 3", "assert x in (3, 4)", True),
        ("assert len(x) == 3", "assert x", True),
        ("assert x == 3", "assert x == 3 or x", True),
        ("self.assertEqual(x, 3)", "self.assertTrue(x)", True),
        ("with pytest.raises(ValueError, match='n'): f()", "with pytest.raises(Exception): f()", True),
        ("sent.assert_called_once_with(3)", "sent.assert_called()", True),
        ("assert x == 3", "assert x == 4", False),
        ("assert x == 3", "assert x == 0", False),
        ("assert x == [3]", "assert x == []", False),
        ("assert x == 0", "assert x", False),
        ("assert x == 3", "numpy.testing.assert_allclose(x, 3)", False),
        ("self.assertFalse(x)", "assert not x", False),
        ("self.assertIsNone(x)", "assert x is None", False),
        ("sent.assert_called_with(3)", "sent.assert_called_once_with(3)", False),
        ("assert x == 3", "assert 3 == x", False),
        ("assert x", "assert x == 3", False),
        ("assert x == True", "assert x", False),
        ("assert len(x) == 0", "assert not x", False),
        ("assert x == 0.3", "assert x == approx(0.3)", False),
        ("self.assertEqual(x, 3)", "assert x == 3", False),
        ("assert x == 3; assert y", "assert y; assert x == 3", False),
    ],
)
def test_an_assertion_that_looks_less_closely(before: str, now: str, is_weaker: bool) -> None:
    one, other = (strengths(f"def test_a():\n    {text}\n".encode())["test_a"] for text in (before, now))
    assert bool(weaker(one, other)) is is_weaker


@pytest.mark.parametrize(
    ("before", "now", "count"),
    [
        ("assert x['a'] == 1; assert x['b'].c == 2; assert len(x) == 2", "assert x == {'a': 1, 'b': B}", 2),
        ("assert x['a'] == 1; assert y['b'] == 2", "assert x == {'a': 1}", 0),
        ("assert f(x) == 1; assert g(x) == 2", "assert x == 1", 0),
        ("assert x['a'] == 1; assert x['b'] == 2", "assert x", 0),
    ],
)
def test_one_assertion_about_the_whole(before: str, now: str, count: int) -> None:
    one, other = (strengths(f"def test_a():\n    {text}\n".encode())["test_a"] for text in (before, now))
    assert covered(one, other) == count


def test_only_what_differs_is_read() -> None:
    longer = TWO + "\n\ndef test_more():\n    assert 1\n"
    assert differing(TWO.encode(), longer.encode()) == (b"", b"def test_more():\n    assert 1\n")
    assert differing(TWO.encode(), b"LIMIT = 3\n" + TWO.encode()) is None  # which may mean anything for all of them


@pytest.mark.parametrize(
    ("base", "head", "kinds"),
    [
        ({"tests/test_a.py": TABLE}, {"tests/test_a.py": TABLE.replace(", 3]", "]")}, ["tests"]),
        ({"tests/test_a.py": SOUND}, {"tests/test_a.py": SOUND.replace(" == 3", "")}, ["assertions"]),
        ({"tests/test_a.py": CHECKED}, {"tests/test_a.py": CHECKED.replace("    assert value\n", "")}, ["assertions"]),
        (
            {"tests/test_a.py": CHECKED},  # an assertion that moved into a test of its own
            {
                "tests/test_a.py": CHECKED.replace("    assert TWO\n", "") + "\n\ndef test_two():\n    assert TWO\n",
            },
            [],
        ),
        (
            {"pytest.ini": "[pytest]\naddopts = -q\n", "tests/conftest.py": ""},
            {"pytest.ini": "[pytest]\naddopts = -q --ignore=tests/test_a.py\n"},
            ["exemptions"],
        ),
        ({"tests/conftest.py": ""}, {"tests/conftest.py": "collect_ignore = ['test_a.py']\n"}, ["exemptions"]),
        (
            {"tests/test_a.py": TWO},  # a renamed file, in which one test follows the code
            {"tests/test_a.py": None, "tests/test_b.py": TWO.replace("[1, 2]) == 3", "[1, 3]) == 4")},
            [],
        ),
    ],
)
def test_both_comparisons_see_it(
    repository: Folder, base: dict[str, str], head: dict[str, str | None], kinds: list[str]
) -> None:
    start(repository, base, head)
    repository.git("add", "--all")

    assert [each["kind"] for each in reasons(repository, "--staged", "--against", "HEAD")] == kinds
    assert [each["kind"] for each in reasons(repository, "staged")] == kinds


def test_refactorings_that_keep_what_is_demanded(repository: Folder) -> None:
    cased = "import unittest\n\n\nclass Sums(unittest.TestCase):\n    def test_sum(self):\n        self.{}\n        self.{}\n"
    plain = "class TestSums:\n    def test_sum(self):\n        assert not sum([])\n        assert sum([1, 2]) == 3\n"
    before = cased.format("assertFalse(sum([]))", "assertEqual(sum([1, 2]), 3)")
    start(
        repository,
        {
            "tests/test_a.py": ONE_BY_ONE,
            "tests/test_b.py": ONE_BY_ONE + "\n",
            "tests/test_c.py": before,
            "tests/test_d.py": SOUND + "    assert sum([3]) == 3\n",
            "tests/checks.py": "def of_three(value):\n    assert value == 3\n",
        },
        {
            "tests/test_a.py": TOGETHER,
            "tests/test_b.py": HELPED,
            "tests/test_c.py": plain,
            "tests/test_d.py": "from tests.checks import of_three\n\n\ndef test_total():\n    of_three(sum([1, 2]))\n    of_three(sum([3]))\n",
        },
    )
    assert reasons(repository, "--against", "HEAD") == []

    repository.write(
        {
            "tests/test_a.py": TOGETHER.replace(", ((2, 3), 5)", ""),
            "tests/test_b.py": HELPED.replace("    assert type(found) is int\n", ""),
            "tests/test_c.py": plain.replace(" == 3", ""),
        }
    )
    found = reasons(repository, "--against", "HEAD")
    assert [each["said"] for each in found] == ["1 test is gone", "3 assertions fewer or weaker in 3 tests"]
    assert found[0]["remark"].endswith("the same command with `--allow tests` lets it pass")


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        (
            "pytest.ini",
            "[pytest]\naddopts = -q -mfast -k 'not a' --deselect=x\n",
            ["-m fast", "-k not a", "--deselect x"],
        ),
        ("conftest.py", "collect_ignore = ['a.py']\n", ["collect_ignore a.py"]),
        ("conftest.py", "collect_ignore.append('a.py')\n", ["collect_ignore a.py"]),
        (
            "conftest.py",
            "collect_ignore_glob.extend(['a*', 'b*'])\n",
            ["collect_ignore_glob a*", "collect_ignore_glob b*"],
        ),
        ("conftest.py", "collect_ignore.remove('a.py')\nothers.append('a.py')\n", []),
        ("conftest.py", "collect_ignore = (\n", []),
    ],
)
def test_what_pytest_is_told_to_leave_out(path: str, text: str, expected: list[str]) -> None:
    found = left_out({path: text.encode()}.get, [path])
    assert [each.rule for each in found] == expected


def test_settings_that_name_other_tests(repository: Folder) -> None:
    settings = "[pytest]\npython_functions = {}\n"
    start(
        repository,
        {"pytest.ini": settings.format("test_*"), "tests/test_a.py": SOUND},
        {"pytest.ini": settings.format("check_*")},
    )

    assert [each["kind"] for each in reasons(repository, "--against", "HEAD")] == ["tests"]


def test_the_command_that_is_named_mends(repository: Folder) -> None:
    start(repository, {"tests/test_a.py": TWO}, {"tests/test_a.py": None})
    repository.git("add", "--all")
    mend = reasons(repository, "staged")[0]["mend"]
    subprocess.run(mend.split(), cwd=repository.root, check=True, capture_output=True)
    assert reasons(repository, "staged") == []

    repository.write({"tools/go.py": DIRECT})  # how this canon's runner is called from code, nobody knows
    assert reasons(repository, "--against", "HEAD")[0]["mend"] == "canonry explain RUN001"


def test_a_test_named_after_a_parser_is_not_repaired(repository: Folder) -> None:
    start(repository, {"tests/test_a.py": SOUND.replace("total", "parser")}, {"tests/test_a.py": None})
    assert reasons(repository, "--against", "HEAD")[0]["mend"].startswith("git restore ")


def test_links_and_names_that_are_no_utf_8(repository: Folder) -> None:
    start(repository, {"tests/test_a.py": SOUND, "x/test_a.py": TWO}, {"tests/test_a.py": None})
    (repository.root / "tests/test_a.py").symlink_to("../x/test_a.py")
    with open(bytes(repository.root) + b"/tests/test_\xe9.py", "w") as file:
        file.write("def test_b(:\n")
    repository.git("add", "--all")

    found = reasons(repository, "staged")
    assert [each["kind"] for each in found] == ["parsing", "tests"]
    assert found[0]["mend"] == "canonry repair --review --write"


@pytest.mark.parametrize(
    "entry",
    ['{"canon":"categories.e2e.mocks","value":"sometimes"}', '{"canon":"flows.buy.reliability","value":"high"}'],
)
def test_a_value_that_no_canon_has(entry: str) -> None:
    with pytest.raises(BaselineError, match="2` is no entry of a baseline"):
        decode_baseline(b'{"baseline":1}\n' + entry.encode() + b"\n")
    assert decode_baseline(b'{"baseline":1}\n{"canon":"categories.mocks","value":"declared"}\n').canon
