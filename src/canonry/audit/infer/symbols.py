"""Canonical symbols: class names with several homes, where one home clearly leads.

What is proposed becomes an error for every other definition of the name (DUP001), so doubt leaves a name out. The
leader needs at least three importers and twice those of any rival, no rival may belong to its family (a dialect's own
`JSON` is a variant and no second home), to a package that is shipped apart, or to another kind (a table and the schema
of its rows share their fields), and one of these has to hold:

- it is a double (`MockWebSocket`): tests that write their own would do as well with the leader;
- every rival has nearly the leader's members, so it is a copy (the bar of DUP003);
- the name is a compound, so many files agree on the leader that the rivals are strays, and each rival has something of
  the leader: with nothing in common two classes of one name are two things, and the remedy is to rename one. The
  numbers leave out what parallel trees define on purpose, such as the model fields and form fields of Django.
"""

import re
from collections import Counter, defaultdict
from typing import Any

import msgspec

from canonry.audit.infer.proposal import Answer, Entry, Omission, Other, plural
from canonry.audit.infer.survey import Survey
from canonry.source.facts import ClassFact
from canonry.source.index import Definition

KEY = ("canon", "symbols")
_MOST = 20
_LEAST = 3
"""Importers of the leader; fewer are no agreement."""
_LEAD = 2
"""How many times the importers of the strongest rival the leader needs."""
_LIKE = 0.6
"""Jaccard similarity of member names from which a rival is a second implementation of the same thing (as DUP003)."""
_MEMBERS = 3
"""Members of the leader; with fewer, alike means nothing."""
_RELATED = 0.2
_AGREED = 40
_AGREED_LEAD = 5
_ALIASES = 6
_COMPOUND = re.compile(r"[a-z0-9][A-Z]|[A-Z]{2}[a-z]")
_DOUBLE = re.compile(r"^_?(?:Mock|Fake|Stub|Dummy|Spy)[A-Z]|(?:Mock|Fake|Stub|Double)$")


class _Home(msgspec.Struct, frozen=True):
    definition: Definition
    members: frozenset[str]
    importers: int


def propose(survey: Survey) -> Answer:
    """The names ranked by the importers of their home, at most twenty."""
    several = {name: found for name, found in _definitions(survey).items() if len(found) > 1}
    ranked = sorted(
        (row for name, found in several.items() if (row := _judge(survey, name, found))),
        key=lambda row: (-row[1][0].importers, row[0]),
    )
    if not ranked:
        why = f"{plural(len(several), 'class name')} of several homes, and none has one home that clearly leads"
        return Omission("canon.symbols", why if several else "no class name has several homes")
    value: list[dict[str, Any]] = []
    items: list[str] = []
    others: list[Other] = []
    for name, homes in ranked:
        symbol = _symbol(survey, name, homes) if len(value) < _MOST else None
        if symbol is not None:
            value.append(symbol)
            items.append(_why(homes))
        else:
            others.append(Other(name, homes[0].importers))
    proposed = {symbol["name"] for symbol in value}
    rivals = sum(len(homes) - 1 for name, homes in ranked if name in proposed)
    why = f"{plural(len(value), 'name')} of {len(several):,} with several homes,"
    why += f" {plural(rivals, 'definition')} elsewhere; each home has at least {_LEAST}"
    why += f" importers and {_LEAD} times those of any rival"
    if others:
        why += f"; {len(others):,} more qualify with fewer importers and are left out"
    evidence = {"names": len(value), "several-homes": len(several), "rivals": rivals, "left-out": len(others)}
    return Entry(key=KEY, value=value, why=why, items=tuple(items), evidence=evidence, others=tuple(others[:20]))


def _why(homes: list[_Home]) -> str:
    """The importers of a home, and its strongest rivals with theirs."""
    rivals = ", ".join(f"`{home.definition.path}` ({home.importers:,})" for home in homes[1:3])
    more = f" and in {plural(len(homes) - 3, 'more file')}" if len(homes) > 3 else ""
    return f"{plural(homes[0].importers, 'importer')}; defined again in {rivals}{more}"


