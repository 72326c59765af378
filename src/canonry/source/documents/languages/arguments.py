"""Commands that are written as a list of words: no shell reads them."""

from canonry.source.documents.fragment import Fragment
from canonry.source.documents.languages.script import Finds, Setting
from canonry.source.documents.languages.shell import read_shell

_SHELLS = frozenset(("sh", "bash", "zsh", "dash", "ksh", "ash"))


def read_arguments(words: list[Fragment], finds: Finds, setting: Setting) -> None:
    """Adds the command that a list of words is; ``["sh", "-c", "..."]`` holds a script."""
    words = [word for word in words if word.text]
    if not words:
        return
    texts = [word.text for word in words]
    inner = False
    if texts[0].rpartition("/")[2] in _SHELLS:
        for index, text in enumerate(texts[1:-1], 1):
            if text.startswith("-") and not text.startswith("--") and text.endswith("c"):
                before = len(finds.commands)
                read_shell(words[index + 1], finds, setting.inside())
                inner = len(finds.commands) > before
                break
    begin, _ = words[0].place(0, 1)
    _, end = words[-1].place(len(texts[-1]) - 1, len(texts[-1]))
    places = [word.place(0, len(word.text)) for word in words]
    site = words[0].document.site(begin, max(begin, end), setting.symbol)
    finds.add(texts, site, setting, inner=inner, places=places, listed=True)
