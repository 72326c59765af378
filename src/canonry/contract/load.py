"""Contracts by name or file: read, checked, planned; every mistake at once, with its line."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from canonry.contract.compile.contradictions import contradictions
from canonry.contract.compile.plan import Plan
from canonry.contract.compile.planner import make_plan
from canonry.contract.language.contract import Contract
from canonry.contract.language.marks import KeyPath, Mark, Mistake, read_yaml
from canonry.contract.language.shape import check_shape, nearest
from canonry.model.errors import UserError

_SHIPPED = Path(__file__).parent / "protocols"
_LARGEST = 4_000_000


class ContractError(UserError):
    """Everything that is wrong with a contract: one line per mistake, sorted by place. Exit status 2."""

    def __init__(self, file: str, mistakes: Iterable[Mistake], marks: Mapping[KeyPath, Mark]) -> None:
        self.mistakes = tuple(
            sorted(set(_placed(mistakes, marks)), key=lambda one: (one.mark or Mark(0, 0), one.message))
        )
        super().__init__(
            "\n".join(
                f"{file}:{one.mark.line}:{one.mark.column}: {one.message}" if one.mark else f"{file}: {one.message}"
                for one in self.mistakes
            )
        )


class LoadedContract(msgspec.Struct, frozen=True):
    """A contract, its plan, where each key of it stands, and sentences for the user."""

    contract: Contract
    plan: Plan
    marks: dict[KeyPath, Mark]
    file: str

    @property
    def notes(self) -> tuple[str, ...]:
        """What is no mistake and yet judges nothing."""
        return self.plan.notes

    def line(self, path: KeyPath) -> int | None:
        """Return the line that says what stands at ``path`` or around it; None for a contract that Python made."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.marks:
                return self.marks[path[:length]].line
        return None


def shipped() -> tuple[str, ...]:
    """Return the names of the contracts that come with canonry."""
    return tuple(sorted(file.stem for file in _SHIPPED.glob("*.yaml")))


def load_contract(name: str, *, profile: str | None = None, policy: Mapping[str, str] | None = None) -> LoadedContract:
    """Return a contract: one that ships with canonry, or the one in the file ``name``.

    Raises UserError for a name or file that is not there, ContractError with every mistake.
    """
    file = Path(name)
    if name in shipped():
        file = _SHIPPED / f"{name}.yaml"
    elif not file.is_file():
        near = nearest(name, shipped())
        known = ", ".join(f"`{one}`" for one in shipped())
        hint = f"did you mean `{near}`?" if near else f"name one of {known}, or a YAML file"
        raise UserError(f"there is no contract `{name}`; {hint}")
    try:
        contents = file.read_bytes()
    except OSError as error:
        raise UserError(f"cannot read the contract `{name}`: {(error.strerror or '').lower()}") from None
    return read_contract(
        contents, file=str(file) if file.is_file() and name not in shipped() else name, profile=profile, policy=policy
    )


def read_contract(
    contents: bytes | str,
    *,
    file: str = "contract",
    profile: str | None = None,
    policy: Mapping[str, str] | None = None,
) -> LoadedContract:
    """Return the contract that YAML text holds. ``file`` is its name in messages. Raises ContractError."""
    if isinstance(contents, bytes):
        try:
            text = contents.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = contents.count(b"\n", 0, error.start) + 1
            raise ContractError(file, [Mistake((), "not valid YAML: expected UTF-8", Mark(line, 1))], {}) from None
    else:
        text = contents
    if len(text) > _LARGEST:
        raise ContractError(file, [Mistake((), f"a contract has at most {_LARGEST:,} characters", Mark(1, 1))], {})
    document = read_yaml(text)
    if document.value is None and not document.mistakes:
        raise ContractError(
            file, [Mistake((), "the file holds no contract; it begins with `contract: NAME/VERSION`", Mark(1, 1))], {}
        )
    mistakes = [*document.mistakes, *(check_shape(document.value) if document.value is not None else ())]
    contract = _convert(document.value, mistakes)
    if contract is None:
        raise ContractError(file, mistakes, document.marks)
    plan, more = make_plan(contract, marks=document.marks, profile=profile, policy=policy)
    mistakes += more
    if not mistakes:
        mistakes += contradictions(plan, document.marks)
    if mistakes:
        raise ContractError(file, mistakes, document.marks)
    return LoadedContract(contract, plan, document.marks, file)


def plan_contract(
    contract: Contract, *, profile: str | None = None, policy: Mapping[str, str] | None = None
) -> LoadedContract:
    """Return the plan of a contract that Python made. Raises ContractError."""
    plan, mistakes = make_plan(contract, profile=profile, policy=policy)
    mistakes = mistakes or contradictions(plan, {})
    if mistakes:
        raise ContractError(contract.contract, mistakes, {})
    return LoadedContract(contract, plan, {}, contract.contract)


def _convert(value: Any, mistakes: list[Mistake]) -> Contract | None:
    """The contract, without what is mistaken in it, so that the rest can be looked at too."""
    if not isinstance(value, dict):
        return None
    found = mistakes
    for _ in range(5):  # what is around a mistake may need what is mistaken
        for mistake in found:
            path = mistake.path
            while path and isinstance(path[-1], int):
                path = path[:-1]
            value = _without(value, path)
        found = check_shape(value)
        if not found:
            return msgspec.convert(_filled(value), Contract)
    return None


def _without(value: Any, path: KeyPath) -> Any:
    if not path:
        return value
    head, *rest = path
    if isinstance(value, dict) and head in value:
        kept = {name: inner for name, inner in value.items() if name != head}
        return {**kept, head: _without(value[head], tuple(rest))} if rest else kept
    if isinstance(value, list) and isinstance(head, int):
        return [_without(inner, tuple(rest)) if index == head else inner for index, inner in enumerate(value)]
    return value


def _filled(contract: dict[str, Any]) -> dict[str, Any]:
    """The contract without keys that were left empty. An event needs no more than its name; a schema may say null."""
    filled = {
        name: _strip(inner) if name != "events" else inner for name, inner in contract.items() if inner is not None
    }
    events = filled.get("events")
    if isinstance(events, dict):
        filled["events"] = {
            name: {key: one for key, one in event.items() if one is not None} if isinstance(event, dict) else event
            for name, event in events.items()
        }
    return filled


def _strip(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _strip(inner) for name, inner in value.items() if inner is not None}
    return [_strip(inner) for inner in value] if isinstance(value, list) else value


def _placed(mistakes: Iterable[Mistake], marks: Mapping[KeyPath, Mark]) -> Iterable[Mistake]:
    for mistake in mistakes:
        mark = mistake.mark
        for length in range(len(mistake.path), -1, -1):
            mark = mark or marks.get(mistake.path[:length])
        yield msgspec.structs.replace(mistake, mark=mark)
