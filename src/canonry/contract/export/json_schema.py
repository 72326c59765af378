"""JSON Schema (draft 2020-12) of the events of a contract, each by itself: what lies between events it cannot say."""

from fnmatch import fnmatchcase
from typing import Any

from canonry.contract.compile.plan import FieldRule, Kind, Plan, Test
from canonry.contract.language.field_types import FieldKind
from canonry.contract.language.paths import EACH
from canonry.contract.language.schema import DIALECT

_EMPTY: list[Any] = [None, "", [], {}]
_TIME = r"^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$"
_WORDS: dict[str, dict[str, Any]] = {
    "id": {"anyOf": [{"type": "string", "minLength": 1}, {"type": "integer"}]},
    "str": {"type": "string"},
    "text": {"type": "string", "pattern": r"\S"},
    "filled": {"not": {"enum": _EMPTY}},
    "int": {"type": "integer"},
    "number": {"type": "number"},
    "bool": {"type": "boolean"},
    "object": {"type": "object"},
    "list": {"type": "array"},
    "any": {"not": {"type": "null"}},
    "one": {"not": {"type": "null"}},
    "null": {"type": "null"},
    "rfc3339": {"type": "string", "pattern": _TIME},
    "rfc3339z": {"type": "string", "pattern": _TIME.replace("([Zz]|[+-]\\d\\d:\\d\\d)", "[Zz]")},
    "base64": {"type": "string", "pattern": "^[A-Za-z0-9+/_-]*={0,2}$"},
}


def events_schema(plan: Plan) -> dict[str, Any]:
    """Return a schema that every event of the contract follows. Its ``$defs`` have one for each event and variant."""
    definitions = {kind.name: kind_schema(plan, kind) for kind in plan.kinds[:-1]}
    bases = [kind for kind in plan.kinds[:-1] if not kind.tests]
    variants = [_variant(plan, kind) for kind in plan.kinds[:-1] if kind.tests]
    found: dict[str, Any] = {
        "$schema": DIALECT,
        "$id": f"urn:canonry:contract:{plan.contract.contract}",
        "title": plan.contract.contract,
        "description": plan.contract.description,
        "type": "object",
        "anyOf": [{"allOf": [_named(plan, kind), _ref(kind)]} for kind in bases],
        "$defs": definitions,
    }
    if any("*" in patterns for _, patterns in plan.allowed):
        found["anyOf"] = [*found["anyOf"], {"not": {"anyOf": [_named(plan, kind) for kind in bases]}}]
    if variants:
        found["allOf"] = variants
    below = plan.contract.discriminator.below
    if below:
        inner = {key: value for key, value in found.items() if key in ("type", "anyOf", "allOf")}
        wrapped = {"type": "object", "required": [below], "properties": {below: {"type": "object", **inner}}}
        outer = {key: value for key, value in found.items() if key not in ("anyOf", "allOf")}
        is_wrapped = {"required": [below], "properties": {below: {"type": "object"}}}
        found = {**outer, "if": is_wrapped, "then": wrapped, "else": inner}
    return found


def kind_schema(plan: Plan, kind: Kind) -> dict[str, Any]:
    """Return the schema of one event or variant, which does not ask for its name."""
    found: dict[str, Any] = {"title": kind.name, "type": "object"}
    parts = [_field(rule) for rule in kind.fields]
    parts += [schema for _, schema in kind.schemas]
    for part in parts:
        found = _merged(found, part)
    return found


def _merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """One schema that says what both say; where they speak of the same, both stand in ``allOf``."""
    found = dict(one)
    for key, value in other.items():
        if key not in found or found[key] == value:
            found[key] = value
        elif key == "properties":
            found[key] = {
                name: _merged(found[key][name], value[name])
                if name in found[key] and name in value
                else {**found[key], **value}[name]
                for name in (*found[key], *(each for each in value if each not in found[key]))
            }
        elif key == "required":
            found[key] = list(dict.fromkeys([*found[key], *value]))
        elif key == "allOf":
            found[key] = [*found[key], *value]
        else:
            found["allOf"] = [*found.get("allOf", ()), {key: value}]
    return found


def _field(rule: FieldRule) -> dict[str, Any]:
    """What a field asks of the whole event: one of its ways is right, or, where it is optional, none is there."""
    demanded = not rule.kind.holds(None)
    leaf = type_schema(rule.kind)
    if rule.items is not None or rule.kind.words == ("one",):
        head, tails = rule.items if rule.items is not None else ((), rule.path.ways)
        return _items(head, [_way(tail, leaf, demanded=demanded) for tail in tails], rule.kind)
    ways = [_way(way, leaf, demanded=demanded) for way in rule.path.ways]
    return ways[0] if len(ways) == 1 else {"anyOf": ways}


def _items(head: tuple[str | int, ...], ways: list[dict[str, Any]], kind: FieldKind) -> dict[str, Any]:
    """What each item of a list that there may be asks."""
    if kind.words == ("one",):
        there: dict[str, Any] = {"oneOf": ways}
        found = {"anyOf": [there, {"not": {"anyOf": ways}}]} if kind.optional else there
    else:
        found = ways[0] if len(ways) == 1 else {"anyOf": ways}
    return _way((*head, EACH), found, demanded=False) if head else found


