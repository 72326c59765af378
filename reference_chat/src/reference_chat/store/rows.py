"""What the writer is given: events, and statements that belong to the same commit."""

from typing import Any, Literal

import msgspec

from reference_chat.ids import new_id, timestamp


class Event(msgspec.Struct, frozen=True, eq=False, gc=False):
    """One event of a run as it is stored and sent: `frame` is its JSON."""

    user_id: str
    run_id: str
    seq: int
    type: str
    frame: bytes
    ends_run: bool


class _Head(msgspec.Struct):
    type: str
    step_id: str | None = None


def restored(user_id: str, run_id: str, seq: int, frame: str) -> Event:
    """An event that was stored before."""
    head = msgspec.json.decode(frame, type=_Head)
    return Event(user_id, run_id, seq, head.type, frame.encode(), ends_run(head.type, head.step_id))


def ends_run(type: str, step_id: str | None) -> bool:
    """Whether an event is the terminal one of its run, not of a step."""
    return step_id is None and type in ENDS


ENDS = {"agent_completed": "completed", "agent_error": "failed"}
"""The terminal events, and what they make of a run."""


Kind = Literal["thread", "run", "message", "status", "adopt", "beat"]


class Statement(msgspec.Struct, frozen=True, eq=False):
    """Something else to write, by the name of its SQL in `sinks`."""

    kind: Kind
    values: tuple[Any, ...]
    run_id: str = ""


Row = Event | Statement


def new_thread(thread_id: str, user_id: str, title: str, run_id: str) -> Statement:
    """A thread, named by the first words that were said in it."""
    return Statement("thread", (thread_id, user_id, title, timestamp()), run_id)


def new_run(run_id: str, thread_id: str, user_id: str, request_id: str | None, worker: str) -> Statement:
    """A run that this worker answers for."""
    return Statement("run", (run_id, thread_id, user_id, request_id, worker, "running", timestamp()), run_id)


def new_message(thread_id: str, run_id: str, role: str, text: str) -> Statement:
    """What somebody said in a thread."""
    return Statement(
        "message", (new_id("msg"), thread_id, run_id, role, text.replace("\x00", "\ufffd"), timestamp()), run_id
    )


def run_status(run_id: str, status: str) -> Statement:
    """How a run ended."""
    return Statement("status", (status, run_id), run_id)


def adoption(run_id: str, worker: str) -> Statement:
    """A run whose worker is gone, or whose rows could not be stored, belongs to this worker now."""
    return Statement("adopt", (worker, run_id), run_id)


def beat(worker: str, now: float, *, size: int = 0) -> Statement:
    """A worker lives; with `size`, so many bytes are written, as a proof that there is room for them."""
    return Statement("beat", (worker, now, "x" * size))
