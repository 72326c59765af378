"""Batch files for Windows."""

from canonry.source.documents.fragment import Document, Fragment
from canonry.source.documents.languages.batch import read_batch
from canonry.source.documents.languages.script import Finds, Setting
from canonry.source.documents.reading import Reading

PATTERNS = ("*.bat", "*.cmd")


def read(document: Document) -> Reading:
    """The commands of a batch file."""
    finds = Finds(document)
    whole = Fragment(document, [document.piece(0, len(document.text))])
    read_batch(whole, finds, Setting(symbol="<script>"))
    return finds.reading()
