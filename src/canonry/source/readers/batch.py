"""Batch files for Windows."""

from canonry.source.documents import Reading
from canonry.source.fragment import Document, Fragment
from canonry.source.languages.batch import read_batch
from canonry.source.languages.script import Finds, Setting

PATTERNS = ("*.bat", "*.cmd")


def read(document: Document) -> Reading:
    """The commands of a batch file."""
    finds = Finds(document)
    whole = Fragment(document, [document.piece(0, len(document.text))])
    read_batch(whole, finds, Setting(symbol="<script>"))
    return finds.reading()
