"""The text of the thin wrapper that takes a runner script's place."""

import datetime as dt

from canonry.migrate.scripts.learn import Learned
from canonry.run.retired import Old, Retired

LASTS = dt.timedelta(days=90)
"""How long a wrapper stays before RUN004 reports it."""
_TEMPLATE = '''#!/usr/bin/env python3
"""A retired test runner, which goes on {expires}: `canonry run` runs its tests, and its old options are mapped to that.

Written by `canonry migrate runner-scripts`; what it did before stands in the history.
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
while sys.path and os.path.abspath(sys.path[0]) == HERE:
    del sys.path[0]
try:
    from canonry.cli import main as canonry
    from canonry.run.retired import {names}, arguments_of
except ModuleNotFoundError:
    sys.exit("canonry is not installed for this Python; run `pip install canonry`")

EXPIRES = "{expires}"
RETIRED = {table}


def main() -> None:
    """Hands the mapped arguments over to `canonry run`, from where the old script started its tests."""
    arguments = arguments_of(RETIRED, {script!r}, sys.argv[1:], expires=EXPIRES)
    os.chdir(os.path.join(HERE, {folder!r}))
    sys.argv = ["canonry", "run", *arguments]
    canonry()


if __name__ == "__main__":
    main()
'''


def wrapper_text(learned: Learned, path: str, *, today: dt.date) -> str:
    """The wrapper of the script at a path from the root of the tree."""
    retired = learned.retired
    names = ["Retired"]
    if retired.options:
        names.insert(0, "Old")
    if retired.unless:
        names.append("Unless")
    up = "/".join([".."] * path.count("/"))
    folder = "/".join(part for part in (up, learned.folder) if part) or "."
    return _TEMPLATE.format(
        expires=(today + LASTS).isoformat(),
        names=", ".join(names),
        table=_table(retired),
        script=path.rpartition("/")[2],
        folder=folder,
    )


def _table(retired: Retired) -> str:
    lines = [f"    always={_words(retired.always)},"]
    if retired.options:
        lines += ["    options=(", *(f"        {_old(old)}," for old in retired.options), "    ),"]
    if retired.unless:
        unless = (f"Unless({_words(each.words)}, {_words(each.options)})" for each in retired.unless)
        lines += ["    unless=(", *(f"        {each}," for each in unless), "    ),"]
    if retired.apart:
        lines += ["    apart=(", *(f"        {_words(each)}," for each in retired.apart), "    ),"]
    lines += [f"    {name}=True," for name in ("rest", "needed") if getattr(retired, name)]
    return "\n".join(["Retired(", *lines, ")"])


def _old(old: Old) -> str:
    parts = [_words(old.names)]
    if old.takes != "none":
        parts.append(_text(old.takes))
    if old.becomes:
        table = ", ".join(f"{_text(key)}: {_words(words)}" for key, words in old.becomes.items())
        parts.append(f"becomes={{{table}}}" if old.takes == "none" else f"{{{table}}}")
    if old.refused:
        parts.append(f"refused={_text(old.refused)}")
    if old.unread:
        parts.append("unread=True")
    return f"Old({', '.join(parts)})"


def _words(words: tuple[str, ...]) -> str:
    inner = ", ".join(map(_text, words))
    return f"({inner},)" if len(words) == 1 else f"({inner})"


def _text(text: str) -> str:
    """A literal in double quotes where it needs no escapes."""
    return repr(text) if '"' in text or "\\" in repr(text) or not text.isprintable() else f'"{text}"'
