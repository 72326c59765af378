"""`reconnect`."""

import json
from collections.abc import Mapping
from typing import ClassVar

from canonry.load.chat import ENDS, ChatScenario
from canonry.load.errors import StepError
from canonry.load.user import VirtualUser


class Reconnect(ChatScenario):
    """Ask, lose the line in the middle of the answer, come back, and get each event that is missing exactly once."""

    OPTIONS: ClassVar[Mapping[str, tuple[str, str]]] = {
        **ChatScenario.OPTIONS,
        "cuts": ("1", "how often the line breaks in an answer"),
        "apart": ("0.05", "seconds between two breaks, at most"),
    }

    async def turn(self, user: VirtualUser) -> None:
        """One question over several connections, which are judged as one conversation."""
        run = _Run()
        connection = await self.connect(user, listener=run.hear)
        started = connection.awaiting("agent_started")
        await connection.send(self.message(user))
        await started.within(float(self.options["within"]))
        for _ in range(int(self.options["cuts"])):
            await user.think(user.random.uniform(0, float(self.options["apart"])))
            if run.end:
                break
            await connection.cut()
            connection = await self.connect(user, going_on=connection, listener=run.hear)
            await connection.send({"type": "resume", "run_id": run.id, "after": run.last})
        if not run.end:
            await connection.awaiting(*ENDS).within(float(self.options["within"]))
        user.took("answer")
        await connection.close()
        if run.end == "agent_error":
            raise StepError("agent_error", f"run `{run.id}` ends with an error")


class _Run:
    """What was received of the one run of a turn, over all its connections."""

    def __init__(self) -> None:
        self.id, self.last, self.end = "", -1, ""

    def hear(self, name: str, raw: str | bytes) -> None:
        event = json.loads(raw)
        if "seq" in event:
            self.id, self.last = event["run_id"], event["seq"]
        if name in ENDS:
            self.end = name
