"""The cache: losing it, damaging it or sharing it costs time, never an answer."""

import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from canonry.audit.engine import audit
from canonry.audit.request import Request
from canonry.source.cache import SCHEMA_VERSION
from tests.workbench import IDLE, RUNNER, SOUND, Folder, builtins, canonry_command, environment

SHOP: dict[str, str | bytes] = {
    "tests/test_idle.py": IDLE,
    "tests/test_sound.py": SOUND,
    "tests/test_broken.py": "def test_a(:\n",
    "tests/unit/test_a.py": "def test_a():\n    assert 'a'\n",
    "tests/unit/test_b.py": "def test_b():\n    assert 'b'\n",
    "tests/unit/test_c.py": "def test_c():\n    assert 'c'\n",
    "legacy/tests/unit/test_a.py": "def test_a():\n    assert 'a'\n",
    "legacy/tests/unit/test_b.py": "def test_b():\n    assert 'b'\n",
    "legacy/tests/unit/test_c.py": "def test_c():\n    assert 'c'\n",
    "tools/run.py": RUNNER,
}


@pytest.fixture
def shop(repository: Folder) -> Folder:
    return repository.commit(SHOP)


def cache_of(folder: Folder) -> Path:
    return folder.root / ".canonry" / "cache.db"


def notes(folder: Folder, **options) -> list[str]:
    return [note for note in folder.audit(cache=True, **options).header.notes if "cache" in note]


def files_read(folder: Folder, **options) -> int:
    """How many contents an audit with the cache parses."""
    totals = [0]

    def progress(what: str, _done: int, total: int) -> None:
        if what == "reading":
            totals.append(total)

    audit(Request(repository=folder.root, target="3.11", workers=1, **options), progress=progress)
    return max(totals)


def change(folder: Folder, *statements: str) -> None:
    connection = sqlite3.connect(cache_of(folder))
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.execute("pragma wal_checkpoint(truncate)")
    connection.close()


def write_over(start: float, end: float) -> Callable[[Path], None]:
    """Damages a part of a file, given as shares of its length."""

    def damage(path: Path) -> None:
        content = bytearray(path.read_bytes())
        first, last = int(len(content) * start), int(len(content) * end)
        content[first:last] = b"\xa5" * (last - first)
        path.write_bytes(content)

    return damage


def cut(share: float) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])  # type: ignore[return-value]


def test_a_warm_audit_equals_a_cold_one_and_reads_nothing(shop: Folder) -> None:
    cold = shop.audit(cache=True)

    assert files_read(shop) == 0
    assert shop.audit(cache=True).chunks == cold.chunks == shop.audit(cache=False).chunks


def test_only_what_changed_is_read(shop: Folder) -> None:
    shop.audit(cache=True)
    shop.write({"tests/test_sound.py": IDLE + "\n"})

    assert files_read(shop) == 1


def test_facts_belong_to_contents_not_to_paths(shop: Folder) -> None:
    shop.audit(cache=True)
    shop.git("mv", "tests/test_idle.py", "tests/test_other.py")

    assert files_read(shop) == 0
    assert ("TST001", "tests/test_other.py") in [(each.code, each.path) for each in shop.findings(cache=True)]


def test_another_canon_reads_nothing_again(shop: Folder) -> None:
    shop.audit(cache=True)
    shop.write({"canonry.toml": "[canon]\nrunner = 'pytest'\n"})

    assert files_read(shop) == 0
    assert [each.code for each in shop.findings("RUN001", cache=True)] == []


