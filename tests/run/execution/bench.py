"""Runs plans on real projects, and keeps what was told."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from canonry.model.outcome import Outcome
from canonry.model.run_event import AttemptEnded, RunEvent
from canonry.model.run_plan import CategoryPlan, Policy, RunPlan, Work
from canonry.run.execute import Execution, execute
from tests.workbench import ROOT

PLUGINS = ROOT / ".venv" / "plugins"
_Event = TypeVar("_Event", bound=RunEvent)


@dataclass
class Told:
    """The events of one run."""

    events: list[RunEvent] = field(default_factory=list)
    execution: Execution | None = None

    def of(self, kind: type[_Event]) -> list[_Event]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def attempts(self) -> dict[tuple[str, int], AttemptEnded]:
        """By node without its file, and attempt; each attempt ended once."""
        found: dict[tuple[str, int], AttemptEnded] = {}
        for event in self.of(AttemptEnded):
            key = (event.node.partition("::")[2] or event.node, event.attempt)
            assert key not in found, f"{key} ended twice"
            found[key] = event
        return found

    @property
    def outcomes(self) -> dict[str, Outcome]:
        """The outcome of each test's last attempt, by node without its file."""
        return {node: ended.outcome for (node, _), ended in sorted(self.attempts.items(), key=lambda item: item[0][1])}

    def ended(self, node: str, attempt: int = 1) -> AttemptEnded:
        return self.attempts[node, attempt]


def project(root: Path, files: dict[str, str]) -> Path:
    """A folder with these files, which is its own pytest root."""
    for path, content in {"pytest.ini": "[pytest]\n", **files}.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content)
    return root


def run(
    root: Path,
    *,
    policy: Policy | None = None,
    categories: tuple[CategoryPlan, ...] | None = None,
    nodes: dict[str, tuple[str, ...]] | None = None,
    on: Callable[[RunEvent], None] = lambda _event: None,
    options: dict[str, Any] | None = None,
    **plan: Any,
) -> Told:
    """Runs all test files of the folder as one category, or these categories."""
    if categories is None:
        categories = (CategoryPlan(name="unit", work=works(root, nodes), policy=policy or Policy()),)
    told = Told()

    def emit(event: RunEvent) -> None:
        told.events.append(event)
        on(event)

    told.execution = execute(RunPlan(root=str(root), categories=categories, **plan), emit=emit, **(options or {}))
    return told


def works(root: Path, nodes: dict[str, tuple[str, ...]] | None = None) -> tuple[Work, ...]:
    """All test files of the folder, or these nodes of files."""
    if nodes is not None:
        return tuple(Work(path=path, nodes=tuple(f"{path}::{node}" for node in some)) for path, some in nodes.items())
    return tuple(Work(path=path.relative_to(root).as_posix()) for path in sorted(root.rglob("test_*.py")))


def plain_pytest(root: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """pytest itself, in the folder."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    return subprocess.run(
        command, cwd=root, capture_output=True, text=True, timeout=120, check=False, env={**environment, **variables}
    )
