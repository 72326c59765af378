"""Every double of a project held against what it stands for."""

import importlib
import pkgutil
import re
import types
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from canonry.testing.doubles import registry
from canonry.testing.doubles.drift import StandIn, compare_override, drift_of, stand_ins
from canonry.testing.doubles.errors import DoubleError, DriftError
from canonry.testing.doubles.members import lines
from canonry.testing.doubles.real import address, resolve

_NAMED_LIKE_A_DOUBLE = re.compile(r"(?:^_*|(?<=[a-z0-9]))(?:Fake|Mock|Stub|Dummy|Double)(?=[A-Z0-9]|$)")


@dataclass(frozen=True, slots=True)
class Checked:
    """A double, what it stands for, how it is tied to it, and where they differ."""

    double: str
    real: str
    how: str
    drift: tuple[str, ...]


def compare(
    new_factory: Callable[[], Any],
    *packages: str,
    pairs: Sequence[tuple[str, str]] = (),
    unread: list[str] | None = None,
) -> list[Checked]:
    """Each double with its drift, as `check_doubles` finds them; registered ones are built by a new factory.

    A module inside a package that does not import raises `DoubleError`, or is added to ``unread`` with the reason.
    """
    modules = [module for package in packages for module in _modules(package, unread)]
    found = [_registered(each, new_factory()) for each in registry.registrations()]
    tied = set()
    for stand_in in stand_ins():
        tied.add(address(stand_in.fake))
        found.append(_tied(stand_in, "tied"))
    for fake, real in pairs:
        stand_in = StandIn(resolve(fake), real)
        tied.add(address(stand_in.fake))
        found.append(_tied(stand_in, "paired"))
    for fake_class in _classes(modules):
        base = _real_base(fake_class)
        if base is not None and address(fake_class) not in tied:
            sentences = compare_override(fake_class, base)
            found.append(Checked(address(fake_class), address(base), "inherits", tuple(sentences)))
    return found


def _tied(stand_in: StandIn, how: str) -> Checked:
    real = stand_in.real if isinstance(stand_in.real, str) else address(stand_in.real)
    return Checked(address(stand_in.fake), real, how, tuple(drift_of(stand_in)))


def count(checked: Sequence[Checked]) -> int:
    """How many were compared. Raises `DriftError` for drift, `DoubleError` where there is none at all."""
    sentences = [sentence for each in checked for sentence in each.drift]
    if sentences:
        raise DriftError("\n".join(sentences))
    if not checked:
        raise DoubleError("no double is registered, tied or named: nothing was compared")
    return len(checked)


def _registered(registration: registry.Registration, factory: Any) -> Checked:
    """Builds the double once, with nothing but its defaults; patches that its builder makes are undone."""
    sentences: tuple[str, ...] = ()
    real = registration.real if isinstance(registration.real, str) else ""
    try:
        real = real or address(getattr(registration.real, "real", registration.real))
        getattr(factory, registration.role)()
    except DoubleError as error:
        where = f"{registration.path}:{registration.line}"
        text = str(error)
        sentences = (text if where in text else f"the double `{registration.role}` ({where}) is stale: {text}",)
    finally:
        factory.cleanup()
    return Checked(registration.role, real, "registered", sentences)


def _modules(package: str, unread: list[str] | None) -> Iterator[types.ModuleType]:
    module = _imported(package)
    yield module
    for each in pkgutil.walk_packages(getattr(module, "__path__", ()), f"{package}.", onerror=lambda _name: None):
        if each.name.endswith(".__main__"):
            continue
        try:
            yield _imported(each.name)
        except DoubleError as error:
            if unread is None:
                raise
            unread.append(str(error))


def _imported(name: str) -> types.ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise DoubleError(f"`{name}` cannot be imported, so its doubles cannot be compared: {error}") from error


def _classes(modules: Sequence[types.ModuleType]) -> Iterator[type]:
    seen: set[Any] = set()
    for module in modules:
        for value in list(vars(module).values()):
            own = isinstance(value, type) and value.__module__ == module.__name__ and value not in seen
            if own and _NAMED_LIKE_A_DOUBLE.search(value.__name__):
                seen.add(value)
                yield value


def _real_base(fake: type) -> type | None:
    """The nearest class above that is no double, no mixin of the language and no exception."""
    if issubclass(fake, BaseException):
        return None
    for each in lines(fake)[1:]:
        plain = each.__module__ in ("builtins", "abc", "typing", "unittest.mock", "unittest.case", "enum")
        if not plain and not _NAMED_LIKE_A_DOUBLE.search(each.__name__):
            return each
    return None
