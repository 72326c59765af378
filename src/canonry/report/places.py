"""How a finding's place is written, and the other places of its cluster."""

from collections.abc import Iterator

from canonry.model.finding import Finding, Related
from canonry.report.style import plural, printable

_SHOWN = 3


def place(path: str, line: int, column: int) -> str:
    """``path:line:column``."""
    return f"{printable(path)}:{line}:{column}"


def doubt(finding: Finding) -> str:
    """How sure the rule is, in brackets, where it is not certain."""
    return "" if finding.confidence.value == "certain" else f" ({finding.confidence.value})"


def related_lines(finding: Finding, *, all_of_them: bool = False) -> Iterator[str]:
    """A line for each other place of a cluster: the first few, and how many more there are."""
    shown = finding.related if all_of_them or len(finding.related) <= _SHOWN + 1 else finding.related[:_SHOWN]
    for other in shown:
        yield f"{place(other.path, other.line, other.column)}: {about(other)}"
    left = len(finding.related) - len(shown)
    if left:
        yield f"{plural(left, 'more place')} (all with -v)"


def about(other: Related) -> str:
    """What is said of another place: its symbol and its note."""
    return printable(": ".join(part for part in (other.symbol, other.note) if part))
