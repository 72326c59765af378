"""A rewritten command put into the document that holds it: raw words keep their quotes, and what stands between them.

Each old word is written as it was, with the blanks, line continuations or commas in front of it; new words are of
characters that no quoting knows. So a script inside a string inside YAML needs no quoting anew.
"""

import re

import msgspec

from canonry.migrate.commands.tokens import CannotMapError, Changed, Kept, Made, Mapped, Token
from canonry.source.documents.reading import Command

_PLAIN = re.compile(r"[\w./:=,@+-]+")
_BLANK = re.compile(r"(?:[= \t\r\n]|[\\^`](?=\r?\n))*")
_BETWEEN_ITEMS = re.compile(r"[\"']?[ \t\r\n]*(?:,[ \t\r\n]*|(?:#[^\r\n]*[\r\n]+[ \t]*)*-[ \t]+)[\"']?")
_ITEM = re.compile(r"(?:^|\n)([ \t]*-[ \t]+)$")


def placed(command: Command, mapped: Mapped, text: str) -> tuple[int, int, str]:
    """The range of the document's characters to replace, and the text for it. Raises `CannotMapError`."""
    if not command.places:
        raise CannotMapError("where its words stand is not known")
    command, quote = _whole_items(command, text)
    places = command.places
    last = len(places) - 1
    first = mapped.first
    while first and places[first - 1] == places[first]:
        first -= 1  # the tool comes from a variable that holds words before it, too
    tokens = [*(Kept(index) for index in range(first, mapped.first)), *mapped.tokens]
    begin, end = places[first][0], places[last][1]
    gaps = _gaps(command, first, text)
    kept = {token.index for token in tokens if isinstance(token, Kept | Changed)}
    if not command.listed and any(not _BLANK.fullmatch(gap) for index, gap in gaps.items() if index not in kept):
        raise CannotMapError("a redirection or a comment stands between its words")
    found: list[str] = []
    for token in tokens:
        raw = _raw(token, command, tokens, text)
        if raw is None:
            continue
        if isinstance(token, Made):
            raw = f"{quote}{raw}{quote}"
        gap = gaps.get(token.index) if isinstance(token, Kept | Changed) else None
        if not found:
            found.append(raw)
        else:
            found += [gap if gap is not None else _usual_gap(command, text), raw]
    return begin, end, "".join(found)


def _whole_items(command: Command, text: str) -> tuple[Command, str]:
    """A command whose places hold the quotes of its items, and the quote for new ones, where only some are quoted.

    Items may come in another order, so what stands between two of them cannot hold their quotes then.
    """
    around = [
        text[begin - 1] if begin and text[begin - 1] in "\"'" and text[end : end + 1] == text[begin - 1] else ""
        for begin, end in command.places
    ]
    if not command.listed or all(around) or not any(around):
        return command, ""
    places = tuple(
        (begin - len(quote), end + len(quote)) for (begin, end), quote in zip(command.places, around, strict=True)
    )
    return msgspec.structs.replace(command, places=places), next(filter(None, around))


def _gaps(command: Command, first: int, text: str) -> dict[int, str]:
    """What stands in front of each word but the first."""
    found: dict[int, str] = {}
    for index in range(first + 1, len(command.places)):
        before, here = command.places[index - 1], command.places[index]
        if here == before:
            continue
        if here[0] < before[1] or here[0] == here[1]:
            raise CannotMapError("its words stand in another order, or elsewhere, in the file")
        gap = text[before[1] : here[0]]
        if command.listed and not _BETWEEN_ITEMS.fullmatch(gap):
            raise CannotMapError("its words are no plain items of one list")
        found[index] = gap
    return found


def _usual_gap(command: Command, text: str) -> str:
    """What separates a new word from the one before it."""
    if not command.listed:
        return " "
    if len(command.places) > 1:
        return text[command.places[0][1] : command.places[1][0]]
    begin, end = command.places[0]
    quote = text[begin - 1 : begin]
    if quote in ("'", '"') and text[end : end + 1] == quote:
        return f"{quote}, {quote}"
    item = _ITEM.search(text[:begin])
    if item is None:
        return ", "
    return f"\n{item[1]}"


def _raw(token: Token, command: Command, tokens: list[Token], text: str) -> str | None:
    """A token as it is to be written; None for a word of a variable that is written already."""
    if isinstance(token, Made):
        return token.text
    place = command.places[token.index]
    shared = [index for index, each in enumerate(command.places) if each == place]
    if len(shared) > 1:
        word = command.words[token.index]
        if isinstance(token, Changed):
            word = token.new + word.removeprefix(token.old)
        return _written_out(word)
    raw = text[slice(*place)]
    if isinstance(token, Kept):
        return raw
    quotes = len(raw) - len(raw.lstrip("\"'"))
    if not raw.startswith(token.old, quotes):
        if token.old == command.words[token.index]:
            return _written_out(token.new)
        raise CannotMapError(f"`{raw}` is written in a way that cannot be changed in place")
    return raw[:quotes] + token.new + raw[quotes + len(token.old) :]


def _written_out(word: str) -> str:
    if not _PLAIN.fullmatch(word):
        raise CannotMapError("a variable holds words that would have to be quoted here")
    return word
