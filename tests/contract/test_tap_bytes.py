"""What goes through a tap comes out as it went in, however the bytes are cut, and messages are read as their sender meant."""

import random
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame, Opcode

from canonry.contract.load import load_contract
from canonry.contract.tap.frames import Close, Frames, Message
from canonry.contract.tap.heard import Connection
from canonry.contract.tap.http1 import Body, End, Head, Messages, Tunnel
from canonry.contract.tap.watch import Talk, Told, Watch

UPGRADE = b"GET /ws HTTP/1.1\r\nHost: tap\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n"
SWITCHED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"


def pieces(data: bytes, cuts: list[int]) -> Iterator[bytes]:
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    for first, last in pairwise(places):
        yield data[first:last]


def connection(told: list[Told] | None = None) -> tuple[Connection, Watch]:
    watch = Watch(load_contract("agent-events"), tell=(told if told is not None else []).append)
    return through(watch), watch


def through(watch: Watch) -> Connection:
    grouped: dict[str, Talk] = {}
    return Connection(watch, host="target:80", paths=(), grouped=grouped)


@cache
def deaf() -> Watch:
    """One for many connections of which only the bytes matter: a contract is compiled once."""
    return Watch(load_contract("agent-events"), tell=lambda _: None)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300), st.lists(st.integers(0, 400), max_size=6))
def test_any_bytes_of_a_client_go_on_as_they_are(data: bytes, cuts: list[int]) -> None:
    heard = through(deaf())

    onward = b"".join(heard.sent(piece, 0.0) for piece in pieces(data, cuts)) + heard.unsent()

    assert onward == data or b"host" in data.lower()


REQUESTS = st.sampled_from(
    [
        b"GET / HTTP/1.1\r\nHost: tap\r\n\r\n",
        b"POST /a HTTP/1.1\r\nhost:tap\r\nContent-Length: 14\r\n\r\n" + b'{"type":"ping"}'[:14],
        b"POST /b HTTP/1.1\r\nHost: tap\r\nTransfer-Encoding: chunked\r\n\r\n4;x=y\r\nHost\r\n3\r\n: a\r\n0\r\nTrailer: x\r\n\r\n",
        b"\r\nPUT /c HTTP/1.0\r\nX: Host: tap\r\nHOST: tap\r\ncontent-length:0\r\n\r\n",
        b"DELETE /d HTTP/1.1\r\nHost: tap\r\nContent-Length: 0\r\n\r\n",
    ]
)


@settings(max_examples=100, deadline=None)
@given(st.lists(REQUESTS, min_size=1, max_size=4), st.lists(st.integers(0, 900), max_size=12))
def test_of_requests_only_the_host_becomes_the_targets(requests: list[bytes], cuts: list[int]) -> None:
    heard = through(deaf())

    onward = b"".join(heard.sent(piece, 0.0) for piece in pieces(b"".join(requests), cuts))

    named = [
        request.replace(b"\nHost: tap", b"\nHost: target:80").replace(b"\nhost:tap", b"\nhost: target:80")
        .replace(b"\nHOST: tap", b"\nHOST: target:80")
        for request in requests
    ]  # fmt: skip
    assert onward == b"".join(named)


RESPONSES = {
    "with a length": (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", b"abc"),
    "in chunks": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n", b"abc"),
    "without a body": (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
    "after a promise": (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", b"x"),
    "not modified": (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n", b""),
}


@pytest.mark.parametrize("name", RESPONSES)
@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_responses_are_told_apart(name: str, size: int) -> None:
    raw, body = RESPONSES[name]
    messages = Messages(requests=False)
    whole = raw + RESPONSES["with a length"][0]

    parts: list[Any] = [part for at in range(0, len(whole), size) for part in messages.feed(whole[at : at + size])]

    assert b"".join(part.raw for part in parts if not isinstance(part, End)) == whole
    assert sum(isinstance(part, End) for part in parts) == 2
    assert b"".join(part.data for part in parts if isinstance(part, Body)) == body + b"abc"
    assert not any(isinstance(part, Tunnel) for part in parts)
    assert isinstance(parts[0], Head)


def framed(messages: list[bytes], seed: int, *, mask: bool, packed: bool) -> bytes:
    """What another implementation sends: cut into fragments, with pings between, packed or not."""
    dice = random.Random(seed)
    extensions = [PerMessageDeflate(False, False, 12, 12)] if packed else []
    found = b""
    for message in messages:
        cuts = sorted(dice.randrange(len(message) + 1) for _ in range(dice.randrange(3)))
        parts = [message[a:b] for a, b in zip([0, *cuts], [*cuts, len(message)], strict=True)]
        opcode = dice.choice([Opcode.TEXT, Opcode.BINARY])
        for index, part in enumerate(parts):
            frame = Frame(opcode if not index else Opcode.CONT, part, fin=index == len(parts) - 1)
            found += frame.serialize(mask=mask, extensions=extensions)
            if dice.random() < 0.3:
                found += Frame(Opcode.PING, b"there?").serialize(mask=mask, extensions=extensions)
    return found + Frame(Opcode.CLOSE, b"\x0f\xa1bye").serialize(mask=mask, extensions=extensions)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.binary(max_size=400) | st.just(b"a" * 70_000), max_size=5),
    st.integers(0, 1000),
    st.booleans(),
    st.booleans(),
    st.lists(st.integers(0, 200_000), max_size=8),
)
def test_messages_are_read_as_another_implementation_wrote_them(
    messages: list[bytes], seed: int, mask: bool, packed: bool, cuts: list[int]
) -> None:
    raw = framed(messages, seed, mask=mask, packed=packed)
    frames = Frames(deflated=packed)

    found = [one for piece in pieces(raw, cuts) for one in frames.feed(piece)]

    assert [one.data for one in found if isinstance(one, Message)] == messages
    assert found[-1] == Close(4001)


@pytest.mark.parametrize("packed", [False, True])
def test_of_a_message_that_is_too_long_nothing_is_kept(packed: bool) -> None:
    raw = framed([b"a", bytes(random.Random(1).randbytes(5000)), b"b"], 3, mask=True, packed=packed)
    frames = Frames(deflated=packed, largest=1000)

    found = [one for piece in pieces(raw, list(range(0, 6000, 100))) for one in frames.feed(piece)]

    assert [(one.data, one.cut) for one in found if isinstance(one, Message)][:2] == [(b"a", False), (b"", True)]
    assert packed or found[-2:] == [Message(b"b", found[-2].text, False), Close(4001)]  # type: ignore[union-attr]


def test_a_text_that_is_no_utf_8_is_judged_and_left_alone() -> None:
    told: list[Told] = []
    heard, watch = connection(told)
    assert heard.sent(UPGRADE, 0.0).count(b"target:80") == 1
    heard.received(SWITCHED, 0.1)
    frame = Frame(Opcode.TEXT, b'{"type":"\xff\xfe"}').serialize(mask=True)

    assert heard.sent(frame, 0.2) == frame

    assert [each.violation.rule for each in told] == ["frame.json"]
    assert watch.heard().judged == 1


def test_frames_that_come_with_the_answer_to_the_handshake_are_heard() -> None:
    heard, watch = connection()
    early = Frame(Opcode.TEXT, b'{"type":"ping"}').serialize(mask=True)
    late = Frame(Opcode.TEXT, b'{"type":"pong"}').serialize(mask=False)

    assert heard.sent(UPGRADE + early, 0.0).endswith(early)
    heard.received(SWITCHED + late, 0.1)
    heard.end(0.2)

    result = watch.heard()
    assert (result.received, result.violations) == (2, 0)
