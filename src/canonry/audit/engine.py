"""The audit: open, list, look up. Only where no kept result answers, the rest is imported and run."""

import hashlib

import msgspec

from canonry import __version__
from canonry.audit.circumstances import circumstances, codeowners, where_declared
from canonry.audit.governance import exemptions_digest, still_holds
from canonry.audit.listing import Listing, list_files, listing_digest
from canonry.audit.narrowing import narrowing_of
from canonry.audit.request import Request
from canonry.audit.result import Header, Narrowing, Result
from canonry.audit.session import Progress, Session, open_session
from canonry.rules.catalogue import Catalogue
from canonry.source.interpreters import newer_names


def audit(request: Request, *, progress: Progress | None = None, catalogue: Catalogue | None = None) -> Result:
    """The audit of what the request names: every rule over every live file in its scope.

    ``catalogue`` are other rules than those of the tree. Raises `UserError` for what the user can mend. Ctrl-C leaves
    the cache whole.
    """
    session = open_session(request, catalogue=catalogue)
    try:
        narrowing = narrowing_of(request, session.loaded.canon, lambda: codeowners(session))
        return audit_session(session, list_files(session), narrowing, progress=progress)
    finally:
        session.close()


def audit_session(
    session: Session, listing: Listing, narrowing: Narrowing | None = None, *, progress: Progress | None = None
) -> Result:
    """The same for what is open and listed; the session is the caller's to close."""
    keeps = session.complete and session.catalogue.settled()
    digest = _result_digest(session, listing) if keeps else b""
    kept = session.cache.result(digest) if digest else None
    if kept is not None:
        header = msgspec.msgpack.decode(kept[0], type=Header)
        of_commit = header.quotes_history and header.commit != session.tree.commit
        if not of_commit and still_holds(header, session) and _still_missing(header, session):
            header = msgspec.structs.replace(header, **circumstances(session))
            return Result(header, kept[1], session.scope, narrowing)
    from canonry.audit.run import Run, silent

    found = Run(session, listing, progress or silent).run(digest)
    return Result(found.header, found.chunks, session.scope, narrowing)


def _still_missing(header: Header, session: Session) -> bool:
    """Whether a kept answer lacks what the object store still lacks: a clone without all contents may get them."""
    return not session.tree.by_blob or all(session.tree.read(path) is None for path in header.missing)


def _result_digest(session: Session, listing: Listing) -> bytes:
    """Everything that the result depends on."""
    parts = (
        listing_digest(listing.live).hex(),
        listing_digest(listing.documents).hex(),
        listing.names.hex(),
        repr(listing.shadows),
        repr(listing.backups),
        session.loaded.digest,
        where_declared(session),
        repr(session.settings),
        repr(session.target),
        session.catalogue.ruleset,
        exemptions_digest(session),
        __version__,
        newer_names(session.target),
        repr(sorted(session.tree.missing.items())),
        repr(listing.shadow_files),
        repr(sorted(session.preview)),
        "" if session.history else "history is not asked",
    )
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).digest()
