"""The MCK rules and TST004 to TST007 beyond their examples: how sure they are, whose offence it is, categories."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonry.canon.selection import matches
from canonry.model.finding import Confidence
from tests.workbench import Folder

CERTAIN, LIKELY, REVIEW = Confidence.CERTAIN, Confidence.LIKELY, Confidence.REVIEW
MOCK = "from unittest.mock import Mock\n\n"
SKIPS = "import pytest\n\n\ndef bank():\n    try:\n        {}\n    except {}:\n        pytest.skip('x')\n"
MARKS = "import pytest\n\n\ndef test_a():\n    try:\n        {}\n    except ValueError:\n        assert True\n"
CANON = """
[canon]
mock-factory = "tests.doubles:Mocks"

[categories.unit]
paths = ["tests/unit"]
mocks = "allowed"

[categories.component]
paths = ["tests/unit/component", "tests/component/test_*.py"]
mocks = "specced"

[categories.real]
paths = ["tests/real/**"]
mocks = "forbidden"
"""


def codes(folder: Folder) -> list[tuple[str, str]]:
    chosen = ("MCK001", "MCK002", "MCK003")
    return sorted((finding.code, finding.path) for finding in folder.findings(*chosen))


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("tests/test_a.py", ["MCK001", "MCK003"]),
        ("tests/unit/test_a.py", ["MCK001"]),
        ("tests/unit/component/test_a.py", ["MCK001", "MCK003"]),
        ("tests/component/test_a.py", ["MCK001", "MCK003"]),
        ("tests/component/deeper/test_a.py", ["MCK001", "MCK003"]),
        ("tests/real/deep/test_a.py", ["MCK001", "MCK002"]),
        ("tests/real/conftest.py", ["MCK001", "MCK002"]),
        ("tests/doubles.py", ["MCK003"]),
        ("shop/doubles.py", []),
    ],
)
def test_the_policy_of_the_category_decides(tmp_path: Path, path: str, found: list[str]) -> None:
    folder = Folder(tmp_path).write({"canonry.toml": CANON, path: MOCK + "def test_a():\n    assert Mock()\n"})

    assert codes(folder) == [(code, path) for code in found]


def test_without_a_factory_the_policies_still_count(tmp_path: Path) -> None:
    """MCK001 alone asks for the factory; MCK004 needs none of it either."""
    fallback = (
        "import pytest\nfrom unittest.mock import Mock\n\n\n@pytest.fixture\ndef db():\n    try:\n"
        "        return connect()\n    except ConnectionError:\n        return Mock()\n"
    )
    mocking = MOCK + "def test_a():\n    assert Mock()\n"
    canon = CANON.replace("tests.doubles:Mocks", "")
    files: dict[str, str | bytes] = {"canonry.toml": canon, "tests/real/test_a.py": mocking, "tests/test_a.py": mocking}
    folder = Folder(tmp_path).write(files | {"tests/unit/conftest.py": fallback})

    assert codes(folder) == [("MCK002", "tests/real/test_a.py"), ("MCK003", "tests/test_a.py")]
    assert [finding.path for finding in folder.findings("MCK004")] == ["tests/unit/conftest.py"]


def test_the_strictest_of_several_policies_counts(tmp_path: Path) -> None:
    canon = CANON.replace('"tests/real/**"', '"tests/real/**", "tests/unit/test_both.py"')
    path = "tests/unit/test_both.py"
    folder = Folder(tmp_path).write({"canonry.toml": canon, path: MOCK + "def test_a():\n    assert Mock()\n"})

    assert codes(folder) == [("MCK001", path), ("MCK002", path)]


def confidences(folder: Folder, code: str) -> list[Confidence]:
    return [finding.confidence for finding in folder.findings(code)]


@pytest.mark.parametrize(
    ("code", "path", "text", "confidence"),
    [
        ("MCK002", "tests/real/test_a.py", MOCK + "def test_a():\n    assert Mock()\n", CERTAIN),
        ("MCK002", "tests/real/test_a.py", "class StubBank:\n    pass\n", LIKELY),
        ("MCK002", "tests/real/test_a.py", "from tests.doubles import Mocks\n", LIKELY),
        ("MCK003", "tests/test_a.py", MOCK + "def test_a():\n    assert Mock()\n", CERTAIN),
        ("MCK003", "tests/test_a.py", "class _FakeBank:\n    def pay(self): ...\n", LIKELY),
        (
            "MCK004",
            "tests/support.py",
            MOCK + "def bank():\n    try:\n        return go()\n    except OSError:\n        return Mock()\n",
            CERTAIN,
        ),
        (
            "MCK004",
            "tests/test_a.py",
            MOCK + "def test_a():\n    try:\n        x = go()\n    except OSError:\n        x = Mock()\n    assert x\n",
            LIKELY,
        ),
        (
            "MCK004",
            "tests/support.py",
            (
                "from tests.doubles import *\n\ndef bank():\n    try:\n        return go()\n    except OSError:\n"
                "        return FakeResult()\n"
            ),
            REVIEW,
        ),
        (
            "MCK004",
            "tests/support.py",
            MOCK
            + "def make_mocked_bank():\n    try:\n        return go()\n    except OSError:\n        return Mock()\n",
            LIKELY,
        ),
        ("TST004", "tests/test_a.py", "def test_a(x):\n    assert x is x\n", CERTAIN),
        ("TST004", "tests/test_a.py", "def test_a(x):\n    assert x == x\n", LIKELY),
        ("TST004", "tests/test_a.py", "def test_equality(x):\n    assert x == x\n", REVIEW),
        ("TST005", "tests/test_a.py", "import pytest\n\n@pytest.mark.skip\ndef test_a():\n    assert 1\n", CERTAIN),
        (
            "TST005",
            "tests/test_a.py",
            "import unittest\n\n@unittest.expectedFailure\ndef test_a():\n    assert 1\n",
            REVIEW,
        ),
        ("TST005", "tests/conftest.py", SKIPS.format("go()", "ConnectionError"), CERTAIN),
        ("TST005", "tests/conftest.py", SKIPS.format("go()", "FileNotFoundError"), LIKELY),
        ("TST005", "tests/conftest.py", SKIPS.format("go()", "(OSError, ValueError)"), LIKELY),
        ("TST005", "tests/conftest.py", SKIPS.format("assert go()", "Exception"), LIKELY),
        ("TST004", "tests/test_a.py", MARKS.format("assert False"), LIKELY),
        ("TST004", "tests/test_a.py", MARKS.format("pytest.fail('no')"), LIKELY),
        ("TST004", "tests/test_a.py", MARKS.format("go()"), CERTAIN),
        ("TST006", "tests/test_a.py", "def test_a():\n    pass\n", CERTAIN),
        ("TST006", "tests/test_a.py", "def test_a(tmp_path):\n    pass\n", LIKELY),
        ("TST007", "tests/test_a.py", "import time\n\ndef test_a():\n    time.sleep(1)\n", CERTAIN),
        ("TST007", "tests/test_a.py", "import time\n\ndef test_a(n):\n    time.sleep(n)\n", LIKELY),
        ("TST007", "tests/test_a.py", "import time\n\ndef test_idle(n):\n    time.sleep(1)\n", LIKELY),
        ("TST007", "tests/test_a.py", "import time\n\ndef test_a(n):\n    n.put(ttl=1)\n    time.sleep(2)\n", LIKELY),
        (
            "TST007",
            "tests/test_a.py",
            "import time\n\ndef test_a(n):\n    n.get(timeout=1)\n    time.sleep(2)\n",
            CERTAIN,
        ),
        (
            "TST007",
            "tests/test_a.py",
            "import time\n\ndef test_a(n):\n    Pool(timeout=1)\n    time.sleep(2)\n",
            LIKELY,
        ),
        (
            "TST007",
            "tests/test_a.py",
            "import time\n\ndef test_a(n):\n    Pool(timeout=9)\n    time.sleep(2)\n",
            CERTAIN,
        ),
        ("TST007", "tests/test_a.py", "import time\n\ndef test_settling(n):\n    time.sleep(2)\n", CERTAIN),
        (
            "TST007",
            "tests/test_a.py",
            (
                "import time\n\ndef test_a():\n    at = time.monotonic()\n    time.sleep(1)\n"
                "    past = time.monotonic() - at\n    assert past >= 1\n"
            ),
            LIKELY,
        ),
        (
            "TST007",
            "tests/test_a.py",
            "import time\n\ndef test_a():\n    at = time.time()\n    time.sleep(1)\n    assert at\n",
            CERTAIN,
        ),
    ],
)
def test_how_sure_a_rule_is(tmp_path: Path, code: str, path: str, text: str, confidence: Confidence) -> None:
    doubles = "class Mocks:\n    def bank(self): ...\n"
    folder = Folder(tmp_path).write({"canonry.toml": CANON, "tests/doubles.py": doubles, path: text})

    assert confidences(folder, code) == [confidence]


@pytest.mark.parametrize(
    ("canon", "call", "message"),
    [
        (CANON, "patch('a.b')", "`patch` is called outside the mock factory"),
        (
            CANON,
            "patch.object(a, 'b', False)",
            "`patch.object` puts something else in the place of the real thing outside the mock factory",
        ),
        ("", "patch('a.b')", "`patch` is called on the spot, and the canon declares no mock factory"),
        ("[canon]\n", "patch('a.b')", "`patch` is called on the spot, and the canon declares no mock factory"),
    ],
)
def test_what_is_said_of_a_mock(tmp_path: Path, canon: str, call: str, message: str) -> None:
    text = f"from unittest.mock import patch\n\ndef test_a(a):\n    with {call}:\n        assert a\n"
    folder = Folder(tmp_path).write({"canonry.toml": canon, "tests/test_a.py": text})

    assert [finding.message for finding in folder.findings("MCK001")] == [message]


def test_a_skip_round_an_assertion_is_reported_once(tmp_path: Path) -> None:
    text = (
        "import pytest\n\ndef test_a(x):\n    try:\n        assert x\n    except Exception:\n        pytest.skip('x')\n"
    )
    folder = Folder(tmp_path).write({"tests/test_a.py": text})

    assert [finding.code for finding in folder.findings("TST002", "TST005")] == ["TST002"]


def test_every_call_is_one_finding_of_its_own(tmp_path: Path) -> None:
    text = "from unittest.mock import Mock, patch\n\n@patch('a.b')\n@patch('a.c')\ndef test_a(b, c):\n    assert Mock(x=Mock())\n"
    folder = Folder(tmp_path).write({"tests/test_a.py": text})
    found = folder.findings("MCK001")

    assert [(finding.line, finding.column) for finding in found] == [(3, 2), (4, 2), (6, 12), (6, 19)]
    assert len({finding.fingerprint for finding in found}) == 4


@pytest.mark.parametrize(
    ("paths", "path", "selected"),
    [
        (["tests/e2e"], "tests/e2e/test_a.py", True),
        (["tests/e2e/"], "tests/e2e/deep/test_a.py", True),
        (["./tests/e2e"], "tests/e2e/test_a.py", True),
        (["tests/e2e"], "tests/e2e_more/test_a.py", False),
        (["e2e"], "tests/e2e/test_a.py", False),
        (["tests/test_a.py"], "tests/test_a.py", True),
        (["tests/test_a.py"], "tests/test_a.pyi", False),
        (["tests/*/test_a.py"], "tests/x/test_a.py", True),
        (["tests/*/test_a.py"], "tests/x/y/test_a.py", False),
        (["**/test_a*.py"], "a/b/test_ab.py", True),
        (["."], "test_a.py", True),
        ([], "test_a.py", False),
    ],
)
def test_what_a_category_selects(paths: list[str], path: str, selected: bool) -> None:
    assert matches(path, paths) is selected


_PART = st.text("ab_", min_size=1, max_size=3)
_PATH = st.lists(_PART, min_size=1, max_size=3).map("/".join)


@given(_PATH, _PATH)
def test_a_folder_selects_what_is_below_it_and_nothing_else(folder: str, path: str) -> None:
    assert matches(f"{folder}/{path}", [folder])
    assert matches(path, [folder]) is (path == folder or path.startswith(f"{folder}/"))


@pytest.mark.parametrize(
    ("assertion", "reason"),
    [("self.assertEqual(1, 1)", "only constants"), ("self.assertIs(1, 1)", "only constants")],
)
def test_a_tautology_of_constants_says_so(folder: Folder, assertion: str, reason: str) -> None:
    case = f"import unittest\n\nclass TestA(unittest.TestCase):\n    def test_a(self):\n        {assertion}\n"
    (found,) = folder.write({"tests/test_a.py": case}).findings("TST004")

    assert found.message == f"the assertion holds whatever happens: {reason}"
