"""PowerShell scripts and modules."""

from canonry.source.documents import Reading
from canonry.source.fragment import Document, Fragment
from canonry.source.languages.powershell import read_powershell
from canonry.source.languages.script import Finds, Setting

PATTERNS = ("*.ps1", "*.psm1")


def read(document: Document) -> Reading:
    """The commands of a script."""
    finds = Finds(document)
    whole = Fragment(document, [document.piece(0, len(document.text))])
    read_powershell(whole, finds, Setting(symbol="<script>"))
    return finds.reading()
