"""Builders for common roles: what a double of that role does by itself.

Each takes the names that your class uses, so that a method renamed there makes the double fail:
`SSotMockFactory.register("websocket", ShopSocket, web_socket(send="send_json", receive="receive_json"))`.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from canonry.testing.doubles.answers import each, is_exception
from canonry.testing.doubles.errors import DoubleError
from canonry.testing.doubles.registry import Build


def web_socket(*, send: str | None = "send", receive: str = "recv", close: str | None = "close") -> Build:
    """A connection: ``incoming`` is received message by message, an exception among them is raised (a closed peer)."""

    def build(factory: Any, real: Any, /, *, incoming: Iterable[Any] = (), **answers: Any) -> Any:
        given = {name: None for name in (send, close) if name} | {receive: each(*incoming)}
        return factory.create(real, **(given | answers))

    return build


def agent(*, run: str = "run") -> Build:
    """An agent: ``result`` is what a run ends with; ``fails`` is raised instead."""

    def build(
        factory: Any, real: Any, /, *, result: Any = None, fails: BaseException | None = None, **answers: Any
    ) -> Any:
        return factory.create(real, **({run: result if fails is None else fails} | answers))

    return build


def database(*, execute: str = "execute", commit: str | None = "commit", rollback: str | None = "rollback") -> Build:
    """A session: ``rows`` maps the text of a statement to its result; another statement is an error."""

    def build(factory: Any, real: Any, /, *, rows: Mapping[str, Any] | None = None, **answers: Any) -> Any:
        known = dict(rows or {})

        def answer(*arguments: Any, **named: Any) -> Any:
            statement = str([*arguments, *named.values()][0])
            if statement not in known:
                raise DoubleError(f"no rows are given for the statement {statement!r}")
            result = known[statement]
            if is_exception(result):
                raise result
            return result

        given = {execute: answer} | {name: None for name in (commit, rollback) if name}
        return factory.create(real, **(given | answers))

    return build


def llm_client(*, complete: str = "complete") -> Build:
    """A client of a language model: ``replies`` come one for each call, an exception among them is raised."""

    def build(factory: Any, real: Any, /, *, replies: Sequence[Any] = (), **answers: Any) -> Any:
        return factory.create(real, **({complete: each(*replies)} | answers))

    return build
