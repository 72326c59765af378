"""DUP004 through the real engine: what is kept changes no answer, and nothing is read that is not asked for."""

import random
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from canonry.model.finding import Finding
from tests.workbench import Folder, environment

ALL = frozenset(("DUP004",))


def code(name: str, *changes: int, literal: int = 1) -> str:
    """A function of a dozen statements, some of which are its own."""
    lines = [f"    data = shop.{name if number in changes else 'step'}_{number}(data)" for number in range(12)]
    return "\n".join([f"def {name}(data):", *lines, f"    return data, {literal}"]) + "\n"


def clones(folder: Folder, **options: Any) -> list[Finding]:
    return folder.findings("DUP004", **({"preview": ALL} | options))


def rows(folder: Folder, query: str) -> list[Any]:
    with closing(sqlite3.connect(folder.root / ".canonry" / "cache.db")) as connection, connection:
        return connection.execute(query).fetchall()


@pytest.fixture
def shop(repository: Folder) -> Folder:
    return repository.commit(
        {
            "shop/orders.py": code("place") + code("cancel", 3),
            "shop/stock.py": code("place") + code("count", *range(9)),
            "tests/test_stock.py": code("test_stock", *range(12)) + "    assert data\n",
        }
    )


def test_it_judges_only_when_it_is_asked_for(shop: Folder) -> None:
    assert clones(shop, preview=frozenset(), cache=True) == []
    assert rows(shop, "select count(*) from shapes") == [(0,)]
    assert {finding.confidence for finding in clones(shop, cache=True)} == {"certain", "review"}
    assert rows(shop, "select count(*) from shapes") == [(3,)]


@pytest.mark.parametrize("options", [("--preview",), ("--select", "DUP004"), ("--select", "clone")])
def test_the_command_line_asks_for_it(shop: Folder, options: tuple[str, ...]) -> None:
    report = shop.report(*options)
    (first, second) = [finding for finding in report["findings"] if finding["code"] == "DUP004"]

    assert first["message"] == "`place` has an exact clone: `place` in line 1 of `shop/orders.py`"
    assert (first["severity"], first["confidence"], first["line"]) == ("warning", "certain", 1)
    assert first["related"] == [
        {"path": "shop/orders.py", "line": 1, "column": 1, "symbol": "place", "note": ""},
    ]
    assert second["message"] == "`place` has a near clone: `cancel` in line 15 of `shop/orders.py`"
    assert [other["note"] for other in second["related"]] == ["1 of 14 statements differs (line 19 here, line 5 there)"]


def test_the_home_is_where_others_import_it_from(shop: Folder) -> None:
    shop.write(
        {
            "shop/__init__.py": "from .stock import place\n",
            "a.py": "from shop import place\n",
            "b.py": "from shop import place as it\n",
            "c.py": "import shop.orders\n",
        }
    )
    (exact,) = [finding for finding in clones(shop) if finding.confidence == "certain"]

    assert exact.path == "shop/stock.py"
    assert exact.message == (
        "`place`, whose module 3 files import, has an exact clone: `place` in line 1 of `shop/orders.py`"
    )


@pytest.mark.parametrize("seed", range(6))
def test_what_is_kept_changes_no_answer(folder: Folder, seed: int) -> None:
    draw = random.Random(seed)

    def some_code() -> str:
        count = draw.randint(0, 4)
        return "".join(
            code(f"f{draw.randint(0, 5)}", *draw.sample(range(12), draw.randint(0, 3)), literal=draw.randint(0, 2))
            for _ in range(count)
        )

    folder.write({f"p{number % 3}/m{number}.py": some_code() for number in range(30)})
    for _ in range(6):
        assert clones(folder, cache=True) == clones(folder, cache=False)
        for number in draw.sample(range(32), 3):
            path = f"p{number % 3}/m{number}.py"
            if draw.random() < 0.3:
                (folder.root / path).unlink(missing_ok=True)
            else:
                folder.write({path: some_code()})


