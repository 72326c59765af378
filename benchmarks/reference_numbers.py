"""Numbers of the reference repository, counted independently of this project, beside what an audit says.

Run it as ``python benchmarks/reference_numbers.py GIT_DIR``; GIT_DIR is a clone of `netra-systems/zen`, bare or not.
Exits 1 where a number is off by more than 1 %.
"""

import argparse
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

if not __package__:  # started as a script: `benchmarks` is found in the folder above
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.known_numbers import KNOWN, REVISIONS, Known
from benchmarks.table import render_table

TOLERANCE = 0.01
CANON = """\
shadow-names = ["backup", "archive"]
[canon]
mock-factory = "test_framework.ssot.mock_factory:SSotMockFactory"
"""
TARGET = "3.11"
"""What the known numbers take for a copy and for the mock factory, and the Python that they judge syntax by."""


@dataclass(frozen=True, slots=True)
class Source:
    """A number of the report, and what the report calls it. ``value`` is None where the report lacks it."""

    name: str
    value: int | None

    def difference(self, known: int) -> float:
        """The relative difference, infinite where there is no value."""
        return float("inf") if self.value is None else (self.value - known) / known


@dataclass(frozen=True, slots=True)
class Row:
    """One known number, the sources that stand for it (the rule first), and the one that is taken."""

    known: Known
    value: int
    first: Source
    taken: Source | None

    @property
    def agrees(self) -> bool:
        """Whether the difference is 1 % at most; what the report cannot say does not disagree."""
        return self.taken is None or abs(self.taken.difference(self.value)) <= TOLERANCE


def main() -> int:
    """Prints one table per revision."""
    options = _arguments()
    rows: list[Row] = []
    for revision in options.rev or REVISIONS:
        report = run_audit(options.canonry, options.git_dir, revision)
        found = compare(report, revision)
        print(f"{revision}\n\n{render_table(HEAD, [_cells(row) for row in found])}")
        rows += found
    off = [row for row in rows if not row.agrees]
    counted = [row for row in rows if row.taken is not None]
    print(f"{len(counted) - len(off)} of {len(counted)} numbers agree within 1 %")
    return 1 if off else 0


def run_audit(canonry: str, git_dir: Path, revision: str) -> dict[str, Any]:
    """The JSON report of one revision, without its findings.

    ``homes`` are the files that define a name (DUP002), ``mocks`` the calls by what they call (MCK001).
    """
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        config, written = Path(folder, "canonry.toml"), Path(folder, "report.json")
        config.write_text(CANON, encoding="utf-8")
        command = [canonry, "audit", str(git_dir), "--rev", revision, "--config", str(config)]
        command += ["--target-python", TARGET, "--output-format", "json", "--output-file", str(written)]
        subprocess.run([*command, "--exit-zero", "--quiet"], check=True)
        report: dict[str, Any] = msgspec.json.decode(written.read_bytes())
    mocks = Counter(_called(each["message"]) for each in report["findings"] if each["code"] == "MCK001")
    homes = {each["symbol"]: len(each["related"]) + 1 for each in report["findings"] if each["code"] == "DUP002"}
    return {name: value for name, value in report.items() if name != "findings"} | {"homes": homes, "mocks": mocks}


def _called(message: str) -> str:
    """The last word of the name that a finding of MCK001 quotes."""
    return message.split("`")[1].rpartition(".")[2]


def compare(report: dict[str, Any], revision: str) -> list[Row]:
    """A row per known number of the revision. The first source within 1 % is taken, else the nearest."""
    lookup = _lookup(report)
    rows: list[Row] = []
    for known in KNOWN:
        value = known.numbers[revision]
        sources = [Source(name, _value(lookup, name)) for name in known.sources]
        present = [source for source in sources if source.value is not None]
        near = next((source for source in present if abs(source.difference(value)) <= TOLERANCE), None)
        nearest = min(present, key=lambda source: abs(source.difference(value)), default=None)
        rows.append(Row(known, value, sources[0] if sources else Source("", None), near or nearest))
    return rows


HEAD = ["measure", "known", "ours", "difference", "from", "ok", "remark"]


def _cells(row: Row) -> list[str]:
    measure, value = row.known.measure, f"{row.value:,}"
    if row.taken is None or row.taken.value is None:
        return [measure, value, "", "", "not counted", "", row.known.remark]
    percent = f"{row.taken.difference(row.value):+.1%}"
    remark = "" if row.agrees else row.known.remark
    if row.taken != row.first and row.first.value is not None:
        remark = "; ".join(filter(None, (f"{row.first.name} says {row.first.value:,}", remark)))
    return [measure, value, f"{row.taken.value:,}", percent, row.taken.name, "ok" if row.agrees else "over", remark]


def _lookup(report: dict[str, Any]) -> Callable[[str], int | None]:
    """A function from ``population.NAME``, ``CODE``, ``CODE.files``, ``fact`` or ``fact.files`` to the number."""
    numbers: dict[str, int] = {f"population.{name}": value for name, value in report["population"].items()}
    numbers |= {f"DUP002 of {name}": value for name, value in report.get("homes", {}).items()}
    numbers |= {f"MCK001 of {name}": value for name, value in report.get("mocks", {}).items()}
    for entry, name in [(rule, rule["code"]) for rule in report["rules"]] + [(f, f["name"]) for f in report["facts"]]:
        numbers[name] = entry["count"]
        numbers[f"{name}.files"] = entry["files"]
    return numbers.get


def _value(lookup: Callable[[str], int | None], name: str) -> int | None:
    """The sum of the numbers that ``a + b`` names; None where the report holds none of them."""
    found = [number for part in name.split(" + ") if (number := lookup(part)) is not None]
    return sum(found) if found else None


def _arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Known numbers of the reference repository beside those of an audit.")
    parser.add_argument(
        "git_dir", type=Path, metavar="GIT_DIR", help="a clone of the reference repository, bare or not"
    )
    parser.add_argument("--rev", action="append", choices=REVISIONS, help="only this tag (repeatable)")
    parser.add_argument("--canonry", default=str(Path(sys.executable).parent / "canonry"), help="the canonry to ask")
    return parser.parse_args(given)


if __name__ == "__main__":
    sys.exit(main())
