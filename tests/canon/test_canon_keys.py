import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonry.canon.keys import KeyPath, flatten, format_key, nearest, parse_key, to_toml

TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("tests", ("tests",)),
        ("canon.base-cases", ("canon", "base-cases")),
        ('categories."a b.c".timeout', ("categories", "a b.c", "timeout")),
        ("categories.'a.b'", ("categories", "a.b")),
        ("canon.symbols[0].name", ("canon", "symbols", 0, "name")),
        ("canon.symbols[0][1]", ("canon", "symbols", 0, 1)),
        ("a b.c", ("a b", "c")),
    ],
)
def test_a_key_parses(text: str, path: KeyPath) -> None:
    assert parse_key(text) == path


@pytest.mark.parametrize("text", ["", ".", "a.", ".a", "a..b", "a[", "a[x]", "a]", '"a', 'a"b"', '"\\q"', "[0]a"])
def test_what_is_no_key_does_not_parse(text: str) -> None:
    assert parse_key(text) is None


@given(st.lists(TEXT | st.integers(0, 99), min_size=1))
def test_a_formatted_key_parses_back(parts: list[str | int]) -> None:
    assert parse_key(format_key(tuple(parts))) == tuple(parts)


@given(
    st.recursive(
        TEXT | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False),
        lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    )
)
def test_a_value_in_toml_reads_back(value: object) -> None:
    assert tomllib.loads(f"v = {to_toml(value)}") == {"v": value}


def test_flatten_yields_leaves_in_order() -> None:
    document = {"a": {"b": [1, 2], "c": {}}, "d": [{"e": 1}, {"f": []}], "g": []}

    assert list(flatten(document)) == [
        (("a", "b"), [1, 2]),
        (("a", "c"), {}),
        (("d", 0, "e"), 1),
        (("d", 1, "f"), []),
        (("g",), []),
    ]


@pytest.mark.parametrize(
    ("name", "expected"), [("base_case", "base-cases"), ("RUNNER", "runner"), ("qqq", None), ("", None)]
)
def test_the_nearest_name_ignores_case_and_underscores(name: str, expected: str | None) -> None:
    assert nearest(name, ["base-cases", "runner", "symbols"]) == expected
