"""Executes a plan: `execute` blocks until every planned test has an outcome, and tells what happens as it happens."""

from collections.abc import Callable
from typing import Protocol

from canonry.model.run_event import RunEvent
from canonry.model.run_plan import RunPlan
from canonry.run.controller.loop import Controller
from canonry.run.controller.terms import Services, StopSignal

__all__ = ["Execution", "Services", "StopSignal", "execute"]


class Execution(Protocol):
    """What is left to say when everything has an outcome."""

    @property
    def reason(self) -> str:
        """Why the run ended early; empty where it did not."""

    @property
    def usage_error(self) -> str:
        """Why pytest did not start at all; empty where it did."""


def execute(
    plan: RunPlan,
    *,
    emit: Callable[[RunEvent], None],
    services: Services | None = None,
    stop: StopSignal | None = None,
    warm: str | None = None,
    collect_only: bool = False,
) -> Execution:
    """Runs the plan, and tells every event in its order.

    Each attempt that began ends with exactly one `AttemptEnded`; each planned test has one, whatever dies. Before its
    file is collected, a test that the plan does not name stands under its file's path. ``warm`` is the folder of a
    zygote to be kept for the next call. ``collect_only`` collects every file and runs nothing.
    """
    return Controller(plan, emit=emit, services=services, stop=stop or StopSignal(), collect_only=collect_only).run()
