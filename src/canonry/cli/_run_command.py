"""How `canonry run` reads its arguments: options with an optional value, and a `--` that pytest's begin after."""

import re
from pathlib import Path

import click

AFTER = "canonry.after"
"""The key of what stands after ``--`` in a context's ``meta``."""
ARGUMENTS = "canonry.arguments"
"""The key of all arguments as they were given."""
_OPTIONAL = {"--changed": "HEAD", "--shuffle": "-1", "--prove": "nan"}


class RunCommand(click.Command):
    """A command whose arguments after ``--`` are kept apart."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does, for what stands before ``--``."""
        ctx.meta[ARGUMENTS] = tuple(args)
        place = args.index("--") if "--" in args else len(args)
        ctx.meta[AFTER] = tuple(args[place + 1 :])
        return super().parse_args(ctx, with_values(args[:place]))


def with_values(arguments: list[str]) -> list[str]:
    """The arguments with the value of each option that has none: a path behind such an option is no value of it."""
    found = []
    for number, word in enumerate(arguments):
        follower = arguments[number + 1] if number + 1 < len(arguments) else ""
        if word in _OPTIONAL and not _is_value(word, follower):
            found.append(f"{word}={_OPTIONAL[word]}")
        else:
            found.append(word)
    return found


def _is_value(option: str, word: str) -> bool:
    if not word or word.startswith("-"):
        return False
    if option == "--shuffle":
        return re.fullmatch(r"\d+", word) is not None
    if option == "--prove":
        return re.fullmatch(r"[\d.]+", word) is not None
    return "::" not in word and not Path(word).exists()
