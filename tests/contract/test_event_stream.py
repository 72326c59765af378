"""Server-sent events, as WHATWG HTML writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonry.contract.sse import EventStream

PARTS = [b"data: a", b"data:", b"\n", b"\r", b"\r\n", b": x", b"\xef\xbb\xbf", b"id: 1"]


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        (b"data: a\n\ndata: b\n\n", [b"a", b"b"]),
        (b"data:a\r\ndata: b\r\n\r\n", [b"a\nb"]),
        (b"data: a\r\rdata: b\r\r", [b"a", b"b"]),
        (b"\xef\xbb\xbfdata: a\n\n", [b"a"]),
        (b": hello\nevent: x\nid: 1\nretry: 5\ndata: {}\n\n", [b"{}"]),
        (b"event: x\n\ndata:  two blanks\n\n", [b" two blanks"]),
        (b"data\n\n", [b""]),
        (b"data: cut off", []),
        (b"data: cut off\n", []),
        (b"\n\n\ndata: a\n\n\n", [b"a"]),
    ],
)
def test_the_data_of_each_event_is_read(stream: bytes, events: list[bytes]) -> None:
    assert list(EventStream().feed(stream)) == events


@given(st.lists(st.sampled_from(PARTS)), st.data())
def test_where_chunks_are_cut_says_nothing(parts: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    chunks = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    decoder = EventStream()
    assert [event for chunk in chunks for event in decoder.feed(chunk)] == list(EventStream().feed(stream))


def test_an_event_that_never_ends_keeps_no_more_than_it_may() -> None:
    decoder = EventStream(largest=100)
    for _ in range(50):
        assert list(decoder.feed(b"data: " + b"x" * 60 + b"\n")) == []
    (event,) = decoder.feed(b"\n")
    assert len(event) <= 250
