"""PowerShell scripts and modules."""

from canonry.source.documents.fragment import Document, Fragment
from canonry.source.documents.languages.powershell import read_powershell
from canonry.source.documents.languages.script import Finds, Setting
from canonry.source.documents.reading import Reading

PATTERNS = ("*.ps1", "*.psm1")


def read(document: Document) -> Reading:
    """The commands of a script."""
    finds = Finds(document)
    whole = Fragment(document, [document.piece(0, len(document.text))])
    read_powershell(whole, finds, Setting(symbol="<script>"))
    return finds.reading()
