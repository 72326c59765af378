"""Small real trees to change, and what they hold byte by byte."""

import os
import stat
from pathlib import Path

import pytest

from canonry.changes.apply import apply_plan
from canonry.changes.splice import digest_of, replace_file
from canonry.changes.transaction import Outcome
from canonry.model.change_plan import ChangePlan, FileChange, Verification
from canonry.model.edit import Edit
from canonry.model.errors import UserError

OLD: dict[str, str | bytes] = {
    "shop/a.py": "x = 1\n",
    "shop/crlf.py": b"x = 1\r\ny = 2\r\n",
    "shop/bom.py": b"\xef\xbb\xbfx = 1\n",
    "shop/latin.py": b"# -*- coding: latin-1 -*-\nname = '\xe9'\n",
    "shop/gone.py": "x = 0\n",
    "shop/other.py": "never = 'touched'\n",
}
NEW: dict[str, bytes | None] = {
    "shop/a.py": b"x = 2\n",
    "shop/crlf.py": b"x = 1\r\ny = 3\r\n",
    "shop/bom.py": b"\xef\xbb\xbfx = 5\n",
    "shop/latin.py": b"# -*- coding: latin-1 -*-\nname = '\xe8'\n",
    "shop/gone.py": None,
    "shop/new/deep/made.py": b"made = True\n",
}
"""A change of every kind: edited, removed, made in folders that are not there yet."""


def snapshot(root: Path) -> dict[str, tuple[int, bytes | str]]:
    """Everything below the root but git's and our own state: folders, modes, bytes, links."""
    found: dict[str, tuple[int, bytes | str]] = {}
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in (".git", ".canonry")]
        for name in (*folders, *names):
            place = Path(folder, name)
            status = place.lstat()
            content: bytes | str = "folder"
            if stat.S_ISLNK(status.st_mode):
                content = str(place.readlink())
            elif stat.S_ISREG(status.st_mode):
                content = place.read_bytes()
            found[place.relative_to(root).as_posix()] = (status.st_mode, content)
    return found


def plan_of(root: Path, new: dict[str, bytes | None], *, reason: str = "a test changes it") -> ChangePlan:
    """The plan that gives files these contents; None takes one away."""
    files = []
    for path, after in new.items():
        place = root / path
        before = place.read_bytes() if place.exists() else None
        if after is None:
            assert before is not None
            gone = replace_file(path, before, b"", rule="test")
            files.append(FileChange(path=path, digest=gone.digest, removed=True))
        else:
            files.append(replace_file(path, before, after, rule="test", reason="because"))
    return ChangePlan(files=tuple(files), reason=reason, origin="test", verification=Verification.OWN)


def put(root: Path, new: dict[str, bytes | None], **options: object) -> Outcome:
    """Applies such a plan."""
    return apply_plan(root, plan_of(root, new), verify=agree, **options)  # type: ignore[arg-type]


def agree(_path: str, _before: bytes, _after: bytes) -> str | None:
    return None


def edit_of(content: bytes, old: bytes, new: bytes, *, rule: str = "TST000", nth: int = 0) -> Edit:
    """The edit that replaces the nth occurrence of some bytes."""
    at = -1
    for _ in range(nth + 1):
        at = content.index(old, at + 1)
    return Edit(start=at, end=at + len(old), expected=old, replacement=new, rule=rule)


def refused(root: Path, plan: ChangePlan, **options: object) -> str:
    """The one sentence of a refusal, after which everything is as before."""
    before = snapshot(root)
    options = {"verify": agree} | options
    with pytest.raises(UserError) as caught:
        apply_plan(root, plan, **options)  # type: ignore[arg-type]
    assert snapshot(root) == before
    assert "\n" not in str(caught.value)
    return str(caught.value)


def edits_plan(root: Path, path: str, old: str, new: str, **fields: object) -> ChangePlan:
    content = (root / path).read_bytes()
    change = FileChange(path=path, digest=digest_of(content), edits=(edit_of(content, old.encode(), new.encode()),))
    return ChangePlan(files=(change,), reason="why", origin="test", **fields)  # type: ignore[arg-type]