def _way(way: tuple[str | int, ...], leaf: dict[str, Any], *, demanded: bool) -> dict[str, Any]:
    if not way:
        return leaf
    head, rest = way[0], way[1:]
    inner = _way(rest, leaf, demanded=demanded)
    if head == EACH:
        return {"type": "array", "items": inner} if demanded else {"items": inner}
    if isinstance(head, int):
        found: dict[str, Any] = {"prefixItems": [True] * head + [inner]}
        return {"type": "array", "minItems": head + 1, **found} if demanded else found
    found = {"properties": {head: inner}}
    return {"type": "object", "required": [head], **found} if demanded else found


def type_schema(kind: FieldKind) -> dict[str, Any]:
    """Return the schema of a field's type."""
    if kind.values:
        found: dict[str, Any] = {"enum": list(kind.values)}
    else:
        words = [_WORDS[word] for word in kind.words]
        found = words[0] if len(words) == 1 else {"anyOf": words}
    return {"anyOf": [found, {"type": "null"}]} if kind.optional else found


def _named(plan: Plan, kind: Kind) -> dict[str, Any]:
    """What says that an event is this one. A pattern means the names that no other entry before it has."""
    if "*" not in kind.base:
        return _says(plan, kind)
    bases = [each for each in plan.kinds[:-1] if not each.tests and each.base != kind.base]
    patterns = list(plan.families)
    taken = [
        each
        for each in bases
        if "*" not in each.base or patterns.index(each.base) < patterns.index(kind.base)
        if fnmatchcase(each.base, kind.base) or "*" in each.base
    ]
    return {"allOf": [_says(plan, kind), *({"not": _says(plan, each)} for each in taken)]}


def _says(plan: Plan, kind: Kind) -> dict[str, Any]:
    rule = plan.contract.discriminator
    if rule.jsonrpc:
        return _rpc(kind.base)
    if rule.keys_present:
        return {"required": [kind.base], "properties": {kind.base: {"not": {"type": "null"}}}}
    value: dict[str, Any] = {"const": kind.base}
    if "*" in kind.base:
        pattern = "".join(".*" if part == "*" else _escaped(part) for part in kind.base)
        value = {"type": "string", "pattern": f"^{pattern}$"}
    return _way(tuple(rule.field.split(".")), value, demanded=True)


def _escaped(text: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "_/:-" else f"\\{letter}" for letter in text)


def _rpc(name: str) -> dict[str, Any]:
    what, _, method = name.partition(":")
    given = {"not": {"type": "null"}}
    if what in ("request", "notification"):
        text: dict[str, Any] = {"const": method}
        if "*" in method:
            text = {
                "type": "string",
                "pattern": "^" + "".join(".*" if part == "*" else _escaped(part) for part in method) + "$",
            }
        found = {"required": ["method"], "properties": {"method": text}}
        asks = {"required": ["id"], "properties": {"id": given}}
        return {"allOf": [found, asks if what == "request" else {"not": asks}]}
    silent = {"not": {"required": ["method"]}}
    if what == "error":
        return {"allOf": [silent, {"required": ["error"]}]}
    return {"allOf": [silent, {"required": ["result"]}, {"not": {"required": ["error"]}}]}


def _variant(plan: Plan, kind: Kind) -> dict[str, Any]:
    """What a variant asks where its conditions hold, and those of none that would be taken before it."""
    earlier = []
    for number in plan.families.get(kind.base, ()):
        if number == kind.index:
            break
        earlier.append({"allOf": [_condition(test) for test in plan.kinds[number].tests]})
    base = next(each for each in plan.kinds if each.name == kind.base)
    taken = [_named(plan, base), *(_condition(test) for test in kind.tests), *({"not": each} for each in earlier)]
    return {"if": {"allOf": taken}, "then": _ref(kind)}


def _condition(test: Test) -> dict[str, Any]:
    ways = [_test_way(way, test) for way in test.path.ways]
    if test.word in ("absent", "empty"):
        found: dict[str, Any] = {"allOf": ways}
    else:
        found = ways[0] if len(ways) == 1 else {"anyOf": ways}
    return {"not": found} if test.negated else found


def _test_way(way: tuple[str | int, ...], test: Test) -> dict[str, Any]:
    match test.word:
        case "present":
            return _way(way, {"not": {"type": "null"}}, demanded=True)
        case "absent":
            return {"not": _way(way, {"not": {"type": "null"}}, demanded=True)}
        case "filled":
            return _way(way, {"not": {"enum": _EMPTY}}, demanded=True)
        case "empty":
            return {"not": _way(way, {"not": {"enum": _EMPTY}}, demanded=True)}
        case _:
            return _way(way, {"enum": list(test.values)}, demanded=True)


def _ref(kind: Kind) -> dict[str, Any]:
    name = kind.name.replace("~", "~0").replace("/", "~1").replace("%", "%25").replace("*", "%2A").replace(" ", "%20")
    return {"$ref": f"#/$defs/{name}"}
