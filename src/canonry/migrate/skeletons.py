"""What the canon offers to a test that is still to be written: the contract of its flow, its category's services."""

from canonry.canon.selection import matches, plain
from canonry.migrate.module import Module


def contracts_of(module: Module) -> str:
    """The contracts of the flows that a file's tests walk, in words; empty where there are none."""
    parts = [
        f"; flow `{name}` has the contract `{flow.contract}`, whose events it has to see"
        for name, flow in module.file.project.canon.flows.items()
        if flow.contract and any(_selects(each, module.path) for each in flow.tests)
    ]
    return "".join(parts)


def services_of(module: Module) -> str:
    """The services that the categories of a file start, with the fixtures that give them, in words."""
    canon = module.file.project.canon
    parts: dict[str, None] = {}
    for name in module.file.project.categories_of(module.path):
        for service in canon.categories[name].services:
            kind = canon.services[service].kind.value if service in canon.services else ""
            fixture = f"fresh_{kind}" if kind in ("postgres", "redis") else f'canonry_service("{service}")'
            parts[f"; category `{name}` starts `{service}`, which the fixture `{fixture}` gives"] = None
    return "".join(parts)


def _selects(pattern: str, path: str) -> bool:
    return path == plain(pattern) or path.startswith(f"{plain(pattern)}/") or matches(path, (pattern,))
