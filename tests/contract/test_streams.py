"""Every stream that was written by hand, judged by the contract of its protocol."""

import pytest

from tests.contract.judged import judge
from tests.contract.recorded import PROTOCOLS, Place, places, streams

VALID = [place for protocol in PROTOCOLS for place in places(protocol, "valid")]
BROKEN = [place for protocol in PROTOCOLS for place in places(protocol, "broken")]
VERIFIER = places("ag-ui", "verifier")


def _named(place: Place) -> str:
    return f"{place.protocol}: {place.name}"


@pytest.mark.parametrize("place", VALID, ids=_named)
def test_a_legal_stream_is_accepted(place: Place) -> None:
    assert judge(place.read()) == ()


@pytest.mark.parametrize("place", BROKEN, ids=_named)
def test_a_broken_stream_is_refused_by_the_rule_that_it_breaks(place: Place) -> None:
    stream = place.read()
    violations = judge(stream)
    assert violations, stream.breaks
    first = [one.rule for one in violations if one.index == violations[0].index]
    assert stream.rule in first, stream.breaks


@pytest.mark.parametrize("place", VERIFIER, ids=_named)
def test_the_verdict_is_that_of_ag_uis_verifier_or_the_difference_is_explained(place: Place) -> None:
    stream = place.read()
    violations = judge(stream)
    said = "reject" if violations else "accept"
    assert (said != stream.verifier) == (stream.differs is not None)
    if stream.refused is not None:
        assert violations[0].index == stream.refused


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_broken_streams_break_many_kinds_of_rules(protocol: str) -> None:
    kinds = {(stream.rule or "").split(".")[0] for stream in streams(protocol, "broken")}
    assert len(kinds) >= 6
