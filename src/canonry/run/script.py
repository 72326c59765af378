"""The wrapper that keeps an old runner's path: `python tests/unified_test_runner.py ...` calls `canonry run ...`."""

from pathlib import Path

from canonry.changes.apply import apply_plan
from canonry.changes.splice import replace_file
from canonry.changes.transaction import Outcome
from canonry.model.change_plan import ChangePlan, Verification
from canonry.model.errors import UserError
from canonry.run.project import Project
from canonry.source.trees.tree import read_file

MARK = "Written by `canonry run --as-script`"
_TEMPLATE = '''#!/usr/bin/env python3
"""The tests run by `canonry run`; this path stays for those who call it. {mark}."""

import os
import sys

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), {up!r}))


def main() -> int:
    """Hands all arguments over to `canonry run`, from the root of the project."""
    os.chdir(ROOT)
    while os.path.dirname(os.path.abspath(__file__)) in sys.path[:1]:
        del sys.path[0]
    try:
        from canonry.cli import main as canonry
    except ModuleNotFoundError:
        print("canonry is not installed for this Python; run `pip install canonry`", file=sys.stderr)
        return 2
    sys.argv = ["canonry", "run", *sys.argv[1:]]
    canonry()


if __name__ == "__main__":
    sys.exit(main())
'''


def write_script(project: Project, path: str) -> Outcome | None:
    """Writes the wrapper at a path, as a change that can be rolled back; None where it stands there already.

    Raises `UserError` where a file is there that this did not write.
    """
    relative = _inside(project, path)
    before = read_file(project.root / relative)
    if before is not None and MARK.encode() not in before:
        raise UserError(
            f"`{relative}` is there already and canonry did not write it; move it away, or name another path"
        )
    after = wrapper(relative).encode()
    if before == after:
        return None
    change = replace_file(relative, before, after, rule="run-as-script", reason="hands over to `canonry run`")
    plan = ChangePlan(
        files=(change,),
        reason="writes a wrapper around `canonry run`",
        origin="run --as-script",
        verification=Verification.OWN,
    )
    return apply_plan(project.root, plan, verify=_object)


def is_wrapper(root: Path, path: str) -> bool:
    """Whether a script of a tree is one that hands its arguments over to `canonry run`."""
    contents = read_file(root / path)
    return contents is not None and MARK.encode() in contents


def wrapper(path: str) -> str:
    """The source of a wrapper that stands at a path from the root of the project."""
    up = "/".join([".."] * path.count("/")) or "."
    return _TEMPLATE.format(mark=MARK, up=up)


def _inside(project: Project, path: str) -> str:
    from pathlib import Path

    if not path.endswith(".py"):
        raise UserError(f"`{path}` does not end in `.py`; name the script that people call")
    absolute = Path(path).absolute()
    parent = absolute.parent.resolve()
    root = project.root.resolve()
    if not parent.is_relative_to(root):
        raise UserError(f"`{path}` lies outside `{project.root}`; name a path in the project")
    return (parent / absolute.name).relative_to(root).as_posix()


def _object(_path: str, _before: bytes, after: bytes) -> str | None:
    try:
        compile(after, "wrapper", "exec")
    except SyntaxError as error:
        return f"the wrapper would not parse: {error}"
    return None
