"""What a tap hears, for readers and programs: violations as they come, and the sum at the end."""

from collections import Counter
from typing import IO, Any

import msgspec

from canonry import __version__
from canonry.contract.load import LoadedContract
from canonry.contract.tap.watch import Heard, Told
from canonry.report.style import paint, plural, printable

SCHEMA = 1


class LiveReport:
    """Writes each violation when it comes, for readers or as JSON lines, and at the end what came of everything."""

    def __init__(self, loaded: LoadedContract, out: IO[str], *, as_json: bool, color: bool) -> None:
        self._loaded, self._out, self._json, self._color = loaded, out, as_json, color
        self._sentences = {rule.id: (rule.sentence, loaded.line(rule.path)) for rule in loaded.plan.rules}
        self._counts: Counter[str] = Counter()

    def tell(self, told: Told) -> None:
        """Writes a violation with its witnesses; of a rule's later ones on any connection only the first line."""
        self._counts[told.violation.rule] += 1
        if self._json:
            self._write(_line(told))
        else:
            self._full(told, first=self._counts[told.violation.rule] == 1)
        self._out.flush()

    def end(self, heard: Heard, stopped: str) -> None:
        """Writes the summary."""
        if self._json:
            self._write(self._sum(heard, stopped))
            return
        events = f"{plural(heard.received, 'event')} received, {heard.judged:,} judged"
        events += f", {plural(heard.connections, 'connection')}"
        if heard.passed_by:
            events += f"; {plural(heard.passed_by, 'body', 'bodies')} passed by unjudged"
        if not heard.violations:
            word = paint("holds", "green", color=self._color)
            self._out.write(f"{word}: {heard.contract}; {events}\n")
            return
        rules = ", ".join(f"{rule} ({count})" for rule, count in self._counts.most_common())
        said = f"{plural(heard.violations, 'violation')} of {plural(len(self._counts), 'rule')}: {rules}"
        self._out.write(f"{paint('violated', 'red', color=self._color)}: {heard.contract}; {said}; {events}\n")

    def _full(self, told: Told, *, first: bool) -> None:
        violation = told.violation
        where = f"{printable(violation.connection)}, event {violation.index + 1:,}"
        self._out.write(f"{paint(where, 'bold', color=self._color)}: ")
        rule = paint(violation.rule, "red", color=self._color)
        self._out.write(f"{rule}: {printable(violation.message)} ({told.at:.3f} s)\n")
        sentence, line = self._sentences.get(violation.rule, ("", None))
        if not first or not sentence:
            return
        self._out.write(f"  rule: {printable(sentence)}{f' ({self._loaded.file}:{line})' if line else ''}\n")
        for witness in told.witnesses:
            sign = ">" if witness.direction == "in" else "<"
            self._out.write(f"  {witness.index + 1:>4} {sign} {printable(witness.text)}\n")

    def _write(self, value: Any) -> None:
        self._out.write(msgspec.json.encode(value).decode() + "\n")

    def _sum(self, heard: Heard, stopped: str) -> dict[str, Any]:
        return {
            "kind": "summary",
            "schema": SCHEMA,
            "tool": "canonry",
            "version": __version__,
            "contract": heard.contract,
            "stopped": stopped,
            "connected": heard.connections,
            "received": heard.received,
            "judged": heard.judged,
            "passed_by": heard.passed_by,
            "verdict": "violated" if heard.violations else "holds",
            "violations": heard.violations,
            "rules": dict(self._counts.most_common()),
            "connections": [
                {
                    "connection": result.connection,
                    "received": result.received,
                    "judged": result.judged,
                    "verdict": str(result.verdict),
                    "violations": result.counted,
                }
                for result in heard.results
            ],
        }


def _line(told: Told) -> dict[str, Any]:
    violation = told.violation
    return {
        "kind": "violation",
        "rule": violation.rule,
        "message": _valid(violation.message),
        "connection": violation.connection,
        "index": violation.index,
        "event": _valid(violation.event),
        "at": round(told.at, 6),
        "witnesses": [
            {"index": each.index, "direction": each.direction, "text": _valid(each.text)} for each in told.witnesses
        ],
    }


def _valid(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
