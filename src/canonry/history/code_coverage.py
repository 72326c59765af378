"""Lines and branches that tests reached of some files, from what coverage.py measured under each test's node id."""

import json
import re
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec


class ReachedCode(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What was reached of one file: counts of statements and branches, and the lines that were not."""

    path: str
    statements: int
    statements_reached: int
    branches: int
    branches_reached: int
    missing: tuple[int, ...] = ()

    @property
    def whole(self) -> int:
        """Statements and branches, as coverage.py counts them together."""
        return self.statements + self.branches

    @property
    def part(self) -> int:
        """How many of them were reached."""
        return self.statements_reached + self.branches_reached


def reached_code(folder: Path, root: Path, files: Sequence[Path], nodes: Iterable[str]) -> tuple[ReachedCode, ...]:
    """What these tests (node ids) reached of these files, from the data of all processes in ``folder``.

    What runs while a file is imported counts where any test does. Files that nobody imported are there, with nothing
    reached. Source of the counts: coverage.py, "Branch coverage measurement" and its JSON report.
    """
    import coverage

    with tempfile.TemporaryDirectory(prefix="canonry-cover-") as place:
        measured = coverage.Coverage(data_file=str(Path(place, "all")), branch=True, config_file=False, messages=False)
        parts = sorted(str(each) for each in folder.glob("coverage.*"))
        if parts:
            measured.combine(parts, keep=True)
        data = measured.get_data()
        if not data.measured_files():
            data.add_arcs({})
        data.touch_files([str(each) for each in files])
        measured.save()
        report = Path(place, "report.json")
        contexts = "|".join(re.escape(node) for node in nodes)
        measured.json_report(
            morfs=[str(each) for each in files],
            outfile=str(report),
            contexts=[f"^(?:{contexts})?$"],
            ignore_errors=True,
        )
        found = json.loads(report.read_bytes())["files"]
    by_path = {(Path.cwd() / name).resolve(): each for name, each in found.items()}
    return tuple(_of_file(root, each, by_path.get(each.resolve())) for each in files)


def _of_file(root: Path, path: Path, said: dict[str, object] | None) -> ReachedCode:
    summary = said["summary"] if said is not None else {}
    assert isinstance(summary, dict)
    missing = said["missing_lines"] if said is not None else []
    assert isinstance(missing, list)
    return ReachedCode(
        path=path.relative_to(root).as_posix(),
        statements=summary.get("num_statements", 0),
        statements_reached=summary.get("covered_lines", 0),
        branches=summary.get("num_branches", 0),
        branches_reached=summary.get("covered_branches", 0),
        missing=tuple(missing),
    )
