"""What a controller and its workers say to each other, beside the events of `canonry.model.run_event`.

Requests go to a worker as lines of JSON, replies come back between the events, on the same stream.
"""

import msgspec

from canonry.model.run_event import RunEvent


class Task(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """One test file to be run, or some of its tests (``nodes``; empty for all), as one attempt of each.

    ``skip`` are nodes of it that must not run: they ended elsewhere. ``markers``: only tests that carry one of them
    count, empty for all.
    """

    path: str
    nodes: tuple[str, ...] = ()
    skip: frozenset[str] = frozenset()
    attempt: int = 1
    markers: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    """Tests that carry one of these markers belong to another category of the run."""


class RunBundle(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True, tag="run", tag_field="do"):
    """Collect and run these, in this order. ``collect_only``: report what is there, run nothing.

    ``failures``: how many tests of this worker may fail before it runs no more; 0 is no limit. ``quarantined`` are
    tests that do not count for that.
    """

    number: int
    tasks: tuple[Task, ...]
    category: str = ""
    leaks: str = "warn"
    global_leaks: bool = False
    mocks: str = "allowed"
    shuffle: int | None = None
    collect_only: bool = False
    failures: int = 0
    quarantined: tuple[str, ...] = ()


class Finish(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="finish", tag_field="do"):
    """Nothing more comes: tear everything down and leave. ``now``: after the test that runs."""

    now: bool = False


Request = RunBundle | Finish


class Ready(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="ready", tag_field="event"):
    """The worker's session has begun. ``max_failures`` is what pytest was told (``-x``, ``--maxfail``), 0 no limit."""

    pid: int
    max_failures: int = 0


class FileStarted(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="file", tag_field="event"):
    """A file of a bundle is about to be collected: what dies from here on is that file's."""

    path: str


class FileEnded(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="file-ended", tag_field="event"):
    """All tests of a task have outcomes. ``missing`` are nodes that were asked for and are not there."""

    path: str
    attempt: int = 1
    missing: tuple[str, ...] = ()


class BundleEnded(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="bundle-ended", tag_field="event"):
    """The whole bundle is done."""

    number: int


class Retired(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="retired", tag_field="event"):
    """The worker leaves of its own will, between two tests; others have to do what it was given."""

    reason: str


class SessionFailed(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag="session-failed", tag_field="event"):
    """pytest could not begin, or broke: a usage error, a plugin that raises. Nothing more comes from this worker."""

    reason: str
    text: str = ""
    usage: bool = False


Reply = Ready | FileStarted | FileEnded | BundleEnded | Retired | SessionFailed

_ENCODER = msgspec.json.Encoder()
_DECODER: msgspec.json.Decoder[RunEvent | Reply] = msgspec.json.Decoder(RunEvent | Reply)
_REQUESTS: msgspec.json.Decoder[Request] = msgspec.json.Decoder(Request)


def encode_message(message: RunEvent | Reply | Request) -> bytes:
    """The message as one line, its line end included."""
    return _ENCODER.encode(message) + b"\n"


def decode_message(line: bytes) -> RunEvent | Reply:
    """What a worker sent. Raises `msgspec.DecodeError` where it is nothing of the kind."""
    return _DECODER.decode(line)


def decode_request(line: bytes) -> Request:
    """What a controller sent. Raises `msgspec.DecodeError` where it is nothing of the kind."""
    return _REQUESTS.decode(line)
