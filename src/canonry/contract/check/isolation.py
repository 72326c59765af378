"""Whose an event is: fields of the session's user, ids that others own, texts of others."""

from collections.abc import Iterator
from typing import Any

import msgspec

from canonry.contract.canary import Canaries
from canonry.contract.check.demands import shown
from canonry.contract.check.ring import Ring
from canonry.contract.check.state import REMEMBERED, State

KNOWN_IDS = 1 << 17
"""How many ids a checker remembers the owners of, at least, of each field."""


NOBODY = object()
"""The user of a session of which nothing is known: it has no ids of its own, and none are foreign to it."""


class SessionFacts(msgspec.Struct, frozen=True):
    """What is known of a session from elsewhere: its user (field -> value), ids that it owns, texts that are "
    "its own."""

    user: dict[str, Any] = {}
    owned: dict[str, tuple[Any, ...]] = {}
    canaries: tuple[str, ...] = ()


class Owned(Ring[Any]):
    """Whose ids are, which counts those that it forgets."""

    forgot: int = 0

    def turn(self) -> None:
        """Forgets the older half."""
        self.forgot += len(self.old)
        Ring.turn(self)


class Owners:
    """What all sessions of a checker share: whose ids and texts are whose."""

    def __init__(self, fields: int) -> None:
        self.ids = [Owned(KNOWN_IDS) for _ in range(fields)]
        self.users: dict[Any, Any] = {}
        self.canaries = Canaries()


def isolate(state: State, event: Any) -> None:
    """Holds an event's fields against the user of its session."""
    plan = state.plan.isolation
    for index, (path, rule) in enumerate(plan.session):
        value = state.get(path, event)
        if value is None:
            continue
        known = state.owner[index]
        if known is None:
            if isinstance(value, str | int | float):
                state.own(index, value)
                state.user = None
        elif value != known and str(value) == str(known):
            state.own(index, value)  # `--session user_id=7` is a text
            state.odd = True
        elif value != known:
            state.report(rule, f"`{path.text}` is `{shown(value)}`, the session's is `{shown(known)}`")
    for index, (_, path, rule) in enumerate(plan.owned):
        owned = state.owned[index]
        if owned is not None:
            value = state.get(path, event)
            if isinstance(value, str | int | float) and value not in owned:
                state.report(rule, f"`{path.text}` is `{shown(value)}`, which the session's user does not own")
    if plan.forbid:
        user = state.user if state.user is not None else user_of(state)
        for index, path in enumerate(plan.ids):
            value = state.get(path, event)
            if isinstance(value, str | int | float) and state.mine[index].get(value) is None:
                owner = state.ids[index].get(value)
                state.mine[index].new[value] = True  # told once, so that both checkers tell it alike
                if owner is None or owner is NOBODY or owner is user:
                    state.ids[index].put(value, user)
                elif user is not NOBODY:
                    state.report(plan.forbid, f"`{path.text}` is `{shown(value)}`, which another session has")


def user_of(state: State) -> Any:
    """Return the one object that stands for the user of a session: of all its sessions, where their user is known.

    Events that never name a user may be anybody's, where nobody said whose the session is.
    """
    if state.owner and None not in state.owner:
        key = tuple(state.owner)
        state.user = state.users.setdefault(key, key)
    elif state.owner:
        state.user = state
    elif state.who is not None:
        state.user = state.users.setdefault(state.who, state.who)
    else:
        state.user = NOBODY
    return state.user


def foreseen(state: State, values: tuple[Any, ...]) -> Any:
    """Return the user that a session will have once an event said these values of what was not known of it."""
    key = tuple(value if known is None else known for value, known in zip(values, state.owner, strict=True))
    return state if None in key else state.users.setdefault(key, key)


def adopt(state: State, values: tuple[Any, ...]) -> None:
    """Takes what an event says of the session's user for known, where nothing was."""
    for index, value in enumerate(values):
        if state.owner[index] is None:
            state.own(index, value)
    user_of(state)


def search_unread(state: State, canaries: Canaries, raw: bytes | str, owner: Any) -> None:
    """Says where a frame that cannot be read as an event holds another user's text all the same."""
    rule = state.plan.isolation.canary
    leak = canaries.find(raw, owner) if rule and canaries.active else None
    if leak is not None:
        state.report(rule, f"a text of another user comes: `{shown(leak)}`")


def keep_tails(state: State, canaries: Canaries, pieces: list[tuple[Any, str]]) -> None:
    """Keeps the ends of texts in which a text of somebody may begin."""
    for key, piece in pieces:
        state.tails = Ring(REMEMBERED) if state.tails is None else state.tails
        state.tails.put(key, piece[-canaries.tail :])


def joined_text(value: Any) -> str:
    """Return a piece of a text: a text itself, or all texts of a list."""
    if isinstance(value, list):
        return "".join(one for one in value if isinstance(one, str))
    return value if isinstance(value, str) else ""


def text_key(state: State, index: int, event: Any) -> Any:
    """Return what the text is called to which an event brings a piece."""
    _, paths = state.plan.isolation.text[index]
    return (index, *(one if isinstance(one := state.get(each, event), str | int) else None for each in paths))


def _pieces(state: State, event: Any, body: Any) -> Iterator[tuple[Any, Any]]:
    """Yield which text each piece in an event continues, and the piece: of all texts where none are declared."""
    plan = state.plan
    for index, (path, _) in enumerate(plan.isolation.text):
        yield text_key(state, index, event), state.get(path, event)
    if not plan.isolation.text:
        ways = (*(scope.key for scope in plan.scopes), *(span.key for span in plan.spans))
        keys = dict.fromkeys(path for way in ways for path in way)
        told = tuple(one if isinstance(one := state.get(path, event), str | int) else None for path in keys)
        found: dict[tuple[str, ...], list[str]] = {}
        _texts_in(body, (), found)
        for place, texts in found.items():
            yield (place, *told), texts


def _texts_in(value: Any, place: tuple[str, ...], found: dict[tuple[str, ...], list[str]]) -> None:
    if isinstance(value, str):
        found.setdefault(place, []).append(value)
    elif isinstance(value, dict):
        for name, inner in value.items():
            _texts_in(inner, (*place, name), found)
    elif isinstance(value, list):
        for inner in value:
            _texts_in(inner, place, found)


def split_canary(state: State, canaries: Canaries, event: Any, body: Any, owner: Any) -> str | None:
    """Return another user's text that ends in this piece of a text and began in those before."""
    for key, value in _pieces(state, event, body):
        piece = joined_text(value)
        if not piece:
            continue
        tail = None if state.tails is None else state.tails.get(key)
        apart = isinstance(value, list) and len(value) > 1
        if tail is None and not apart and not canaries.may_go_on(piece):
            continue
        joined = (tail or "") + piece
        found = canaries.find(joined, owner) if tail or apart else None
        if found is None and canaries.may_go_on(joined):
            state.tails = Ring(REMEMBERED) if state.tails is None else state.tails
            state.tails.put(key, joined[-canaries.tail :])
        elif state.tails is not None:
            state.tails.drop(key)
            state.tails = state.tails if len(state.tails) else None
        if found is not None:
            return found
    return None
