"""Values of the types that contracts have, for one user: ids are new, texts are words, canaries are the user's own."""

import base64
import datetime as dt
import re
from random import Random
from typing import Any

from canonry.contract.canary import TAG
from canonry.contract.check.isolation import SessionFacts
from canonry.contract.compile.plan import Plan
from canonry.contract.generate.draft import Way
from canonry.contract.language.field_types import FieldKind
from canonry.contract.language.paths import Path
from canonry.contract.language.rules import TimeUnit
from canonry.contract.language.schemas import resolve

WORDS = "the ledger has one invoice of March so an answer follows from its second page and nothing else".split()
START = dt.datetime(2026, 1, 5, 9, 0, tzinfo=dt.UTC)
"""When every generated recording begins."""
_DEEPEST = 12


class Persona:
    """One connection and the user it belongs to. Ids that it makes are not those of another persona of the same run."""

    def __init__(self, plan: Plan, number: int, rng: Random) -> None:
        self.number = number
        self.connection = f"c{number}"
        self.rng = rng
        self.made = 0
        canaries = (TAG + f"{rng.getrandbits(64):016x}",) if plan.isolation.canary else ()
        kinds = {way: rule.kind for kind in plan.kinds for rule in kind.fields for way in rule.path.ways}

        def named(path: Path) -> Any:
            return self.new_id(path.ways[0], next((kinds[way] for way in path.ways if way in kinds), None))

        user = {path.text: named(path) for path, _ in plan.isolation.session}
        owned = {name: (named(path), named(path)) for name, path, _ in plan.isolation.owned}
        user = user or {"user": self.connection}
        self.facts = SessionFacts(user=user, owned=owned, canaries=canaries)

    def new_id(self, way: Way, kind: FieldKind | None = None) -> Any:
        """Return an id that nobody had, of the type that its field has."""
        self.made += 1
        if kind is not None and kind.values:
            return self.rng.choice(kind.values)
        words = kind.words if kind is not None else ()
        if words and not {"id", "str", "text", "filled", "any"} & set(words):
            return (
                self.number * 10_000 + self.made
                if "int" in words or "number" in words
                else self._of_word(words[0], way, 0.0)
            )
        stem = next((str(part) for part in reversed(way) if isinstance(part, str) and part != "[]"), "id")
        stem = re.sub(r"\W+", "-", stem.lstrip("$").removesuffix("_id").removesuffix("Id")) or "id"
        return f"{stem}-{self.number}-{self.made}"

    def text(self) -> str:
        """Return some words; now and then with a text that only this user may see."""
        words = self.rng.choices(WORDS, k=self.rng.randint(1, 5))
        if self.facts.canaries and self.rng.random() < 0.05:
            words.append(self.facts.canaries[0])
        return " ".join(words)

    def of(self, kind: FieldKind, way: Way, at: float) -> Any:
        """Return a value of a type. ``at`` is the time of the event, in seconds."""
        if kind.values:
            return self.rng.choice(kind.values)
        return self._of_word(self.rng.choice([word for word in kind.words if word != "null"] or ["null"]), way, at)

    def _of_word(self, word: str, way: Way, at: float) -> Any:
        rng = self.rng
        match word:
            case "id":
                return self.new_id(way)
            case "str":
                return self.text() if rng.random() < 0.9 else ""
            case "int":
                return rng.randrange(100)
            case "number":
                return rng.choice([rng.randrange(100), rng.randrange(1000) / 8])
            case "bool":
                return rng.random() < 0.5
            case "object":
                return {} if rng.random() < 0.5 else {"note": self.text()}
            case "list":
                return [] if rng.random() < 0.5 else [self.text()]
            case "null":
                return None
            case "rfc3339":
                return stamp(at, zone=rng.choice(["Z", "Z", "Z", "+01:00"]))
            case "rfc3339z":
                return stamp(at)
            case "base64":
                return base64.b64encode(self.text().encode()).decode()
            case "filled" | "any":
                return rng.choice([self.text(), [self.text()], {"note": self.text()}])
            case _:
                return self.text()

    def of_schema(self, schema: Any, root: Any, old: Any = None, depth: int = 0) -> Any:
        """Return a value that follows a JSON schema as far as it can be read off, made from ``old`` if there."""
        if not isinstance(schema, dict) or depth > _DEEPEST:
            return self.text() if old is None else old
        if "$ref" in schema:
            old = self.of_schema(resolve(root, schema["$ref"]), root, old, depth + 1)
        for part in (*schema.get("allOf", ()), *self.rng.sample(_listed(schema, "anyOf", "oneOf"), k=1)):
            old = self.of_schema(part, root, old, depth + 1)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return old if old in schema["enum"] else self.rng.choice(schema["enum"])
        kind = schema.get("type", "object" if "properties" in schema or "required" in schema else None)
        kind = self.rng.choice(kind) if isinstance(kind, list) else kind
        match kind:
            case "object":
                return self._table(schema, root, old, depth)
            case "array":
                return self._items(schema, root, old, depth)
            case "string":
                return self._string(schema, old)
            case "integer" | "number":
                return _number(schema, old, self.rng)
            case "boolean":
                return old if isinstance(old, bool) else self.rng.random() < 0.5
            case "null":
                return None
            case _:
                return self.text() if old is None else old

    def _table(self, schema: dict[str, Any], root: Any, old: Any, depth: int) -> dict[str, Any]:
        found = dict(old) if isinstance(old, dict) else {}
        known = schema.get("properties", {})
        for name in (*schema.get("required", ()), *known):
            if name in found or name in schema.get("required", ()) or self.rng.random() < 0.3:
                found[name] = self.of_schema(known.get(name, True), root, found.get(name), depth + 1)
        return found

    def _items(self, schema: dict[str, Any], root: Any, old: Any, depth: int) -> list[Any]:
        found = list(old) if isinstance(old, list) else []
        first = schema.get("prefixItems", [])
        while len(found) < max(schema.get("minItems", 0), len(first)):
            index = len(found)
            found.append(
                self.of_schema(first[index] if index < len(first) else schema.get("items", True), root, None, depth + 1)
            )
        return found

    def _string(self, schema: dict[str, Any], old: Any) -> str:
        text = old if isinstance(old, str) else self.text()
        text = text[: schema.get("maxLength", len(text))]
        return text + "x" * int(schema.get("minLength", 0) - len(text))


def stamp(at: float, *, zone: str = "Z", unit: TimeUnit = TimeUnit.RFC3339) -> Any:
    """Return a moment as an event writes it; ``at`` is in seconds after `START`."""
    if unit is not TimeUnit.RFC3339:
        seconds = START.timestamp() + at
        return int(seconds * 1000) if unit is TimeUnit.MILLISECONDS else round(seconds, 3)
    moment = START + dt.timedelta(seconds=at)
    if zone != "Z":
        moment = moment.astimezone(dt.timezone(dt.timedelta(hours=1)))
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _number(schema: dict[str, Any], old: Any, rng: Random) -> Any:
    if isinstance(old, int | float) and not isinstance(old, bool):
        return old
    low = schema.get("minimum", schema.get("exclusiveMinimum", 0) + ("exclusiveMinimum" in schema))
    step = schema.get("multipleOf", 1)
    found = -(-low // step) * step + step * rng.randrange(3)
    high = schema.get("maximum", found)
    return found if found <= high else low


def _listed(schema: dict[str, Any], *keys: str) -> list[Any]:
    found = [one for key in keys for one in schema.get(key, ())]
    return found or [True]
