"""Reads `canonry-quarantine.toml`: for the gate whatever it says, for a run only what it may say."""

import datetime as dt
import tomllib
from collections.abc import Iterator
from typing import Any

import msgspec

from canonry.canon.keys import nearest, to_toml
from canonry.model.errors import UserError
from canonry.model.quarantine import FILE, LONGEST, Entry

TABLE = "quarantine"
_KEYS = ("test", "reason", "owner", "issue", "created", "expires")


class QuarantineError(UserError):
    """The file says what it may not say: one line for each mistake. Exit status 2."""

    def __init__(self, mistakes: list[tuple[int, str]]) -> None:
        super().__init__("\n".join(f"`{FILE}`, line {line}: {said}" for line, said in mistakes))
        self.mistakes = mistakes


def said_entries(content: bytes) -> dict[str, str]:
    """Every test that stands in the file with what is said of it, well-formed or not.

    Raises `UserError` where the file is no TOML.
    """
    found: dict[str, str] = {}
    for value in _document(content).values():
        for entry in value if isinstance(value, list) else ():
            if isinstance(entry, dict) and isinstance(entry.get("test"), str):
                found[entry["test"]] = ", ".join(
                    f"{key} {entry[key]}" for key in ("reason", "owner", "issue", "expires") if key in entry
                )
    return found


def read_entries(content: bytes) -> tuple[Entry, ...]:
    """The entries, each complete and of 30 days at most. Raises `QuarantineError` with all mistakes at once."""
    from canonry.canon.lines import line_of  # only a tree with a quarantine asks

    document = _document(content)
    mistakes: list[tuple[int, str]] = []
    for key in document:
        if key != TABLE:
            near = f"; did you mean `[[{TABLE}]]`?" if nearest(key, [TABLE]) else f"; entries are `[[{TABLE}]]`"
            mistakes.append((line_of(content, (key,)), f"`{key}` is no key of a quarantine{near}"))
    listed = document.get(TABLE, [])
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise QuarantineError([(line_of(content, (TABLE,)), f"an entry is a table that begins with `[[{TABLE}]]`")])
    entries: list[Entry] = []
    seen: dict[str, int] = {}
    for number, entry in enumerate(listed):
        line = line_of(content, (TABLE, number))
        wrong = list(_mistakes(entry))
        mistakes += [(line_of(content, (TABLE, number, key)) if key in entry else line, said) for key, said in wrong]
        test = entry.get("test")
        if isinstance(test, str) and test in seen:
            mistakes.append((line, f"`{test}` stands in line {seen[test]} already; keep one of the two"))
        elif isinstance(test, str):
            seen[test] = line
        if not wrong:
            entries.append(msgspec.convert({key: _value(entry[key]) for key in _KEYS} | {"line": line}, Entry))
    if mistakes:
        raise QuarantineError(mistakes)
    return tuple(entries)


def with_entry(content: bytes, entry: Entry) -> bytes:
    """The file with one entry more at its end; what stands there stays as it is."""
    lines = [f"[[{TABLE}]]"]
    lines += [f"{key} = {to_toml(getattr(entry, key))}" for key in _KEYS[:4]]
    lines += [f"{key} = {getattr(entry, key).isoformat()}" for key in _KEYS[4:]]
    before = content if not content or content.endswith(b"\n") else content + b"\n"
    return before + (b"\n" if before else b"") + "\n".join([*lines, ""]).encode()


def without_entry(content: bytes, test: str) -> bytes:
    """The file without the tables of a test, from their headers to the next; everything else stays as it is."""
    from canonry.canon.lines import line_of

    lines = content.splitlines(keepends=True)
    listed = _document(content).get(TABLE, [])
    for number in reversed(range(len(listed))):
        if listed[number].get("test") != test:
            continue
        start = line_of(content, (TABLE, number, "test")) - 1
        while start and not lines[start].lstrip().startswith(b"[["):
            start -= 1
        end = start + 1
        while end < len(lines) and lines[end].strip() and not lines[end].lstrip().startswith(b"["):
            end += 1
        if end < len(lines) and not lines[end].strip():
            end += 1  # the empty line behind it
        del lines[start:end]
    return b"".join(lines)


def _mistakes(entry: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What is wrong with an entry, key by key."""
    for key in entry:
        if key not in _KEYS:
            near = nearest(key, _KEYS)
            hint = f"did you mean `{near}`?" if near else f"it has {', '.join(f'`{each}`' for each in _KEYS)}"
            yield key, f"`{key}` is no key of an entry; {hint}"
    days: dict[str, dt.date] = {}
    for key in _KEYS:
        if key not in entry:
            yield key, f"`{key}` is missing; an entry says {', '.join(f'`{each}`' for each in _KEYS)}"
        elif key in ("created", "expires"):
            day = _day(entry[key])
            if day is None:
                yield key, f"`{key}` is `{entry[key]}`, which is no day such as 2026-12-31"
            else:
                days[key] = day
        elif not isinstance(entry[key], str) or not entry[key].strip():
            yield key, f"`{key}` is no text, or an empty one"
    test = entry.get("test")
    if isinstance(test, str) and test.strip() and ("::" not in test or test.startswith(("/", "./"))):
        yield "test", f"`{test}` names no test; write its node id from the root, such as `tests/test_a.py::test_b`"
    if len(days) == 2 and days["expires"] < days["created"]:
        yield "expires", f"it expires on {days['expires']}, before {days['created']}, on which it was created"
    elif len(days) == 2 and (days["expires"] - days["created"]).days > LONGEST:
        length = (days["expires"] - days["created"]).days
        yield "expires", f"it lasts {length} days; {LONGEST} are the most, then the test is mended or deleted"


def _day(value: object) -> dt.date | None:
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value
    if isinstance(value, str):
        try:
            return dt.date.fromisoformat(value)
        except ValueError:
            return None
    return None


def _value(value: object) -> object:
    """A day as a day, a text without what surrounds it."""
    day = _day(value)
    return day if day is not None else str(value).strip()


def _document(content: bytes) -> dict[str, Any]:
    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UserError(f"`{FILE}` is no TOML ({error}); mend it, or take it from a commit that has it") from None
