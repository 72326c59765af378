"""What a commit hook asks: the files that the index changes, over a listing that is kept."""

import json

import pytest

from tests.gate.test_trees import BROKEN, CANON, DIRECT, ENTRY, OTHER, STRONG, TWO
from tests.workbench import SOUND, Folder


def kinds(repository: Folder, *arguments: str) -> list[str]:
    done = repository.call("gate", "staged", *arguments, "--output-format", "json")
    assert done.returncode in (0, 1), done.stderr
    found = json.loads(done.stdout)
    assert done.returncode == found["refused"]
    return [reason["kind"] for reason in found["reasons"]]


def stage(repository: Folder, files: dict[str, str | None]) -> None:
    for path, content in files.items():
        if content is None:
            (repository.root / path).unlink()
        else:
            repository.write({path: content})
    repository.git("add", "--all")


@pytest.mark.parametrize(
    ("base", "head", "refused"),
    [
        ({"tests/test_a.py": TWO}, {"tests/test_a.py": SOUND}, ["tests"]),
        ({"tests/test_a.py": TWO}, {"tests/test_a.py": None, "tests/test_b.py": TWO}, []),
        ({"tests/test_a.py": STRONG}, {"tests/test_a.py": SOUND}, ["assertions"]),
        ({"tests/test_a.py": SOUND}, {"tests/test_a.py": BROKEN}, ["parsing", "tests"]),
        ({"tools/a.py": DIRECT}, {"tools/a.py": OTHER}, ["violations"]),
        ({"tools/a.py": DIRECT}, {"tools/a.py": None, "bin/b.py": DIRECT}, []),
        ({"x.py": ""}, {"canonry-quarantine.toml": ENTRY}, ["quarantine"]),
        ({"Makefile": "test:\n\techo\n"}, {"Makefile": "test:\n\tpytest -q\n"}, ["violations"]),
        ({"x.py": ""}, {"canonry.toml": 'exclude = ["tests/**"]\n' + CANON}, ["exemptions"]),
    ],
)
def test_what_is_staged_is_judged_file_by_file(
    repository: Folder, base: dict[str, str], head: dict[str, str | None], refused: list[str]
) -> None:
    repository.commit({"canonry.toml": CANON, "tests/test_z.py": SOUND, **base})
    stage(repository, head)

    assert kinds(repository) == refused
    assert kinds(repository) == refused  # from the listing that was kept


def test_what_is_on_disk_alone_and_other_files_do_not_count(repository: Folder) -> None:
    repository.commit({"canonry.toml": CANON, "tests/test_a.py": TWO})
    repository.write({"tests/test_a.py": SOUND})
    assert kinds(repository) == []

    stage(repository, {"tools/go.py": DIRECT})
    assert kinds(repository, "tools/go.py") == ["violations"]
    assert kinds(repository, "tests/test_a.py") == ["tests"]


def test_a_kept_listing_follows_commits(repository: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = "import unittest\n\n\nclass Case(unittest.TestCase):\n    pass\n"
    user = "from tests.{0} import Case\n\n\nclass TestA(Case):\n    async def test_a(self):\n        self.fail()\n"
    repository.commit({"canonry.toml": CANON, "tests/__init__.py": "", "tests/test_a.py": SOUND})
    assert kinds(repository) == []
    monkeypatch.setattr("canonry.gate.staged.keep_listing", None)  # from here on the kept one has to do

    repository.commit({"tests/cases.py": cases})
    stage(repository, {"tests/test_b.py": user.format("cases")})
    assert kinds(repository) == ["violations"]  # an async test that a plain unittest case does not await
    stage(repository, {"tests/cases.py": None, "tests/test_b.py": user.format("gone"), "old/backup/test_c.py": DIRECT})
    assert kinds(repository) == []
