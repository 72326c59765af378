"""``canonry canon``: what the canon says, and where each value came from."""

import json
from pathlib import Path
from typing import Any

import click
import msgspec

from canonry.canon.keys import flatten, format_key, nearest, parse_key, to_toml
from canonry.canon.load import LoadedCanon, load_canon
from canonry.model.errors import UserError
from canonry.source.trees.place import read_present, refuse_closed

_SCHEMA_VERSION = 1
_WIDEST_VALUE = 80


@click.group("canon")
def command() -> None:
    """Show the canon: every option, its value and where it came from."""


@command.command("show")
@click.argument("key", required=False)
@click.option("--config", "config", type=click.Path(path_type=Path), metavar="FILE", help="Take the canon from FILE.")
@click.option(
    "--repo",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=".",
    metavar="PATH",
    help="The tree whose canon to show: PATH, or the nearest folder above it with a project in it.",
)
@click.option("--output-format", type=click.Choice(["full", "json"]), default="full", show_default=True)
def show(*, key: str | None, config: Path | None, repo: Path, output_format: str) -> None:
    """Print the value and the origin of every option, or of KEY and the options below it."""
    loaded = load(root_of(repo), config)
    for note in loaded.notes:
        click.echo(f"canonry: {note}", err=True)
    if not loaded.declared:
        click.echo("canonry: no canon is declared, so these defaults apply; `canonry init` proposes one", err=True)
    values = _values(loaded, key)
    if output_format == "json":
        rows = {name: {"value": value, "origin": loaded.origin(name)} for name, value in values.items()}
        document = {"schema": _SCHEMA_VERSION, "file": loaded.file, "values": rows, "nested": _nested(loaded, key)}
        click.echo(json.dumps(document, indent=2))
    else:
        _print_table([(name, _shown(value), loaded.origin(name)) for name, value in values.items()])


@command.command("schema")
def schema() -> None:
    """Print the JSON schema of the canon, for editors."""
    from canonry.canon.schema import json_schema

    click.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))


def load(root: Path, config: Path | None) -> LoadedCanon:
    """Return the canon of the tree at ``root``, or the one in ``config``."""

    def read(path: str) -> bytes | None:
        return read_present(root / path, shown=path)

    if config is None:
        return load_canon(read)
    try:
        return load_canon(read, explicit=(str(config), config.read_bytes()))
    except OSError as error:
        raise UserError(
            f"cannot read the canon `{config}`: {(error.strerror or '').lower()}; expected a TOML file"
        ) from None


def root_of(start: Path) -> Path:
    """Return the nearest folder at or above ``start`` that holds a project, or ``start`` when none does."""
    refuse_closed(start)
    start = start.resolve()
    for folder in (start, *start.parents):
        if any((folder / name).exists() for name in (".git", "canonry.toml", "pyproject.toml")):
            return folder
    return start


def _values(loaded: LoadedCanon, key: str | None) -> dict[str, Any]:
    """Return the values at and below ``key``, by key. Raises UserError when the canon has no such key."""
    leaves = dict(flatten(msgspec.to_builtins(loaded.canon)))
    wanted = () if key is None else parse_key(key)
    found = {} if wanted is None else {path: value for path, value in leaves.items() if path[: len(wanted)] == wanted}
    if not found:
        names = {format_key(path[:length]) for path in leaves for length in range(1, len(path) + 1)}
        near = nearest(key or "", names)
        hint = f"did you mean `{near}`?" if near else "`canonry canon show` lists every key"
        raise UserError(f"the canon has no key `{key}`; {hint}")
    return {format_key(path): value for path, value in found.items()}


def _nested(loaded: LoadedCanon, key: str | None) -> Any:
    """Return what stands at ``key``, tables as tables, for programs: names of tables need no parsing then."""
    found: Any = msgspec.to_builtins(loaded.canon)
    for part in (parse_key(key) or ()) if key else ():
        found = found[part]
    return found


def _shown(value: object) -> str:
    return "not set" if value is None else to_toml(value)


def _print_table(rows: list[tuple[str, str, str]]) -> None:
    first = max(len(key) for key, _, _ in rows)
    # A long list must not push the origins of all other rows off the screen.
    second = max((len(value) for _, value, _ in rows if len(value) <= _WIDEST_VALUE), default=0)
    for key, value, origin in rows:
        click.echo(f"{key:<{first}}  {value:<{second}}  {origin}")
