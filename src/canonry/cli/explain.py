"""`canonry explain`."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from canonry.model.errors import UserError

if TYPE_CHECKING:
    from canonry.rules.rule import Rule


@click.command()
@click.argument("rule", required=False, metavar="[RULE]")
def command(rule: str | None) -> int:
    """Say what a rule finds, why it is bad, and show code that breaks it and code that does not.

    RULE is a code (RUN001) or a name (direct-pytest-call); without it all rules are listed. Rules of
    one's own are those of the canon of the project around the current folder.
    """
    from canonry.report.explain import render_rule, render_rules
    from canonry.rules.registry import all_rules

    rules: Mapping[str, Rule] = all_rules()
    if rule is None:
        render_rules(_with_own(rules).values(), sys.stdout)
        return 0
    found = _find(rule, rules)
    if found is None:
        rules = _with_own(rules)
        found = _find(rule, rules)
    family = [each for each in rules.values() if each.code.startswith(rule.upper())]
    if rule.isalpha() and family:
        render_rules(family, sys.stdout)
        return 0
    if found is None:
        import difflib

        names = [*rules, *(each.name for each in rules.values())]
        near = difflib.get_close_matches(rule.upper() if rule[:3].isalpha() and len(rule) < 8 else rule, names, 1)
        hint = f"; did you mean `{near[0]}`?" if near else "; `canonry explain` lists all rules"
        raise UserError(f"`{rule}` is no rule{hint}")
    render_rule(found, sys.stdout)
    return 0


def _find(rule: str, rules: "Mapping[str, Rule]") -> "Rule | None":
    return next((each for each in rules.values() if rule.upper() == each.code or rule.lower() == each.name), None)


def _with_own(rules: "Mapping[str, Rule]") -> "Mapping[str, Rule]":
    """The rules with those of one's own; where these cannot be loaded, it is said and the built-in ones remain."""
    from canonry.cli.canon import load, root_of
    from canonry.rules.catalogue import catalogue_of

    root = root_of(Path())
    try:
        return catalogue_of(load(root, None), root=root).rules
    except UserError as error:
        click.echo(f"canonry: rules of your own are left out: {error}", err=True)
        return rules
