"""Which files of a tree hold the name of another in their text: whoever may call it, comments included."""

from collections.abc import Callable

from canonry.audit.listing import Listing
from canonry.source.trees.tree import Key


def mentions_of(path: str, read: Callable[[str, Key | None], bytes | None], listing: Listing) -> list[str]:
    """The other files, Python or documents that canonry reads, in whose text a file's name stands."""
    name = path.rpartition("/")[2].encode("utf-8", "surrogateescape")
    keys: dict[str, Key | None] = {**listing.documents, **listing.live}
    return [
        other
        for other, key in sorted(keys.items())
        if other != path and (content := read(other, key)) is not None and name in content
    ]
