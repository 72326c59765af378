"""What became of the examples of rules."""

from collections.abc import Iterable
from typing import IO

from canonry.audit.examples import Proof, Unproven
from canonry.report.style import paint, plural


def render_proofs(proofs: Iterable[Proof | Unproven], out: IO[str], *, color: bool) -> int:
    """Writes one line per example, with what was expected and found where it failed; returns how many failed."""
    passed = failed = unproven = 0
    for proof in proofs:
        if isinstance(proof, Unproven):
            unproven += 1
            out.write(
                f"{paint('unproven', 'red', color=color)}  {proof.code} has no bad example, so nothing turns it red\n"
            )
            continue
        name = f"{proof.code} {proof.kind} {proof.number}"
        if not proof.reason:
            passed += 1
            out.write(f"{paint('passed', 'green', color=color)}    {name}\n")
            continue
        failed += 1
        out.write(f"{paint('failed', 'red', color=color)}    {name}: {proof.reason}\n")
        for finding in proof.found:
            out.write(f"          {finding.path}:{finding.line}:{finding.column}: {finding.message}\n")
    parts = [f"{passed:,} passed"]
    parts += [f"{failed:,} failed"] if failed else []
    parts += [f"{plural(unproven, 'rule')} unproven"] if unproven else []
    out.write(f"{plural(passed + failed, 'example')}: {', '.join(parts)}\n")
    return failed + unproven
