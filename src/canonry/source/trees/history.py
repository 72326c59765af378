"""Which commit broke a file: the first version, going back, that still parses marks it."""

import os
from collections.abc import Sequence
from itertools import pairwise

from canonry.source.syntax.parse import parse_source
from canonry.source.syntax.versions import Version
from canonry.source.trees.git import BlobReader, Git

_MOST_VERSIONS = 60


def breaking_commits(git: Git, commit: str, broken: Sequence[tuple[str, bytes]], target: Version) -> dict[str, str]:
    """For each broken path with the key of its content, what history says, in a few words."""
    versions = _versions(git, commit, [path for path, _ in broken])
    reader = BlobReader(git)
    try:
        return {
            path: said for path, key in broken if (said := _judge(versions.get(path, []), key.hex(), reader, target))
        }
    finally:
        reader.close()


def _versions(git: Git, commit: str, paths: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
    """The (commit line, blob) pairs of each path, newest first."""
    found: dict[str, list[tuple[str, str]]] = {}
    for start in range(0, len(paths), 400):
        part = [f":(literal,top){path}" for path in paths[start : start + 400]]
        output = git.output(
            "log",
            "--raw",
            "-z",
            "--no-renames",
            "--no-abbrev",
            "--format=%x01%H (%cs)",
            commit,
            "--",
            *part,
            check=False,
        )
        for block in output.split(b"\x01")[1:]:
            records = block.split(b"\0")
            line = _short(records[0].decode("utf-8", "replace").strip())
            metas = [record.lstrip(b"\n") for record in records[1:]]
            for meta, name in pairwise(metas):
                if meta.startswith(b":"):
                    found.setdefault(os.fsdecode(name), []).append((line, meta.split(b" ")[3].decode()))
    return found


def _short(line: str) -> str:
    commit, _, date = line.partition(" ")
    return f"{commit[:10]} {date}"


def _judge(versions: list[tuple[str, str]], current: str, reader: BlobReader, target: Version) -> str:
    breaker = ""
    if not versions or versions[0][1] != current:
        breaker = "not yet committed"
    for line, blob in versions[:_MOST_VERSIONS]:
        content = None if set(blob) == {"0"} else reader.read(blob)
        if content is not None and parse_source(content, target)[2] is None:
            return f"broken by {breaker}" if breaker and breaker != "not yet committed" else _uncommitted(breaker)
        breaker = line
    if not versions or len(versions) > _MOST_VERSIONS:
        return ""
    return f"never parsed since it was added by {versions[-1][0]}"


def _uncommitted(breaker: str) -> str:
    return "broken by a change that is not yet committed" if breaker else ""
