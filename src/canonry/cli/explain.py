"""`canonry explain`."""

import sys

import click

from canonry.model.errors import UserError


@click.command()
@click.argument("rule", required=False, metavar="[RULE]")
def command(rule: str | None) -> int:
    """Say what a rule finds, why it is bad, and show code that breaks it and code that does not.

    RULE is a code (RUN001) or a name (direct-pytest-call); without it all rules are listed.
    """
    from canonry.report.explain import render_rule, render_rules
    from canonry.rules.registry import all_rules

    rules = all_rules()
    if rule is None:
        render_rules(rules.values(), sys.stdout)
        return 0
    family = [each for each in rules.values() if each.code.startswith(rule.upper())]
    if rule.isalpha() and family:
        render_rules(family, sys.stdout)
        return 0
    found = next((each for each in rules.values() if rule.upper() == each.code or rule.lower() == each.name), None)
    if found is None:
        import difflib

        names = [*rules, *(each.name for each in rules.values())]
        near = difflib.get_close_matches(rule.upper() if rule[:3].isalpha() and len(rule) < 8 else rule, names, 1)
        hint = f"; did you mean `{near[0]}`?" if near else "; `canonry explain` lists all rules"
        raise UserError(f"`{rule}` is no rule{hint}")
    render_rule(found, sys.stdout)
    return 0
