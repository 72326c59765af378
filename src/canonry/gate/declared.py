"""What a tree declares and a gate holds on to: the canon's exemptions and values, its contracts, the quarantine."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from canonry.audit.listing import Listing
from canonry.audit.session import Session
from canonry.canon.load import LoadedCanon
from canonry.canon.options import Canon, Mocks
from canonry.canon.quarantine import said_entries
from canonry.model.gate import Exemption
from canonry.model.quarantine import FILE as QUARANTINE
from canonry.rules.catalogue import line_in

_LOOSER = {Mocks.FORBIDDEN: 0, Mocks.SPECCED: 1, Mocks.ALLOWED: 2}


def canon_exemptions(session: Session, listing: Listing, *, canon: Canon | None = None) -> list[Exemption]:
    """What the canon exempts: an entry for each glob of ``exclude`` and each rule of a suppression that holds.

    ``canon`` is another than the session's own, whose lines nobody asks for.
    """
    own = canon is None
    canon = canon or session.loaded.canon
    if not (canon.exclude or canon.suppressions):
        return []
    import pathspec

    file = session.loaded.file or ""
    found: list[Exemption] = []
    for number, glob in enumerate(canon.exclude):
        covered = pathspec.PathSpec.from_lines("gitignore", [glob]).match_files(listing.known)
        line = line_in(session.loaded, ("exclude", number)) if own else 0
        found.append(Exemption("exclude", glob, file, "", line, sum(1 for _ in covered)))
    live = (*listing.live, *listing.documents)
    for number, entry in enumerate(canon.suppressions):
        if entry.until and entry.until < session.today:
            continue
        covered = pathspec.PathSpec.from_lines("gitignore", entry.paths).match_files(live)
        count, line = sum(1 for _ in covered), line_in(session.loaded, ("suppressions", number)) if own else 0
        found += [Exemption("canon", word.upper(), file, entry.reason, line, count) for word in entry.rules]
    return found


def quarantine_of(read: Callable[[str], bytes | None]) -> dict[str, str]:
    """The tests in quarantine with what is said of each. Raises `UserError` where the file cannot be understood."""
    content = read(QUARANTINE)
    return said_entries(content) if content is not None else {}


def contracts_of(canon: Canon, read: Callable[[str], bytes | None]) -> frozenset[str]:
    """What contracts demand, one sentence each: flows with their contracts, and what each file of a contract names."""
    found: set[str] = set()
    for name, flow in canon.flows.items():
        found.add(f"flow `{name}`")
        if flow.contract is None:
            continue
        found.add(f"flow `{name}` holds to `{flow.contract}`")
        content = read(flow.contract)
        if content is not None:
            found.update(f"`{flow.contract}`: {said}" for said in _demands(content))
    return frozenset(found)


def _demands(content: bytes) -> Iterator[str]:
    """The keys and named entries of a contract, so that one that goes is seen. A broken one demands nothing."""
    from canonry.contract.language.marks import read_yaml

    document = read_yaml(content.decode("utf-8-sig", "replace"))
    if document.value is None or document.mistakes:
        return
    yield from _entries(document.value, ())


def _entries(value: Any, path: tuple[str, ...]) -> Iterator[str]:
    if isinstance(value, Mapping | list) and not value:
        yield ".".join(path)
    elif isinstance(value, Mapping):
        for key, below in value.items():
            yield from _entries(below, (*path, str(key)))
    elif isinstance(value, list):
        for number, below in enumerate(value):
            name = below.get("name") if isinstance(below, Mapping) else None
            leaf = not isinstance(below, Mapping | list)
            yield from _entries(below, path if leaf else (*path, str(name if name is not None else number)))
    else:
        yield f"{'.'.join(path)} = {value}"


def canon_values(loaded: LoadedCanon) -> dict[str, str]:
    """The values of a canon that a weaker one would change, by key; none where nobody declares one. See `weakened`."""
    if not loaded.declared:
        return {}
    canon = loaded.canon
    things = canon.canon
    found = {
        "tests": ", ".join(canon.tests) if canon.tests is not None else "",
        "canon.runner": things.runner,
        "canon.environment": things.environment,
        "canon.mock-factory": things.mock_factory,
    }
    for base in things.base_cases:
        found[f"canon.base-cases.{base}"] = "canonical"
    found.setdefault("canon.base-cases", "demanded" if things.base_cases else "")
    for symbol in things.symbols:
        found[f"canon.symbols.{symbol.name}"] = symbol.home
    for rule in canon.rules:
        found[f"rules.{rule.code}"] = str(rule.severity)
    for name, category in canon.categories.items():
        found[f"categories.{name}"] = "declared"
        found[f"categories.{name}.mocks"] = str(category.mocks)
    for name, flow in canon.flows.items():
        for key, share in (
            ("reliability", flow.reliability),
            ("coverage", flow.coverage),
            ("event-success", flow.event_success),
        ):
            if share is not None:
                found[f"flows.{name}.{key}"] = f"{share:g}"
    return found


def check_value(key: str, value: str) -> None:
    """Raises `ValueError` for a value that `canon_values` could not have given this key."""
    if key.startswith("categories.") and key.endswith(".mocks") and value != "declared":  # one may be named `mocks`
        Mocks(value)
    elif key.startswith("flows."):
        float(value)


def weakened(before: Mapping[str, str], now: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The keys by which a canon demands less than it did, each with a phrase that says how."""
    for key, old in before.items():
        new = now.get(key)
        if new == old or (key == "tests" and not old):
            continue
        if key.startswith("canon.base-cases"):
            if key == "canon.base-cases" and old and not new:
                yield key, "no base case is demanded any more"
        elif key.startswith("categories.") and key.endswith(".mocks"):
            if new is None or _LOOSER[Mocks(new)] > _LOOSER[Mocks(old)]:
                yield key, f"was `{old}`, is {f'`{new}`' if new is not None else 'gone'}"
        elif key.startswith("flows."):
            if new is None or float(new) < float(old):
                yield key, f"was {old}, is {new if new is not None else 'gone'}"
        elif key in ("canon.environment", "canon.mock-factory"):
            if old and not new:
                yield key, f"was `{old}`, and nothing is demanded any more"
        elif key == "tests":
            gone = set(old.split(", ")) - set((new or "").split(", "))
            if gone and new:
                yield key, f"{', '.join(f'`{each}`' for each in sorted(gone))} is no folder of tests any more"
        elif new is None:
            yield key, f"`{old}` is gone" if old not in ("declared",) else "is gone"
        elif key == "canon.runner":
            yield key, f"was `{old}`, is `{new}`"
    for key in now.keys() - before.keys():
        if key.startswith("canon.base-cases.") and before.get("canon.base-cases"):
            yield "canon.base-cases", f"`{key.removeprefix('canon.base-cases.')}` became a base case"
