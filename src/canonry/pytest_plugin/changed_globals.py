"""Globals of a project's modules that a test file changed, looked at on request."""

from collections.abc import Iterator

from canonry.pytest_plugin.shapes import Global, globals_of, project_modules

Names = dict[str, Global]
"""``module.NAME`` -> what was there."""


class ChangedGlobals:
    """Compares the modules that were loaded when a file began with what they are when it ends.

    ``besides``: the file itself, whose own globals no other file sees. Modules that it is the first to load are not
    compared: what they are when nobody has used them is not known.
    """

    def __init__(self, root: str, *, besides: str) -> None:
        self._root = root
        self._modules = [
            (name, module)
            for name, module in project_modules(root)
            if module.__file__ != besides and not name.startswith("_")
        ]
        self._ours = frozenset(name for name, _ in self._modules)
        self._before = self.take()
        self._accepted: set[str] = set()

    def take(self) -> Names:
        """What is there now."""
        found: Names = {}
        for name, module in self._modules:
            found |= globals_of(name, module, self._opens)
        return found

    def accept(self, before: Names) -> None:
        """What has changed since then is no file's doing."""
        self._accepted.update(name for name, _ in _changes(before, self.take()))

    def changes(self) -> Iterator[tuple[str, str]]:
        """Names, each with what happened to it."""
        return (each for each in _changes(self._before, self.take()) if each[0] not in self._accepted)

    def _opens(self, kind: type) -> bool:
        """Instances of the project's own classes are looked into: others may keep what they like."""
        return kind.__module__ in self._ours


def _changes(before: Names, now: Names) -> Iterator[tuple[str, str]]:
    for name in sorted(before.keys() | now.keys()):
        old, new = before.get(name), now.get(name)
        if old == new:
            continue
        if old is None:
            if new is not None and not new.shape.startswith("module@"):  # a submodule that was loaded
                yield name, "was added"
        elif new is None:
            yield name, "was removed"
        elif old.identity == new.identity and old.identity:
            yield name, "was changed"
        else:
            yield name, "was rebound"
