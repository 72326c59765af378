"""Compliance per folder and per owner: the same definition, over parts of the scope."""

from collections.abc import Callable, Iterable, Iterator

import msgspec

from canonry.audit.compliance import Compliance, compliance_of
from canonry.audit.result import Result

CODEOWNERS = ("CODEOWNERS", ".github/CODEOWNERS", ".gitlab/CODEOWNERS", "docs/CODEOWNERS")
_DEPTH = 2
NOBODY = "nobody"


class Part(msgspec.Struct, frozen=True):
    """The compliance of one part."""

    name: str
    compliance: Compliance


def by_folder(result: Result) -> list[Part]:
    """The compliance of each folder that holds test files, two levels deep; by name."""
    return _parts(result, lambda path: [folder_of(path)])


def folder_of(path: str) -> str:
    """The folder that a path is counted under, two levels deep; ``.`` at the root."""
    return "/".join(path.split("/")[:-1][:_DEPTH]) or "."


def by_owner(result: Result) -> list[Part]:
    """The compliance of each owner in CODEOWNERS; by name. Empty without that file; a file may have several owners."""
    if not result.header.codeowners:
        return []
    owners = read_owners(result.header.codeowners)
    return _parts(result, lambda path: owners(path) or [NOBODY])


def read_owners(text: str) -> Callable[[str], list[str]]:
    """A function path -> owners, from the text of a CODEOWNERS file.

    The last line whose pattern matches decides; patterns are gitignore's, section headings and comments are passed
    over. Source: GitHub's documentation, "About code owners".
    """
    import pathspec

    rules: list[tuple[pathspec.PathSpec[pathspec.Pattern], list[str]]] = []
    for pattern, owners in _entries(text):
        rules.append((pathspec.PathSpec.from_lines("gitignore", [pattern]), owners))
    rules.reverse()
    return lambda path: next((owners for spec, owners in rules if spec.match_file(path)), [])


def owner_names(text: str) -> list[str]:
    """The owners that a CODEOWNERS file names, sorted."""
    return sorted({name for _, owners in _entries(text) for name in owners})


def _entries(text: str) -> Iterator[tuple[str, list[str]]]:
    for line in text.splitlines():
        words = line.split("#")[0].split()
        if words and not words[0].startswith(("[", "^[")):
            yield words[0], words[1:]


def _parts(result: Result, names: Callable[[str], Iterable[str]]) -> list[Part]:
    failing = result.failing
    total: dict[str, int] = {}
    compliant: dict[str, int] = {}
    for record in result.files():
        if record.is_test:
            for name in names(record.path):
                total[name] = total.get(name, 0) + 1
                compliant[name] = compliant.get(name, 0) + (record.path not in failing)
    for path in filter(result.holds, result.header.unread_tests):
        for name in names(path):
            total[name] = total.get(name, 0) + 1
            compliant.setdefault(name, 0)
    return [Part(name, compliance_of(compliant[name], total[name])) for name in sorted(total)]
