"""The uses of names that own rules ask for: read when a rule first asks, once per content, and kept."""

from canonry.audit.listing import Listing
from canonry.audit.session import Session
from canonry.source.mentions import Mention, decode_mentions, encode_mentions, mention_variant, mentions_of
from canonry.source.trees.tree import Key, blob_key

_MANY = 400


class Mentions:
    """The mentions of one audit's wanted names, by path."""

    def __init__(self, session: Session, listing: Listing) -> None:
        self._session = session
        self._listing = listing
        self._names = session.catalogue.wanted
        self._variant = mention_variant(self._names, session.target)
        self._known: dict[Key, bytes] = {}
        self._fresh: list[tuple[bytes, int, bytes]] = []
        self._asked = False

    def of(self, path: str) -> tuple[Mention, ...]:
        """The uses in a live file; those of a file that vanished are none."""
        key = self._listing.live.get(path)
        if key is None:
            return ()
        if not self._asked:
            self._asked = True
            keys = [each for each in self._listing.live.values() if each]
            self._known = dict(self._session.cache.load_facts(keys, self._variant))
        data = self._known.get(key)
        found = decode_mentions(data) if data is not None else None
        if found is None:
            content = self._session.tree.read(path)
            if content is None:
                return ()
            found = mentions_of(content, self._names, self._session.target)
            if blob_key(content, size=len(key)) == key:  # else it changed since it was listed
                self._known[key] = data = encode_mentions(found)
                self._fresh.append((key, self._variant, data))
            if len(self._fresh) >= _MANY:
                self.store()
        return found

    def store(self) -> None:
        """Keeps what was read."""
        if self._fresh:
            self._session.cache.store_facts(self._fresh)
            self._fresh = []
