"""A schema as one question says no where its problems are told, and only there."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from canonry.contract.language.schema_test import make_test
from canonry.contract.language.schemas import problems

NAMES = st.sampled_from(["a", "b", "c"])
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.sampled_from([0.5, 1.0, 1e308, 2**60, "", "a", "ab"])
)
VALUES = st.recursive(SCALARS, lambda one: st.lists(one, max_size=3) | st.dictionaries(NAMES, one, max_size=3))
TYPES = st.sampled_from(["object", "array", "string", "boolean", "null", "number", "integer"])
FEW = st.integers(0, 2)


def keywords(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    some = st.lists(inner, min_size=1, max_size=2)
    return st.fixed_dictionaries(
        {},
        optional={
            "type": TYPES | st.lists(TYPES, min_size=1, max_size=2), "const": SCALARS, "enum": st.lists(SCALARS, max_size=3),
            "properties": st.dictionaries(NAMES, inner, max_size=2), "required": st.lists(NAMES, max_size=2),
            "additionalProperties": inner, "minProperties": FEW, "maxProperties": FEW, "items": inner,
            "prefixItems": some, "minItems": FEW, "maxItems": FEW, "uniqueItems": st.booleans(), "minLength": FEW,
            "maxLength": FEW, "pattern": st.sampled_from(["a", "^b"]), "minimum": FEW, "exclusiveMinimum": FEW,
            "maximum": FEW, "exclusiveMaximum": FEW, "multipleOf": st.sampled_from([0.5, 2]), "allOf": some,
            "anyOf": some, "oneOf": some, "not": inner, "if": inner, "then": inner, "else": inner,
            "$ref": st.just("#"),
        },
    )  # fmt: skip


SCHEMAS = st.recursive(st.booleans() | keywords(st.booleans()), keywords, max_leaves=4)


def flat(schema: Any) -> bool:
    """Whether a schema asks itself only of what is deeper in a value."""
    if not isinstance(schema, dict):
        return True
    deeper = ("properties", "additionalProperties", "items", "prefixItems", "const", "enum", "required", "type")
    inner = [
        one
        for key, value in schema.items()
        if key not in deeper
        for one in (value if isinstance(value, list) else [value])
    ]
    return "$ref" not in schema and all(map(flat, inner))


@settings(max_examples=150, deadline=None)
@given(schema=SCHEMAS.filter(flat), value=VALUES)
def test_it_holds_where_there_is_no_problem(schema: Any, value: Any) -> None:
    assert make_test(schema)(value) == (next(problems(schema, value), None) is None)


def test_a_schema_may_lead_back_to_itself() -> None:
    test = make_test({"required": ["name"], "properties": {"inner": {"$ref": "#"}}})
    assert test({"name": 1, "inner": {"name": 2}})
    assert not test({"name": 1, "inner": {}})
    test = make_test({"$ref": "#"})
    assert test(1)
