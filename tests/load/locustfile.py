"""A locustfile as one finds it: it knows nothing of canonry."""

import itertools
import json
import os
import time

from locust import User, constant_pacing, task
from websocket import WebSocketException, create_connection

NUMBERS = itertools.count()


class ChatUser(User):
    """Asks every 50 ms."""

    wait_time = constant_pacing(0.05)

    def on_start(self):
        """Connects."""
        url = self.host.replace("http", "ws", 1) + "/ws"
        self.socket = create_connection(url, header=[f"Authorization: Bearer locust-{os.getpid()}-{next(NUMBERS)}"])

    @task
    def ask(self):
        """One question, until its answer."""
        begun = time.perf_counter()
        self.socket.send(json.dumps({"type": "user_message", "text": "What is new today?"}))
        while json.loads(self.socket.recv())["type"] != "agent_completed":
            pass
        took = (time.perf_counter() - begun) * 1000
        self.environment.events.request.fire(
            request_type="ws", name="answer", response_time=took, response_length=0, exception=None, context={}
        )

    def on_stop(self):
        """Leaves, as the protocol says."""
        self.socket.pong(b"still there")
        self.socket.close()


class Faithful(ChatUser):
    """Connects anew when the line is lost."""

    @task
    def ask(self):
        """One question; a lost line is a failure of it."""
        begun = time.perf_counter()
        try:
            self.socket.send(json.dumps({"type": "user_message", "text": "What is new today?"}))
            while json.loads(self.socket.recv())["type"] != "agent_completed":
                pass
            failed = None
        except (OSError, WebSocketException) as error:
            failed = error
            self.on_start()
        took = (time.perf_counter() - begun) * 1000
        self.environment.events.request.fire(
            request_type="ws", name="answer", response_time=took, response_length=0, exception=failed, context={}
        )
