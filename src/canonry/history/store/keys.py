"""Names as numbers: what two machines call alike has the same key on both, without asking each other."""

import hashlib
from collections.abc import Mapping

from canonry.model.outcome import Outcome


def key_of(name: str) -> int:
    """The first 63 bits of BLAKE2b: a million names share one with a chance of 1 in 20 million."""
    digest = hashlib.blake2b(name.encode("utf-8", "surrogateescape"), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


class Keys(dict[str, int]):
    """The keys of names, each computed once."""

    def __missing__(self, name: str) -> int:
        key = self[name] = key_of(name)
        return key


CODES: Mapping[str, int] = {
    Outcome.PASSED: 0,
    Outcome.FAILED: 1,
    Outcome.SETUP_ERROR: 2,
    Outcome.TEARDOWN_ERROR: 3,
    Outcome.TIMEOUT: 4,
    Outcome.CRASHED: 5,
    Outcome.LOST: 6,
    Outcome.SERVICE_UNAVAILABLE: 7,
    Outcome.UNCOLLECTABLE: 8,
    Outcome.SKIPPED: 9,
    Outcome.EXPECTED_FAILURE: 10,
    Outcome.UNEXPECTED_PASS: 11,
    Outcome.BLOCKED: 12,
    Outcome.NOT_RUN: 13,
}
"""What stands in a file for an outcome, by member or word. A number is never used again for another one."""
OUTCOMES: Mapping[int, Outcome] = {code: outcome for outcome, code in CODES.items() if isinstance(outcome, Outcome)}


def storable(text: str) -> str:
    """The text without what PostgreSQL (the character 0) or UTF-8 (halves of surrogates) cannot hold."""
    if "\0" in text:
        text = text.replace("\0", "\\0")
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")
