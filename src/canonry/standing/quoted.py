"""Figures that a document quotes, each with the command that makes it: found, recomputed, compared.

A quote is ``<!-- canonry COMMAND | JSON-PATH -->value<!-- /canonry -->`` on one line; in a table the pipe may be
escaped. What stands in a fenced block or between backticks is no quote. Commands are canonry's own that only read,
started without a shell.
"""

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from canonry.model.errors import UserError

_START, _END = "<!-- canonry ", "<!-- /canonry -->"
_MARK = re.compile(
    r"<!-- canonry (?P<command>[^|\n]*?) ?\\?\| ?(?P<path>[^|\n]*?) -->(?P<value>[^\n]*?)<!-- /canonry -->"
)
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_NUMBER = re.compile(r"(?P<before>\D*?)(?P<number>[-+]?\d[\d,]*(?:\.\d+)?)(?P<after>\D*)")
_STEP = re.compile(r"(?P<name>[^.\[\]]+)|\[(?P<index>-?\d+)\]|\[(?P<key>[^=\]]+)=(?P<value>[^\]]*)\]")
_VERBS = frozenset(
    (
        ("audit",),
        ("canon", "show"),
        ("changes", "list"),
        ("changes", "show"),
        ("contract", "check"),
        ("contract", "cover"),
        ("contract", "mutants"),
        ("gate",),
        ("gate", "check"),
        ("gate", "proofs"),
        ("migrate", "status"),
        ("report",),
        ("report", "quarantine"),
        ("report", "write"),
        ("where",),
    )
)
"""Commands that read, and run nobody's code."""
_GROUPS = frozenset(verb[0] for verb in _VERBS if len(verb) == 2)
_OPTIONS = frozenset(
    "--rev --staged --select --ignore --owner --category --flow --config --target-python --preview --repo --base "
    "--against --merge-base --absolute --fail-on --allow --run --no-audit --workers --no-cache --exit-zero --quiet -q "
    "--seed --runs --output-format".split()
)
"""Options that write nothing."""
_TIMEOUT = 600


class Quote(msgspec.Struct, frozen=True, kw_only=True):
    """A figure as a document quotes it; ``start`` and ``end`` are where the value lies in the text."""

    line: int
    command: str
    path: str
    value: str
    start: int
    end: int


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """A quote and what its command says today, as the document writes it; ``problem``: why it says nothing."""

    quote: Quote
    found: str = ""
    problem: str = ""

    @property
    def holds(self) -> bool:
        """Whether the document says what the command says."""
        return not self.problem and self.found == self.quote.value


Compute = Callable[[str], Any]
"""What a command's JSON holds. Raises `UserError` where it makes none."""


def quotes_in(text: str) -> Iterator[Quote | tuple[int, str]]:
    """The quotes of a document, in order; for a mark that is none its line and what is wrong with it."""
    fence, offset = "", 0
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        opening = _FENCE.match(line)
        if opening and (not fence or (opening[1].startswith(fence) and not line.strip("`~ \r\n"))):
            fence = "" if fence else opening[1]
        elif not fence:
            yield from _on_line(line, number, offset)
        offset += len(line)


def checked(text: str, compute: Compute) -> list[Checked]:
    """Every quote of a document held against its command."""
    found: list[Checked] = []
    for quote in quotes_in(text):
        if isinstance(quote, tuple):
            line, said = quote
            broken = Quote(line=line, command="", path="", value="", start=0, end=0)
            found.append(Checked(quote=broken, problem=said))
            continue
        try:
            figure = at_path(compute(quote.command), quote.path)
        except UserError as error:
            found.append(Checked(quote=quote, problem=str(error)))
            continue
        found.append(Checked(quote=quote, found=written_as(figure, quote.value)))
    return found


def rewritten(text: str, figures: list[Checked]) -> str:
    """The document with every figure that could be found as it is today."""
    for each in reversed(figures):
        if not each.problem:
            text = text[: each.quote.start] + each.found + text[each.quote.end :]
    return text


