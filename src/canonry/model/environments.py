"""Two recorded runs side by side: what they stood on, and what became of the same tests."""

from enum import StrEnum

import msgspec

from canonry.model.outcome import Outcome


class Layer(StrEnum):
    """What of an environment something is a part of."""

    CODE = "code"
    PYTHON = "python"
    MACHINE = "machine"
    SERVICES = "services"
    PACKAGES = "packages"
    VARIABLES = "variables"


class Difference(msgspec.Struct, frozen=True):
    """One thing that differs; empty where a run has none. Of variables only names are known."""

    layer: Layer
    name: str
    one: str
    other: str


class Explanation(msgspec.Struct, frozen=True):
    """A difference that could be why, and what speaks for it. ``named``: what the test said names it."""

    difference: Difference | None
    why: str
    named: bool = False


class Differing(msgspec.Struct, frozen=True, kw_only=True):
    """A test with different outcomes. ``reason``: what the worse of them said, one line."""

    node: str
    one: Outcome
    other: Outcome
    reason: str = ""
    explanations: tuple[Explanation, ...] = ()


class RunSide(msgspec.Struct, frozen=True, kw_only=True):
    """One of the runs. ``cut``: its recording ends before the run did."""

    id: str
    at: float
    commit: str | None
    dirty: bool
    profile: str
    machine: str
    tests: int
    cut: bool = False


class ComparedRuns(msgspec.Struct, frozen=True, kw_only=True):
    """Both runs. ``compared`` tests are in both; ``only`` counts those that one of them alone has."""

    one: RunSide
    other: RunSide
    differences: tuple[Difference, ...]
    differing: tuple[Differing, ...]
    compared: int
    only: tuple[int, int] = (0, 0)
    notes: tuple[str, ...] = ()
