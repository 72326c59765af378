"""A cache that is too large: what other code has read goes first, what the next audit needs stays."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from canonry.source.cache import Cache, variant
from canonry.source.documents.reading import reading_variant

KIND, OTHER_TARGET = variant((3, 11)), variant((3, 12))
STALE = KIND - 10_000
READING, OLD_READING = reading_variant("shell"), reading_variant("shell") + 1
LARGE = bytes(100_000)


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Cache]:
    cache = Cache(tmp_path / "cache.db")
    yield cache
    cache.close()


def put(cache: Cache, *kinds: int, count: int = 20) -> None:
    cache.store_facts([(bytes([number]) * 20, kind, LARGE) for kind in kinds for number in range(count)])


def kept(cache: Cache) -> dict[int, int]:
    """How many records there are of each kind."""
    keys = [bytes([number]) * 20 for number in range(200)]
    counts = {
        kind: len(list(cache.load_facts(keys, kind))) for kind in (KIND, OTHER_TARGET, STALE, READING, OLD_READING)
    }
    return {kind: count for kind, count in counts.items() if count}


def test_what_other_code_has_read_goes_first(cache: Cache) -> None:
    put(cache, KIND, OTHER_TARGET, STALE, READING, OLD_READING)

    cache.prune(KIND, [READING], most=7_000_000)

    assert kept(cache) == {KIND: 20, OTHER_TARGET: 20, READING: 20}


def test_another_target_goes_where_that_was_not_enough(cache: Cache) -> None:
    put(cache, KIND, OTHER_TARGET, STALE, READING)

    cache.prune(KIND, [READING], most=5_000_000)

    assert kept(cache) == {KIND: 20, READING: 20}


def test_a_cache_that_fits_keeps_all(cache: Cache) -> None:
    put(cache, KIND, STALE)

    cache.prune(KIND, [READING], most=7_000_000)

    assert kept(cache) == {KIND: 20, STALE: 20}


def test_room_that_became_free_is_no_reason_to_prune_again_and_is_given_back(cache: Cache, tmp_path: Path) -> None:
    put(cache, KIND, count=20)
    put(cache, STALE, count=60)
    cache.prune(KIND, [READING], most=5_000_000)
    put(cache, READING, OTHER_TARGET, count=10)

    cache.prune(KIND, [READING], most=5_000_000)

    assert kept(cache) == {KIND: 20, READING: 10, OTHER_TARGET: 10}
    cache.close()
    assert (tmp_path / "cache.db").stat().st_size < 5_000_000
