"""How the tests judge a stream."""

import json
from functools import cache
from typing import Any

from canonry.contract.check.checker import Checker, Result
from canonry.contract.load import LoadedContract, load_contract, read_contract
from tests.contract.samples import Event, Sample


@cache
def loaded(text: str) -> LoadedContract:
    return read_contract(text) if "\n" in text else load_contract(text)


def frames(stream: list[Event]) -> list[tuple[bytes, float | None, str | None]]:
    made = []
    for event in stream:
        own = {name: value for name, value in event.items() if name not in ("at", "dir", "conn")}
        made.append((json.dumps(own).encode(), event.get("at"), event.get("dir")))
    return made


@cache
def checker_of(text: str, *, interpreted: bool = False) -> Checker:
    """A checker to use again after `forget`: compiling takes longer than judging a short stream."""
    return Checker(loaded(text).plan, interpreted=interpreted)


def judge(sample: Sample | str, stream: list[Event] | list[tuple[Any, ...]], **options: Any) -> Result:
    """The result of a stream, of events or of frames."""
    text = sample if isinstance(sample, str) else sample.yaml
    if options.keys() <= {"interpreted"}:
        checker = checker_of(text, **options)
        checker.forget()
    else:
        checker = Checker(loaded(text).plan, **options)
    session = checker.session("c")
    for raw, at, way in stream if stream and isinstance(stream[0], tuple) else frames(stream):  # type: ignore[arg-type]
        session.receive(raw, at=at, direction=way)
    return session.end()


def rules(result: Result) -> set[str]:
    return {violation.rule for violation in result.violations}
