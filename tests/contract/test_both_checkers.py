"""The compiled checker and the interpreter say the same of every hand-written stream."""

import pytest

from tests.contract.judged import judge
from tests.contract.recorded import PROTOCOLS, Stream, streams

FILES = [(protocol, file) for protocol in PROTOCOLS for file in ("valid", "broken")] + [("ag-ui", "verifier")]


@pytest.mark.parametrize("stream", [one for protocol, file in FILES for one in streams(protocol, file)], ids=lambda one: f"{one.protocol}: {one.name}")
def test_both_say_the_same_in_the_same_words(stream: Stream) -> None:
    assert judge(stream) == judge(stream, interpreted=True)