def _definitions(survey: Survey) -> dict[str, list[tuple[Definition, ClassFact]]]:
    """The top-level classes outside tests, and the doubles of test code, by name."""
    found: dict[str, list[tuple[Definition, ClassFact]]] = defaultdict(list)
    for file in survey.files.values():
        seen: set[str] = set()
        for fact in survey.facts(file.path).classes:
            if fact.nested or "." in fact.qualname or fact.name in seen:
                continue
            if not file.in_test_code or _DOUBLE.search(fact.name):
                seen.add(fact.name)
                found[fact.name].append((Definition(file.path, fact.qualname), fact))
    return found


def _homes(survey: Survey, found: list[tuple[Definition, ClassFact]]) -> list[_Home]:
    homes = [
        _Home(
            definition,
            frozenset(name for name in (*fact.methods, *fact.attributes) if not name.startswith("__")),
            len(survey.importers(definition).paths),
        )
        for definition, fact in found
    ]
    return sorted(homes, key=lambda home: (-home.importers, home.definition.path))


def _judge(survey: Survey, name: str, found: list[tuple[Definition, ClassFact]]) -> tuple[str, list[_Home]] | None:
    homes = _homes(survey, found)
    lead, rivals = homes[0], homes[1:]
    if lead.importers < _LEAST or lead.importers < _LEAD * rivals[0].importers or len(lead.members) < _MEMBERS:
        return None
    families = [{home.definition, *survey.index.hierarchy(home.definition).ancestors} for home in homes]
    if any(families[0] & family for family in families[1:]):
        return None
    if _DOUBLE.search(name):
        return name, homes
    kinds = [_kinds(survey, home) for home in homes]
    if any(kind != kinds[0] and kind.isdisjoint(kinds[0]) for kind in kinds[1:]):
        return None
    if len({top for home in homes if (top := _package(survey, home))}) > 1:
        return None
    nearness = min(_similarity(lead.members, rival.members) for rival in rivals)
    agreed = (
        nearness >= _RELATED
        and lead.importers >= max(_AGREED, _AGREED_LEAD * rivals[0].importers)
        and bool(_COMPOUND.search(name))
    )
    return (name, homes) if nearness >= _LIKE or agreed else None


def _kinds(survey: Survey, home: _Home) -> frozenset[str]:
    """What a class is, told by what it ends in outside the tree: a table, a schema, an enumeration."""
    return frozenset(survey.index.hierarchy(home.definition).roots)


def _package(survey: Survey, home: _Home) -> str:
    """The top folder of a home, empty where it stands in test code or at the root."""
    top, slash, _ = home.definition.path.partition("/")
    return top if slash and not survey.files[home.definition.path].in_test_code else ""


def _similarity(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other) if one | other else 0.0


def _symbol(survey: Survey, name: str, homes: list[_Home]) -> dict[str, Any] | None:
    home = survey.module_name(homes[0].definition.path)
    if home is None:
        return None
    symbol: dict[str, Any] = {"name": name, "home": home}
    aliases = _aliases(survey, name, homes)
    return symbol | {"aliases": aliases} if aliases else symbol


def _aliases(survey: Survey, name: str, homes: list[_Home]) -> list[str]:
    """The further names that assignments give to the leader; the paths of copies that somebody imports."""
    paths = [
        f"{module}.{name}"
        for home in homes[1:]
        if home.importers and _similarity(homes[0].members, home.members) >= _LIKE
        if (module := survey.module_name(home.definition.path))
    ]
    return [*_further_names(survey, homes[0].definition, set(_definitions(survey))), *paths][:_ALIASES]


def _further_names(survey: Survey, definition: Definition, defined: set[str]) -> list[str]:
    names = Counter(
        alias.site.symbol
        for file in survey.files.values()
        for alias in survey.facts(file.path).aliases
        if alias.site.symbol != definition.qualname
        and alias.reference.rpartition(".")[2].removeprefix(":") == definition.qualname
        and survey.index.resolve(file.path, alias.reference) == definition
    )
    return [name for name, _ in names.most_common() if name not in defined]
