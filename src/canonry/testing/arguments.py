"""What a test method is called with: nothing, or pytest's fixtures by the names of its arguments."""

from __future__ import annotations

CO_VARARGS, CO_VARKEYWORDS = 0x04, 0x08
"""As in `inspect`, which loads much."""


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any


class FixtureError(Exception):
    """A test asks for something that the way it is run cannot give."""


def wants_nothing(function: Any) -> bool:
    """Whether a function is the usual test: no arguments besides ``self``, no marks, no limit, not wrapped."""
    try:
        code = function.__code__
        return (
            code.co_argcount == 1
            and not code.co_kwonlyargcount
            and not code.co_flags & CO_VARARGS
            and not function.__dict__
        )
    except AttributeError:
        return False


def arguments_for(case: Any, method: Callable[..., object], item: Any) -> dict[str, object]:
    """Fixtures for a method, from the pytest item that runs it; None is no pytest.

    Raises `FixtureError` where they cannot be had: an argument would else be missing, or a parameter set left out.
    """
    given = getattr(item, "canonry_arguments", None)
    if given is not None:
        arguments: dict[str, object] = given()
        return arguments
    if item is None:
        names = _required(method)
        if names:
            raise FixtureError(
                f"`{_name(case)}` takes {_listed(names)} from pytest's fixtures, so pytest has to run it; "
                "under plain unittest, get what it needs in `setUp`"
            )
        return {}
    from _pytest.compat import getfuncargnames

    function = getattr(method, "__func__", method)
    names = getfuncargnames(function, name=case._testMethodName, cls=type(case))
    fixtures = item.session._fixturemanager
    gone = handed_in(function, names, lambda name: fixtures.getfixturedefs(name, item) is not None)
    return {name: item._request.getfixturevalue(name) for name in names if name not in gone}


def handed_in(function: Any, names: Iterable[str], is_known: Callable[[str], bool]) -> frozenset[str]:
    """Those of a test's arguments that a decorator around it hands in.

    pytest reads the signature of the decorated function. Where the decorator's own takes anything, and no fixture has
    the name, only the decorator can know the argument; unittest calls such tests, too.
    """
    code = getattr(function, "__code__", None)
    if not hasattr(function, "__wrapped__") or code is None or not code.co_flags & (CO_VARARGS | CO_VARKEYWORDS):
        return frozenset()
    own = ("request", *code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])
    return frozenset(name for name in names if name not in own and not is_known(name))


def refuse_parameters(case: Any, item: Any) -> None:
    """Raises `FixtureError` where a test has parameter sets that nobody spread: it would run once."""
    if next(item.iter_markers("parametrize"), None) is not None:
        raise FixtureError(
            f"`{_name(case)}` has parameter sets, which plain pytest leaves out in unittest classes; "
            "canonry's pytest plugin spreads them: take `-p no:canonry` away"
        )


def _required(method: Any) -> tuple[str, ...]:
    """The arguments without a default of the function itself; what decorators hand in stands behind ``*args``."""
    function = getattr(method, "__func__", method)
    code = getattr(function, "__code__", None)
    if code is None:
        return ()  # nothing is known of it; calling it says what it lacks
    positional = code.co_varnames[: code.co_argcount]
    without = positional[: len(positional) - len(function.__defaults__ or ())]
    only = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    return (*without[1:], *(name for name in only if name not in (function.__kwdefaults__ or {})))


def _name(case: Any) -> str:
    return f"{type(case).__qualname__}.{case._testMethodName}"


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)
