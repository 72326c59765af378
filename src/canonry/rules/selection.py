"""Which rules a list of codes, prefixes and names means."""

import difflib
from collections.abc import Iterable

from canonry.model.errors import UserError
from canonry.rules.registry import all_rules


def select_rules(select: Iterable[str], ignore: Iterable[str]) -> frozenset[str] | None:
    """The codes to show, None for all. Entries may be separated by commas. Raises `UserError` for unknown ones."""
    chosen = [_codes(entry) for entry in _split(select)]
    refused = [_codes(entry) for entry in _split(ignore)]
    if not chosen and not refused:
        return None
    base = frozenset(all_rules()) if not chosen else frozenset().union(*chosen)
    return base - frozenset().union(*refused)


def preview_rules(select: Iterable[str], *, all_of_them: bool) -> frozenset[str]:
    """The codes of preview rules that judge: all, or those that are selected by their own code or name."""
    named = {entry.upper() for entry in _split(select)}
    return frozenset(
        code
        for code, rule in all_rules().items()
        if rule.preview and (all_of_them or code in named or rule.name.upper() in named)
    )


def _split(entries: Iterable[str]) -> list[str]:
    return [part.strip() for entry in entries for part in entry.split(",") if part.strip()]


def _codes(entry: str) -> frozenset[str]:
    rules = all_rules()
    if entry.upper() == "ALL":
        return frozenset(rules)
    found = frozenset(
        code for code, rule in rules.items() if code.startswith(entry.upper()) or rule.name == entry.lower()
    )
    if not found:
        names = [*rules, *(rule.name for rule in rules.values())]
        near = difflib.get_close_matches(entry.upper(), names, 1) or difflib.get_close_matches(entry.lower(), names, 1)
        hint = f"; did you mean `{near[0]}`?" if near else "; `canonry explain` lists all rules"
        raise UserError(f"`{entry}` is no rule{hint}")
    return found
