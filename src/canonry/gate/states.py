"""Two trees, audited and read as far as they differ: the states that a gate compares."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec

from canonry.audit.engine import audit_session
from canonry.audit.listing import Listing, list_files
from canonry.audit.request import Request
from canonry.audit.result import Chunk, Result
from canonry.audit.session import Progress, Session, open_session
from canonry.gate.collection import left_out
from canonry.gate.contents import contents_of, violation_of
from canonry.gate.declared import canon_exemptions, canon_values, contracts_of, quarantine_of
from canonry.model.errors import UserError
from canonry.model.gate import State, Violation


class Side(msgspec.Struct):
    """One tree: opened, listed, audited."""

    name: str
    session: Session
    listing: Listing
    result: Result


class Pair(msgspec.Struct):
    """Both sides of a comparison, open, and their states; what is equal in both is in neither."""

    base: Side
    head: Side
    base_state: State
    head_state: State
    notes: list[str]


@contextmanager
def open_pair(base: Request, head: Request, *, names: tuple[str, str], progress: Progress | None) -> Iterator[Pair]:
    """Both trees audited under the canon of the head; closed at the end. Raises `UserError` as an audit does."""
    with ExitStack() as stack:
        one = _open(stack, names[1], head)
        notes: list[str] = []
        two = _open(stack, names[0], base)
        values = canon_values(two.loaded)
        contracts = contracts_of(two.loaded.canon, two.tree.read)
        listing = list_files(two)
        exemptions = canon_exemptions(two, listing)
        if head.config is None and two.loaded.digest != one.loaded.digest:
            notes.append("the canon differs, so both sides are judged by that of the state that is to pass")
            base = msgspec.structs.replace(base, config=_canon_file(stack, one))
            two = _open(stack, names[0], base)
            listing = list_files(two)
        sides = (
            Side(names[0], two, listing, audit_session(two, listing, progress=progress)),
            Side(names[1], one, there := list_files(one), audit_session(one, there, progress=progress)),
        )
        notes += _unread(sides)
        states = _states(sides, notes)
        declared = {"canon": values, "contracts": contracts, "exemptions": (*states[0].exemptions, *exemptions)}
        yield Pair(*sides, msgspec.structs.replace(states[0], **declared), states[1], notes)


def state_of(side: Side) -> State:
    """The whole state of one tree."""
    paths = [*side.listing.live, *side.listing.documents]
    violations = tuple(
        violation for finding in side.result.findings() if (violation := violation_of(finding)) is not None
    )
    return _state(side, paths, violations, _broken(side.result.read()), own_exemptions=True)


def open_side(name: str, session: Session, progress: Progress | None = None) -> Side:
    """One tree, listed and audited."""
    listing = list_files(session)
    return Side(name, session, listing, audit_session(session, listing, progress=progress))


def _open(stack: ExitStack, name: str, request: Request) -> Session:
    session = open_session(request)
    stack.callback(session.close)
    if session.scope:
        raise UserError(f"the gate compares whole trees, and `{session.scope[0]}` is a part of {name}")
    return session


def _canon_file(stack: ExitStack, session: Session) -> Path:
    """The canon of a session in a file of its own, empty where none is declared."""
    source = session.loaded.source
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="canonry-gate-")))
    file = folder / (Path(source.file).name if source is not None else "canonry.toml")
    file.write_bytes(source.contents if source is not None else b"")
    return file


def _unread(sides: tuple[Side, Side]) -> list[str]:
    """Raises `UserError` where one side lacks contents that the other has; a sentence on what both lack."""
    base, head = (side.result.header.missing for side in sides)
    for side, mine, others in ((sides[0], base, head), (sides[1], head, base)):
        lacking = [path for path in mine if path not in others]
        if lacking and side.session.tree.by_blob:
            raise UserError(
                f"`{lacking[0]}` of {side.name} is not in the object store ({len(lacking):,} in all), so that nothing "
                "can be compared; fetch it (`git fetch --refetch`, or clone without `--filter`)"
            )
    return [f"{len(head):,} files could not be read on either side"] if head else []


def _states(sides: tuple[Side, Side], notes: list[str]) -> tuple[State, State]:
    base, head = sides
    alike = _collected_by(base.session) == _collected_by(head.session)
    differing = _differing(base.listing, head.listing) if alike else [*{*base.listing.live, *head.listing.live}]
    chunks = _differing_chunks(base.result, head.result)
    judged = [set(side.session.catalogue.rules) for side in sides]
    if left := judged[1] - judged[0]:
        notes.append(f"rules that judge only one side count on neither: {', '.join(sorted(left))}")
    states = []
    for side, here in zip(sides, chunks, strict=True):
        violations = tuple(
            violation
            for chunk in here
            for finding in chunk.findings
            if finding.code in judged[0] and (violation := violation_of(finding)) is not None
        )
        own = side is head
        states.append(_state(side, differing, violations, _broken(here), own_exemptions=own))
    return states[0], states[1]


def _state(
    side: Side,
    paths: list[str],
    violations: tuple[Violation, ...],
    broken: dict[str, tuple[int, str]],
    *,
    own_exemptions: bool,
) -> State:
    session = side.session
    found = contents_of(session, side.listing, paths)
    declared = canon_exemptions(session, side.listing) if own_exemptions else []
    return State(
        name=side.name,
        commit=session.tree.commit,
        violations=violations,
        tests=found.tests,
        helpers=found.helpers,
        broken=broken,
        exemptions=(*found.exemptions, *declared, *left_out(session.tree.read, paths)),
        quarantine=quarantine_of(session.tree.read),
        contracts=contracts_of(session.loaded.canon, session.tree.read),
        canon=canon_values(session.loaded),
        files=len(side.listing.live) + len(side.listing.documents),
    )


def _collected_by(session: Session) -> tuple[tuple[str, ...], ...]:
    """What makes a name that of a test: where it differs, files that do not differ hold other tests."""
    settings = session.settings
    return settings.files, settings.classes, settings.functions, settings.testpaths


def _differing(base: Listing, head: Listing) -> list[str]:
    """The paths that only one side has, or that hold something else there."""
    found: set[str] = set()
    for one, other in ((base.live, head.live), (base.documents, head.documents)):
        found.update(path for path in one.keys() | other.keys() if one.get(path) != other.get(path) or path not in one)
    return sorted(found)


def _differing_chunks(base: Result, head: Result) -> tuple[list[Chunk], list[Chunk]]:
    """The parts of both results that are not the same in both."""
    decoder = msgspec.msgpack.Decoder(Chunk)
    same = set(base.chunks) & set(head.chunks)
    one, two = ([decoder.decode(data) for data in each.chunks if data not in same] for each in (base, head))
    return one, two


def _broken(chunks: Iterator[Chunk] | list[Chunk]) -> dict[str, tuple[int, str]]:
    """The files that do not parse, with line and message."""
    found: dict[str, tuple[int, str]] = {}
    for chunk in chunks:
        found.update((record.path, (0, "")) for record in chunk.files if record.broken)
        for finding in chunk.findings:
            if finding.code in ("SYN001", "SYN002") and finding.path in found:
                found[finding.path] = (finding.line, finding.message)
    return found
