"""The services that the canon of a project declares, asked of canonry itself."""

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

from canonry.model.errors import UserError
from canonry.testing.canon_tables import canon_tables
from canonry.testing.services.errors import ServiceError
from canonry.testing.services.service import Service


def declared(root: Path) -> dict[str, Service]:
    """The services of the canon at ``root``, by name. Raises ServiceError where the canon is wrong."""
    try:
        tables = canon_tables(root, "services")
    except UserError as error:
        raise ServiceError(str(error)) from error
    return {name: Service.from_table(name, table) for name, table in tables.items()}


def one_of(services: Mapping[str, Service], name: str) -> Service:
    """The service of that name. Raises ServiceError, with the table to declare, where there is none."""
    if name in services:
        return services[name]
    near = get_close_matches(name, services, 1)
    hint = f"did you mean `{near[0]}`?" if near else f"declare it as {_table(name, name)}"
    raise ServiceError(f"the canon declares no service `{name}`; {hint}")


def one_of_kind(services: Mapping[str, Service], kind: str, *, instead: str = "canonry_lease") -> Service:
    """The one service of a kind. Raises ServiceError where there is none, and where there are several.

    ``instead`` is the fixture that takes the name of one.
    """
    found = [service for service in services.values() if service.kind == kind]
    if len(found) == 1:
        return found[0]
    if not found:
        raise ServiceError(f"the canon declares no service of kind `{kind}`; declare it as {_table(kind, kind)}")
    names = ", ".join(f"`{service.name}`" for service in found)
    raise ServiceError(
        f"the canon declares several services of kind `{kind}` ({names}); take the fixture `{instead}` "
        f'and ask for one by its name: `{instead}("{found[0].name}")`'
    )


def _table(name: str, kind: str) -> str:
    kinds = ("postgres", "redis", "command", "url", "container")
    known = kind if kind in kinds else "command"
    return f'`[tool.canonry.services.{name}]` with `kind = "{known}"` in pyproject.toml (kinds: {", ".join(kinds)})'
