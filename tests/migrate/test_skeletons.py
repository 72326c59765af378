"""Where the canon has a contract or services for a test that is to be written, code to begin with is given."""

import ast
import json
from pathlib import Path

import pytest

from tests.workbench import Folder

CANON = """
[flows.chat]
tests = ["tests/flow"]
contract = "contracts/chat.yaml"

[categories.flow]
paths = ["tests/flow"]
services = ["backend", "db"]

[categories.api]
paths = ["tests/api"]
services = ["db", "cache"]
mocks = "forbidden"

[services.backend]
kind = "url"
url = "http://127.0.0.1:1"

[services.db]
kind = "postgres"

[services.cache]
kind = "redis"
"""
EMPTY = "def test_order():\n    pass\n"
DOUBLE = "from unittest.mock import Mock\n\n\nclass TestPay:\n    def test_pay(self):\n        assert Mock(spec=int)\n"


@pytest.fixture
def place(tmp_path: Path) -> Folder:
    files: dict[str, str | bytes] = {
        "canonry.toml": CANON,
        "tests/flow/test_f.py": EMPTY,
        "tests/api/test_a.py": EMPTY,
        "tests/api/test_d.py": DOUBLE,
        "tests/unit/test_u.py": EMPTY,
    }
    return Folder(tmp_path / "shop").start(files)


def details(place: Folder) -> dict[str, str]:
    called = ("migrate", "placeholders", "real-services", "--output-format", "json")
    items = json.loads(place.call(*called).stdout)["items"]
    return {item["path"]: item["detail"] for item in items}


def test_a_skeleton_parses_and_uses_what_the_canon_has(place: Folder) -> None:
    found = details(place)
    assert {path for path, code in found.items() if not code} == {"tests/unit/test_u.py"}
    for path, code in found.items():
        assert ast.parse(code) is not None, path
    flow = found["tests/flow/test_f.py"]
    assert "async def test_order(event_contract, canonry_service, fresh_postgres):" in flow
    assert 'async with websockets.connect(canonry_service("backend").url) as connection:' in flow
    assert "event_contract().watch(connection)" in flow
    assert flow.startswith("import psycopg\nimport websockets\n\n\nasync def")
    assert "def test_order(fresh_postgres, fresh_redis):" in found["tests/api/test_a.py"]
    assert "redis.Redis.from_url(fresh_redis.url)" in found["tests/api/test_a.py"]
    assert "def test_pay(self, fresh_postgres, fresh_redis):" in found["tests/api/test_d.py"]


def test_it_is_shown_on_demand_and_stands_in_markdown(place: Folder) -> None:
    code = details(place)["tests/api/test_a.py"]
    last = code.splitlines()[-1]
    plain = place.call("migrate", "placeholders").stdout
    assert last not in plain
    assert "`-v` shows code to begin with" in plain
    assert f"    {last}\n" in place.call("migrate", "placeholders", "-v").stdout
    markdown = place.call("migrate", "placeholders", "--output-format", "markdown").stdout
    assert "  ```python\n  import psycopg\n" in markdown
