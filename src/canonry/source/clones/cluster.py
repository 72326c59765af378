"""What a cluster of clones is. Rules know these words without loading the search for clones."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from canonry.source.functions.shapes import Shape


class Kind(StrEnum):
    """How alike the functions of a cluster are."""

    EXACT = "exact"
    RENAMED = "renamed"
    NEAR = "near"


class Place(NamedTuple):
    """A function at a path; ``number`` counts the shapes of the file before it."""

    path: str
    number: int
    shape: "Shape"


class Clone(NamedTuple):
    """A function of a cluster beside its home, and what is to be said of the difference."""

    place: Place
    note: str


class Importers(NamedTuple):
    """How many files import each module of the tree, by its path, and each name of it, by path and name."""

    modules: Mapping[str, int]
    names: Mapping[tuple[str, str], int]


class Cluster(NamedTuple):
    """Functions that are clones of ``home``, the likely one to keep.

    ``homes`` are the functions of the home's file that the same files repeat, the home first: more than one in exact
    clusters only. ``importers`` counts the files that import the home's module.
    """

    kind: Kind
    home: Place
    homes: tuple[Place, ...]
    others: tuple[Clone, ...]
    importers: int
