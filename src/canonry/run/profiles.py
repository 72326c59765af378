"""Profiles: what differs between running here, in CI, at night and against a deployed environment."""

import time
from collections.abc import Mapping

import msgspec

from canonry.canon.durations import seconds
from canonry.canon.keys import nearest
from canonry.canon.options import Canon, Leaks, Profile, Service, ServiceKind
from canonry.model.errors import UserError

BUILT_IN: dict[str, Profile] = {
    "local": Profile(),
    "ci": Profile(inherits="local"),
    "nightly": Profile(inherits="ci", shuffle=True, leaks=Leaks.FAIL),
    "staging": Profile(inherits="local", containers=False),
}
"""What the profiles that need no declaration say; a declared one of the same name adds to it."""
_NEEDS_URL = "staging"
_PAUSE = 0.2
_ANSWER_WITHIN = 5.0


class ResolvedProfile(msgspec.Struct, frozen=True, kw_only=True):
    """A profile with everything that it inherits. ``chain`` are the names that it took keys from, its own first."""

    name: str
    chain: tuple[str, ...]
    keys: Profile

    def environment(self, variables: Mapping[str, str]) -> dict[str, str]:
        """What tests get: its own variables, its name, and where its environment answers."""
        found = dict(self.keys.env) | {"CANONRY_PROFILE": self.name}
        if self.keys.url is not None:
            found["CANONRY_URL"] = self.keys.url
        name = self.keys.credentials_env
        if name is not None:
            found["CANONRY_CREDENTIALS"] = variables.get(name, "")
        return found


def resolve_profile(canon: Canon, name: str | None) -> ResolvedProfile:
    """The profile of this name, or the canon's default. Raises `UserError` for an unknown name."""
    wanted = name or canon.run.profile
    known = {**BUILT_IN, **canon.profiles}
    if wanted not in known:
        near = nearest(wanted, known)
        hint = f"did you mean `{near}`?" if near else f"there are {', '.join(f'`{each}`' for each in known)}"
        raise UserError(f"`{wanted}` is no profile; {hint}")
    chain: list[str] = []
    layers: list[Profile] = []
    following: str | None = wanted
    while following is not None and following not in chain:
        chain.append(following)
        own = [each for each in (canon.profiles.get(following), BUILT_IN.get(following)) if each is not None]
        layers += own
        following = next((each.inherits for each in own if each.inherits is not None), None)
    return ResolvedProfile(name=wanted, chain=tuple(chain), keys=_joined(layers))


def _joined(layers: list[Profile]) -> Profile:
    """The first layer that says something wins, key by key; variables add up."""
    values: dict[str, object] = {}
    environment: dict[str, str] = {}
    for layer in layers:
        environment = {**layer.env, **environment}
        for field in msgspec.structs.fields(Profile):
            value = getattr(layer, field.name)
            if field.name not in ("env", "inherits") and value not in (None, [], {}) and field.name not in values:
                values[field.name] = value
    return msgspec.structs.replace(Profile(), env=environment, **values)


def canon_under(canon: Canon, profile: ResolvedProfile) -> Canon:
    """The canon as it holds under a profile: its services are those that the profile's environment has.

    Raises `UserError` where the profile names a service that is not declared, or serves without saying where.
    """
    keys, services = profile.keys, dict(canon.services)
    for name in (*keys.instead, *keys.serves):
        if name not in services:
            raise UserError(
                f"the profile `{profile.name}` names the service `{name}`, which nothing declares; declare it as "
                f"`[tool.canonry.services.{name}]`"
            )
    services |= {name: canon.services[other] for name, other in keys.instead.items()}
    if keys.serves and keys.url is None:
        raise UserError(
            f"the profile `{profile.name}` serves `{keys.serves[0]}`, and does not say where; set `url` in "
            f"`[tool.canonry.profiles.{profile.name}]`"
        )
    for name in keys.serves:
        services[name] = Service(
            kind=ServiceKind.URL, url=keys.url, ready=keys.ready, url_env=canon.services[name].url_env
        )
    return msgspec.structs.replace(canon, services=services)


def require_ready(profile: ResolvedProfile, variables: Mapping[str, str]) -> str:
    """How the profile's environment answered, empty where it names none.

    Raises `UserError` where it does not answer in time, or where what it needs is not set: never a skip, never a mock.
    """
    keys = profile.keys
    if keys.url is None:
        if _NEEDS_URL in profile.chain:
            raise UserError(
                f"the profile `{profile.name}` runs against a deployed environment, and names none; set "
                f"`url` in `[tool.canonry.profiles.{profile.name}]`"
            )
        return ""
    if keys.credentials_env is not None and not variables.get(keys.credentials_env):
        raise UserError(
            f"the profile `{profile.name}` needs credentials in `{keys.credentials_env}`, which is not set; export it"
        )
    address = ready_address(keys.url, keys.ready)
    said = probe(address, within=seconds(keys.ready_timeout or "10s"))
    if said is None:
        return f"`{address}` is ready"
    raise UserError(
        f"the profile `{profile.name}` runs against `{keys.url}`, which is not ready: `{address}` {said}; "
        f"start it, or correct `profiles.{profile.name}.url` and `ready`"
    )


def ready_address(url: str, ready: str | None) -> str:
    """The address that answers once an environment is ready: `ready` itself where it is one, else below `url`."""
    from urllib.parse import urljoin

    base = url.replace("ws://", "http://", 1).replace("wss://", "https://", 1)
    if "://" not in base:
        base = f"http://{base}"
    return base if ready is None else urljoin(f"{base.rstrip('/')}/", ready)


def probe(address: str, *, within: float) -> str | None:
    """None once an address answers without an error, else what it last said when the time (seconds) was over."""
    end = time.monotonic() + within
    while True:
        said = _ask(address, min(_ANSWER_WITHIN, max(0.1, within)))
        if said is None or time.monotonic() + _PAUSE >= end:
            return said
        time.sleep(_PAUSE)


def _ask(address: str, within: float) -> str | None:
    import urllib.error  # loads what speaks to servers, which few profiles have
    import urllib.request

    request = urllib.request.Request(address, headers={"User-Agent": "canonry"})
    try:
        with urllib.request.urlopen(request, timeout=within):
            return None
    except urllib.error.HTTPError as error:
        with error:
            return f"answers with status {error.code}"
    except urllib.error.URLError as error:
        return f"does not answer ({_why(error.reason)})"
    except (OSError, ValueError) as error:
        return f"does not answer ({_why(error)})"


def _why(error: object) -> str:
    """What the system says of an error, without its number."""
    return str(getattr(error, "strerror", None) or error).lower()
