"""WebSocket frames of a server, RFC 6455 section 5.2: no mask, no fragments, no extension."""


class Binary(bytes):
    """A frame that is sent as bytes and not as text; only a fault does that."""


def frame_head(data: bytes) -> bytes:
    """What stands before `data` on the wire."""
    first = 0x82 if type(data) is Binary else 0x81
    size = len(data)
    if size < 126:
        return bytes((first, size))
    if size < 65_536:
        return bytes((first, 126, size >> 8, size & 0xFF))
    return bytes((first, 127)) + size.to_bytes(8)
