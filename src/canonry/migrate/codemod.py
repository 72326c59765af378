"""What a codemod is."""

import inspect
from collections.abc import Iterator, Sequence
from typing import ClassVar

from canonry.migrate.answers import Change, Found
from canonry.migrate.document import Document
from canonry.migrate.module import Module
from canonry.model.migration import CodemodExample as Example
from canonry.model.migration import CodemodPage

__all__ = ["Codemod", "Example", "described"]


class Codemod:
    """A codemod: subclass it in a file of its own below ``migrate/codemods/``; the docstring is its documentation.

    It answers the findings of its ``rules``, so what it does can be counted against an audit: implement `changes` for
    Python files, `document_changes` for others. Both are pure. Each finding gets one `Change`; one that gets none is
    listed as manual. Edits of several codemods are made together where they do not meet; of two that do, the one with
    the lower ``order`` goes first, and the other sees its result. ``looks_at_bases``: its answers depend on where
    classes of the file come from, so that it is asked again where a base elsewhere is edited.
    """

    name: ClassVar[str]
    rules: ClassVar[tuple[str, ...]]
    order: ClassVar[int] = 50
    looks_at_bases: ClassVar[bool] = False
    elsewhere: ClassVar[bool] = False
    """Whether a finding is answered at the places that it names beside its own, too."""
    asks_who_starts: ClassVar[bool] = False
    """Whether its answers depend on what files start, or replace, of others (`Surroundings.starters`)."""
    lists_only: ClassVar[bool] = False
    """Whether all of its answers are for a hand."""
    examples: ClassVar[tuple[Example, ...]] = ()

    def changes(self, module: Module, found: Sequence[Found]) -> Iterator[Change]:
        """The answers to findings in one Python file that parses."""
        return iter(())

    def document_changes(self, document: Document, found: Sequence[Found]) -> Iterator[Change]:
        """The answers to findings in one file that is no Python."""
        return iter(())


def described(codemod: Codemod) -> CodemodPage:
    """What a codemod says of itself, as a value that a report renders."""
    return CodemodPage(
        name=codemod.name,
        text=inspect.cleandoc(codemod.__doc__ or ""),
        rules=codemod.rules,
        examples=codemod.examples,
    )
