"""The record of a file that is no Python: the commands in it, each at its exact place, and what was passed over.

As with facts, a record holds no path and no verdict, so it is computed once per distinct content and reader.
"""

import msgspec

from canonry.source.code import DOCUMENTS, documents_version
from canonry.source.facts import Site, Suppression

ANYTHING = "**"
"""In `Reading.provided`: the file fetches things that are not named in it."""


class Command(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One command as a shell would start it.

    ``words`` are its argument vector, quotes removed and variables kept as they are written (``$NAME``, ``%NAME%``,
    ``${{ name }}``); a variable that the file itself sets to a fixed text is replaced by it. ``tool`` is the test tool
    that it starts (as in `canonry.source.commands`), else empty. The site's ``symbol`` says where it stands in the
    terms of the file (``jobs.test.steps[2]``, a Make target). ``forgiven`` says why its failure is no failure of the
    step (``continue-on-error``, ``|| true``), else empty. ``folder`` is the working directory from the root, as far as
    the file says so (``?``: it does not).
    """

    words: tuple[str, ...]
    site: Site
    tool: str = ""
    forgiven: str = ""
    folder: str = ""
    doubt: str = ""
    """Why it is not certain that the command starts its tool, or that it is run at all; else empty."""
    places: tuple[tuple[int, int], ...] = ()
    """Of commands that start a test tool: where each word stands, as the document's characters, quotes included.

    Words that one variable stands for have one place. Empty where the places are not known.
    """
    listed: bool = False
    """Whether the words are items of a list, whose places are those of their texts without quotes."""


class PassedOver(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A part that is not read, and the reason: broken YAML, a command built in a loop, another CI system."""

    site: Site
    reason: str


class Reading(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """All that is known of one content, read as one kind of file."""

    commands: tuple[Command, ...] = ()
    passed_over: tuple[PassedOver, ...] = ()
    provided: tuple[str, ...] = ()
    """Paths, as written, that the file's own commands create, fetch or ask for before they use them."""
    mentions: tuple[int, ...] = ()
    """Lines that hold the word pytest as a text that is printed or written somewhere; only counted, never judged."""
    suppressions: tuple[Suppression, ...] = ()


def reading_variant(reader: str) -> int:
    """The part of the cache key that is not content: the reader, and all code that reads.

    It has more digits than any variant of facts, which share the table.
    """
    return DOCUMENTS + documents_version(reader)


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Reading)


def encode_reading(reading: Reading) -> bytes:
    """The record as MessagePack bytes, the form in which the cache and the process pool carry it."""
    return _ENCODER.encode(reading)


def unread(reason: str) -> Reading:
    """The record of a content that is passed over as a whole."""
    return Reading((), (PassedOver(Site(1, 1, 1, 1, 0, "<file>"), reason),))


def decode_reading(data: bytes) -> Reading | None:
    """The record that `encode_reading` wrote, None for anything else (a damaged cache)."""
    try:
        return _DECODER.decode(data)
    except msgspec.MsgspecError:
        return None
