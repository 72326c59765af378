"""Texts that belong to one user, found in what another one is sent: plain, in base64, split over pieces.

A canary made here is a tag of 16 ``U`` before 16 hexadecimal digits. Base64 turns the tag into a run of at least 20
``V`` at each of its three alignments, so two searches cover everything, and the digits say by one look-up whose it is.
Any other text is searched as it is, as JSON escapes it, and as base64 has it at each alignment.
"""

import base64
import json
import re
import secrets
from collections.abc import Hashable

from canonry.model.errors import UserError

TAG = "U" * 16
RUN = "V" * 20
"""What base64 makes of the tag at every alignment."""
_DIGITS = 16
_ALPHABET = re.compile(r"[A-Za-z0-9+/_-]+", re.ASCII)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|/)")
_UNFINISHED = re.compile(r"(?:U{16,}[0-9a-f]{0,15}|U{1,15}|V+|VV[A-Za-z0-9+/_-]{1,24})\Z")
"""The end of a text that may be the beginning of a canary, plain or in base64; a whole one is none."""
_SHORTEST_GRAM = 4
_FEW = 24
_TAIL = 63
"""Characters of a text that are kept for its next piece: one less than a canary takes, also in base64."""


def make_canary() -> str:
    """Return a new canary."""
    return TAG + secrets.token_hex(_DIGITS // 2)


class Canaries:
    """Who owns which text. Owners are whatever can be a key; nobody is asked for the texts of ``owner`` itself."""

    def __init__(self) -> None:
        self._tagged: dict[str, Hashable] = {}
        self._grams: dict[str, list[int]] = {}
        self._gram = 0
        self.texts: list[tuple[str, str, Hashable]] = []
        self.tail = _TAIL
        self.active = False

    def add(self, text: str, owner: Hashable) -> None:
        """Adds a text that nobody but ``owner`` may be sent. Raises UserError for an empty one, which is in no text."""
        if not text:
            raise UserError("a canary is empty, and would be found nowhere; expected a text")
        self.active = True
        if len(text) == len(TAG) + _DIGITS and text.startswith(TAG) and _is_hex(text[len(TAG) :]):
            self._tagged[text[len(TAG) :]] = owner
            return
        for pattern in spellings(text):
            self.texts.append((pattern, text, owner))
            self.tail = max(self.tail, len(pattern) - 1)
        self._gram = 0

    def find(self, raw: str | bytes, owner: Hashable) -> str | None:
        """Return the first text in ``raw`` that somebody else than ``owner`` has, None where there is none."""
        text = raw if isinstance(raw, str) else raw.decode("utf-8", "replace")
        if "\\u" in text or "\\/" in text:  # as some writers of JSON escape what need not be
            found = self._find(_unescaped(text), owner)
            if found is not None:
                return found
        return self._find(text, owner)

    def _find(self, text: str, owner: Hashable) -> str | None:
        if TAG in text:
            found = self._find_plain(text, owner)
            if found is not None:
                return found
        if RUN in text:
            found = self._find_encoded(text, owner)
            if found is not None:
                return found
        return self._find_text(text, owner) if self.texts else None

    def is_foreign(self, text: str, owner: Hashable) -> bool:
        """Whether a tag in ``text`` is not certainly one of ``owner``."""
        at = text.find(TAG)
        while at >= 0:
            at += len(TAG)
            if self._tagged.get(text[at : at + _DIGITS], self) is not owner:
                return True
            at = text.find(TAG, at)
        return False

    def may_go_on(self, text: str) -> bool:
        """Whether a text that somebody has may begin at the end of ``text``: nothing of most texts has to be kept."""
        return bool(self.texts) or _UNFINISHED.search(text, max(0, len(text) - _TAIL)) is not None

    def _find_plain(self, text: str, owner: Hashable) -> str | None:
        at = text.find(TAG)
        while at >= 0:
            end = at + len(TAG)
            digits = text[end : end + _DIGITS]
            while digits[:1] == "U":
                end += 1
                digits = text[end : end + _DIGITS]
            known = self._tagged.get(digits, owner)
            if known is not owner and known != owner:
                return TAG + digits
            at = text.find(TAG, end)
        return None

    def _find_encoded(self, text: str, owner: Hashable) -> str | None:
        at = text.find(RUN)
        while at >= 0:
            for shift in range(4):
                digits = _decoded(text[at + shift : at + shift + 72])
                known = self._tagged.get(digits, owner)
                if known is not owner and known != owner:
                    return TAG + digits
            end = at + len(RUN)
            while text.startswith("V", end):
                end += 1
            at = text.find(RUN, end)
        return None

    def _find_text(self, text: str, owner: Hashable) -> str | None:
        if len(self.texts) <= _FEW:
            for pattern, whole, known in self.texts:
                if known != owner and pattern in text:
                    return whole
            return None
        if not self._gram:
            self._gram = max(min((len(pattern) for pattern, _, _ in self.texts), default=1), 1)
            self._grams = {}
            for index, (pattern, _, _) in enumerate(self.texts):
                self._grams.setdefault(pattern[: self._gram], []).append(index)
        size, grams = self._gram, self._grams
        for at in range(len(text) - size + 1):
            for index in grams.get(text[at : at + size], ()):
                pattern, whole, known = self.texts[index]
                if known != owner and text.startswith(pattern, at):
                    return whole
        return None


def spellings(text: str) -> list[str]:
    """Return how a text may look in a JSON frame: plain, escaped, and inside base64 at each alignment."""
    found = dict.fromkeys([text])
    for _ in range(3):  # what a tool is called with is JSON, as a text in JSON
        found |= dict.fromkeys(
            json.dumps(each, ensure_ascii=ascii)[1:-1] for each in [*found] for ascii in (True, False)
        )
    raw = text.encode("utf-8", "surrogatepass")
    if len(raw) < _SHORTEST_GRAM:
        return list(found)
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + raw).decode()
        head = (shift * 8 + 5) // 6  # digits that the bytes before share
        whole = (shift + len(raw)) * 8 // 6  # digits that the bytes after do not
        core = encoded[head:whole]
        found[core] = None
        found[core.replace("+", "-").replace("/", "_")] = None
        found[core.replace("/", "\\/")] = None
    return list(found)


def _unescaped(text: str) -> str:
    """The text with what JSON escapes as ``\\u`` and as ``\\/`` written out."""
    plain = _ESCAPE.sub(lambda match: chr(int(match[1], 16)) if match[1] else "/", text)
    return plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _decoded(text: str) -> str:
    """The digits after the tag in base64 that begins inside it, empty where there are none."""
    match = _ALPHABET.match(text)
    usable = match[0].replace("-", "+").replace("_", "/") if match else ""
    plain = base64.b64decode(usable + "A" * (-len(usable) % 4))
    digits = plain.lstrip(b"U")
    return digits[:_DIGITS].decode("latin-1") if len(digits) < len(plain) else ""


def _is_hex(text: str) -> bool:
    return all(character in "0123456789abcdef" for character in text)
