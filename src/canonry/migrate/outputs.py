"""What codemods make of a tree, written into a folder beside it (`--output`)."""

import json
from contextlib import suppress
from pathlib import Path

from canonry.changes.export import export_files
from canonry.migrate.engine import Migrated
from canonry.model.errors import UserError

_LIST = ".canonry-output.json"
_NAMED = 3


def write_beside(found: Migrated, folder: Path) -> int:
    """Writes each result below the folder, at its path; how many there are.

    Raises `UserError` where the folder holds files of an earlier run that this one does not write, for nobody could
    tell them from this one's, and as `export_files` does.
    """
    top = folder.resolve()
    after = found.after()
    stale = sorted(path for path in _written_before(top) if path not in after and (top / path).exists())
    if stale:
        named = ", ".join(f"`{path}`" for path in stale[:_NAMED])
        more = f" and {len(stale) - _NAMED:,} more" if len(stale) > _NAMED else ""
        raise UserError(f"`{folder}` holds files of another run ({named}{more}); name an empty folder")
    return export_files(folder, after, tree=found.root)


def _written_before(top: Path) -> list[str]:
    """The paths that an earlier run wrote here."""
    with suppress(OSError, ValueError):
        listed = json.loads((top / _LIST).read_text(encoding="utf-8", errors="surrogateescape"))
        return [str(path) for path in listed] if isinstance(listed, dict) else []
    return []
