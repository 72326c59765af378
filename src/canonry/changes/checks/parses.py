"""Check 1: the result parses at the target version."""

from canonry.source.syntax.parse import parse_source
from canonry.source.syntax.versions import Version


def object_to_syntax(after: bytes, target: Version) -> str | None:
    """Objects to a result that is no Python at the target version."""
    _, _, broken = parse_source(after, target)
    if broken is None:
        return None
    return f"the result does not parse at Python {target[0]}.{target[1]}: {broken.message} in line {broken.site.line}"
