"""`canonry-baseline.jsonl`: the state of a tree that somebody accepted, one entry a line, sorted.

Every line stands for itself and names what it is about, so git can merge two of them as the union of their lines
(``*.jsonl merge=union``). Of what both sides say the stricter holds for tests (more assertions), the laxer for
violations, until `canonry gate merge` recomputes.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from canonry.gate.declared import check_value
from canonry.model.errors import UserError
from canonry.model.finding import Severity
from canonry.model.gate import Exemption, KnownTest, State, Violation

NAME = "canonry-baseline.jsonl"
VERSION = 1
_LONGEST = 1_000_000
_LARGEST = 512_000_000
_MARKERS = (b"<<<<<<<", b"=======", b">>>>>>>", b"|||||||")
_MEND = f"`canonry gate baseline` writes `{NAME}` anew"


class BaselineError(UserError):
    """A baseline that cannot be read, with the line and the next step. Exit status 2."""


def encode_baseline(state: State) -> bytes:
    """The state as the lines of a baseline."""
    lines = {msgspec.json.encode(entry) for entry in _entries(state)}
    return b"".join(line + b"\n" for line in (msgspec.json.encode({"baseline": VERSION}), *sorted(lines)))


def decode_baseline(content: bytes, *, markers: bool = False) -> State:
    """The state that lines of a baseline stand for. Raises `BaselineError`.

    ``markers`` lets the marks of an unfinished merge pass: both sides hold then.
    """
    if len(content) > _LARGEST:
        raise BaselineError(f"`{NAME}` is larger than {_LARGEST:,} bytes, which no suite needs; {_MEND}")
    found = _Entries()
    version = 0
    for number, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").splitlines(), 1):
        if not line.strip():
            continue
        if line.startswith(_MARKERS):
            if markers:
                continue
            raise BaselineError(f"`{NAME}:{number}` holds the marks of an unfinished merge; run `canonry gate merge`")
        entry = _read(line, number)
        if "baseline" in entry:
            version = _version(entry["baseline"], number)
        else:
            found.add(entry, number)
    if not version:
        raise BaselineError(f'`{NAME}` does not begin with `{{"baseline":{VERSION}}}`, so it is none; {_MEND}')
    return found.state()


def _entries(state: State) -> Iterator[dict[str, Any]]:
    for path in state.broken:
        yield {"broken": path}
    for each in state.violations:
        entry: dict[str, Any] = {"violation": each.code, "fingerprint": each.fingerprint, "path": each.path}
        if each.weight > 1:
            entry["places"] = each.weight
        yield entry
    for node, test in state.tests.items():
        yield {"test": node, "assertions": test.assertions}
    for path, count in state.helpers.items():
        yield {"helpers": path, "assertions": count}
    for exemption, count in _counted(state.exemptions).items():
        unit, rule, path, reason = exemption
        yield {"exemption": rule, "unit": unit, "path": path, "reason": reason, "count": count}
    for name, said in state.quarantine.items():
        yield {"quarantine": name, "said": said}
    for said in state.contracts:
        yield {"contract": said}
    for key, value in state.canon.items():
        yield {"canon": key, "value": value}


def _counted(exemptions: Iterable[Exemption]) -> dict[tuple[str, str, str, str], int]:
    found: dict[tuple[str, str, str, str], int] = {}
    for each in exemptions:
        key = each.unit, each.rule, each.path, each.reason
        found[key] = found.get(key, 0) + each.count
    return found


class _Entries:
    """Entries as they are read, put together to a state."""

    def __init__(self) -> None:
        self._violations: dict[tuple[str, str, str], int] = {}
        self._tests: dict[str, int] = {}
        self._helpers: dict[str, int] = {}
        self._broken: set[str] = set()
        self._exemptions: dict[tuple[str, str, str, str], int] = {}
        self._quarantine: dict[str, str] = {}
        self._contracts: set[str] = set()
        self._canon: dict[str, str] = {}

    def add(self, entry: dict[str, Any], number: int) -> None:
        """Takes one entry. Raises `BaselineError` for one that says nothing."""
        try:
            self._add(entry)
        except (KeyError, TypeError, ValueError):
            raise BaselineError(f"`{NAME}:{number}` is no entry of a baseline; {_MEND}") from None

    def _add(self, entry: dict[str, Any]) -> None:
        match next(iter(entry)):
            case "violation":
                key = _text(entry["violation"]), _text(entry["fingerprint"]), _text(entry["path"])
                self._violations[key] = max(self._violations.get(key, 0), _number(entry.get("places", 1)))
            case "test":
                node, count = _text(entry["test"]), _number(entry["assertions"])
                self._tests[node] = max(self._tests.get(node, 0), count)
            case "helpers":
                self._helpers[_text(entry["helpers"])] = _number(entry["assertions"])
            case "broken":
                self._broken.add(_text(entry["broken"]))
            case "exemption":
                words = _text(entry["unit"]), _text(entry["exemption"]), _text(entry["path"]), _text(entry["reason"])
                self._exemptions[words] = max(self._exemptions.get(words, 0), _number(entry["count"]))
            case "quarantine":
                self._quarantine[_text(entry["quarantine"])] = _text(entry["said"])
            case "contract":
                self._contracts.add(_text(entry["contract"]))
            case "canon":
                name, value = _text(entry["canon"]), _text(entry["value"])
                check_value(name, value)
                self._canon[name] = value
            case _:
                raise KeyError

    def state(self) -> State:
        """What all entries say together."""
        return State(
            name=f"`{NAME}`",
            violations=tuple(
                Violation(code, fingerprint, path, severity=Severity.ERROR, weight=weight)
                for (code, fingerprint, path), weight in self._violations.items()
            ),
            tests={node: KnownTest(count) for node, count in self._tests.items()},
            helpers=self._helpers,
            broken=dict.fromkeys(self._broken, (0, "")),
            exemptions=tuple(
                Exemption(unit, rule, path, reason, 0, count)
                for (unit, rule, path, reason), count in self._exemptions.items()
            ),
            quarantine=self._quarantine,
            contracts=frozenset(self._contracts),
            canon=self._canon,
        )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _number(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise TypeError
    return value


def _read(line: bytes, number: int) -> dict[str, Any]:
    if len(line) > _LONGEST:
        raise BaselineError(f"`{NAME}:{number}` is longer than {_LONGEST:,} bytes; {_MEND}")
    try:
        entry = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        entry = None
    if not isinstance(entry, dict) or not entry:
        raise BaselineError(f"`{NAME}:{number}` is no entry of a baseline (it was edited by hand?); {_MEND}")
    return entry


def _version(value: Any, number: int) -> int:
    if value != VERSION:
        newer = isinstance(value, int) and not isinstance(value, bool) and value > VERSION
        what = f"of version {value}, written by a newer canonry: install that" if newer else "of no known version"
        raise BaselineError(f"`{NAME}:{number}` is {what}; {_MEND}, as this one writes it")
    return VERSION
