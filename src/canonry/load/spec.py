"""What a load run is asked to do: plain data, which goes to every process."""

from enum import StrEnum
from typing import Any

import msgspec

from canonry.model.load import VERSION


class Workload(StrEnum):
    """Who decides when a turn begins: the users themselves (closed), or a clock that waits for nobody (open)."""

    CLOSED = "closed"
    OPEN = "open"


class Disturbance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something that is done to connections while they are in use.

    ``kind`` is one of `canonry.load.chaos.KINDS`; ``share`` of the open connections meet it every ``every`` seconds,
    from ``start`` on; it lasts ``lasting`` seconds where it lasts. ``service`` is what `restart` stops and starts.
    """

    kind: str
    service: str = ""
    share: float = 0.05
    every: float = 5.0
    start: float = 0.0
    lasting: float = 1.0


class LoadSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One load run. Times are in seconds; ``first`` and ``users`` are this process's share of ``crowd`` users.

    ``rate`` is turns a second of this process (open workload), ``pace`` the time from one intended begin of a user's
    turn to the next, ``think`` the pause after a turn, drawn between two bounds.
    """

    scenario: str
    url: str
    users: int
    seconds: float
    version: int = VERSION
    crowd: int = 0
    first: int = 0
    ramp: float = 0.0
    think: tuple[float, float] = (0.0, 0.0)
    pace: float = 0.0
    rate: float = 0.0
    turns: int = 0
    seed: int = 0
    grace: float = 10.0
    contract: str = ""
    profile: str | None = None
    policy: dict[str, str] = {}
    options: dict[str, str] = {}
    canaries: bool = True
    verify_tls: bool = True
    disturbances: tuple[Disturbance, ...] = ()
    trace: str = ""

    @property
    def is_locust(self) -> bool:
        """Whether the scenario is a class of a locustfile: `locust:FILE:CLASS`."""
        return self.scenario.startswith("locust:")

    @property
    def workload(self) -> Workload:
        """Which workload this is."""
        return Workload.OPEN if self.rate else Workload.CLOSED


def share_out(spec: LoadSpec, processes: int, traces: list[str]) -> list[LoadSpec]:
    """Return what each process does: users and rate dealt out as evenly as they go."""
    shares: list[LoadSpec] = []
    first = 0
    for index in range(processes):
        users = spec.users // processes + (index < spec.users % processes)
        shares.append(
            msgspec.structs.replace(
                spec,
                users=users,
                crowd=spec.users,
                first=first,
                rate=spec.rate * users / spec.users,
                trace=traces[index],
            )
        )
        first += users
    return shares


def described(spec: LoadSpec) -> dict[str, Any]:
    """Return the choices of a run that are not the default, as a report names them."""
    default = LoadSpec(scenario="", url="", users=0, seconds=0)
    skipped = {"version", "trace", "crowd", "first"}
    return {
        name: msgspec.to_builtins(value)
        for name in spec.__struct_fields__
        if name not in skipped and (value := getattr(spec, name)) != getattr(default, name)
    }
