"""Why a worker died, by what the system says of its death and by what its controller did. Never by a text."""

import signal

from canonry.model.outcome import Outcome
from canonry.run.controller.dumps import fault_beside_the_test, last_words
from canonry.run.controller.seat import Doom, Seat

_BESIDE = " in a thread beside the one that runs tests, which an earlier test may have started"


def death(seat: Seat) -> Doom:
    """What the death makes of the test that ran, one line, and what the process wrote at its end.

    The controller's own doom counts first. SIGKILL that it did not send comes from outside, or from the machine that is
    out of memory: nothing in the process can have been told of it. Any other end while a test ran is the test's.
    """
    if seat.doomed is not None:
        return seat.doomed
    if seat.failure:
        return Doom(Outcome.CRASHED, seat.verdict, seat.failure)
    written = bytes(seat.host.output).decode("utf-8", "replace")
    text = last_words(written[-16_384:])
    status = seat.host.status or 0
    if status == -signal.SIGKILL:
        return Doom(
            Outcome.LOST, "its process was killed from outside (SIGKILL), or the machine is out of memory", text
        )
    if status < 0:
        where = _BESIDE if fault_beside_the_test(written) else ""
        return Doom(Outcome.CRASHED, f"its process died of {_name(-status)}{where}", text)
    return Doom(Outcome.CRASHED, f"its process left by itself with status {status}", text)


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
