"""Zygotes that wait for a run: how each was started, and which of them suits a plan."""

import contextlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from canonry.model.run_plan import RunPlan
from canonry.pytest_plugin.top_imports import Import, top_imports
from canonry.run.processes import MARK

WARM_VARIABLE = "CANONRY_WARM_ZYGOTES"
"""The folder with the folders of zygotes that outlive a run."""
_OF_ONE_RUN = frozenset(("CANONRY_RUN", MARK))


class Beginning(msgspec.Struct, frozen=True, kw_only=True):
    """What a pytest session was started with: two alike are the same before their first test.

    ``paths`` are those of the first run; another run may have others below the same conftest files.
    """

    root: str
    paths: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    environment: dict[str, str] = {}


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What a run would have liked to find: a session with this beginning, ahead in this file, where it ran one."""

    beginning: Beginning
    file: str | None = None


class Ahead(msgspec.Struct, frozen=True, kw_only=True):
    """What a zygote has loaded beyond its beginning: the imports at the top of a test file."""

    file: str
    imports: tuple[Import, ...]


def wish_of(plan: RunPlan, environment: Mapping[str, str]) -> Wish | None:
    """What the next run like this one will like; None where services give each run an environment of its own."""
    if any(category.policy.services for category in plan.categories):
        return None
    files = {work.path for category in plan.categories for work in category.work}
    beginning = Beginning(
        root=plan.root, paths=plan.paths, arguments=plan.pytest_arguments, environment=_lasting(environment)
    )
    return Wish(beginning=beginning, file=files.pop() if len(files) == 1 else None)


def waiting(place: Path, plan: RunPlan, environment: Mapping[str, str]) -> Path | None:
    """The folder of the zygote that suits a plan best; None where none does."""
    wish = wish_of(plan, environment)
    if wish is None:
        return None
    best: Path | None = None
    for told in place.glob("*/beginning.json"):
        try:
            beginning = msgspec.json.decode(told.read_bytes(), type=Beginning)
            if not are_alike(beginning, wish.beginning):
                continue
            ahead = _ahead_of(told.parent)
        except (OSError, msgspec.DecodeError):
            continue
        if ahead is None:
            best = best or told.parent
        elif ahead.file == wish.file and _begins_with(top_imports(Path(plan.root, ahead.file)), ahead.imports):
            return told.parent
    return best


def are_alike(one: Beginning, other: Beginning) -> bool:
    """Whether sessions that begin so load the same plugins and conftest files."""
    if (one.root, one.arguments, one.environment) != (other.root, other.arguments, other.environment):
        return False
    return one.paths == other.paths or (bool(one.paths) and bool(other.paths) and _conftests(one) == _conftests(other))


def _begins_with(imports: Sequence[Import], known: Sequence[Import]) -> bool:
    return bool(known) and tuple(imports[: len(known)]) == tuple(known)


def _ahead_of(folder: Path) -> Ahead | None:
    told = folder / "ahead.json"
    return msgspec.json.decode(told.read_bytes(), type=Ahead) if told.exists() else None


def _lasting(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name not in _OF_ONE_RUN}


def _conftests(beginning: Beginning) -> set[str]:
    """The conftest files that pytest loads before it collects."""
    found: set[str] = set()
    for path in beginning.paths:
        folder = os.path.join(beginning.root, path)  # noqa: PTH118 - compared as text, at each call
        if not os.path.isdir(folder):  # noqa: PTH112
            folder = os.path.dirname(folder)  # noqa: PTH120
        found.update(str(each) for each in Path(folder).glob("test*/conftest.py"))
        while True:
            if os.path.exists(f"{folder}/conftest.py"):  # noqa: PTH110
                found.add(f"{folder}/conftest.py")
            if folder == beginning.root or len(folder) <= len(beginning.root):
                break
            folder = os.path.dirname(folder)  # noqa: PTH120
    return found


def tell(folder: Path, beginning: Beginning, ahead: Ahead | None = None) -> None:
    """Writes beside a zygote how it began, for `waiting`; it is whole when it is there."""
    if ahead is not None:
        (folder / "ahead.json").write_bytes(msgspec.json.encode(ahead))
    draft = folder / "draft"
    draft.write_bytes(msgspec.json.encode(beginning))
    draft.rename(folder / "beginning.json")


def leave_wish(place: Path, wish: Wish) -> None:
    """The warm process will read it when nobody calls."""
    draft = place / f"draft-{os.getpid()}"
    draft.write_bytes(msgspec.json.encode(wish))
    draft.rename(place / f"wish-{os.getpid()}")


def take_wishes(place: Path) -> list[Wish]:
    """What runs left, the newest last; each once."""
    found = []
    for path in sorted(place.glob("wish-*"), key=lambda each: each.stat().st_mtime_ns):
        with contextlib.suppress(OSError, msgspec.DecodeError):
            found.append(msgspec.json.decode(path.read_bytes(), type=Wish))
        path.unlink(missing_ok=True)
    return found
