"""What a finding says: not twice, not of another thing than it means, and what to do next."""

import pytest

from canonry.rules.registry import all_rules
from tests.workbench import Folder

SET_UP = """\
import unittest

class TestA(unittest.TestCase):
    def setUp(self):
        self.skipTest("x")

    def test_a(self):
        sum([1])
"""


def codes(folder: Folder, code: str) -> list[str]:
    folder.write({"tests/test_a.py": code})
    return [finding.code for finding in folder.findings() if finding.code.startswith("TST")]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("def test_a():\n    pass\n", ["TST006"]),
        ("from pytest import mark\n\n@mark.skip\nclass TestA:\n    def test_a(self):\n        print(1)\n", ["TST005"]),
        ("import pytest\n\ndef test_a():\n    pytest.skip('later')\n", ["TST005"]),
        ("import pytest\n\npytestmark = pytest.mark.skip\n\ndef test_a():\n    sum([1])\n", ["TST005"]),
        ("import pytest\n\npytest.skip('x', allow_module_level=True)\n\ndef test_a():\n    sum([1])\n", ["TST005"]),
        (SET_UP, ["TST005"]),
        ("import pytest\n\ndef test_a(x):\n    if x:\n        pytest.skip('later')\n    sum([1])\n", ["TST001"]),
        ("def test_a():\n    sum([1])\n", ["TST001"]),
    ],
)
def test_a_test_that_proves_nothing_is_told_once(folder: Folder, code: str, expected: list[str]) -> None:
    assert codes(folder, code) == expected


def test_the_raw_count_still_holds_what_is_told_otherwise(folder: Folder) -> None:
    folder.write({"tests/test_a.py": "def test_a():\n    pass\n\n\ndef test_b():\n    sum([1])\n"})

    facts = {fact["name"]: fact["count"] for fact in folder.report()["facts"]}

    assert facts["tests-without-own-assertion"] == 2


@pytest.mark.parametrize("code", ["SYN001", "SYN003", "SYN004"])
def test_what_can_be_repaired_names_the_verb(folder: Folder, code: str) -> None:
    assert "`canonry repair`" in all_rules()[code].help
    assert "canonry repair" in folder.call("explain", code).stdout


def test_a_base_of_the_same_name_as_the_canons_is_named_in_full(folder: Folder) -> None:
    folder.write(
        {
            "framework/cases.py": "class SSotBaseTestCase:\n    def setup_method(self):\n        self.x = 1\n",
            "tests/test_a.py": "from framework.cases import SSotBaseTestCase\n\n"
            "class TestA(SSotBaseTestCase):\n    def test_a(self):\n        assert self.x\n",
        }
    )
    (finding,) = folder.findings("BAS001")

    assert finding.message == (
        "`TestA` ends in `framework.cases.SSotBaseTestCase`, which is not a base case of the canon"
    )


def test_a_base_with_a_name_of_its_own_is_named_shortly(folder: Folder) -> None:
    folder.write(
        {
            "tests/test_a.py": "class ShopTestCase:\n    x = 1\n\nclass TestA(ShopTestCase):\n    def test_a(self):\n        assert self.x\n"
        }
    )

    assert [each.message for each in folder.findings("BAS001")] == [
        "`TestA` ends in `ShopTestCase`, which is not a base case of the canon"
    ]


def probe(module: str, flag: str) -> str:
    package, _, name = module.rpartition(".")
    asked = f"from {package} import {name}" if package else f"import {name}"
    return f"try:\n    {asked}\n    {flag} = True\nexcept ImportError:\n    {flag} = False\n"


@pytest.mark.parametrize(
    ("first", "second", "confidence", "said"),
    [
        ("cryptography.asymmetric.x25519", "cryptography.asymmetric.mlkem", "review", "probes another part of"),
        ("cryptography.asymmetric.x25519", "cryptography.asymmetric.x25519", "certain", "again"),
        ("cryptography", "cryptography.asymmetric.mlkem", "certain", "again"),
        ("redis.Redis", "redis.ConnectionError", "certain", "again"),
    ],
)
def test_parts_of_one_package_are_several_questions(
    folder: Folder, first: str, second: str, confidence: str, said: str
) -> None:
    folder.write({"shop/a.py": probe(first, "HAS_A"), "shop/b.py": probe(second, "HAS_B")})
    (finding,) = folder.findings("IMP005")

    assert (finding.confidence.value, said in finding.message) == (confidence, True)


def test_a_fallback_that_is_logged_is_described_truly(folder: Folder) -> None:
    code = (
        "import logging\nfrom unittest.mock import Mock\n\n\ndef bank():\n    try:\n        return connect()\n"
        "    except OSError:\n        logging.warning('a double')\n        return Mock()\n"
    )
    folder.write({"tests/support.py": code})

    assert [each.message for each in folder.findings("MCK004")] == [
        "`Mock` is returned when the real thing fails, and the test runs on"
    ]


def test_the_next_step_names_nothing_from_the_examples() -> None:
    assert "Gateway" not in all_rules()["MCK003"].help
