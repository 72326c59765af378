"""Prints the fault matrix: `python -m golden_path`. Status 1 where a row is not proven, or a check not green."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from golden_path.matrix.cases import BOTH, Case, wanted
from golden_path.matrix.result import write_result
from golden_path.matrix.rows import CASES, DEFECTS
from golden_path.matrix.runs import FLOW, ROOT, build_digest, run_suite
from golden_path.matrix.show import missing_rows, table
from golden_path.matrix.verdicts import State, Verdict, judge

_RESULT = ROOT / ".canonry" / "faults" / f"{FLOW}.json"


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the suite healthy and with every fault, on each engine, and prints what follows."""
    parser = argparse.ArgumentParser(prog="golden_path", description="The fault matrix of the golden path.")
    parser.add_argument("--engine", action="append", choices=BOTH, help="sqlite, or pair: PostgreSQL, Redis, 2 workers")
    parser.add_argument("--quick", action="store_true", help="only the faults that cost little")
    parser.add_argument("--fault", action="append", default=[], help="only this one, by its name in the table")
    parser.add_argument("--result", type=Path, default=_RESULT, help="where the verdicts are kept")
    given = parser.parse_args(arguments)
    if unknown := sorted(set(given.fault) - {case.key for case in CASES}):
        parser.error(f"`{unknown[0]}` is no fault of the table; `golden_path/matrix/rows.py` names them all")
    engines = tuple(given.engine or BOTH)
    cases = wanted(CASES, quick=given.quick, only=given.fault)
    whole = not given.quick and not given.fault
    digest, verdicts, red = build_digest(), [], []
    for engine in engines:
        found, green = _on(engine, cases, quick=given.quick, only=given.fault)
        verdicts += found
        red += [] if green else [engine]
    for line in table(verdicts, whole=whole):
        print(line)
    if build_digest() != digest:
        print("the build changed while the matrix ran, so that nothing is proven of either; run it again")
        return 1
    if whole:
        write_result(given.result, verdicts, flow=FLOW, build={"build": digest, "engines": list(engines)})
    status = _conclude(verdicts, engines, digest, whole=whole)
    if red:
        print(f"the healthy suite is not green on {', '.join(red)}; see its output above, and mend it first")
    return 1 if red else status


def _on(engine: str, cases: Sequence[Case], *, quick: bool, only: Sequence[str]) -> tuple[list[Verdict], bool]:
    """The verdicts, and whether the healthy run was green."""
    healthy = run_suite(engine, faults=False, quick=quick, only=only)
    print(f"{engine}: {len(healthy.seen)} tests on the healthy service, {healthy.seconds:.1f} s", file=sys.stderr)
    faulty = run_suite(engine, faults=True, quick=quick, only=only)
    print(f"{engine}: {len(faulty.seen)} tests under faults, {faulty.seconds:.1f} s", file=sys.stderr)
    for run in (healthy, faulty):
        if run.status not in (0, 1):
            print(run.output, file=sys.stderr)
    if healthy.status != 0:
        print(healthy.output, file=sys.stderr)
    return judge(cases, engine, healthy=healthy.seen, faulty=faulty.seen), healthy.status == 0


def _conclude(verdicts: Sequence[Verdict], engines: Sequence[str], digest: str, *, whole: bool) -> int:
    proven = sum(each.state is State.PROVEN for each in verdicts)
    print(f"{proven} of {len(verdicts)} faults proven on {', '.join(engines)}; build {digest}")
    unproven = [row for row in missing_rows(verdicts) if _has(row, engines)] if whole else []
    if unproven:
        print(f"rows without a proof: {', '.join(map(str, unproven))} of {len(DEFECTS)}")
    return 0 if verdicts and proven == len(verdicts) and not unproven else 1


def _has(row: int, engines: Sequence[str]) -> bool:
    """Whether a row can be proven on these engines; one without a case can on none, which is unproven too."""
    mine = [case for case in CASES if case.row == row]
    return not mine or any(engine in case.engines for case in mine for engine in engines)


if __name__ == "__main__":
    sys.exit(main())
