"""What an old runner script and its wrapper ran, as text and as JSON."""

import json
from collections.abc import Callable, Sequence
from typing import IO

from canonry.report.style import plural, printable
from canonry.run.observed import Compared

_SHOWN = 20


def render(found: Compared, out: IO[str]) -> None:
    """Writes the tests that differ, and a line that says how many both ran."""
    for title, nodes, said in _parts(found):
        if nodes:
            out.write(f"{title}:\n")
            out.writelines(f"  {printable(said(node))}\n" for node in nodes[:_SHOWN])
            if len(nodes) > _SHOWN:
                out.write(f"  and {len(nodes) - _SHOWN:,} more\n")
    for name, observed in (("the old script", found.old), ("the wrapper", found.new)):
        if observed.status is None:
            out.write(f"{name} did not end in time; `--time-limit` gives more\n")
        elif not observed.outcomes:
            last = observed.said.strip().splitlines()[-1:] or ["it printed nothing"]
            out.write(f"{name} started no test and ended with {observed.status}: {printable(last[0])}\n")
    for reason in found.reasons:
        out.write(f"the wrapper does not do all that the script did: {printable(reason)}\n")
    both = len(found.old.outcomes.keys() & found.new.outcomes.keys())
    differ = len(found.lost) + len(found.come) + len(found.changed)
    out.write(f"{plural(both, 'test')} run by both, {differ:,} differ\n")


def render_json(found: Compared, out: IO[str]) -> None:
    """Writes the same as one object."""
    document = {
        "script": found.script,
        "arguments": list(found.arguments),
        "same": found.same,
        "lost": found.lost,
        "come": found.come,
        "changed": [
            {"test": node, "old": found.old.outcomes[node], "new": found.new.outcomes[node]} for node in found.changed
        ],
        "old": {"status": found.old.status, "outcomes": dict(sorted(found.old.outcomes.items()))},
        "new": {"status": found.new.status, "outcomes": dict(sorted(found.new.outcomes.items()))},
        "reasons": list(found.reasons),
    }
    out.write(json.dumps(document, indent=2) + "\n")


def _parts(found: Compared) -> Sequence[tuple[str, list[str], Callable[[str], str]]]:
    old, new = found.old.outcomes, found.new.outcomes
    return (
        ("only the old script runs", found.lost, lambda node: f"{node} ({old[node]})"),
        ("only the wrapper runs", found.come, lambda node: f"{node} ({new[node]})"),
        ("another outcome", found.changed, lambda node: f"{node}: {old[node]}, then {new[node]}"),
    )
