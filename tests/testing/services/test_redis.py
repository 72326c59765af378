"""Redis from the local binary: a database for each lease."""

import os
import signal
from pathlib import Path

import pytest
import redis as client

from canonry.testing.services.errors import ServiceError
from canonry.testing.services.redis_wire import RedisError, command
from canonry.testing.services.running import Running
from canonry.testing.services.service import Service
from canonry.testing.services.start import start
from tests.testing.services.servers import nothing_is_left, soon

pytestmark = pytest.mark.requires("redis")


def open_at(url: str) -> "client.Redis":
    return client.Redis.from_url(url)


def test_a_lease_is_an_empty_database_of_its_own(redis: Running) -> None:
    with redis.isolated("gw0") as first, redis.isolated("gw1") as second, open_at(first.url) as at_first:
        at_first.set("cart", "apples")
        with open_at(second.url) as at_second:
            assert at_second.get("cart") is None
            assert at_first.get("cart") == b"apples"


def test_the_next_lease_of_a_number_is_empty(redis: Running) -> None:
    with redis.isolated("gw0") as lease, open_at(lease.url) as connection:
        connection.set("cart", "apples")
    with redis.isolated("gw0") as again, open_at(again.url) as connection:
        assert again.url == lease.url
        assert connection.keys() == []


def test_many_more_than_sixteen_lease_at_once_and_too_many_are_told(
    redis: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("canonry.testing.services.redis.DATABASES", 101)
    leases = [redis.isolated(f"w{number}") for number in range(100)]
    try:
        assert len({lease.url for lease in leases}) == 100
        with pytest.raises(ServiceError, match=r"all of its 100 databases are leased; release a lease"):
            redis.isolated("one more")
    finally:
        for lease in leases:
            lease.release()
    redis.isolated("now").release()


def test_a_test_that_flushes_everything_frees_no_lease(redis: Running) -> None:
    with redis.isolated("gw0") as lease, open_at(lease.url) as connection:
        connection.flushall()
        with redis.isolated("gw1") as other:
            assert other.url != lease.url


def test_only_who_knows_the_password_gets_in(redis: Running) -> None:
    password = redis.url.split(":")[2].split("@")[0]

    with pytest.raises(RedisError, match="NOAUTH"):
        command(redis.url.replace(f":{password}@", ""), "GET", "cart")
    with pytest.raises(RedisError, match="WRONGPASS"):
        command(redis.url.replace(password, "guessed"), "GET", "cart")


def test_its_settings_are_the_declared_ones(project: Path) -> None:
    service = Service(name="cache", kind="redis", settings={"maxmemory": "7mb", "save": ""}, url_env=("A", "B"))
    with start(service, root=project) as running, open_at(running.url) as connection:
        assert connection.config_get("maxmemory") == {"maxmemory": str(7 * 1024 * 1024)}
        assert running.variables == {"A": running.url, "B": running.url}
    assert nothing_is_left(running.description.directory)


def test_without_its_program_it_says_what_to_install(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("canonry.testing.services.redis.REDIS_FOLDERS", ())

    with pytest.raises(ServiceError, match=r"this machine has no `redis-server` and no `valkey-server`; install Redis"):
        start(Service(name="cache", kind="redis"), root=project)


def test_a_setting_that_it_does_not_know_is_told_in_its_own_words(project: Path) -> None:
    with pytest.raises(ServiceError, match="ended with status 1 before it was ready") as caught:
        start(Service(name="cache", kind="redis", settings={"no-such": "1"}), root=project)
    assert "Bad directive" in str(caught.value)


def test_a_crash_and_a_hang_are_told_apart(project: Path) -> None:
    with start(Service(name="cache", kind="redis"), root=project) as running:
        os.kill(running.description.pid, signal.SIGSTOP)
        hung = running.probe(limit=0.2)
        os.kill(running.description.pid, signal.SIGCONT)
        assert (hung.state, hung.answers) == ("unavailable", False)
        assert hung.detail.endswith("does not answer: no answer in time")
        assert "***" in hung.detail
        assert soon(lambda: running.probe().answers)

        os.kill(running.description.pid, signal.SIGSEGV)
        assert soon(lambda: running.probe().state == "crashed")
        with pytest.raises(ServiceError, match="while it was in use"):
            running.require()
    assert nothing_is_left(running.description.directory)


def test_a_restart_keeps_its_address_and_only_who_started_it_may(project: Path) -> None:
    with start(Service(name="redis", kind="redis"), root=project) as redis:
        before = redis.description
        redis.restart(pause=0.05)
        assert redis.url == before.url
        assert redis.description.pid != before.pid
        assert redis.probe().answers

        attached = Running.attach(redis.to_json())
        with pytest.raises(ServiceError, match="not started here"):
            attached.restart()
