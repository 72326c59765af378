"""What one process saw of a load run: plain data, written to a file, merged by `canonry.load.result`."""

from pathlib import Path

import msgspec

from canonry.load.spec import LoadSpec
from canonry.model.errors import UserError
from canonry.model.load import VERSION, Failure, Leak, Reach, Sample, Totals


class Trace(msgspec.Struct, frozen=True, kw_only=True):
    """All that one process saw. ``started`` is seconds since 1970, ``memory`` the most bytes that it had,
    ``lag`` how late its event loop was, at most, in seconds. ``steady`` are the moments when all users had begun, and
    when the time was over; ``disturbed`` counts what disturbances met; ``ids_forgotten`` ids are in no comparison.
    """

    spec: LoadSpec
    started: float
    seconds: float
    cpu: float
    memory: int
    lag: float
    totals: Totals
    latencies: dict[str, str]
    failures: dict[str, int]
    first_failures: dict[str, Failure]
    rules: dict[str, int]
    leaks: list[Leak]
    samples: list[Sample]
    steady: tuple[Sample, Sample]
    disturbed: dict[str, int]
    ids: dict[str, dict[str, str]]
    ids_forgotten: int = 0
    reach: dict[str, Reach] = {}
    isolation: tuple[str, ...] = ()
    stopped_early: bool = False
    version: int = VERSION


def write_trace(trace: Trace, path: Path) -> None:
    """Writes a trace, whole or not at all."""
    beside = path.with_suffix(".tmp")
    beside.write_bytes(msgspec.json.encode(trace))
    beside.replace(path)


def read_trace(path: Path) -> Trace:
    """Return a trace. Raises UserError for one of a newer version or one that is cut short."""
    try:
        version = msgspec.json.decode(path.read_bytes(), type=_Versioned).version
        if version > VERSION:
            raise UserError(f"`{path}` has version {version}; this canonry reads up to {VERSION}: take a newer one")
        return msgspec.json.decode(path.read_bytes(), type=Trace)
    except msgspec.DecodeError:
        raise UserError(f"`{path}` is no trace of a load run, or cut short; run `canonry load` again") from None


class _Versioned(msgspec.Struct):
    version: int = 0
