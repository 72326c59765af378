"""Signs that mean something: a changed comparison or calculation is no damage, although the words stay the same."""

import ast
import re
import warnings
from collections.abc import Sequence

_SIGNS = re.compile(r"[!=<>+\-*/%&|^~@]+")


def mean_other(old: Sequence[str], new: Sequence[str]) -> bool:
    """Whether lines that stand alone calculate or compare in another way: signs that nobody loses by accident."""
    if len(old) != len(new):
        return False
    for mine, theirs in zip(old, new, strict=True):
        if _SIGNS.findall(mine) != _SIGNS.findall(theirs):
            before, after = _operators(mine), _operators(theirs)
            if before is not None and after is not None and before != after:
                return True
    return False


def _operators(line: str) -> list[str] | None:
    """The operators of a line that is a statement, or the head of one, by itself; None for any other line."""
    body = line.strip()
    for text in (body, f"{body} pass"):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tree = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError):
            continue
        kinds = (ast.operator, ast.cmpop, ast.unaryop, ast.boolop)
        return [type(node).__name__ for node in ast.walk(tree) if isinstance(node, kinds)]
    return None
