"""What items of a list have to have, as one quick question, is what looking at each way says."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from canonry.contract.language.field_types import FieldKind
from canonry.contract.language.item_test import item_holds, item_test

KEYS = st.sampled_from(["text", "url", "data"])
VALUES: st.SearchStrategy[Any] = st.sampled_from([None, "", "a", 1, False, [], {}, {"text": "a"}])
ITEMS = st.dictionaries(KEYS, VALUES, max_size=3) | VALUES
TAILS = st.lists(st.tuples(KEYS) | st.tuples(KEYS, KEYS), min_size=1, max_size=3, unique=True)
KINDS = st.builds(
    FieldKind, st.sampled_from(["one", "str", "text", "id", "object", "any"]).map(lambda word: (word,)), st.just(()),
    st.booleans(),
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(item=ITEMS, tails=TAILS, kind=KINDS)
def test_it_says_what_each_way_says(item: Any, tails: list[tuple[str, ...]], kind: FieldKind) -> None:
    assert item_test(tuple(tails), kind)(item) == item_holds(item, tuple(tails), kind)
