"""Tests that prove a finding: they fail while it is open and pass once it is closed.

`proves` only records the claim. Whoever judges it reads ``__canonry_proves__`` of the function (`claims_of`) or the
property ``canonry-proves`` of a run's attempt, and holds the test's outcome against the finding; a test that was
skipped, timed out or not run proves nothing.
"""

import re
from collections.abc import Callable
from typing import Any, TypeVar

from canonry.model.errors import UserError

ATTRIBUTE = "__canonry_proves__"
"""The tuple of claims on a function, method or class."""
PROPERTY = "canonry-proves"
"""The name under which an attempt's properties tell each claim."""
_KEY = re.compile(r"[A-Z]{3}[0-9]{3}(?::[^\s:]+)*")
_Test = TypeVar("_Test", bound=Callable[..., Any])


def proves(*findings: str) -> Callable[[_Test], _Test]:
    """Marks a test as the proof of findings, each ``CODE:name`` or ``CODE:path:name`` as `canonry gate` shows them.

    For functions, methods and classes, sync and async, in pytest and unittest style. Raises `UserError` for a key that
    is none.
    """
    if not findings:
        raise UserError('`proves` names no finding; write `@proves("DUP001:Name")`')
    for finding in findings:
        if not _KEY.fullmatch(str(finding)):  # a test function, where the parentheses were forgotten
            raise UserError(
                f'`{finding}` is no key of a finding; write `@proves("DUP001:Name")`: code of the rule, name'
            )

    def mark(test: _Test) -> _Test:
        holder: Any = getattr(test, "__func__", test)  # a static or class method carries nothing itself
        known = vars(holder).get(ATTRIBUTE, ())
        setattr(holder, ATTRIBUTE, tuple(dict.fromkeys((*findings, *known))))
        return test

    return mark


def claims_of(*things: Any) -> tuple[str, ...]:
    """The claims of a test, given as its function and the class that holds it; each once, in that order."""
    return tuple(dict.fromkeys(claim for thing in things for claim in getattr(thing, ATTRIBUTE, ())))


def record_claims(item: Any) -> tuple[str, ...]:
    """Writes the claims of a pytest item into its ``user_properties``, once, and gives them."""
    found = claims_of(getattr(item, "obj", None), getattr(item, "cls", None))
    for claim in found:
        if (PROPERTY, claim) not in item.user_properties:
            item.user_properties.append((PROPERTY, claim))
    return found
