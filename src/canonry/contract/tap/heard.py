"""What a connection says, taken apart while it goes by: WebSocket messages, JSON bodies, server-sent events."""

import zlib
from collections.abc import Callable
from fnmatch import fnmatchcase

import msgspec

from canonry.contract.sse import EventStream
from canonry.contract.tap.frames import Close, Frames
from canonry.contract.tap.http1 import Body, End, Head, Messages, Tunnel, with_host
from canonry.contract.tap.watch import Talk, Watch

_MOST_BODY = 64 * 1024 * 1024
_DONE = b"[DONE]"
"""What some services end a stream of events with; it is no event."""


class _Asked(msgspec.Struct):
    """A request: what it is, the body that it had, and the session that it belongs to."""

    head: Head
    body: bytearray
    talk: Talk | None = None


class Connection:
    """Both directions of one connection. Bytes are handed in as they come, and come out as they are to go on.

    Nothing that is heard changes what goes on, but for the `Host` of a request, which is the target's.
    """

    def __init__(self, watch: Watch, *, host: str, paths: tuple[str, ...], grouped: dict[str, Talk]) -> None:
        self._watch, self._host, self._paths = watch, host, paths
        self._grouped = grouped
        self._requests, self._responses = Messages(requests=True), Messages(requests=False)
        self._asked: list[_Asked] = []
        self._answered: _Asked | None = None
        self._answer: Head | None = None
        self._unpack: Callable[[bytes], bytes] = bytes
        self._stream: EventStream | None = None
        self._reply = bytearray()
        self._waiting: bytearray | None = None
        self._talk: Talk | None = None
        self._frames: dict[str, Frames] = {}
        self._closed = False

    def sent(self, chunk: bytes, at: float) -> bytes:
        """Hears what the client sends; returns what goes to the target."""
        if self._waiting is not None:
            self._waiting += chunk[: max(0, _MOST_BODY - len(self._waiting))]
            return chunk
        if self._frames:
            self._messages("in", chunk, at)
            return chunk
        onward = bytearray()
        for part in self._requests.feed(chunk):
            match part:
                case Head():
                    onward += with_host(part, self._host)
                    self._responses.expect(part.start[0])
                    self._asked.append(_Asked(part, bytearray()))
                    if part.lists("connection", "upgrade"):
                        self._waiting = bytearray()
                case Body():
                    onward += part.raw
                    self._keep(self._asked[-1].body if self._asked else bytearray(), part.data)
                case End():
                    self._ask(at)
                    if self._waiting is not None:  # what follows is of another protocol, if the target takes it up
                        early = self._requests.drain()
                        self._waiting += early
                        onward += early
                        break
                case Tunnel():
                    onward += part.raw
        return bytes(onward)

    def unsent(self) -> bytes:
        """What the client sent and no message completed, when it sends no more."""
        return b"".join(part.raw for part in self._requests.end() if isinstance(part, Tunnel))

    def received(self, chunk: bytes, at: float) -> None:
        """Hears what the target sends; it goes on as it is."""
        if self._frames:
            self._messages("out", chunk, at)
            return
        for part in self._responses.feed(chunk):
            match part:
                case Head():
                    self._answered_by(part, at)
                case Body():
                    self._heard(part.data, at)
                case End():
                    self._ended(at)
                case Tunnel():
                    if self._frames:
                        self._messages("out", part.raw, at)

    @property
    def is_cut(self) -> bool:
        """Whether the connection ended in the middle of a conversation or of a response."""
        return self._answered is not None or (bool(self._frames) and not self._closed)

    def end(self, at: float) -> None:
        """Says that the connection is over."""
        for part in self._responses.end():
            if isinstance(part, End):
                self._ended(at)
        for talk in {id(each): each for each in (self._talk, *(one.talk for one in self._asked)) if each}.values():
            self._finish(talk)
        if self._answered is not None and self._answered.talk is not None:
            self._finish(self._answered.talk)

    def _messages(self, direction: str, chunk: bytes, at: float) -> None:
        assert self._talk is not None
        for found in self._frames[direction].feed(chunk):
            if isinstance(found, Close):
                self._closed = True
                self._talk.close(found.code, at, direction)
            elif found.cut:
                self._watch.passed_by += 1
            else:
                self._talk.hear(found.data, at, direction)

    def _is_judged(self, head: Head) -> bool:
        path = head.start[1].partition("?")[0]
        return not self._paths or any(fnmatchcase(path, each) for each in self._paths)

    def _ask(self, at: float) -> None:
        """A request is whole: its body is a frame of the client's, where it says which event it is."""
        asked = self._asked[-1] if self._asked else None
        if asked is None or not asked.body or not self._is_judged(asked.head):
            return
        body = _whole(bytes(asked.body), asked.head.get("content-encoding"))
        if body is not None and self._watch.names_event(body):
            asked.talk = self._grouped.get(_group(asked.head)) or self._watch.talk()
            asked.talk.hear(body, at, "in")
        else:
            self._watch.passed_by += 1

    def _answered_by(self, head: Head, at: float) -> None:
        """A response begins."""
        if head.start[1].startswith("1") and head.start[1] != "101":
            return
        asked = self._asked.pop(0) if self._asked else None
        self._answered, self._answer = asked, head
        waited, self._waiting = self._waiting, None
        if asked is None:
            return
        judged = self._is_judged(asked.head)
        if head.start[1] == "101":
            self._answered = None
            if judged and head.get("upgrade").lower() == "websocket":
                deflated = "permessage-deflate" in head.get("sec-websocket-extensions").lower()
                self._talk = self._watch.talk()
                self._frames = {way: Frames(deflated=deflated) for way in ("in", "out")}
                self._messages("in", bytes(waited or b""), at)
            else:
                self._requests.tunnel()
            return
        if waited:
            self.sent(bytes(waited), at)
        self._unpack = _unpacker(head.get("content-encoding"))
        kind = head.get("content-type").partition(";")[0].strip().lower()
        self._reply.clear()
        self._stream = EventStream() if judged and kind == "text/event-stream" else None
        if self._stream is not None and asked.talk is None:
            asked.talk = self._grouped.get(_group(asked.head)) or self._watch.talk()
        group = _group(head)
        if group and asked.talk is not None:
            self._grouped.setdefault(group, asked.talk)

    def _heard(self, data: bytes, at: float) -> None:
        asked = self._answered
        if asked is None or asked.talk is None or not data:
            return
        if self._stream is None:
            self._keep(self._reply, data)
            return
        for event in self._stream.feed(self._unpack(data)):
            if event.strip() and event.strip() != _DONE:
                asked.talk.hear(event, at, "out")

    def _ended(self, at: float) -> None:
        asked, self._answered = self._answered, None
        if asked is None or asked.talk is None:
            return
        if self._stream is None and self._reply and self._answer is not None:
            body = _whole(bytes(self._reply), self._answer.get("content-encoding"))
            if body is not None and self._watch.names_event(body):
                asked.talk.hear(body, at, "out")
        self._reply.clear()
        self._finish(asked.talk)

    def _finish(self, talk: Talk) -> None:
        """Ends a session, unless its name says that other requests belong to it."""
        if all(each is not talk for each in self._grouped.values()):
            self._watch.finish(talk)

    def _keep(self, body: bytearray, data: bytes) -> None:
        body += data[: max(0, _MOST_BODY - len(body))]


def _group(head: Head) -> str:
    """The session of MCP that a message names; its requests come on connections of their own."""
    return head.get("mcp-session-id")


def _whole(body: bytes, encoding: str) -> bytes | None:
    """A body without its encoding; None where it is one that is not known, or broken."""
    if not encoding or encoding == "identity":
        return body
    if encoding.lower() not in ("gzip", "x-gzip", "deflate"):
        return None
    return _unpacker(encoding)(body) or None


def _unpacker(encoding: str) -> Callable[[bytes], bytes]:
    """What takes the encoding off the pieces of a body; nothing comes out of one that is not known."""
    if not encoding or encoding.lower() == "identity":
        return bytes
    if encoding.lower() not in ("gzip", "x-gzip", "deflate"):
        return lambda _data: b""
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 32)

    def unpacked(data: bytes) -> bytes:
        try:
            return unpack.decompress(data, _MOST_BODY)
        except zlib.error:
            return b""

    return unpacked
