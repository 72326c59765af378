"""The text of what receives a frame: it keeps the frame, decodes it and calls the handler of its kind."""


def receiver_lines(*, mask: int, turn: int, most: int, wrapped: bool, text: bool) -> list[str]:
    """Return the function that receives for sessions that keep ``mask`` and one frames.

    ``turn`` events, and one, after the last time a session forgets the older half of what it remembers. A frame is at
    ``most`` so long. ``text``: handlers search every frame, which is faster in a text than in bytes.
    """
    utf8 = "text = raw if raw.__class__ is str else raw.decode()"
    return [
        "def receive(S, raw, *, at=None, direction=None):",
        "    n = S.n",
        f"    S.frames[n & {mask}] = raw, at, direction",
        f"    if not n & {turn} and n: S.turn()",
        "    try:",
        "        e = decode(raw)",
        *(["        S.wrapped = e.id", "        if e.inner_ is not None: e = unwrap(e)"] if wrapped else []),
        # What the decoder skips it does not look at.
        f"        {utf8 if text else 'if not raw.isascii() and raw.__class__ is not str: raw.decode()'}",
        f"        if len(raw) > {most}: return slow(S, raw, at, direction)",
        f"        return e.judge(S, n, {'text' if text else 'raw'}, at, direction)",
        "    except REFUSED:",
        "        return slow(S, raw, at, direction)",
    ]
