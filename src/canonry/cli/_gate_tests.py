"""`canonry gate write-tests`."""

from pathlib import Path

import click

from canonry.cli._gate_prove import opened
from canonry.cli._output import config_option, quiet_option, tell
from canonry.model.errors import UserError


@click.command("write-tests")
@click.argument("folder", required=False, metavar="[DIR]")
@click.option("--repo", type=click.Path(path_type=Path), default=".", metavar="PATH", help="The working tree.")
@config_option
@quiet_option
def write_tests(*, folder: str | None, repo: Path, config: Path | None, quiet: bool) -> int:
    """Write enforcement tests into the suite, one file for each concern [default: `enforcement` in its first folder].

    They compare with `canonry-baseline.jsonl` where there is one; without it they fail until every finding is mended.
    A file that canonry did not write stays as it is.
    """
    from canonry.gate.enforcement import enforcement_tests, place_for, uncovered
    from canonry.gate.writing import write_files

    root, canon = opened(repo, config)
    place = folder.strip("/") if folder is not None else place_for(canon)
    target = (root / place).resolve()
    if not target.is_relative_to(root.resolve()) or target == root.resolve():
        raise UserError(f"`{place}` is no folder within `{root}`; name one, such as `tests/enforcement`")
    files = enforcement_tests(target.relative_to(root.resolve()).as_posix())
    done = write_files(root, files, origin="gate write-tests", reason="enforces the canon", marked=True)
    notes = [f"wrote `{each}`" for each in done] or [f"nothing to change in `{place}`"]
    if not (root / "canonry-baseline.jsonl").is_file():
        notes.append(
            "without a baseline they fail for every open finding; `canonry gate baseline` accepts what is there"
        )
    if said := uncovered(canon, files):
        notes.append(said)
    tell(notes, quiet=quiet)
    return 0
