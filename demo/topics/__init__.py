"""One module per part of the shop; each has a ``TOPIC``. A new module here is a new topic."""

from importlib import import_module
from pkgutil import iter_modules

from demo.check import Topic


def all_topics() -> tuple[Topic, ...]:
    """Every topic, in the order of the module names."""
    names = sorted(module.name for module in iter_modules(__path__))
    return tuple(import_module(f"{__name__}.{name}").TOPIC for name in names)
