"""Which rules a list of codes, prefixes and names means."""

from collections.abc import Iterable, Mapping

from canonry.model.errors import UserError
from canonry.rules.rule import Rule


def select_rules(
    select: Iterable[str], ignore: Iterable[str], rules: Mapping[str, Rule] | Mapping[str, tuple[str, object]]
) -> frozenset[str] | None:
    """The codes to show, None for all. Entries may be separated by commas. Raises `UserError` for unknown ones.

    ``rules`` are all rules by code, or their names first in a tuple.
    """
    names = {code: rule.name if isinstance(rule, Rule) else rule[0] for code, rule in rules.items()}
    chosen = [_codes(entry, names) for entry in _split(select)]
    refused = [_codes(entry, names) for entry in _split(ignore)]
    if not chosen and not refused:
        return None
    base = frozenset(names) if not chosen else frozenset().union(*chosen)
    return base - frozenset().union(*refused)


def preview_words(select: Iterable[str], *, all_of_them: bool) -> frozenset[str]:
    """The words, in capitals, that may name a preview rule by its code or name so that it judges, or ``ALL``."""
    return frozenset(("ALL",)) if all_of_them else frozenset(entry.upper() for entry in _split(select)) - {"ALL"}


def _split(entries: Iterable[str]) -> list[str]:
    """The words of the entries. Raises `UserError` for an entry without any."""
    found: list[str] = []
    for entry in entries:
        words = [part.strip() for part in entry.split(",") if part.strip()]
        if not words:
            raise UserError("an empty `--select` or `--ignore` names no rule; name one, or leave it out")
        found += words
    return found


def _codes(entry: str, names: Mapping[str, str]) -> frozenset[str]:
    if entry.upper() == "ALL":
        return frozenset(names)
    found = frozenset(code for code, name in names.items() if code.startswith(entry.upper()) or name == entry.lower())
    if not found:
        known = [*names, *names.values()]
        import difflib

        near = difflib.get_close_matches(entry.upper(), known, 1) or difflib.get_close_matches(entry.lower(), known, 1)
        hint = f"; did you mean `{near[0]}`?" if near else "; `canonry explain` lists all rules"
        raise UserError(f"`{entry}` is no rule{hint}")
    return found
