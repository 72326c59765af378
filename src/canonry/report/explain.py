"""A rule's page: what, why, examples; the same text that its tests check."""

import inspect
from collections.abc import Iterable
from typing import IO

from canonry.rules.rule import Example, Rule


def render_rules(rules: Iterable[Rule], out: IO[str]) -> None:
    """Writes one line per rule."""
    for rule in rules:
        out.write(f"{rule.code}  {rule.name:<28} {rule.severity.value:<8} {summary(rule)}\n")
    out.write("\n`canonry explain CODE` says more of one.\n")


def render_rule(rule: Rule, out: IO[str]) -> None:
    """Writes a rule's page as Markdown."""
    out.write(f"# {rule.code} {rule.name}\n\n")
    out.write(f"severity: {rule.severity.value} · confidence: {rule.confidence.value}")
    out.write("\n\n")
    out.write(f"{inspect.cleandoc(rule.__doc__ or '')}\n\n")
    out.write(f"Next step: {rule.help}.\n")
    if rule.options:
        out.write(f"\nOptions: {', '.join(f'`{option}`' for option in rule.options)} (`canonry canon show KEY`).\n")
    for title, examples in (("Bad", rule.bad), ("Good", rule.good)):
        for example in examples:
            out.write(f"\n## {title}\n\n{_example(example)}")


def summary(rule: Rule) -> str:
    """The first sentence of a rule's docstring, on one line."""
    return " ".join(inspect.cleandoc(rule.__doc__ or "").split("\n\n")[0].split())


def _example(example: Example) -> str:
    parts = [("canonry.toml", example.canon)] if example.canon else []
    parts += [(f"{path} (in the commit before)", code) for path, code in example.before.items()]
    parts += [*example.files.items(), (example.path, example.code)]
    blocks = []
    for path, code in parts:
        language = "toml" if path.endswith(".toml") else "ini" if path.endswith(".ini") else "python"
        blocks.append(f"`{path}`\n\n```{language}\n{code.rstrip()}\n```\n")
    return "\n".join(blocks)
