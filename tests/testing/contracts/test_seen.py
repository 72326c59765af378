"""A connection of a test says which events of the contract came."""

from canonry.testing import EventContract


def test_events_that_came_are_counted_by_their_names_in_the_contract() -> None:
    stream = EventContract("agent-events").stream()

    stream.send({"type": "ping"})
    stream.receive_all(
        [{"type": "pong"}, {"type": "pong"}, {"type": "agent_started", "step_id": "s"}, {"type": "else"}]
    )

    assert stream.seen == {"ping": 1, "pong": 2, "step_started": 1, "else": 1}