def test_another_target_is_another_answer(repository: Folder) -> None:
    repository.commit({"shop.py": "match x:\n    case 1: pass\n"})

    assert repository.findings(cache=True, target="3.11") == []
    assert [each.code for each in repository.findings(cache=True, target="3.9")] == ["SYN002"]
    assert repository.findings(cache=True, target="3.11") == []


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b"no database at all"),
        lambda path: path.write_bytes(b"SQLite format 3\0" + b"\xff" * 4000),
        write_over(0.0, 0.01),
        write_over(0.2, 1.0),
        write_over(0.5, 0.6),
        cut(0.5),
        cut(0.9),
    ],
    ids=["garbage", "header-and-garbage", "header", "all-but-header", "middle", "half", "end"],
)
def test_a_damaged_cache_is_rebuilt(shop: Folder, damage: Callable[[Path], None]) -> None:
    cold = shop.audit(cache=True)
    damage(cache_of(shop))
    shop.write({"tests/test_new.py": IDLE})
    without = shop.audit(cache=False)

    assert builtins(shop.audit(cache=True)) == builtins(without)
    assert notes(shop) in ([], ["the cache was damaged and has been rebuilt"])
    assert notes(shop) == []
    assert files_read(shop) == 0
    assert builtins(cold) != builtins(without)


def test_a_damaged_cache_is_mentioned_once(shop: Folder) -> None:
    shop.audit(cache=True)
    cache_of(shop).write_bytes(b"no database at all")

    assert notes(shop) == ["the cache was damaged and has been rebuilt"]
    assert notes(shop) == []


@pytest.mark.parametrize(("version", "age"), [(SCHEMA_VERSION + 98, "a newer"), (-1, "an older")])
def test_a_cache_of_another_version_is_rebuilt_and_mentioned_once(shop: Folder, version: int, age: str) -> None:
    cold = shop.audit(cache=True)
    change(shop, f"pragma user_version = {version}")
    again = shop.audit(cache=True)

    assert [note for note in again.header.notes if "cache" in note] == [
        f"the cache was written by {age} version of canonry and has been rebuilt"
    ]
    assert again.chunks == cold.chunks
    assert notes(shop) == []
    assert files_read(shop) == 0


@pytest.mark.parametrize(
    "statement",
    [
        "update facts set data = substr(data, 1, 5)",
        "update facts set data = x''",
        "delete from facts where rowid % 2",
        "update results set header = substr(header, 1, 20)",
        "update results set header = x''",
        "update chunks set data = substr(data, 1, length(data) - 1)",
        "delete from chunks",
        "delete from parts",
        "update answers set data = substr(data, 1, 1)",
        "update answers set data = x'c1'",
        "update stats set key = x'00', size = size",
        "update stats set key = null",
        "delete from results",
    ],
)
def test_truncated_rows_are_read_again(shop: Folder, statement: str) -> None:
    cold = shop.audit(cache=True)
    change(shop, statement)

    assert shop.audit(cache=True).chunks == cold.chunks
    shop.write({"tests/test_new.py": IDLE})
    assert builtins(shop.audit(cache=True)) == builtins(shop.audit(cache=False))


@pytest.mark.parametrize("table", ["facts", "stats", "answers", "results", "parts", "chunks", "verdicts", "shapes"])
def test_a_missing_table_is_no_obstacle(shop: Folder, table: str) -> None:
    cold = shop.audit(cache=True)
    change(shop, f"drop table {table}")

    assert shop.audit(cache=True).chunks == cold.chunks


def test_a_place_that_cannot_be_written_does_without(shop: Folder) -> None:
    shop.write({".canonry": "a file where the folder should be\n"})
    result = shop.audit(cache=True)
    (note,) = [note for note in result.header.notes if "cache" in note]

    assert note.startswith("no cache is kept: ")
    assert result.chunks == shop.audit(cache=False).chunks


