"""tox in `tox.ini` and `setup.cfg`."""

from canonry.source.documents import Reading
from canonry.source.fragment import Document, Fragment
from canonry.source.languages.script import Finds
from canonry.source.languages.tox import read_tox_ini

PATTERNS = ("tox.ini", "setup.cfg")
HINTS = (b"testenv",)


def read(document: Document) -> Reading:
    """The commands of all environments."""
    finds = Finds(document)
    read_tox_ini(Fragment(document, [document.piece(0, len(document.text))]), finds)
    return finds.reading()
