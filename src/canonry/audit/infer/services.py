"""Services: real processes that a category's tests talk to, told by the drivers that they import."""

from collections import Counter
from collections.abc import Iterable

from canonry.audit.infer.proposal import Answer, Entry, Omission, plural
from canonry.audit.infer.survey import SurveyedFile

_KIND_OF = {
    "psycopg": "postgres",
    "psycopg2": "postgres",
    "asyncpg": "postgres",
    "pg8000": "postgres",
    "redis": "redis",
    "aioredis": "redis",
}
_SHARE = 0.2
"""The share of a category's files that has to import a driver; below, what they talk to is told by something else."""


def used_by(files: Iterable[SurveyedFile]) -> Counter[str]:
    """How many of these files import a driver of each kind of service, and make no mocks."""
    return Counter(
        kind
        for file in files
        if not file.mocks
        for kind in {_KIND_OF.get(name.partition(".")[0]) for name in file.imports}
        if kind is not None
    )


def needed(files: list[SurveyedFile]) -> dict[str, int]:
    """The services that enough of these files talk to, with how many do."""
    return {kind: count for kind, count in used_by(files).items() if count >= max(2, _SHARE * len(files))}


def propose(by_category: dict[str, list[SurveyedFile]]) -> list[Answer]:
    """A service per kind that one of the categories needs."""
    found: dict[str, list[str]] = {}
    for category, files in by_category.items():
        for kind, count in needed(files).items():
            found.setdefault(kind, []).append(f"{count:,} of {plural(len(files), 'file')} of `{category}`")
    if found:
        return [
            Entry(key=("services", kind), value={"kind": kind}, why=f"{', '.join(said)} import a driver of it")
            for kind, said in sorted(found.items())
        ]
    counts = used_by({file.path: file for files in by_category.values() for file in files}.values())
    if not counts:
        return [Omission("services", "no integration or end-to-end test imports a driver of Postgres or Redis")]
    said = ", ".join(f"{plural(count, 'file')} a driver of {kind}" for kind, count in counts.most_common())
    return [Omission("services", f"integration and end-to-end tests import it too rarely ({said})")]
