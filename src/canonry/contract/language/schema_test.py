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
        always = tuple(self._of_any(schema))
        of_object, of_list = tuple(self._of_object(schema)), tuple(self._of_list(schema))
        of_text, of_number = tuple(_of_text(schema)), tuple(_of_number(schema))
        by_type = {dict: of_object, list: of_list, str: of_text, int: of_number, float: of_number}

        def test(value: Any, depth: int) -> bool:
            if depth > DEEPEST:
                return True
            for one in always:
                if not one(value, depth):
                    return False
            for one in by_type.get(value.__class__, ()):  # noqa: SIM110  a generator costs more than what it asks
                if not one(value, depth):
                    return False
            return True

        return test

    def _of_any(self, schema: dict[str, Any]) -> Iterator[Test]:
        if "type" in schema:
            types = listed(schema["type"])
            yield lambda value, depth: any(is_type(value, one) for one in types)
        if "$ref" in schema and (target := resolve(self._root, schema["$ref"])) is not None:
            referred = self.test(target)
            yield lambda value, depth: referred(value, depth + 1)
        if "const" in schema:
            yield lambda value, depth: same(value, schema["const"])
        if "enum" in schema:
            yield lambda value, depth: any(same(value, one) for one in schema["enum"])
        for part in schema.get("allOf", ()):
            yield self._deeper(part)
        if "anyOf" in schema:
            some = [self.test(one) for one in schema["anyOf"]]
            yield lambda value, depth: any(one(value, depth + 1) for one in some)
        if "oneOf" in schema:
            each = [self.test(one) for one in schema["oneOf"]]
            yield lambda value, depth: sum(one(value, depth + 1) for one in each) == 1
        if "not" in schema:
            wrong = self.test(schema["not"])
            yield lambda value, depth: not wrong(value, depth + 1)
        if "if" in schema:
            asked, then, other = (self.test(schema.get(name, True)) for name in ("if", "then", "else"))
            yield lambda value, depth: (then if asked(value, depth + 1) else other)(value, depth + 1)

    def _of_object(self, schema: dict[str, Any]) -> Iterator[Test]:
        for name in schema.get("required", ()):
            yield lambda value, depth, name=name: name in value  # type: ignore[misc]
        known = {name: self.test(inner) for name, inner in schema.get("properties", {}).items()}
        if "additionalProperties" in schema:
            other = self.test(schema["additionalProperties"])
            yield lambda value, depth: all(known.get(name, other)(inner, depth + 1) for name, inner in value.items())
        else:
            for name, test in known.items():
                yield _of_property(name, test)
        if "minProperties" in schema:
            yield lambda value, depth: len(value) >= schema["minProperties"]
        if "maxProperties" in schema:
            yield lambda value, depth: len(value) <= schema["maxProperties"]

    def _of_list(self, schema: dict[str, Any]) -> Iterator[Test]:
        first = [self.test(one) for one in schema.get("prefixItems", [])]
        if first:
            yield lambda value, depth: all(test(one, depth + 1) for test, one in zip(first, value, strict=False))
        if "items" in schema:
            yield _of_items(self.test(schema["items"]), len(first))
        if "minItems" in schema:
            yield lambda value, depth: len(value) >= schema["minItems"]
        if "maxItems" in schema:
            yield lambda value, depth: len(value) <= schema["maxItems"]
        if schema.get("uniqueItems"):
            yield lambda value, depth: not any(same(a, b) for i, a in enumerate(value) for b in value[:i])

    def _deeper(self, schema: Any) -> Test:
        test = self.test(schema)
        return lambda value, depth: test(value, depth + 1)


def _of_property(name: str, test: Test) -> Test:
    return lambda value, depth: name not in value or test(value[name], depth + 1)


def _of_items(test: Test, begin: int) -> Test:
    def holds(value: list[Any], depth: int) -> bool:
        for one in value[begin:] if begin else value:  # noqa: SIM110  a generator costs more than what it asks
            if not test(one, depth + 1):
                return False
        return True

    return holds


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
