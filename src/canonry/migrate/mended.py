"""Whether some codemod mends a rule, for who cannot wait until all of them are imported."""

from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent / "codemods"


@cache
def is_mended(rule: str) -> bool:
    """Whether a codemod is for this rule. Files that do not hold its code are ruled out by that, and not imported."""
    spoken = [file for file in sorted(_FOLDER.glob("[a-z]*.py")) if rule.encode() in file.read_bytes()]
    if not spoken:
        return False
    from canonry.migrate.registry import codemods_of

    return any(rule in codemod.rules for file in spoken for codemod in codemods_of(file))
