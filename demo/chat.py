"""A recording of two users who talk to the shop's agents at once; one event reaches the wrong one."""

import json
from pathlib import Path

_PARTS: list[tuple[str, dict[str, object]]] = [
    ("agent_started", {"goal": "where is my parcel"}),
    ("agent_thinking", {"thought": "look the order up"}),
    ("tool_executing", {"tool_name": "find_order", "tool_call_id": "call-1"}),
    ("tool_completed", {"tool_name": "find_order", "tool_call_id": "call-1", "results": ["on its way"]}),
    ("agent_completed", {"final_response": "It arrives tomorrow."}),
]


def record(folder: Path) -> tuple[str, str]:
    """Writes `chat.jsonl` and whose its connections are, `chat.sessions.json`; both names."""
    lines = []
    for step, (name, payload) in enumerate(_PARTS):
        for user in ("ada", "bob"):
            connection = "bob" if (user, name) == ("ada", "tool_completed") else user  # the fault
            event = {
                "type": name,
                "user_id": user,
                "thread_id": f"thread-{user}",
                "run_id": f"run-{user}",
                "seq": step,
                "timestamp": f"2026-11-28T10:00:{step:02}Z",
                "payload": payload,
            }
            lines.append(json.dumps({"v": 1, "dir": "out", "t": float(step), "conn": connection, "event": event}))
    Path(folder, "chat.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    sessions = {user: {"user_id": user} for user in ("ada", "bob")}
    Path(folder, "chat.sessions.json").write_text(json.dumps(sessions), encoding="utf-8")
    return "chat.jsonl", "chat.sessions.json"
