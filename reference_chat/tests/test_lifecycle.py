"""What ends in the middle: SIGTERM, kill -9, a full disk, a lost database, a lost Redis, a worker."""

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx2
import pytest
from line import over_a_line
from serving import PATIENT, Chat, Socket, User, refusal, soon
from websockets.exceptions import ConnectionClosed

from canonry.testing.services.running import Running

Serve = Callable[..., Chat]


def received_until_closed(socket: Socket) -> tuple[list[dict[str, Any]], int]:
    """What came, and with which code it ended."""
    frames = []
    try:
        while True:
            frames.append(socket.receive(20))
    except ConnectionClosed as error:
        return frames, error.rcvd.code if error.rcvd else 1006


def resumed(user: User, run_id: str, after: int = -1) -> list[dict[str, Any]]:
    with user.connected() as socket:
        socket.send("resume", run_id=run_id, after=after)
        return socket.until_end()


def test_sigterm_lets_runs_end_and_ends_those_that_take_too_long(serve: Serve) -> None:
    chat = serve(grace=1.0)
    user = chat.user()
    with user.connected() as quick, user.connected() as endless:
        quick.send("user_message", text="[[slow:0.3]] quick")
        endless.send("user_message", text="[[slow:50]] endless")
        started = endless.receive()
        soon(lambda: len(chat.census()["runs"]) == 2)
        began = time.monotonic()
        chat.process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        ready = chat.http.get("/health/ready")
        assert (ready.status_code, ready.json()["checks"]["running"]) == (503, False)
        assert refusal(chat.url, additional_headers=user.headers) == 1001
        first, second = received_until_closed(quick), received_until_closed(endless)
        assert chat.process.wait(20) in (0, -signal.SIGTERM)
        chat.http.close()
    assert time.monotonic() - began < 6
    assert (first[0][-1]["type"], first[1]) == ("agent_completed", 1001)
    assert (second[0][-1]["type"], second[1]) == ("agent_error", 1001)
    chat.start()
    assert resumed(user, started["run_id"]) == [started, *second[0]]


def test_what_was_sent_before_kill_9_is_stored_and_the_run_gets_an_end(serve: Serve) -> None:
    chat = serve()
    user = chat.user()
    with user.connected() as socket:
        socket.send("user_message", text="[[stream:20000]] for ever")
        sent = [socket.receive() for _ in range(50)]
        chat.kill()
        more, _ = received_until_closed(socket)
    sent += more
    chat.start()
    soon(lambda: user.get(f"/threads/{sent[0]['thread_id']}")["runs"][0]["status"] == "failed")
    kept = resumed(user, sent[0]["run_id"])
    assert kept[: len(sent)] == sent
    assert kept[-1]["type"] == "agent_error"
    assert kept[-1]["payload"]["error"]["code"] == "interrupted"
    assert [event["seq"] for event in kept] == list(range(len(kept)))


def test_events_that_are_sent_before_they_are_stored_do_not_outlive_kill_9(serve: Serve) -> None:
    chat = serve()
    chat.fault(persist_late={"seconds": 30})
    user = chat.user()
    with user.connected() as socket:
        run_id = socket.ask()[0]["run_id"]
    chat.kill()
    chat.start()
    assert [event["type"] for event in resumed(user, run_id)] == ["agent_started", "agent_error"]


def test_a_full_disk_ends_the_run_and_is_got_over(serve: Serve) -> None:
    chat = serve(time_scale=0.1)
    user = chat.user()
    with user.connected() as socket:
        socket.send("user_message", text="[[stream:500]] [[slow:0.5]] long")
        started = socket.receive()
        _, hard = resource.prlimit(chat.process.pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
        frames, code = received_until_closed(socket)
    assert code == 1011
    assert all(frame["type"] != "agent_completed" for frame in frames)
    assert chat.http.get("/health/ready").status_code == 503
    assert chat.http.get("/health/live").status_code == 200
    email = {"email": "late@example.org", "password": "correct horse", "name": "Ann"}
    assert chat.http.post("/auth/register", json=email).status_code == 503
    resource.prlimit(chat.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, hard))
    soon(lambda: chat.http.get("/health/ready").status_code == 200)
    kept = resumed(user, started["run_id"])
    assert kept[: 1 + len(frames)] == [started, *frames]
    assert kept[-1]["payload"]["error"]["code"] == "interrupted"
    assert chat.http.post("/auth/register", json=email).status_code == 201


@pytest.fixture
def several(serve: Serve, postgres: Running, redis: Running) -> Iterator[Callable[..., Chat]]:
    """Two workers over PostgreSQL and Redis."""
    with ExitStack() as stack:
        lease = stack.enter_context(postgres.isolated("chat"))
        space = stack.enter_context(redis.isolated("chat"))
        yield lambda **more: serve(
            **{"workers": 2, "database_url": lease.url, "redis_url": space.url, "time_scale": 0.05, **PATIENT, **more}
        )


def elsewhere(user: User, worker: str, stack: ExitStack) -> Socket:
    """A socket at another worker."""
    for _ in range(60):
        with ExitStack() as tried:
            socket = tried.enter_context(user.connected())
            if socket.ready["payload"]["worker"] != worker:
                stack.push(tried.pop_all())
                return socket
    raise AssertionError("the kernel deals all connections to one worker")


