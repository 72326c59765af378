"""What the canon offers to a test that is still to be written: the contract of its flow, its category's services."""

from collections.abc import Iterator

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
            fixture, call = _fixture(module, service)
            shown = call if call.endswith(")") else fixture
            parts[f"; category `{name}` starts `{service}`, which the fixture `{shown}` gives"] = None
    return "".join(parts)


def skeleton_of(module: Module, symbol: str) -> str:
    """A test to begin with, which uses what the canon offers to it; empty where that is nothing.

    It is code that parses, not a test: what the tested code has to do stands in it as a comment.
    """
    canon = module.file.project.canon
    names = [
        name for each in module.file.project.categories_of(module.path) for name in canon.categories[each].services
    ]
    services = list(dict.fromkeys(names))
    seen = bool(contracts_of(module))
    if not services and not seen:
        return ""
    fixtures = ["event_contract"] if seen else []
    fixtures += [_fixture(module, service)[0] for service in services]
    others = [name for name in services if _kind(module, name) not in ("postgres", "redis")]
    if seen and not others:
        fixtures.append("connection")
    owner, _, name = symbol.rpartition(".")
    parameters = dict.fromkeys((*(["self"] if owner else []), *fixtures))
    lines = [f"{'async ' if seen else ''}def {_test_name(name)}({', '.join(parameters)}):"]
    lines += [f"    {line}" for service in services for line in _use(module, service, seen=seen)]
    if seen and not others:
        lines += [f"    {line}" for line in _watched("connection")]
    imports = sorted({each for service in services for each in _imported(module, service, seen=seen)})
    front = [*(f"import {each}" for each in imports), "", ""] if imports else []
    return "\n".join([*front, *lines])


def _kind(module: Module, service: str) -> str:
    declared = module.file.project.canon.services
    return declared[service].kind.value if service in declared else ""


def _fixture(module: Module, service: str) -> tuple[str, str]:
    """The fixture that gives a service, and the expression by which a test has it."""
    kind = _kind(module, service)
    if kind not in ("postgres", "redis"):
        return "canonry_service", f'canonry_service("{service}")'
    alone = sum(each.kind.value == kind for each in module.file.project.canon.services.values()) == 1
    return (f"fresh_{kind}", f"fresh_{kind}") if alone else ("canonry_lease", f'canonry_lease("{service}")')


def _use(module: Module, service: str, *, seen: bool) -> Iterator[str]:
    """The lines that use a service; a back end is watched where events of a flow have to be seen."""
    _, given = _fixture(module, service)
    kind = _kind(module, service)
    if kind == "postgres":
        yield f"with psycopg.connect({given}.url) as database:"
        yield '    assert database.execute("select 1").fetchone() == (1,)  # what the tested code has to leave there'
    elif kind == "redis":
        yield f"cache = redis.Redis.from_url({given}.url)"
        yield "assert cache.dbsize() == 0  # what the tested code has to leave there"
    elif seen:
        yield f"async with websockets.connect({given}.url) as connection:"
        yield from (f"    {line}" for line in _watched("connection"))
    else:
        yield f"with urllib.request.urlopen({given}.url) as answer:"
        yield "    assert answer.status == 200  # what the tested code has to answer"


def _watched(connection: str) -> list[str]:
    return [
        f"async for event in event_contract().watch({connection}):",
        "    assert event  # the contract judges each event; end where the user has what they came for",
        "    break",
    ]


def _imported(module: Module, service: str, *, seen: bool) -> list[str]:
    kind = _kind(module, service)
    own = {"postgres": ["psycopg"], "redis": ["redis"]}
    return own.get(kind, ["websockets"] if seen else ["urllib.request"])


def _test_name(name: str) -> str:
    return name if name.isidentifier() and name.startswith("test") else "test_with_the_real_service"


def _selects(pattern: str, path: str) -> bool:
    return path == plain(pattern) or path.startswith(f"{plain(pattern)}/") or matches(path, (pattern,))
