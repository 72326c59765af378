"""Check 1: the result parses at the target version, and compiles where the source did."""

import codecs
import warnings

from canonry.source.syntax.parse import parse_source
from canonry.source.syntax.versions import Version


def object_to_syntax(after: bytes, target: Version) -> str | None:
    """Objects to a result that is no Python at the target version."""
    _, _, broken = parse_source(after, target)
    if broken is None:
        return None
    return f"the result does not parse at Python {target[0]}.{target[1]}: {broken.message} in line {broken.site.line}"


def object_to_compiled(before: bytes, after: bytes) -> str | None:
    """Objects to a result that parses and still is no program, such as one with a late ``from __future__``.

    What the running interpreter refuses of the source already says nothing about the edits.
    """
    found = _refusal(after)
    if found is None or _refusal(before) is not None:
        return None
    return f"the result does not compile: {found.msg} in line {found.lineno}"


def _refusal(source: bytes) -> SyntaxError | None:
    """Why a UTF-8 source is no program; from its text, because a tree has to be turned back first."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(source.removeprefix(codecs.BOM_UTF8).decode(), "<result>", "exec", dont_inherit=True)
    except SyntaxError as error:
        return error
    except (RecursionError, MemoryError, ValueError):
        return None
    return None
