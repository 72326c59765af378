"""JSON lines: a header object, one object per finding, a last object with the numbers."""

from typing import IO

import msgspec

from canonry.report.content import Report
from canonry.report.json import describe, row_of


def render(report: Report, out: IO[str]) -> None:
    """Writes one JSON object a line; each has a ``kind``: ``header``, ``finding`` or ``summary``."""
    encoder = msgspec.json.Encoder()
    described = describe(report)
    numbers = {key: described.pop(key) for key in ("population", "compliance", "rules", "facts", "suppressed")}
    out.write(encoder.encode({"kind": "header"} | described).decode() + "\n")
    for finding in report.findings():
        row = {"kind": "finding"} | msgspec.to_builtins(row_of(finding))
        out.write(encoder.encode(row).decode() + "\n")
    out.write(encoder.encode({"kind": "summary"} | numbers).decode() + "\n")
