"""How the loop is wrong when it is told to be; everything here does nothing while no fault is on."""

import base64
import time

from reference_chat.agents.turn import Turn
from reference_chat.faults import Faults


class Wrong:
    """The faults of the loop, and what they remember: the state that no healthy loop has."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._last_question = ""
        self._pieces: tuple[str, ...] = ()
        self._only: Turn | None = None

    def question(self, text: str) -> str:
        """What the model is asked for a run: the user's text, or with `shared_state` the last user's, too."""
        shared = self._faults.on("shared_state")
        if shared is None:
            self._last_question, self._pieces = "", ()
            return text
        before, self._last_question = self._last_question, text.replace("[[", "[ [")
        if shared["encode"] == "split":
            self._pieces = (before[: -len(before) // 3], before[-len(before) // 3 :]) if before else ()
            return text
        if shared["encode"] == "base64" and before:
            before = base64.b64encode(b"x" * int(shared["shift"]) + before.encode()).decode()
        return f"{text} {before}".strip()

    def thoughts(self) -> tuple[str, ...]:
        """What a run thinks aloud that is not its own: with `shared_state` split, the last question in two pieces."""
        pieces, self._pieces = self._pieces, ()
        return pieces

    def turn(self, turn: Turn, *, alone: bool) -> Turn:
        """The turn of a run: its own, or with `singleton` the one that all runs which overlap share."""
        if self._faults.on("singleton") is None or alone or self._only is None:
            self._only = turn if self._faults.on("singleton") is not None else None
            return turn
        self._only.become(turn)
        return self._only

    def block(self) -> None:
        """With `block`, holds up everybody on this event loop."""
        arguments = self._faults.on("block")
        if arguments is not None:
            time.sleep(arguments["seconds"])
