"""What a repair plan is held against once it lies on the disk, in place of a comparison of syntax trees."""

from collections.abc import Callable

from canonry.source.syntax.parse import parse_source
from canonry.source.syntax.versions import Version


def recheck(target: Version) -> Callable[[str, bytes, bytes], str | None]:
    """A function of path, bytes before and bytes now: None, or why the change must not stay."""

    def check(path: str, before: bytes, now: bytes) -> str | None:
        if path.endswith(".py") and parse_source(now, target)[2] is not None:
            return "the repaired file does not parse"
        if parse_source(before, target)[2] is None and not _commented(before):
            return "the file parsed before, and a file that parses is never touched"
        return None

    return check


def _commented(content: bytes) -> bool:
    """Whether most lines are comments, which is what a commented-out module looks like."""
    lines = [line for line in content.splitlines() if line.strip()]
    return 2 * sum(line.lstrip().startswith(b"#") for line in lines) > len(lines)
