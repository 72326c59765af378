"""A file of the sample repository: its text, the commit that adds it, and what was planted in it."""

from dataclasses import dataclass
from pathlib import Path

TREE = Path(__file__).parent / "tree"
SUFFIX = ".txt"
MARK = "%% "


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """``since`` and ``until`` are keys of commits in ``demo.history``; ``plants`` and ``innocent`` are rule codes.

    ``innocent`` codes are those that a careless rule would report here.
    """

    path: str
    text: str
    since: str
    until: str = ""
    plants: tuple[str, ...] = ()
    innocent: tuple[str, ...] = ()


def read_tree(root: Path = TREE) -> tuple[SourceFile, ...]:
    """Every file below ``demo/tree``, ordered by path.

    A template is the file's text under its own path plus ``.txt``, so that no tool takes it for source. Its first
    lines may be ``%% since: COMMIT``, ``%% until: COMMIT``, ``%% plants: CODE...`` and ``%% innocent: CODE...``.
    """
    return tuple(_read(root, path) for path in sorted(root.rglob("*" + SUFFIX)))


def _read(root: Path, path: Path) -> SourceFile:
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    header: dict[str, str] = {}
    while lines and lines[0].startswith(MARK):
        key, _, value = lines.pop(0).removeprefix(MARK).partition(":")
        header[key.strip()] = value.strip()
    return SourceFile(
        path=path.relative_to(root).as_posix().removesuffix(SUFFIX),
        text="".join(lines),
        since=header["since"],
        until=header.get("until", ""),
        plants=tuple(header.get("plants", "").split()),
        innocent=tuple(header.get("innocent", "").split()),
    )
