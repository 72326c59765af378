"""Colours, as escape sequences, where they are wanted."""

_CODES = {"red": "31", "yellow": "33", "green": "32", "cyan": "36", "bold": "1", "dim": "2"}
_SEVERITIES = {"error": "red", "warning": "yellow", "info": "cyan"}


def paint(text: str, *styles: str, color: bool) -> str:
    """The text in these styles, or as it is."""
    if not color or not styles:
        return text
    codes = ";".join(_CODES[style] for style in styles)
    return f"\x1b[{codes}m{text}\x1b[0m"


def severity_style(severity: str) -> str:
    """The colour of a severity."""
    return _SEVERITIES[severity]


def plural(count: int, noun: str, plural_form: str = "") -> str:
    """The count with its noun."""
    return f"{count:,} {noun if count == 1 else plural_form or noun + 's'}"


def printable(text: str) -> str:
    """A path or line without what a terminal would act on, and without lone surrogates."""
    if text.isprintable():  # which lone surrogates are not
        return text
    cleaned = "".join(character if character.isprintable() or character == "\t" else "\ufffd" for character in text)
    return cleaned.encode("utf-8", "replace").decode("utf-8")
