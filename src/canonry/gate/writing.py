"""Files that the gate makes in a user's tree, as one change with a way back; never over what it did not write."""

from collections.abc import Collection, Mapping
from pathlib import Path

from canonry.changes.apply import apply_plan
from canonry.changes.splice import replace_file
from canonry.model.change_plan import ChangePlan, Verification
from canonry.model.errors import UserError
from canonry.source.trees.tree import read_file

MARK = "written by `canonry gate"
"""Stands in a comment at the head of every file that the gate writes, but for the baseline: its name says it."""


def write_files(
    root: Path,
    contents: Mapping[str, bytes],
    *,
    origin: str,
    reason: str,
    marked: bool = False,
    resolves: Collection[str] = (),
) -> list[str]:
    """Writes the files as one change; the paths of those that it changes.

    Raises `UserError` for a file of somebody's own, where ``marked`` says that ours bear the mark.
    """
    changes = []
    for path, after in contents.items():
        before = read_file(root / path)
        if before == after:
            continue
        if marked and before is not None and MARK.encode() not in before[:400]:
            raise UserError(f"`{path}` is there already and canonry did not write it; name another place, or move it")
        changes.append(replace_file(path, before, after, rule=origin.replace(" ", "-"), reason=reason))
    if changes:
        plan = ChangePlan(files=tuple(changes), reason=reason, origin=origin, verification=Verification.OWN)
        apply_plan(root, plan, verify=_object_to_python, resolves=resolves)
    return [change.path for change in changes]


def _object_to_python(path: str, _before: bytes, after: bytes) -> str | None:
    """Objects to a Python file that is none."""
    if not path.endswith(".py"):
        return None
    try:
        compile(after, path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        return f"what is generated is no Python: {error}"
    return None
