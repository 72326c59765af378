"""A comparison of two services."""

from typing import IO

import msgspec

from canonry.model.load import Comparison


def render(found: Comparison, output_format: str, out: IO[str]) -> None:
    """Writes a sentence for each measure, those that differ first; or all of it as JSON."""
    if output_format == "json":
        out.write(msgspec.json.format(msgspec.json.encode(found), indent=2).decode() + "\n")
        return
    out.write(f"A is {found.a}, B is {found.b}; {found.effects[0].pairs} runs each, interleaved\n")
    for effect in sorted(found.effects, key=lambda one: not one.is_shown):
        out.write(f"{effect.sentence}\n")
    for sentence in found.failed:
        out.write(f"failed: {sentence}\n")
