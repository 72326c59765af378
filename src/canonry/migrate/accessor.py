"""The canon's environment accessor: what it offers to those who used `os.environ`."""

import msgspec

from canonry.rules.view import FileView
from canonry.source.index import Definition

_OURS = "canonry.testing:IsolatedEnvironment"
_OF_OURS = frozenset(
    "get copy items keys values update setdefault pop popitem clear patched __getitem__ __setitem__ __delitem__ "
    "__contains__".split()
)


class Accessor(msgspec.Struct, frozen=True):
    """Where it is imported from, and the methods that it is known to have."""

    module: str
    name: str
    methods: frozenset[str]
    ours: bool

    def has(self, method: str) -> bool:
        """Whether it has a method."""
        return method in self.methods


def accessor_of(file: FileView) -> Accessor:
    """The accessor that the canon declares; of one whose class is not in the tree nothing is known."""
    entry = file.canon.environment
    module, _, name = entry.partition(":")
    if entry == _OURS:
        return Accessor(module, name, _OF_OURS, ours=True)
    found = file.index.resolve("", f"{module}.{name}")
    methods: set[str] = set()
    if isinstance(found, Definition):
        for each in (found, *file.index.hierarchy(found).ancestors):
            fact = file.index.class_fact(each)
            methods.update(fact.methods if fact is not None else ())
    return Accessor(module, name, frozenset(methods), ours=False)
