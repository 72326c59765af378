"""Whether some codemod mends a rule, for who cannot wait until all of them are imported."""

from functools import cache
from pathlib import Path

from canonry.model.edit import Grade

_FOLDER = Path(__file__).parent / "codemods"


def is_mended(rule: str) -> bool:
    """Whether a codemod is for this rule. Files that do not hold its code are ruled out by that, and not imported."""
    return bool(_grades(rule))


def is_mended_unasked(rule: str) -> bool:
    """Whether `--fix --write` alone can mend it: some codemod for it says that it makes safe changes."""
    return Grade.SAFE in _grades(rule)


@cache
def _grades(rule: str) -> frozenset[Grade]:
    """The grades of what the codemods for a rule answer, as their examples show them; empty where there is none."""
    spoken = [file for file in sorted(_FOLDER.glob("[a-z]*.py")) if rule.encode() in file.read_bytes()]
    if not spoken:
        return frozenset()
    from canonry.migrate.registry import codemods_of

    mine = (codemod for file in spoken for codemod in codemods_of(file) if rule in codemod.rules)
    return frozenset(example.grade for codemod in mine for example in codemod.examples)
