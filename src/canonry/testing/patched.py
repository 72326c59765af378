"""Variables set for a while, for those who ask the accessor and for those who read `os.environ` themselves."""

from __future__ import annotations

import functools
import inspect
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from contextlib import AbstractContextManager
    from types import TracebackType
    from typing import Any

_PREFIX = "test"


class Patched:
    """What `IsolatedEnvironment.patched` gives: a context manager, and a decorator of functions and of test classes.

    As `unittest.mock.patch.dict(os.environ, ...)` it puts all of `os.environ` back at its end, whatever was written to
    it meanwhile. ``make`` makes the environment whose scope it is, ``export`` lets that write to `os.environ`.
    """

    def __init__(
        self,
        make: Callable[[], Any],
        values: Mapping[str, str] | Iterable[tuple[str, str]],
        more: Mapping[str, str],
        *,
        clear: bool,
        export: Callable[[], None],
    ) -> None:
        self._make = make
        self._export = export
        self._values = values
        self._more = dict(more)
        self._clear = clear
        self._entered: list[tuple[Any, dict[str, str], AbstractContextManager[None]]] = []

    def __enter__(self) -> Any:
        environment = self._make()
        before = dict(os.environ)
        environment.__enter__()
        try:
            export = environment.exported()
            export.__enter__()
        except BaseException:  # whatever ended it, the environment is put back; it is raised again
            environment.__exit__(None, None, None)
            raise
        self._entered.append((environment, before, export))
        self._export()
        try:
            if self._clear:
                environment.clear()
            environment.update(self._values)
            environment.update(self._more)
        except BaseException:  # whatever ended it, the environment is put back; it is raised again
            self.__exit__(None, None, None)
            raise
        return environment

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        environment, before, export = self._entered.pop()
        try:
            export.__exit__(None, None, None)
        finally:
            environment.__exit__(None, None, None)
            for name in [name for name in os.environ if name not in before]:
                del os.environ[name]
            for name, value in before.items():
                if os.environ.get(name) != value:
                    os.environ[name] = value

    def start(self) -> Any:
        """The environment, whose variables are set until `stop`; for what is no block, as `unittest.mock` has it."""
        return self.__enter__()

    def stop(self) -> None:
        """Puts everything back. Nothing happens where it is not started."""
        if self._entered:
            self.__exit__(None, None, None)

    def __call__(self, decorated: Any) -> Any:
        """The function within these variables; of a class every method that is named like a test."""
        if isinstance(decorated, type):
            for name in dir(decorated):
                method = getattr(decorated, name)
                if name.startswith(_PREFIX) and callable(method):
                    setattr(decorated, name, self._fresh()(method))
            return decorated
        return self._within(decorated)

    def _within(self, function: Callable[..., Any]) -> Callable[..., Any]:
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def awaited(*arguments: Any, **named: Any) -> Any:
                with self._fresh():
                    return await function(*arguments, **named)

            return awaited

        @functools.wraps(function)
        def called(*arguments: Any, **named: Any) -> Any:
            with self._fresh():
                return function(*arguments, **named)

        return called

    def _fresh(self) -> Patched:
        return Patched(self._make, self._values, self._more, clear=self._clear, export=self._export)