def asks(folder: Path) -> Compute:
    """Runs canonry in a folder, each command once, and reads its JSON; what does more than read is refused."""

    @cache
    def compute(command: str) -> Any:
        words = _words(command)
        done = subprocess.run(
            [sys.executable, "-m", "canonry", *words],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIMEOUT,
            check=False,
        )
        try:
            return json.loads(done.stdout)
        except ValueError:
            said = done.stderr.decode("utf-8", "replace").strip().splitlines()
            why = said[-1].removeprefix("canonry: ") if said else f"exit status {done.returncode}"
            raise UserError(f"`{command}` makes no JSON ({why})") from None

    return compute


def at_path(data: Any, path: str) -> Any:
    """What lies at a path such as ``compliance.percent``, ``rules[code=RUN001].count``, ``gates.length``.

    Raises `UserError` where nothing does, or where it is no figure.
    """
    steps, rest = list(_STEP.finditer(path)), _STEP.sub("", path).replace(".", "")
    if rest or not steps:
        raise UserError(f"`{path}` is no path; write names with dots, `[0]` or `[key=value]`")
    for step in steps:
        data = _step(data, step, path)
    if isinstance(data, dict | list) or data is None:
        raise UserError(f"at `{path}` stands no figure")
    return data


def written_as(figure: Any, quoted: str) -> str:
    """A figure in the manner of a quoted one: its decimals, its thousands, the words around it; the quoted one where
    both say the same.
    """
    match = _NUMBER.fullmatch(quoted)
    if isinstance(figure, bool) or not isinstance(figure, int | float):
        return str(figure).lower() if isinstance(figure, bool) else str(figure)
    if match is None:
        return f"{figure:,}"
    digits = match["number"].replace(",", "")
    decimals = len(digits.partition(".")[2])
    if abs(float(digits) - figure) <= 0.5 * 10.0**-decimals + 1e-9:
        return quoted
    grouped = "," in match["number"] or abs(float(digits)) < 1000
    shown = f"{figure:,.{decimals}f}" if grouped else f"{figure:.{decimals}f}"
    return f"{match['before']}{shown}{match['after']}"


def _on_line(line: str, number: int, offset: int) -> Iterator[Quote | tuple[int, str]]:
    at = 0
    while (start := line.find(_START, at)) >= 0:
        match = _MARK.match(line, start)
        at = match.end() if match else start + len(_START)
        if line.count("`", 0, start) % 2:
            continue
        if match is None:
            yield number, f"a mark is not `{_START}COMMAND | JSON-PATH -->value{_END}` on one line"
            continue
        words = match["command"].strip()
        yield Quote(
            line=number,
            command=words,
            path=match["path"].strip(),
            value=match["value"],
            start=offset + match.start("value"),
            end=offset + match.end("value"),
        )


def _words(command: str) -> list[str]:
    """The arguments for canonry. Raises `UserError` for what only reads may not hold."""
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise UserError(f"`{command}` is no command ({error})") from None
    words = words[1:] if words[:1] == ["canonry"] else words
    named = words[:1] and words[0] in _GROUPS and not (words[1:] or ["-"])[0].startswith("-")
    if tuple(words[: 2 if named else 1]) not in _VERBS:
        raise UserError(f"`{command}` is no canonry command that only reads; such as `audit`, `gate` or `report`")
    for word in words:
        if word.startswith("-") and word.partition("=")[0] not in _OPTIONS:
            raise UserError(f"`{word}` is no option that a quoted command may have")
    if any(word == "html" or word.endswith("=html") for word in words):
        raise UserError(f"`{command}` writes a file; quote figures of its JSON")
    return words if any(word.startswith("--output-format") for word in words) else [*words, "--output-format", "json"]


def _step(data: Any, step: re.Match[str], path: str) -> Any:
    name, index, key = step["name"], step["index"], step["key"]
    if name is not None and isinstance(data, dict) and name in data:
        return data[name]
    if name == "length" and isinstance(data, dict | list):
        return len(data)
    if index is not None and isinstance(data, list) and -len(data) <= int(index) < len(data):
        return data[int(index)]
    if key is not None and isinstance(data, list):
        for each in data:
            if isinstance(each, dict) and str(each.get(key)) == step["value"]:
                return each
        raise UserError(f"nothing at `{path}` has {key} {step['value']}")
    raise UserError(f"at `{path}` stands nothing: `{step[0].strip('.')}` is not there")