def test_a_bare_repository_below_a_regular_file_does_without(
    shop: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = Folder(shop.clone_bare(tmp_path / "bare.git"))
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file" / "caches"))
    result = bare.audit(cache=True)

    assert any(note.startswith("no cache is kept: ") for note in result.header.notes)
    assert builtins(result) == builtins(shop.audit(revision="HEAD"))


def test_a_bare_repository_keeps_its_cache_outside(
    shop: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = Folder(shop.clone_bare(tmp_path / "bare.git"))
    before = sorted(path.relative_to(bare.root) for path in bare.root.rglob("*"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    bare.audit(cache=True)

    assert len(list((tmp_path / "caches").rglob("cache.db"))) == 1
    assert sorted(path.relative_to(bare.root) for path in bare.root.rglob("*")) == before
    assert files_read(bare) == 0


def test_the_state_folder_ignores_itself(shop: Folder) -> None:
    shop.audit(cache=True)

    assert cache_of(shop).is_file()
    assert shop.git("status", "--porcelain") == ""


def test_nothing_is_kept_where_no_cache_is_wanted(shop: Folder) -> None:
    shop.audit(cache=False)

    assert not cache_of(shop).exists()


def test_processes_at_once_share_the_cache(shop: Folder) -> None:
    shop.write({f"tests/many/test_{number}.py": f"def test_a():\n    print({number})\n" for number in range(150)})
    command = canonry_command("audit", "--output-format", "json", "--workers", "2", "--target-python", "3.11")
    running = [
        subprocess.Popen(
            command, cwd=shop.root, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    finished = [(process, *process.communicate(timeout=60)) for process in running]

    assert [process.returncode for process, _, _ in finished] == [1] * 4, [error for _, _, error in finished]
    for _, out, _ in finished:
        assert out == finished[0][1]
    assert not any("cache" in error or "Traceback" in error for _, _, error in finished)
    assert files_read(shop) == 0


def test_a_content_that_was_missing_is_asked_for_again(shop: Folder) -> None:
    blob = shop.git("rev-parse", "HEAD:tests/test_idle.py")
    stored = shop.root / ".git" / "objects" / blob[:2] / blob[2:]
    content = stored.read_bytes()
    stored.unlink()
    without = shop.audit(cache=True, revision="HEAD")
    stored.write_bytes(content)
    again = shop.audit(cache=True, revision="HEAD")

    assert without.header.missing == {"tests/test_idle.py": "not in the object store"}
    assert again.header.missing == {}
    assert [finding.path for finding in again.findings() if finding.code == "TST001"] == ["tests/test_idle.py"]


def test_what_history_said_is_asked_again_at_another_commit(shop: Folder) -> None:
    shop.write({"tests/test_sound.py": "def test_a(:\n    pass\n"})
    uncommitted = shop.findings("SYN001", cache=True)
    shop.commit(message="break it")
    committed = shop.findings("SYN001", cache=True)

    assert "not yet committed" in uncommitted[1].message
    assert f"broken by {shop.git('rev-parse', '--short=10', 'HEAD')}"[:15] in committed[1].message
    assert committed == shop.findings("SYN001", cache=False)


def test_what_history_said_belongs_to_the_target(repository: Folder) -> None:
    repository.commit({"a.py": "match x:\n    case 1: pass\n"})
    repository.commit({"a.py": "match x:\n    case 1: pass\n)\n"}, "break it")

    for target in ("3.11", "3.9", "3.11"):
        assert repository.findings(cache=True, target=target) == repository.findings(cache=False, target=target)
    assert "never parsed" in repository.findings(cache=True, target="3.9")[0].message


def test_results_share_the_chunks_that_they_have_in_common(shop: Folder) -> None:
    shop.audit(cache=True)
    shop.write({"docs/new.md": "# Nothing to run\n"})
    shop.audit(cache=True)
    with sqlite3.connect(shop.root / ".canonry/cache.db") as connection:
        parts, chunks = (
            connection.execute(f"select count(*) from {table}").fetchone()[0] for table in ("parts", "chunks")
        )

    assert chunks < parts


def test_a_damaged_chunk_is_not_shared_for_ever(shop: Folder) -> None:
    cold = shop.audit(cache=True)
    for _ in range(2):
        with sqlite3.connect(shop.root / ".canonry/cache.db") as connection:
            connection.execute("update chunks set data = x'00'")
        assert shop.audit(cache=True).chunks == cold.chunks
    with sqlite3.connect(shop.root / ".canonry/cache.db") as connection:
        assert connection.execute("select count(*) from chunks where length(data) = 1").fetchone() == (0,)
