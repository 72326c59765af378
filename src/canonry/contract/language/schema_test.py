"""A schema as one question, for what is asked often: whether a value has no problem. `schemas.problems` says which."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from canonry.contract.language.schemas import DEEPEST, is_type, listed, resolve, same

Test = Callable[[Any, int], bool]
"""Whether a value, at a depth, is what a part of a schema asks for."""


def make_test(schema: Any) -> Callable[[Any], bool]:
    """Return whether `problems` finds nothing, as a function of the value."""
    test = _Tests(schema).test(schema)
    return lambda value: test(value, 0)


class _Tests:
    """The tests of the parts of one schema, each made once: references may lead back to where they stand."""

    def __init__(self, root: Any) -> None:
        self._root = root
        self._made: dict[int, Test] = {}

    def test(self, schema: Any) -> Test:
        if isinstance(schema, bool):
            return lambda value, depth: schema or depth > DEEPEST
        if id(schema) not in self._made:
            self._made[id(schema)] = lambda value, depth: self._made[id(schema)](value, depth)
            self._made[id(schema)] = self._make(schema)
        return self._made[id(schema)]

    def _make(self, schema: dict[str, Any]) -> Test:
        always = list(self._of_any(schema))
        by_type = [
            (dict, list(self._of_object(schema))),
            (list, list(self._of_list(schema))),
            (str, list(_of_text(schema))),
            ((int, float), list(_of_number(schema))),
        ]
        special: list[tuple[Any, list[Test]]] = [(kind, tests) for kind, tests in by_type if tests]

        def test(value: Any, depth: int) -> bool:
            if depth > DEEPEST:
                return True
            for one in always:
                if not one(value, depth):
                    return False
            for kind, tests in special:
                if isinstance(value, kind) and not isinstance(value, bool):
                    return all(one(value, depth) for one in tests)
            return True

        return test

    def _of_any(self, schema: dict[str, Any]) -> Iterator[Test]:
        if "type" in schema:
            types = listed(schema["type"])
            yield lambda value, depth: any(is_type(value, one) for one in types)
        if "$ref" in schema and (target := resolve(self._root, schema["$ref"])) is not None:
            yield self._deeper(target)
        if "const" in schema:
            yield lambda value, depth: same(value, schema["const"])
        if "enum" in schema:
            yield lambda value, depth: any(same(value, one) for one in schema["enum"])
        for one in schema.get("allOf", ()):
            yield self._deeper(one)
        if "anyOf" in schema:
            some = [self._deeper(one) for one in schema["anyOf"]]
            yield lambda value, depth: any(one(value, depth) for one in some)
        if "oneOf" in schema:
            each = [self._deeper(one) for one in schema["oneOf"]]
            yield lambda value, depth: sum(one(value, depth) for one in each) == 1
        if "not" in schema:
            wrong = self._deeper(schema["not"])
            yield lambda value, depth: not wrong(value, depth)
        if "if" in schema:
            asked, then, otherwise = (self._deeper(schema.get(name, True)) for name in ("if", "then", "else"))
            yield lambda value, depth: then(value, depth) if asked(value, depth) else otherwise(value, depth)

    def _of_object(self, schema: dict[str, Any]) -> Iterator[Test]:
        if names := schema.get("required", ()):
            yield lambda value, depth: all(name in value for name in names)
        known = {name: self._deeper(inner) for name, inner in schema.get("properties", {}).items()}
        if "additionalProperties" in schema:
            other = self._deeper(schema["additionalProperties"])
            yield lambda value, depth: all(known.get(name, other)(inner, depth) for name, inner in value.items())
        elif known:
            yield lambda value, depth: all(test(value[name], depth) for name, test in known.items() if name in value)
        if "minProperties" in schema:
            yield lambda value, depth: len(value) >= schema["minProperties"]
        if "maxProperties" in schema:
            yield lambda value, depth: len(value) <= schema["maxProperties"]

    def _of_list(self, schema: dict[str, Any]) -> Iterator[Test]:
        first = [self._deeper(one) for one in schema.get("prefixItems", [])]
        if first:
            yield lambda value, depth: all(test(one, depth) for test, one in zip(first, value, strict=False))
        if "items" in schema:
            rest = self._deeper(schema["items"])
            yield lambda value, depth: all(rest(one, depth) for one in value[len(first) :])
        if "minItems" in schema:
            yield lambda value, depth: len(value) >= schema["minItems"]
        if "maxItems" in schema:
            yield lambda value, depth: len(value) <= schema["maxItems"]
        if schema.get("uniqueItems"):
            yield lambda value, depth: not any(same(a, b) for i, a in enumerate(value) for b in value[:i])

    def _deeper(self, schema: Any) -> Test:
        test = self.test(schema)
        return lambda value, depth: test(value, depth + 1)


def _of_text(schema: dict[str, Any]) -> Iterator[Test]:
    if "minLength" in schema:
        yield lambda value, depth: len(value) >= schema["minLength"]
    if "maxLength" in schema:
        yield lambda value, depth: len(value) <= schema["maxLength"]
    if "pattern" in schema:
        search = re.compile(schema["pattern"]).search
        yield lambda value, depth: search(value) is not None


def _of_number(schema: dict[str, Any]) -> Iterator[Test]:
    if "minimum" in schema:
        yield lambda value, depth: not value < schema["minimum"]
    if "exclusiveMinimum" in schema:
        yield lambda value, depth: not value <= schema["exclusiveMinimum"]
    if "maximum" in schema:
        yield lambda value, depth: not value > schema["maximum"]
    if "exclusiveMaximum" in schema:
        yield lambda value, depth: not value >= schema["exclusiveMaximum"]
    if schema.get("multipleOf"):
        yield lambda value, depth: not value % schema["multipleOf"]
