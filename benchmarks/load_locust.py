"""A Locust user over websocket-client, with a check of agent-events written by hand.

$ python benchmarks/load_locust.py URL USERS PACE SECONDS
"""

import json
import sys
import time

import gevent
from locust import User, constant_pacing, task
from locust.env import Environment
from websocket import create_connection

URL, USERS, PACE, SECONDS = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])
KNOWN = {"agent_started", "agent_thinking", "tool_executing", "tool_completed", "agent_completed"}
events = 0
numbers = iter(range(USERS))


class Chat(User):  # type: ignore[misc]
    """Asks, and holds each event against the sequence, the tool's pair, the user and the run."""

    wait_time = constant_pacing(PACE)

    def on_start(self) -> None:
        """Connects."""
        self.name = f"locust-{next(numbers)}"
        self.socket = create_connection(URL, header=[f"Authorization: Bearer {self.name}"])
        self.socket.recv()

    @task  # type: ignore[untyped-decorator]
    def ask(self) -> None:
        """One question."""
        global events
        begun = time.perf_counter()
        self.socket.send(json.dumps({"type": "user_message", "text": "What is new today?"}))
        seq, run, tools, error = 0, None, {}, None
        while True:
            event = json.loads(self.socket.recv())
            events += 1
            run = run or event["run_id"]
            if (
                event["type"] not in KNOWN
                or event["seq"] != seq
                or event["user_id"] != f"id-{self.name}"
                or event["run_id"] != run
                or not event["timestamp"]
            ):
                error = ValueError(f"wrong event: {event}")
            if event["type"] == "tool_executing":
                tools[event["payload"]["tool_call_id"]] = event["payload"]["tool_name"]
            elif event["type"] == "tool_completed":
                error = error or (
                    None
                    if tools.pop(event["payload"]["tool_call_id"], None) == event["payload"]["tool_name"]
                    else ValueError("no such tool")
                )
            seq += 1
            if event["type"] == "agent_completed":
                break
        self.environment.events.request.fire(
            request_type="ws", name="answer", response_time=(time.perf_counter() - begun) * 1000, response_length=0,
            exception=error or (ValueError("tools left open") if tools else None), context={},
        )  # fmt: skip


environment = Environment(user_classes=[Chat])
runner = environment.create_local_runner()
cpu = time.process_time()
runner.start(USERS, spawn_rate=USERS)
gevent.spawn_later(SECONDS, runner.quit)
runner.greenlet.join()
assert not environment.stats.total.num_failures, environment.stats.errors
print(events / (time.process_time() - cpu))
