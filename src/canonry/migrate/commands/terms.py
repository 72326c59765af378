"""What a command's mapping depends on beside its words: the canon, the working directory, what is there."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from canonry.canon.options import Category
from canonry.rules.invocation import Presence

_WRAPPER = b"canonry run --as-script"


def _unsaid(_path: str) -> Presence:
    return Presence.UNSAID


def _unknown(_path: str, _rest: str) -> bool:
    return True


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """The surroundings of one command.

    ``runner`` are the words of the canonical runner; ``speaks`` says whether it takes the options of `canonry run`.
    ``folder`` is the working directory from the root of the tree, None where nobody says it. ``standing`` says of a
    path, as seen from there, whether it exists. ``installed``: the tree declares the runner among what it installs.
    ``imports_from_folder``: tests import from the working directory, which ``python -m pytest`` puts on the import
    path and the runner does not.
    """

    runner: tuple[str, ...]
    speaks: bool = True
    categories: Mapping[str, Category] = {}
    folder: str | None = ""
    standing: Callable[[str], Presence] = _unsaid
    holds: Callable[[str, str], bool] = _unknown
    """Whether the file at a path may hold what stands behind the ``::`` of a node id."""
    installed: bool = True
    imports_from_folder: bool = False


def speaks_for(runner: tuple[str, ...], read: Callable[[str], bytes | None]) -> bool:
    """Whether a canonical runner takes the options of `canonry run`: it is that, or a script written for it."""
    if runner[-2:] == ("canonry", "run"):
        return True
    scripts = [word for word in runner if word.endswith(".py")]
    return any(_WRAPPER in (read(script.removeprefix("./")) or b"") for script in scripts)


def imports_from_root(paths: Iterable[str], pythonpath: Sequence[str], is_test_file: Callable[[str], bool]) -> bool:
    """Whether tests may import from the root of the tree only because the working directory is on the import path.

    pytest puts the folder of a ``conftest.py``, and of a package of tests the folder around it, there itself.
    """
    tops = {path.partition("/")[0] for path in paths if path.endswith(".py")}
    if "." in pythonpath or "" in pythonpath or "conftest.py" in tops:
        return False
    tests = {path.partition("/")[0] for path in paths if "/" in path and is_test_file(path)}
    known = set(paths)
    if tests and all(f"{top}/__init__.py" in known for top in tests):
        return False
    return bool(tops - tests - {"setup.py", "noxfile.py", "conf.py", "docs", "src", "scripts", "tools", "examples"})