def test_only_new_contents_are_read_and_joined(shop: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    clones(shop, cache=True)
    shop.write({"shop/more.py": code("place", 5)})
    import canonry.audit.clones as module

    read: list[str] = []
    real = module.extract_all
    monkeypatch.setattr(
        module,
        "extract_all",
        lambda jobs, *rest, **options: real(read.extend(job.path for job in jobs) or jobs, *rest, **options),
    )
    found = clones(shop, cache=True)

    assert read == ["shop/more.py"]
    assert found == clones(shop)


def test_one_worker_and_two_find_the_same(folder: Folder) -> None:
    folder.write({f"m{number}.py": code(f"f{number % 7}", number % 5) for number in range(60)})

    assert clones(folder, workers=1) == clones(folder, workers=2) != []


def test_trees_of_several_commits_share_what_is_kept(shop: Folder) -> None:
    shop.commit({"shop/stock.py": "", "shop/load.py": code("cancel", 3)})
    for revision in ("HEAD", "HEAD~1", "HEAD", "HEAD~1"):
        assert clones(shop, revision=revision, cache=True) == clones(shop, revision=revision)
        rows(shop, "delete from results")
    assert {finding.path for finding in clones(shop, revision="HEAD", cache=True)} == {"shop/load.py"}


@pytest.mark.parametrize(
    "damage",
    [
        "drop table shapes",  # as in a file of an earlier version
        "delete from shapes where rowid % 2",
        "update shapes set data = substr(data, 1, length(data) - 9)",
        "update shapes set data = x''",
        "update shapes set data = zeroblob(length(data))",
        "update shapes set variant = variant + 1",
        "delete from answers",
        "update answers set data = substr(data, 1, 9)",
    ],
)
def test_losing_what_is_kept_costs_time_only(shop: Folder, damage: str) -> None:
    before = clones(shop, cache=True)
    rows(shop, "delete from results")
    rows(shop, "delete from verdicts")  # or what is lost is not asked for
    rows(shop, damage)
    result = shop.audit(preview=ALL, cache=True)

    assert [finding for finding in result.findings() if finding.code == "DUP004"] == before
    assert result.header.notes == shop.audit(preview=ALL).header.notes
    assert rows(shop, "select count(distinct key) from shapes") == [(3,)]


def test_a_file_that_changes_meanwhile_is_read_as_it_is_and_nothing_is_kept(
    shop: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    import canonry.audit.clones as module

    real = module.extract_all

    def meanwhile(*arguments: Any, **options: Any) -> Any:
        shop.write({"shop/stock.py": "x = 1\n"})
        return real(*arguments, **options)

    monkeypatch.setattr(module, "extract_all", meanwhile)
    assert [finding.message for finding in clones(shop, cache=True)] == [
        "`place` has a near clone: `cancel` in line 15"
    ]
    assert rows(shop, "select count(*) from results") == [(0,)]
    monkeypatch.undo()
    assert clones(shop, cache=True) == clones(shop)


def test_a_content_that_ends_its_reader_has_no_clones(folder: Folder, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import os, sys\nfrom pathlib import Path\nfrom canonry.source.functions import shapes\n\n"
        "real = shapes.read_shapes\n\n"
        "def read(content, target):\n"
        "    return os._exit(9) if b'ends the process' in content else real(content, target)\n\n"
        "shapes.read_shapes = read\n"
        "from canonry.audit.engine import audit\nfrom canonry.audit.request import Request\n\n"
        "request = Request(repository=Path(sys.argv[1]), target='3.11', workers=2, cache=False, preview=frozenset(('DUP004',)))\n"
        "print([finding.path for finding in audit(request).findings() if finding.code == 'DUP004'])\n"
    )
    folder.write({f"m{number}.py": f"x = {number}\n" for number in range(60)})
    folder.write({"a.py": code("f"), "b.py": code("f"), "c.py": code("f") + "x = 'ends the process'\n"})
    done = subprocess.run(
        [sys.executable, script, folder.root], env=environment(), capture_output=True, text=True, timeout=60
    )

    assert done.stdout == "['a.py']\n", done.stderr


def test_broken_files_are_passed_over(shop: Folder) -> None:
    shop.write({"shop/broken.py": code("place") + "def (:\n", "shop/nul.py": b"x = '\0'\n"})

    assert {finding.code for finding in shop.findings("DUP004", "SYN001", preview=ALL)} == {"DUP004", "SYN001"}
    assert not any("broken" in str(finding) for finding in clones(shop))
