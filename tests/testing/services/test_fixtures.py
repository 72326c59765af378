"""The fixtures in sessions of their own: real projects, real pytest, with and without pytest-xdist."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from canonry.testing.services.handover import NO_DOCKER, hand_over
from canonry.testing.services.running import Running
from canonry.testing.services.service import Service
from canonry.testing.services.start import start
from tests.testing.services.servers import HTTP, soon
from tests.workbench import ROOT

PLUGINS = ROOT / ".venv" / "plugins"
SERVICES = """
[tool.canonry.services.postgres]
kind = "postgres"
setup = "schema.sql"
url-env = ["DATABASE_URL"]

[tool.canonry.services.cache]
kind = "redis"

[tool.canonry.services.backend]
kind = "command"
command = "python server.py"
ready = "/health"
needs = ["cache"]

[tool.canonry.services.mailbox]
kind = "container"
image = "mailpit/mailpit:v1.21"
port = 8025
"""


def write(project: Path, tests: str, *, canon: str = SERVICES, **files: str) -> None:
    (project / "pyproject.toml").write_text(canon)
    (project / "schema.sql").write_text("create table orders (id int);\n")
    (project / "server.py").write_text(HTTP)
    (project / "test_it.py").write_text(tests)
    for name, text in files.items():
        (project / f"{name}.py").write_text(text)


def run(project: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """pytest in the project, with our fixtures and no plugin of the machine's."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "CANONRY", "PYTHONPATH"))
    }
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-rA",
            "-p",
            "canonry.testing.fixtures",
            "-p",
            "no:cacheprovider",
            *arguments,
        ],
        cwd=project,
        env={**kept, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1", **variables},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


LEASES = """
import os
import psycopg, pytest, redis

def rows(url, statement):
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else None

@pytest.mark.parametrize("number", [1, 2])
def test_fresh(fresh_postgres, fresh_redis, number):
    assert os.environ["DATABASE_URL"] == fresh_postgres.url
    assert os.environ["CACHE_URL"] == fresh_redis.url
    rows(fresh_postgres.url, f"insert into orders values ({number})")
    assert rows(fresh_postgres.url, "select id from orders") == [(number,)]
    with redis.Redis.from_url(fresh_redis.url) as cache:
        assert cache.incr("count") == 1

@pytest.mark.parametrize("number", [1, 2])
def test_of_the_worker(worker_postgres, worker_redis, number):
    rows(os.environ["DATABASE_URL"], f"insert into orders values ({number})")
    assert len(rows(worker_postgres.url, "select id from orders")) == number
    with redis.Redis.from_url(worker_redis.url) as cache:
        assert cache.incr("count") == number

def test_without():
    assert "DATABASE_URL" not in os.environ

def test_two_in_one(canonry_lease):
    first, second = canonry_lease("postgres"), canonry_lease("postgres")
    assert first.url != second.url
    assert os.environ["DATABASE_URL"] == second.url

def test_backend(canonry_service):
    import json, urllib.request
    with urllib.request.urlopen(canonry_service("backend").url + "/environment") as answer:
        seen = json.load(answer)
    assert seen["CACHE_URL"] == canonry_service("cache").url
"""


@pytest.mark.requires("postgres")
@pytest.mark.requires("redis")
def test_tests_lease_what_the_canon_declares(project: Path) -> None:
    write(project, LEASES)
    done = run(project)

    assert "7 passed" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0
    logs = {path.name.split("-")[0] for path in (project / ".canonry" / "services").iterdir()}
    assert logs == {"postgres", "cache", "backend"}


UNAVAILABLE = """
def test_undeclared(canonry_service): canonry_service("postgress")
def test_absent(canonry_service): canonry_service("queue")
def test_container(canonry_service): canonry_service("mailbox")
def test_no_postgres(fresh_postgres): pass
def test_no_users(canonry_users): canonry_users("backend")
def test_untouched(): pass
"""
MAILBOX = """
[services.mailbox]
kind = "container"
image = "mailpit/mailpit:v1.21"
port = 8025
"""


def test_what_is_missing_is_one_sentence_and_never_a_skip(project: Path) -> None:
    write(project, UNAVAILABLE, canon="")
    (project / "canonry.toml").write_text(MAILBOX + '[services.postgres1]\nkind = "redis"\n')
    done = run(project, **{NO_DOCKER: "1"})

    assert done.returncode == 1
    assert "3 failed, 1 passed, 2 errors" in done.stdout
    for sentence in (
        "the canon declares no service `postgress`; did you mean `postgres1`?",
        '`[tool.canonry.services.queue]` with `kind = "command"` in pyproject.toml',
        "service `mailbox`: it is of kind `container`, and containers are switched off",
        'declares no service of kind `postgres`; declare it as `[tool.canonry.services.postgres]` with `kind = "postgres"`',
        "no source of users is registered; define a session fixture `canonry_user_source` in conftest.py",
    ):
        assert sentence in done.stdout
    assert "Traceback" not in done.stdout
    assert "src/canonry" not in done.stdout


def test_a_canon_that_is_wrong_is_told_as_canonry_tells_it(project: Path) -> None:
    write(project, "def test_a(fresh_redis): pass\n", canon='[tool.canonry.services.cache]\nkind = "reddis"\n')
    done = run(project)

    assert "the services of the canon cannot be read: pyproject.toml:2: `services.cache.kind`" in done.stdout
    assert "1 error" in done.stdout


@pytest.mark.requires("redis")
def test_several_of_a_kind_have_to_be_named(project: Path) -> None:
    canon = "".join(f'[tool.canonry.services.{name}]\nkind = "redis"\n' for name in "ab")
    tests = "def test_a(fresh_redis): pass\ndef test_b(worker_redis): pass\n"
    named = "def test_c(canonry_lease): assert canonry_lease('b').service == 'b'\n"
    write(project, tests + named, canon=canon)
    said = run(project).stdout

    for fixture in ("canonry_lease", "canonry_worker_lease"):
        asked = f'take the fixture `{fixture}` and ask for one by its name: `{fixture}("a")`'
        assert f"declares several services of kind `redis` (`a`, `b`); {asked}" in said
    assert "1 passed, 2 errors" in said


CRASH = """
import os, signal, time

def test_before(canonry_service):
    canonry_service("cache")

def test_crash(canonry_service):
    cache = canonry_service("cache")
    os.kill(cache.description.pid, signal.SIGKILL)
    while cache.probe().state != "crashed":
        time.sleep(0.01)

def test_after(fresh_redis):
    raise AssertionError("never reached")

def test_after_that(canonry_service):
    canonry_service("cache")
"""


@pytest.mark.requires("redis")
def test_a_crash_while_in_use_is_told_by_its_test_and_to_those_that_follow(project: Path) -> None:
    write(project, CRASH)
    done = run(project)

    assert "1 failed, 2 passed, 2 errors" in done.stdout
    assert "ERROR at teardown of test_crash" in done.stdout
    assert done.stdout.count("service `cache`: it was ended by SIGKILL while it was in use") >= 3
    assert "never reached" not in done.stdout
    assert "Ready to accept connections" in done.stdout


def test_evidence_is_typed(project: Path) -> None:
    conftest = """
import pytest

@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    if call.excinfo:
        cause = call.excinfo.value.__context__
        print("EVIDENCE", call.when, type(cause).__name__, cause.service, cause.state)
    return (yield)
"""
    canon = '[tool.canonry.services.cache]\nkind = "redis"\nprograms = "/nowhere"\n'
    write(project, "def test_a(fresh_redis): pass\n", canon=canon, conftest=conftest)

    said = run(project, "-s").stdout
    assert "EVIDENCE setup ServiceError cache unavailable" in said
    failures, _, _ = said.partition("short test summary info")  # which says the whole of it once more where $CI is set
    assert failures.count("`/nowhere` holds no `redis-server` and no `valkey-server`; install") == 1, said
    assert "direct cause" not in said


@pytest.mark.requires("redis")
def test_with_a_controller_nothing_is_started_or_stopped(project: Path, redis: Running) -> None:
    write(
        project,
        "def test_a(fresh_redis, canonry_service):\n    print('GOT', canonry_service('cache').description.pid)\n",
        canon="",
    )
    cache = Running.attach(redis.to_json().replace('"name": "redis"', '"name": "cache"'))
    told = hand_over({"cache": cache}, {"cache": cache.description.service})
    done = run(project, "-s", **told)

    assert f"GOT {redis.description.pid}\n" in done.stdout
    assert redis.probe().answers
    assert not (project / ".canonry").exists()


SHARED = """
import os, pathlib, pytest

@pytest.mark.parametrize("number", range(8))
def test_it(canonry_service, fresh_redis, number):
    running = canonry_service("cache")
    with open("seen", "a") as file:
        print(running.description.pid, os.environ["PYTEST_XDIST_WORKER"], running.description.directory, file=file)
    import time; time.sleep(0.05)
"""


@pytest.mark.requires("redis")
@pytest.mark.skipif(not PLUGINS.is_dir(), reason="`make setup` installs the plugins")
def test_workers_of_xdist_share_one_service_and_the_last_ends_it(project: Path) -> None:
    write(project, SHARED)
    done = run(project, "-p", "xdist.plugin", "-n", "2", PYTHONPATH=str(PLUGINS))
    seen = [line.split() for line in (project / "seen").read_text().splitlines()]

    assert "8 passed" in done.stdout, done.stdout + done.stderr
    assert len({worker for _, worker, _ in seen}) == 2
    (directory,) = {directory for _, _, directory in seen}
    assert soon(lambda: not Path(directory).exists())


def test_the_fixtures_cost_nothing_until_they_are_used() -> None:
    code = "import sys, pytest; old = set(sys.modules); import canonry.testing.fixtures; print(*set(sys.modules) - old)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert set(done.stdout.split()) <= {"canonry", "canonry.testing", "canonry.testing.fixtures"}


def test_the_attached_description_is_all_that_a_worker_needs(project: Path) -> None:
    service = Service(name="backend", kind="command", command="python server.py")
    (project / "server.py").write_text(HTTP)
    with start(service, root=project) as running:
        told = hand_over({"backend": running}, {"backend": service})
        write(
            project,
            "def test_a(canonry_service):\n    assert canonry_service('backend').url == '" + running.url + "'\n",
        )
        assert "1 passed" in run(project, **told).stdout
