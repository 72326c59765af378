"""`canonry run --plan` beside the shares that categories were meant to have."""

import json
from pathlib import Path

from tests.workbench import Folder

CANON = """
[categories.unit]
paths = ["tests/unit"]
share = 0.75
[categories.grave]
paths = ["tests/grave"]
markers = ["grave"]
priority = "critical"
"""
FILES: dict[str, str | bytes] = {
    "canonry.toml": CANON,
    "tests/unit/test_a.py": "import pytest\n\n\ndef test_1(): assert 1\ndef test_2(): assert 1\n\n\n"
    "@pytest.mark.grave\ndef test_3(): assert 1\n\n\nclass TestB:\n    pytestmark = pytest.mark.grave\n\n"
    "    def test_4(self): assert 1\n",
    "tests/grave/test_c.py": "def test_5(): assert 1\n",
    "tests/test_d.py": "def test_6():\n    def test_inner(): pass\n    assert 1\n",
}


def test_a_plan_says_which_share_of_the_tests_each_category_has(tmp_path: Path) -> None:
    shop = Folder(tmp_path).start(FILES)
    out = shop.call("run", "--plan", "--cold").stdout
    assert "share unit: 2 of 6 tests, 33.3%, 75% intended\n" in out
    assert "share grave: 3 of 6 tests, 50.0%\n" in out
    assert "share (no category): 1 of 6 tests, 16.7%\n" in out
    shares = json.loads(shop.call("run", "--plan", "--cold", "--output-format", "json").stdout)["shares"]
    assert shares[0] == {"category": "unit", "intended": 0.75, "tests": 2, "of": 6}
    shop.write({"canonry.toml": CANON.replace("share = 0.75\n", "")})
    assert "share" not in shop.call("run", "--plan", "--cold").stdout
