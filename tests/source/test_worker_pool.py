"""Reading over several processes: the same facts, and a worker that dies costs its own file."""

import subprocess
import sys
from pathlib import Path

import pytest

from canonry.source.facts import decode_facts
from canonry.source.pool import Job, Origin, extract_all
from canonry.source.trees.tree import blob_key
from tests.workbench import Folder, builtins, environment

POISON = "x = 'reading this ends the process'\n"
DYING = """
import os, sys
from pathlib import Path
from canonry.source.python import extract as home

read = home.extract

def die_on_poison(content, target):
    if b"ends the process" in content:
        os._exit(9) if sys.argv[2] == "exit" else os.kill(os.getpid(), 9)
    return read(content, target)

home.extract = die_on_poison

from canonry.audit.engine import audit
from canonry.audit.request import Request

result = audit(Request(repository=Path(sys.argv[1]), target="3.11", workers=2, cache=False))
print(len(list(result.files())))
for finding in result.findings():
    print(finding.code, finding.path, finding.message)
"""


def write_many(folder: Folder, count: int) -> Folder:
    return folder.write({f"shop/m{number}.py": f"class A{number}: pass\n" for number in range(count)})


@pytest.mark.parametrize("count", [1, 40, 41, 130])
def test_every_file_is_read_once_by_any_number_of_workers(folder: Folder, count: int) -> None:
    write_many(folder, count)
    jobs = [
        Job(f"shop/m{number}.py", blob_key((folder.root / f"shop/m{number}.py").read_bytes()))
        for number in range(count)
    ]
    for workers in (1, 2, 3):
        outcomes = list(extract_all(jobs, Origin(str(folder.root)), (3, 11), workers=workers))
        names = {job.path: decode_facts(data or b"").classes[0].name for job, data in outcomes}
        assert names == {f"shop/m{number}.py": f"A{number}" for number in range(count)}
        assert len(outcomes) == count


def test_one_worker_and_two_find_the_same(folder: Folder) -> None:
    write_many(folder, 60)
    folder.write({f"tests/test_{number}.py": f"def test_a(): print({number})\n" for number in range(30)})

    assert builtins(folder.audit(workers=1)) == builtins(folder.audit(workers=2))


def test_workers_read_from_the_object_store_too(repository: Folder) -> None:
    write_many(repository, 60)
    repository.commit({"tests/test_a.py": "def test_a(): print(1)\n"})

    assert builtins(repository.audit(workers=2, revision="HEAD")) == builtins(repository.audit(workers=1))


@pytest.mark.parametrize("way", ["exit", "kill"])
@pytest.mark.parametrize("poisoned", [("shop/m7.py",), ("shop/m0.py", "shop/m43.py")])
def test_a_worker_that_dies_costs_its_own_file(folder: Folder, way: str, poisoned: tuple[str, ...]) -> None:
    write_many(folder, 44).write({path: f"{POISON}# {path}\n" for path in poisoned})
    done = subprocess.run(
        [sys.executable, "-c", DYING, folder.root, way],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    lines = done.stdout.splitlines()

    assert done.returncode == 0, done.stderr
    assert lines[0] == "44"
    assert [line.split()[:2] for line in lines[1:]] == [["SYN001", path] for path in sorted(poisoned)]
    assert all("ends the process" in line for line in lines[1:])


def test_a_file_that_is_gone_is_an_outcome_without_facts(tmp_path: Path) -> None:
    job = Job("gone.py", blob_key(b""))

    assert list(extract_all([job], Origin(str(tmp_path)), (3, 11), workers=1)) == [(job, None)]
