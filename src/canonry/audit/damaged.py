"""The files of a tree that a repair is about: those that do not parse, and test files whose tests are all comments."""

from typing import NamedTuple

from canonry.audit.breaks import Breaks
from canonry.audit.listing import Listing
from canonry.audit.run import Run
from canonry.audit.session import Progress, Session
from canonry.source.facts import Break
from canonry.source.trees.tree import Key


class Damaged(NamedTuple):
    """One file. ``broken`` is None for a commented-out module; ``reader`` is a newer Python that reads the file."""

    path: str
    key: Key
    broken: Break | None
    reader: str = ""


def damaged_files(session: Session, listing: Listing, paths: list[str], progress: Progress) -> list[Damaged]:
    """The damaged ones among these live files, in order of path; what no cache holds is read first and kept."""
    run = Run(session, listing, progress)
    run.files.extract(paths)
    paths = [path for path in paths if path in listing.live]
    breaks = Breaks(session, run.files, progress, run.digests)
    broken = breaks.broken_files(paths)
    readers = breaks.readers(broken)
    found = [Damaged(each.path, each.key, each.facts.broken, readers.get(each.path, "")) for each in broken]
    tests = [path for path in paths if run.project.is_test_file(path)]
    for path, facts in run.files.stream(tests):
        key = listing.live.get(path)
        if key is not None and facts.commented is not None and facts.commented.tests:
            found.append(Damaged(path, key, None))
    return sorted(found, key=lambda each: each.path)
