"""Begins a worker: limits, environment, and one pytest session that asks its controller for work."""

import json
import os
import sys
from pathlib import Path
from typing import NamedTuple

from canonry.model.worker_message import SessionFailed
from canonry.pytest_plugin.channel import Channel

_COVER = "CANONRY_COVER"
"""What `covering.REQUEST` is; few runs load that module."""


class Start(NamedTuple):
    """How a worker is to begin; `read_start` finds it in the worker's folder."""

    root: str
    paths: list[str]
    arguments: list[str]
    workers: int
    memory: int | None
    environment: dict[str, str]


def read_start(folder: str) -> Start:
    """What the controller wrote for this worker."""
    with open(f"{folder}/start.json", encoding="utf-8") as file:
        return Start(**json.load(file))


def main(folder: str, number: int) -> int:
    """Runs the worker until its controller wants no more; the process's exit status. Number 0 is a zygote."""
    start = read_start(folder)
    os.environ.update(start.environment)
    os.chdir(start.root)
    if sys.path and sys.path[0] in ("", start.root):
        del sys.path[0]  # `pytest` does not have the current folder there, and neither has this
    if start.memory is not None:
        _limit_memory(start.memory)
    channel = Channel(folder, number) if number else None
    _answer_with_stacks(folder)
    import pytest

    from canonry.pytest_plugin.controlled import Controlled

    if sys.dont_write_bytecode:
        from canonry.pytest_plugin.bytecode import keep_bytecode

        keep_bytecode(Path(start.root))
    plugins: list[object] = []
    if os.environ.get(_COVER):
        from canonry.pytest_plugin.covering import Covering

        plugins.append(Covering(os.environ[_COVER]))
    sys.argv = ["pytest", *start.arguments]
    plugin = Controlled(channel, folder, fork_at="" if number else f"{folder}/fork")
    status = pytest.main([*start.arguments, *start.paths], plugins=[plugin, *plugins])
    channel = plugin.channel
    if channel is not None:
        if not channel.is_mine:
            os._exit(0)
        if status == pytest.ExitCode.USAGE_ERROR:
            channel.emit(SessionFailed(reason="pytest does not start", usage=True))
        channel.flush()
    return int(status)


def report(folder: str) -> int:
    """A session that only reports, with the options of the run."""
    start = read_start(folder)
    os.chdir(start.root)
    import pytest

    from canonry.pytest_plugin.reporting import Reporting

    return int(pytest.main([*start.arguments, *start.paths], plugins=[Reporting(folder)]))


def _limit_memory(limit: int) -> None:
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    ceiling = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    resource.setrlimit(resource.RLIMIT_AS, (ceiling, hard))


def _answer_with_stacks(folder: str) -> None:
    """The controller's signal makes faulthandler write what all threads do, without a word of Python's."""
    import faulthandler

    from canonry.run.worker.stacks import STACKS_SIGNAL

    file = open(f"{folder}/stacks", "ab")  # noqa: SIM115 - for as long as the process lives
    faulthandler.register(STACKS_SIGNAL, file=file, all_threads=True)
    _kept.append(file)


_kept: list[object] = []
