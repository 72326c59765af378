"""tox in `tox.ini` and `setup.cfg`."""

from canonry.source.documents.fragment import Document, Fragment
from canonry.source.documents.languages.script import Finds
from canonry.source.documents.languages.tox import read_tox_ini
from canonry.source.documents.reading import Reading

PATTERNS = ("tox.ini", "setup.cfg")
HINTS = (b"testenv",)


def read(document: Document) -> Reading:
    """The commands of all environments."""
    finds = Finds(document)
    read_tox_ini(Fragment(document, [document.piece(0, len(document.text))]), finds)
    return finds.reading()
