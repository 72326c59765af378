"""What a report says of the run that made it, beside what was found."""

import hashlib
from typing import Any

from canonry.audit.breakdown import CODEOWNERS
from canonry.audit.result import legible
from canonry.audit.session import Session


def circumstances(session: Session) -> dict[str, Any]:
    """What a header says of this very run, whatever was found before under the same contents."""
    notes = [*session.loaded.notes, *session.tree.notes, *dict.fromkeys(session.cache.notes), *session.notes]
    return {
        "commit": session.tree.commit,
        "dirty": session.tree.dirty,
        "source": session.tree.kind,
        "target_origin": session.target_origin,
        "canon_declared": session.loaded.declared,
        "canon_file": session.loaded.file and legible(session.loaded.file),
        "notes": [legible(note) for note in notes],
        "codeowners": codeowners(session),
    }


def codeowners(session: Session) -> str:
    """The text of the CODEOWNERS file, empty without one."""
    found = next((content for name in CODEOWNERS if (content := session.tree.read(name)) is not None), b"")
    return found.decode("utf-8", "replace")


def where_declared(session: Session) -> str:
    """What findings about the canon itself depend on beyond its values: where its keys stand."""
    source = session.loaded.source
    return "" if source is None else f"{source.file} {hashlib.sha256(source.contents).hexdigest()}"
