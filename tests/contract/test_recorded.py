"""The recordings themselves: whole, named once, broken ones with a reason."""

import pytest

from tests.contract.recorded import PROTOCOLS, streams


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_protocol_has_streams_both_ways(protocol: str) -> None:
    valid, broken = streams(protocol, "valid"), streams(protocol, "broken")
    assert len(valid) >= 5
    assert len(broken) >= 12
    names = [stream.name for stream in (*valid, *broken)]
    assert len(set(names)) == len(names)
    assert all(stream.spec and stream.lines for stream in (*valid, *broken))
    assert all(stream.breaks and stream.rule for stream in broken)
    assert not any(stream.breaks or stream.rule for stream in valid)