def test_two_workers_are_one_service(several: Callable[..., Chat]) -> None:
    chat = several()
    user, other = chat.user(), chat.user()
    with ExitStack() as stack:
        here = stack.enter_context(user.connected())
        there = elsewhere(user, here.ready["payload"]["worker"], stack)

        # A run of one worker goes on at the other, live.
        here.send("user_message", text="[[stream:30]] [[slow:1]] both")
        first = here.receive()
        there.send("resume", run_id=first["run_id"])
        assert there.until_end() == [first, *here.until_end()]

        # A ticket of one is good at both, once.
        ticket = user.ticket()
        assert sorted(refusal(chat.url, f"/ws?ticket={ticket}") for _ in range(4)) == [0, 403, 403, 403]

        # Ten connections are ten, wherever they are.
        for _ in range(8):
            stack.enter_context(user.connected())
        assert {refusal(chat.url, additional_headers=user.headers) for _ in range(4)} == {1013}

        # What one worker cannot tell the other, the other does not hear.
        chat.fault(pubsub_drop={})
        here.send("user_message", text="[[slow:0.5]] unheard")
        run_id = here.receive()["run_id"]
        there.send("resume", run_id=run_id)
        here.until_end()
        time.sleep(0.3)
        there.send("ping")
        heard = [there.receive()]
        while heard[-1]["type"] != "pong":
            heard.append(there.receive())
        assert "agent_completed" not in {event["type"] for event in heard}, heard
        chat.heal()

        # Who logs out is logged out everywhere, and others are not.
        bystander = stack.enter_context(other.connected())
        assert chat.http.post("/auth/logout", headers=user.headers).status_code == 204
        assert (here.closed(), there.closed()) == (1008, 1008)
        assert bystander.ask()[-1]["type"] == "agent_completed"


def test_a_worker_that_dies_is_replaced_and_its_runs_get_an_end(several: Callable[..., Chat]) -> None:
    chat = several(time_scale=0.2)
    user = chat.user()
    with ExitStack() as stack:
        here = stack.enter_context(user.connected())
        worker = here.ready["payload"]["worker"]
        there = elsewhere(user, worker, stack)
        here.send("user_message", text="[[slow:50]] endless")
        run_id = here.receive()["run_id"]
        there.send("resume", run_id=run_id)
        os.kill(chat.workers()[worker]["pid"], signal.SIGKILL)
        events = there.until_end()
        assert events[-1]["payload"]["error"]["code"] == "interrupted"
        assert [event["seq"] for event in events] == list(range(len(events)))
    soon(lambda: worker in chat.workers())
    assert chat.stop() == 0


def test_a_lost_database_and_a_lost_redis_are_told_and_got_over(
    serve: Serve, postgres: Running, redis: Running
) -> None:
    with ExitStack() as stack:
        lease = stack.enter_context(postgres.isolated("chat"))
        database, database_url = over_a_line(lease.url, stack)
        bus, redis_url = over_a_line(redis.url, stack)
        chat = serve(database_url=database_url, redis_url=redis_url, time_scale=0.1)
        user = chat.user()

        def checks() -> dict[str, bool]:
            return dict(chat.http.get("/health/ready").json()["checks"])

        with user.connected() as socket:
            socket.send("user_message", text="[[stream:2000]] [[slow:1]] long")
            started = socket.receive()
            database.cut()
            frames, code = received_until_closed(socket)
        assert code == 1011
        assert checks()["database"] is False
        assert refusal(chat.url, additional_headers=user.headers) == 1011
        assert chat.http.get("/threads", headers=user.headers).status_code == 503
        database.mend()
        soon(lambda: all(checks().values()))
        kept = resumed(user, started["run_id"])
        assert kept[: 1 + len(frames)] == [started, *frames]
        assert kept[-1]["payload"]["error"]["code"] == "interrupted"

        with user.connected() as socket:
            bus.cut()
            soon(lambda: checks()["bus"] is False)
            assert socket.ask()[-1]["type"] == "agent_completed"
            assert refusal(chat.url, additional_headers=user.headers) == 1011
            assert chat.http.post("/ws/ticket", headers=user.headers).status_code == 503
            bus.mend()
            soon(lambda: all(checks().values()))
            assert socket.ask()[-1]["type"] == "agent_completed"
        assert refusal(chat.url, f"/ws?ticket={user.ticket()}") == 0


def test_a_setting_that_cannot_be_is_one_sentence(tmp_path: Any) -> None:
    for variables, said in [
        (
            {"CHAT_PORT": "many", "CHAT_MAX_TEXT": "-1"},
            "`CHAT_PORT` is `many`, which is no whole number; `CHAT_MAX_TEXT`",
        ),
        ({"CHAT_WORKERS": "2"}, "several workers need"),
        (
            {"CHAT_SECRET_KEY": "ä" * 15 + "k", "CHAT_TEST_SECRET": "seven 7"},
            "makes one; `CHAT_TEST_SECRET` has 7 bytes of the 8 it needs",
        ),
    ]:
        done = subprocess.run(
            [sys.executable, "-m", "reference_chat"], env=variables, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 2
        assert said in done.stderr
        assert len(done.stderr.splitlines()) == 1
        assert not any(value in done.stderr for name, value in variables.items() if "SECRET" in name)
        assert "Traceback" not in done.stderr


def test_the_address_stays_free_of_what_is_not_a_path(chat: Chat) -> None:
    for path in (
        "/../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/threads/..%2f..%2fusers",
        "/app.js/../../app.py",
        "//etc/passwd",
    ):
        answer = httpx2.get(chat.url + path)
        assert answer.status_code in (401, 404)
        assert "root:" not in answer.text
