"""Shell scripts: by ending, or by a shebang in the folders where scripts without one stand."""

import re

from canonry.source.documents.fragment import Document, Fragment
from canonry.source.documents.languages.script import Finds, Setting
from canonry.source.documents.languages.shell import read_shell
from canonry.source.documents.reading import Reading

PATTERNS = ("*.sh", "*.bash", "*.zsh", "*.ksh")
EXTENSIONLESS = ("bin", "script", "scripts", "ci", ".ci", "tools", ".githooks", ".husky", "hooks")

_SHEBANG = re.compile(r"#!.*?(?:/|\s)(?:ba|z|da|k|a)?sh\b")
_OTHER = re.compile(r"#!")


def read(document: Document) -> Reading:
    """The commands of a script; nothing where it is a script for another interpreter."""
    text = document.text
    if _OTHER.match(text) and not _SHEBANG.match(text):
        return Reading()
    finds = Finds(document)
    read_shell(Fragment(document, [document.piece(0, len(text))]), finds, Setting(symbol="<script>"))
    return finds.reading()
