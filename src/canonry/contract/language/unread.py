"""Why a text is no JSON, in a sentence that names no decoder."""

import json
import re

import msgspec

_PLACE = re.compile(r"\(byte (\d+)\)")


def why_unread(error: Exception, what: str) -> str:
    """Return what is wrong with ``what`` (`the frame`, `the line`), which raised ``error`` when it was decoded."""
    if isinstance(error, RecursionError):
        return f"{what} is nested too deeply"
    if isinstance(error, UnicodeError):
        at = getattr(error, "start", None)
        return f"{what} is no valid UTF-8" + ("" if at is None else f"; see byte {at}")
    text = str(error)
    if isinstance(error, json.JSONDecodeError):
        return f"{what} is no valid JSON; see character {error.pos}"
    if "truncated" in text:
        return f"{what} is no valid JSON: it is cut off"
    place = _PLACE.search(text)
    if isinstance(error, msgspec.DecodeError) and place is not None:
        return f"{what} is no valid JSON; see byte {place[1]}"
    if isinstance(error, ValueError) and "digits" in text:
        return f"{what} holds a number of too many digits"
    return f"{what} is no valid JSON"
