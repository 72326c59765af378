"""What a rule is, and what it may look at."""

from collections.abc import Iterator
from typing import ClassVar, Literal

import msgspec

from canonry.model.finding import Confidence, Related, Severity
from canonry.rules.view import DocumentView, FileView, Growth, JudgedSuppression, TreeView
from canonry.source.facts import Site

LooksAt = Literal["", "inventory", "functions"]


class Offence(msgspec.Struct, frozen=True, kw_only=True):
    """A rule broken at a place, before it becomes a finding. ``None`` takes the rule's own value.

    ``identity`` replaces the snippet in the fingerprint where the place alone does not say what it is.
    """

    site: Site
    message: str
    path: str | None = None
    severity: Severity | None = None
    confidence: Confidence | None = None
    identity: str = ""
    related: tuple[Related, ...] = ()


class Example(msgspec.Struct, frozen=True):
    """Code that is a rule's test and its documentation.

    ``code`` stands at ``path``; ``files`` are others around it; ``canon`` is the text of a canonry.toml. A bad example
    has ``findings`` offences at ``path``, a good one none.
    """

    code: str
    path: str = "tests/test_example.py"
    files: dict[str, str] = {}
    canon: str = ""
    findings: int = 1
    before: dict[str, str] = {}
    """The files of a commit before, where there has to be one; the others are then changes on top of it."""


class Rule:
    """A rule: subclass it in a file of its own below ``rules/<family>/``; the docstring says why the offence is bad.

    The first line of the docstring is the summary. Implement `check` for offences inside a file, `check_tree` for
    those of the tree as a whole, `check_document` for files that are no
    Python. All are pure: the same facts give the same offences.
    """

    code: ClassVar[str]
    name: ClassVar[str]
    severity: ClassVar[Severity] = Severity.WARNING
    confidence: ClassVar[Confidence] = Confidence.CERTAIN
    help: ClassVar[str]
    """The next step for the reader, one sentence."""
    options: ClassVar[tuple[str, ...]] = ()
    """Keys of the canon that the rule reads."""
    bad: ClassVar[tuple[Example, ...]] = ()
    good: ClassVar[tuple[Example, ...]] = ()
    preview: ClassVar[bool] = False
    """Whether the rule judges only when it is asked for: by ``--preview``, or selected by its own code or name."""
    looks_at: ClassVar[LooksAt] = ""
    """What `check_tree` reads beside the canon, the names of files and what it asks the index: the tree's ``inventory``
    or its ``functions`` (their clones). What it said is then kept until that changes; else it runs each time."""
    reads_broken: ClassVar[bool] = False
    """Whether files that do not parse are shown to `check` too."""

    def check(self, file: FileView) -> Iterator[Offence]:
        """The offences inside one file."""
        return iter(())

    def check_document(self, document: DocumentView) -> Iterator[Offence]:
        """The offences inside one file that is no Python."""
        return iter(())

    def check_tree(self, tree: TreeView) -> Iterator[Offence]:
        """The offences of the tree as a whole; each with a path."""
        return iter(())

    def check_suppression(self, standing: JudgedSuppression) -> Iterator[Offence]:
        """The offences of one suppression, once it is known what it closed."""
        return iter(())

    def check_growth(self, growth: Growth) -> Iterator[Offence]:
        """The offences of one exemption that the commit before did not have."""
        return iter(())


HOOKS = ("check", "check_document", "check_tree", "check_suppression", "check_growth")
"""The names of what a rule may implement."""


def implements(rule: Rule, hook: str) -> bool:
    """Whether a rule has a hook of its own."""
    return getattr(type(rule), hook) is not getattr(Rule, hook)
