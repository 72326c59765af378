"""The scenarios and disturbances against the real service: green on the healthy one, red by a fault that it plants."""

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from canonry.load.spec import Disturbance
from canonry.load.trace import Trace
from golden_path.chat.process import OwnService
from golden_path.chat.target import Target
from tests.load.test_crowd import run

LOOPBACK = Path(__file__).with_name("loopback.pem")
"""A key and a certificate that it signs itself, for 127.0.0.1 and until 2126; nobody trusts it."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """The service, for all tests of this module."""
    own = OwnService(tmp_path_factory.mktemp("chat"))
    try:
        yield own.start()
    finally:
        own.end()


@pytest.fixture
def chat(service: Target) -> Iterator[Target]:
    """The service, which is healed after each test."""
    yield service
    service.heal()


@pytest.fixture(scope="module")
def forgetful(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """A service whose access tokens live a second."""
    own = OwnService(tmp_path_factory.mktemp("forgetful"), {"CHAT_ACCESS_TTL": "20"})
    try:
        yield own.start()
    finally:
        own.end()


def held(trace: Trace) -> bool:
    """Whether every rule held in every turn, of which there were some."""
    assert trace.totals.judged == trace.totals.received
    return bool(trace.totals.done) and not trace.rules and not trace.failures


def test_reconnect_misses_no_event_and_sees_that_a_resume_lost_one(chat: Target) -> None:
    asked: dict[str, Any] = {"scenario": "reconnect", "users": 3, "options": {"cuts": "3", "apart": "0.02"}}

    healthy = run(chat.url, **asked)
    assert held(healthy), (healthy.rules, healthy.first_failures)
    assert healthy.totals.streams == healthy.totals.done == 6
    assert healthy.totals.connections > 6  # some were cut

    chat.switch({"cut": {"lose": 1}})
    asked["options"]["within"] = "3"  # what is lost may be the end
    assert run(chat.url, **asked).rules["sequence.seq"] >= 1


def test_a_storm_of_handshakes_is_let_in_and_sees_who_is_refused(chat: Target) -> None:
    asked: dict[str, Any] = {"scenario": "storm", "users": 5, "turns": 4, "options": {"ticket": "yes"}}

    healthy = run(chat.url, **asked)
    assert held(healthy), (healthy.rules, healthy.first_failures)
    assert healthy.totals.connections == healthy.totals.done == 20

    chat.switch({"strip": {"only": "ticket"}})
    assert run(chat.url, **asked | {"turns": 1}).failures == {"connect refused (403)": 5}


def test_soak_logs_in_anew_and_sees_a_run_that_is_told_twice(chat: Target) -> None:
    asked: dict[str, Any] = {"scenario": "soak", "users": 2, "turns": 4, "seed": 21}

    healthy = run(chat.url, **asked)
    assert held(healthy), (healthy.rules, healthy.first_failures)
    assert healthy.totals.done == 8
    assert healthy.totals.connections == 4  # each logged in anew, once

    chat.switch({"reuse": True})
    assert run(chat.url, **asked).rules


def test_token_expiry_renews_and_sees_a_token_that_never_expires(forgetful: Target) -> None:
    asked: dict[str, Any] = {"scenario": "token-expiry", "users": 2, "turns": 1, "options": {"lives": "1.2"}}

    healthy = run(forgetful.url, **asked)
    assert held(healthy), (healthy.rules, healthy.first_failures)
    assert healthy.totals.done == 2

    forgetful.switch({"accept_expired": True})
    assert set(run(forgetful.url, **asked).failures) == {"token not expired"}


@pytest.mark.parametrize(
    ("disturbance", "fault", "rule"),
    [
        (Disturbance("half-open", share=0.5, every=0.1, lasting=0.1), "swap", "sequence.seq"),
        (Disturbance("slow", share=0.5, every=0.1, lasting=0.3), "swap", "sequence.seq"),
        (Disturbance("skew", share=1.0, every=0.1, lasting=86_400.0), "dup", "sequence.seq"),
    ],
    ids=lambda one: one.kind if isinstance(one, Disturbance) else "",
)
def test_what_holds_while_lines_are_disturbed_is_the_contract(
    chat: Target, disturbance: Disturbance, fault: str, rule: str
) -> None:
    asked: dict[str, Any] = {"users": 6, "turns": 0, "seconds": 1.5, "disturbances": (disturbance,)}

    healthy = run(chat.url, **asked)
    assert healthy.disturbed[disturbance.kind] >= 3
    assert healthy.totals.done >= 6
    assert not healthy.rules
    assert all(kind.startswith("closed") for kind in healthy.failures), healthy.first_failures

    chat.switch({fault: True})
    broken = run(chat.url, **asked)
    assert any(one.startswith(rule) for one in broken.rules), broken.rules
    if disturbance.kind == "skew":
        sent = [text for leak in broken.leaks for way, text in leak.frames if way == "in"]
        assert any('"timestamp": "' in text for text in sent)


def test_over_tls_all_is_as_without_and_a_certificate_that_nobody_trusts_is_refused(chat: Target) -> None:
    with behind_tls(chat.url) as url:
        healthy = run(url, users=3, verify_tls=False)
        refused = run(url, users=1)
    plain = run(chat.url.replace("http:", "https:"), users=1)

    assert held(healthy), (healthy.rules, healthy.first_failures)
    assert healthy.totals.done == 6
    assert (refused.totals.refused, refused.totals.frames) == (1, 0)
    assert set(refused.failures) == set(plain.failures) == {"TLS"}
    assert "certificate" in refused.first_failures["TLS"].message


@contextlib.contextmanager
def behind_tls(url: str) -> Iterator[str]:
    """What passes TLS connections on to a service, as a proxy before it would; in a thread, until the end."""
    there = urlsplit(url)
    loop = asyncio.new_event_loop()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(LOOPBACK)

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while piece := await reader.read(65_536):
                writer.write(piece)
                await writer.drain()
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends = [writer]
        try:
            onward_reader, onward = await asyncio.open_connection(there.hostname, there.port)
            ends.append(onward)
            await asyncio.gather(copy(reader, onward), copy(onward_reader, writer))
        finally:
            for end in ends:
                end.transport.abort()

    async def ended(server: asyncio.Server) -> None:
        server.close()
        await asyncio.sleep(0.05)  # what is accepted already gets its handler
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        await asyncio.sleep(0.05)  # what is aborted is closed a round of the loop later

    server = loop.run_until_complete(asyncio.start_server(serve, "127.0.0.1", 0, ssl=context))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.run_until_complete(ended(server))
        loop.close()
