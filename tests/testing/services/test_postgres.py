"""PostgreSQL from local binaries: start, template, leases, and what breaks them."""

import os
import signal
import tempfile
import threading
from pathlib import Path

import psycopg
import pytest

from canonry.testing.services.errors import ServiceError
from canonry.testing.services.running import Running
from canonry.testing.services.service import Service
from canonry.testing.services.start import start
from tests.testing.services.servers import nothing_is_left, soon

pytestmark = pytest.mark.requires("postgres")


def ask(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def test_it_answers_where_it_says(postgres: Running) -> None:
    assert ask(postgres.url, "select current_database(), current_setting('fsync')") == [("main", "off")]
    assert postgres.variables == {"POSTGRES_URL": postgres.url}
    assert postgres.probe().answers


def test_a_lease_is_a_database_of_its_own(postgres: Running) -> None:
    with postgres.isolated("gw0") as first, postgres.isolated("gw0") as second:
        ask(first.url, "create table orders (id int)")

        assert first.isolated
        assert ask(second.url, "select count(*) from pg_tables where tablename = 'orders'") == [(0,)]


def test_a_released_lease_is_gone_also_when_a_test_left_a_connection_open(postgres: Running) -> None:
    lease = postgres.isolated("an app/worker-1")
    forgotten = psycopg.connect(lease.url)
    lease.release()
    lease.release()

    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(lease.url)
    with pytest.raises(psycopg.OperationalError):
        forgotten.execute("select 1")
    forgotten.close()


def test_workers_lease_at_once(postgres: Running) -> None:
    urls, failed = set(), []

    def work(number: int) -> None:
        try:
            with postgres.isolated(f"gw{number}") as lease:
                urls.add(ask(lease.url, "select current_database()")[0])
        except Exception as error:  # noqa: BLE001  told by the main thread
            failed.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    assert len(urls) == 8


def test_only_who_knows_the_password_gets_in(postgres: Running) -> None:
    stranger = postgres.url.replace(postgres.url.split(":")[2].split("@")[0], "wrong")

    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(stranger)


def test_another_process_attaches(postgres: Running) -> None:
    attached = Running.attach(postgres.to_json())
    with attached.isolated("gw1") as lease:
        assert ask(lease.url, "select 1") == [(1,)]
    attached.stop()

    assert postgres.probe().answers


SCHEMA = "create table accounts (name text);\ninsert into accounts values ('ada');\n"
MIGRATE = "import os, psycopg\nwith psycopg.connect(os.environ['DATABASE_URL']) as c:\n    c.execute(\"insert into accounts values ('grace')\")\n"


def test_each_lease_holds_what_the_setup_made(project: Path) -> None:
    (project / "schema.sql").write_text(SCHEMA)
    (project / "migrate.py").write_text(MIGRATE)
    service = Service(
        name="db",
        kind="postgres",
        setup=("schema.sql", "python migrate.py"),
        url_env=("DATABASE_URL",),
        settings={"max_connections": "17"},
    )
    with start(service, root=project) as running:
        for url in (running.url, *(running.isolated("w").url for _ in range(2))):
            assert ask(url, "select name from accounts order by 1") == [("ada",), ("grace",)]
            ask(url, "delete from accounts")
        assert ask(running.url, "show max_connections") == [("17",)]
        lease = running.isolated("w")
        assert lease.variables == {"DATABASE_URL": lease.url}
    assert nothing_is_left(running.description.directory)


@pytest.mark.parametrize(
    ("setup", "said"),
    [
        ("broken.sql", "its setup `broken.sql` ends with status 3"),
        ("absent.sql", "its setup `absent.sql` is no file below"),
        ("python -c 'raise SystemExit(4)'", "ends with status 4"),
        ("no-such-program --x", "its setup `no-such-program` does not start: no such file"),
        ("echo 'open", "cannot be read: no closing quotation"),
        ("sleep 60", "is not done after 8 s"),
    ],
)
def test_a_setup_that_fails_is_told_and_leaves_nothing(
    project: Path, open_folder: Path, monkeypatch: pytest.MonkeyPatch, setup: str, said: str
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(open_folder))
    (project / "broken.sql").write_text("create table t (i int);\nselect * from nowhere;\n")
    limit = 8.0 if setup.startswith("sleep") else 60.0  # the cluster itself takes its time on a busy machine
    service = Service(name="db", kind="postgres", setup=(setup,), timeout=limit)
    with pytest.raises(ServiceError) as caught:
        start(service, root=project)

    assert said in str(caught.value)
    assert "last lines of" in str(caught.value)
    if setup == "broken.sql":
        assert 'relation "nowhere" does not exist' in str(caught.value)
    assert list(open_folder.iterdir()) == []


def test_a_setting_that_it_does_not_know_is_told_in_its_own_words(project: Path) -> None:
    with pytest.raises(ServiceError, match='unrecognized configuration parameter "no_such_setting"'):
        start(Service(name="db", kind="postgres", settings={"no_such_setting": "1"}), root=project)


def test_without_its_programs_it_says_what_to_install(project: Path) -> None:
    service = Service(name="db", kind="postgres", programs=str(project))

    with pytest.raises(
        ServiceError, match=r"service `db`: .* no `initdb` and `postgres`; install PostgreSQL .*apt-get"
    ):
        start(service, root=project)


def test_a_crash_is_told_as_one(project: Path) -> None:
    running = start(Service(name="db", kind="postgres"), root=project)
    os.kill(running.description.pid, signal.SIGKILL)

    assert soon(lambda: running.probe().state == "crashed")
    with pytest.raises(ServiceError, match="was ended by SIGKILL while it was in use") as caught:
        running.isolated("gw0")
    assert caught.value.state == "crashed"
    assert "ready to accept connections" in str(caught.value)
    running.stop()
    assert nothing_is_left(running.description.directory)
