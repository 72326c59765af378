"""Functions that record a call and let it through."""

import functools
from typing import Any

from canonry.testing.doubles.interface import interface_of_instances
from canonry.testing.doubles.members import Flow, Kind, flow_of
from canonry.testing.doubles.mocks import function_double
from canonry.testing.doubles.real import label


def through(owner: Any, name: str, old: Any) -> tuple[Any, Any]:
    """The double that records, and what is to be put in the place of a function so that it does.

    Methods are recorded without `self`.
    """
    where = f"{label(owner)}.{name}"
    member = interface_of_instances(owner).get(name) if isinstance(owner, type) else None
    if member is None:
        records = function_double(old, name=where, default=_nothing)
        return records, _passing(old, records, skip=0)
    records = function_double(member.function, name=where, signature=member.signature, default=_nothing)
    passing = _passing(member.function, records, skip=int(member.bound))
    if member.kind is Kind.STATIC:
        return records, staticmethod(passing)
    return records, classmethod(passing) if member.kind is Kind.CLASS else passing


def _passing(real: Any, records: Any, *, skip: int) -> Any:
    if flow_of(real) is Flow.ASYNC:

        @functools.wraps(real)
        async def passed_async(*arguments: Any, **named: Any) -> Any:
            await records(*arguments[skip:], **named)
            return await real(*arguments, **named)

        return passed_async

    @functools.wraps(real)
    def passed(*arguments: Any, **named: Any) -> Any:
        records(*arguments[skip:], **named)
        return real(*arguments, **named)

    return passed


def _nothing() -> tuple[()]:
    return ()
