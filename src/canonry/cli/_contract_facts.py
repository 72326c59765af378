"""What `--sessions FILE` says of connections: whose they are."""

import json
from pathlib import Path
from typing import Any

from canonry.contract.check.isolation import SessionFacts
from canonry.contract.language.unread import why_unread
from canonry.model.errors import UserError


def facts_of(file: Path) -> dict[str, SessionFacts]:
    """Return the facts of each connection. Raises UserError."""
    twice: list[str] = []

    def table(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        twice.extend(name for name in found if sum(one == name for one, _ in pairs) > 1)
        return found

    try:
        document = json.loads(file.read_bytes(), object_pairs_hook=table)
    except OSError as error:
        raise UserError(f"cannot read `{file}`: {(error.strerror or '').lower()}") from None
    except (ValueError, RecursionError) as error:
        raise UserError(why_unread(error, f"`{file}`")) from None
    if twice:
        raise UserError(f"`{file}` has the key `{twice[0]}` twice in one object; say it once")
    if not isinstance(document, dict):
        raise UserError(f"`{file}` holds no object; expected connection -> {{user_id, owned, canaries}}")
    return {name: _fact(file, name, entry) for name, entry in document.items()}


def _fact(file: Path, name: str, entry: Any) -> SessionFacts:
    if not isinstance(entry, dict):
        raise UserError(f"`{file}`: `{name}` is no object; expected `user_id`, `owned` and `canaries`")
    owned, canaries = entry.get("owned", {}), entry.get("canaries", [])
    if not isinstance(owned, dict) or not all(isinstance(ids, list) for ids in owned.values()):
        raise UserError(f"`{file}`: `owned` of `{name}` is no object of lists; expected field -> ids")
    if not isinstance(canaries, list) or not all(isinstance(text, str) for text in canaries):
        raise UserError(f"`{file}`: `canaries` of `{name}` is no list of texts")
    if "" in canaries:
        raise UserError(f"`{file}`: a canary of `{name}` is empty, and would be found nowhere; expected a text")
    user = {key: value for key, value in entry.items() if key not in ("owned", "canaries")}
    for key, value in user.items():
        if not isinstance(value, str | int | float):
            raise UserError(f"`{file}`: `{key}` of `{name}` is no text or number")
    ids = {key: tuple(one for one in values if isinstance(one, str | int | float)) for key, values in owned.items()}
    return SessionFacts(user=user, owned=ids, canaries=tuple(canaries))
