"""What is alive in one process, for tests that look for leaks and for what two users share."""

import asyncio
import os
import resource
from pathlib import Path
from typing import Any

from reference_chat.service import Service


def census(service: Service) -> dict[str, Any]:
    """What is alive in this process; ids of objects tell whether two users share one."""
    writer, emitter, runs = service.writer, service.emitter, service.runs
    return {
        "worker": service.settings.worker,
        "pid": os.getpid(),
        "memory": _memory(),
        "tasks": len(asyncio.all_tasks()),
        "files": sum(1 for _ in Path("/dev/fd").iterdir()),
        "users": service.registry.users(),
        "connections": [
            {
                "connection_id": connection.id,
                "user_id": connection.user_id,
                "follows": list(connection.following),
                "waiting": connection.waiting,
                "longest_blocked": connection.longest_blocked,
                "sent": connection.sent,
                "object": id(connection),
            }
            for connection in service.registry
        ],
        "opened": service.registry.opened,
        "closed": service.registry.closed,
        "runs": [
            {
                "run_id": run_id,
                "user_id": run.context.user_id,
                "context": id(run.emission.context),
                "emission": id(run.emission),
            }
            for run_id, run in runs.active.items()
        ],
        "agents": runs.loop.census(),
        "runs_started": runs.started,
        "emitted": emitter.emitted,
        "delivered": emitter.delivered,
        "commits": writer.commits,
        "rows": writer.rows,
        "queued": writer.depth,
        "received": dict(service.router.received),
        "handled": dict(service.router.handled),
        "faults": service.faults.shown(),
    }


def _memory() -> int:
    """Resident bytes; where there is no /proc, the most there ever were."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
