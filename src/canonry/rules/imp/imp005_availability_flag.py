"""IMP005."""

import sys
from collections.abc import Iterator

import msgspec

from canonry.model.finding import Confidence
from canonry.rules.clusters import Home, counted, imported, is_declared, listed, ranked, related, with_importers
from canonry.rules.rule import Example, Offence, Rule
from canonry.rules.view import TreeView
from canonry.source.facts import Flag
from canonry.source.index import Index
from canonry.source.python.probes import NAMESPACES

_PROBE = "try:\n    import redis\n    HAS_REDIS = True\nexcept ImportError:\n    HAS_REDIS = False\n"


class AvailabilityFlag(Rule):
    """A dependency that is probed in several places has several answers to one question.

    A probe is a `try` at the top of a module that imports something and remembers the answer: a name set to True, with
    a handler of import errors that does not raise; or the imported name itself, None in the handler. Each dependency
    may be probed in one home, and every probe beyond the likely home (the one that `canon.symbols` declares, else production code first, then most
    importers of the flag, then one that asks for nothing else) is reported. A package from outside is one dependency whatever is imported from it (`redis` and
    `redis.asyncio`; of namespace packages such as `google` what is installed as one).

    Names of the tree's own modules count too, where a flag answers for exactly the same ones: what is of the tree is
    there, and a check of it hides that it is broken. The standard library (`tomllib` on older Pythons) and relative
    imports are left out, as are probes inside functions.

    Review where two flags ask for different parts inside one package, of which an older version may have but one.
    Certain where a flag asks for one package from outside; likely for None in place of a name, for several packages at
    once, and for the tree's own names. Measured on the reference repository at `beta-16`, two draws: all of 60
    findings, 37 of them likely, are probes that another file makes too; in 4 of them the flag tests a migration on
    purpose. On ansible-core all 14 are such probes; in 6 of them the copies are shipped apart on purpose.
    """

    code = "IMP005"
    name = "availability-flag"
    looks_at = "inventory"
    help = "import the flag from its home, or depend on what is probed and drop the check"
    bad = (
        Example(
            _PROBE, path="shop/cache.py", files={"shop/a.py": _PROBE, "shop/b.py": "from shop.a import HAS_REDIS\n"}
        ),
        Example(
            "try:\n    import redis.asyncio as redis\nexcept ImportError:\n    redis = None\n",
            path="shop/cache.py",
            files={"shop/a.py": _PROBE, "shop/b.py": "from shop.a import HAS_REDIS\n"},
        ),
        Example(
            "try:\n    from shop.live import Client\n    LIVE_AVAILABLE = True\nexcept ImportError:\n    LIVE_AVAILABLE = False\n",
            path="tests/unit/test_b.py",
            files={
                "shop/live.py": "class Client:\n    pass\n",
                "tests/test_a.py": "try:\n    from shop.live import Client\n    LIVE = True\nexcept ImportError:\n    LIVE = False\n",
            },
        ),
    )
    good = (
        Example(_PROBE, path="shop/cache.py"),
        Example("from shop.a import HAS_REDIS\n", path="shop/cache.py", files={"shop/a.py": _PROBE}),
        Example(  # a fallback for older Pythons, not a dependency
            "try:\n    import tomllib\nexcept ImportError:\n    tomllib = None\n",
            path="shop/cache.py",
            files={"shop/a.py": "try:\n    import tomllib\nexcept ImportError:\n    tomllib = None\n"},
        ),
        Example(  # two questions about one module of the tree
            "try:\n    from shop.live import Client\n    LIVE = True\nexcept ImportError:\n    LIVE = False\n",
            path="shop/cache.py",
            files={
                "shop/live.py": "class Client:\n    pass\n",
                "shop/a.py": "try:\n    from shop.live import Pool\n    POOL = True\nexcept ImportError:\n    POOL = False\n",
            },
        ),
        Example(  # several packages share the name `google`
            "try:\n    from google.cloud import storage\n    HAS_STORAGE = True\nexcept ImportError:\n    HAS_STORAGE = False\n",
            path="shop/cache.py",
            files={
                "shop/a.py": "try:\n    import google.analytics\n    HAS_IT = True\nexcept ImportError:\n    HAS_IT = False\n"
            },
        ),
        Example(  # the failure is not swallowed
            "try:\n    import redis\n    HAS_REDIS = True\nexcept ImportError:\n    raise SystemExit('install redis')\n",
            path="shop/cache.py",
            files={"shop/a.py": _PROBE},
        ),
    )

    def check_tree(self, tree: TreeView) -> Iterator[Offence]:
        """One offence per copy of a probe beyond the likely home."""
        inventory, index = tree.inventory, tree.project.index
        importers = inventory.importers(index, {flag.name for _, flag in inventory.flags})
        probes: dict[str, list[_Probe]] = {}
        for path, flag in inventory.flags:
            (home,) = with_importers([Home(path, flag.site, flag.name, frozenset())], importers)
            asked = dependencies_of(flag, path, index)
            for dependency, own in asked.items():
                if flag.boolean or not own:
                    probes.setdefault(dependency, []).append(_Probe(home, flag.boolean, len(asked), own, flag.wanted))
        told: set[tuple[str, int]] = set()
        for dependency, found in probes.items():
            places = len({probe.home.path for probe in found})
            first, *others = _likely_first(dependency, found, tree)
            for probe in others:
                home = probe.home
                if home.path == first.home.path or (home.path, home.site.line) in told:
                    continue
                told.add((home.path, home.site.line))
                certain = probe.boolean and probe.asked == 1 and not probe.own
                confidence = None if certain else Confidence.LIKELY
                if not probe.own and ask_apart(dependency, probe.wanted, first.wanted):
                    confidence = Confidence.REVIEW
                yield Offence(
                    site=home.site,
                    path=home.path,
                    message=_message(dependency, probe, first, places),
                    confidence=confidence,
                    related=related([first.home], lambda each: imported(each) or "the likely home"),
                )


class _Probe(msgspec.Struct, frozen=True):
    """A probe of one dependency: of how many its flag tells at once, and whether it is a module of the tree."""

    home: Home
    boolean: bool
    asked: int
    own: bool
    wanted: tuple[str, ...] = ()
    """The dotted names that it imports."""


def ask_apart(dependency: str, some: tuple[str, ...], others: tuple[str, ...]) -> bool:
    """Whether two probes ask for parts of a package that may be there one without the other.

    Such parts stand inside its modules, under different names, and none holds the other.
    """
    inside = [[name for name in names if f"{name}.".startswith(f"{dependency}.")] for names in (some, others)]
    least = dependency.count(".") + 2
    return all(
        min(one.count("."), other.count(".")) >= least
        and not f"{one}.".startswith(f"{other}.")
        and not f"{other}.".startswith(f"{one}.")
        and one.rpartition(".")[2] != other.rpartition(".")[2]
        for one in inside[0]
        for other in inside[1]
    )


def _message(dependency: str, probe: _Probe, likely: _Probe, places: int) -> str:
    first = likely.home
    if not probe.own and ask_apart(dependency, probe.wanted, likely.wanted):
        return (
            f"`{probe.home.name}` probes another part of `{dependency}` than `{first.name}` in `{first.path}`; "
            f"{counted(places, 'file')} probe it"
        )
    where = ", of this tree," if probe.own else ""
    asked = listed(dependency.split(), most=2)
    return (
        f"`{probe.home.name}` probes {asked}{where} again; {counted(places, 'file')} do, the likely home is "
        f"`{first.name}` in `{first.path}`"
    )


def _likely_first(dependency: str, probes: list[_Probe], tree: TreeView) -> list[_Probe]:
    """The likely home first: the one that the canon declares, production code, most importers, a flag of this dependency alone, then as everywhere.

    Of equals a name that says the dependency goes first: `HAS_UNIQUE` asks for one thing of it.
    """
    remoteness = tree.project.remoteness
    word = dependency.split()[0].rpartition(".")[2].replace("_", "").lower()
    homes = [probe.home for probe in probes]
    by_place = {(probe.home.path, probe.home.site.line): probe for probe in probes}
    order = [by_place[home.path, home.site.line] for home in ranked(homes, tree.inventory, remoteness)]

    def key(probe: _Probe) -> tuple[bool, int, int, bool, int, bool]:
        home = probe.home
        says = word in home.name.replace("_", "").lower()
        rest = (remoteness(home.path), -len(home.importers), not probe.boolean, probe.asked, not says)
        return (not is_declared(home, tree.project), *rest)

    return sorted(order, key=key)


def dependencies_of(flag: Flag, path: str, index: Index) -> dict[str, bool]:
    """What a probe asks for, and whether that is of the tree: packages by name, the tree's names all together."""
    found: dict[str, bool] = {}
    own: list[str] = []
    for name in flag.wanted:
        top, module = name.partition(".")[0], name.rpartition(".")[0]
        if any(index.module_path(each, path) is not None for each in (name, module, top) if each):
            own.append(name)
        elif top not in sys.stdlib_module_names:
            found[_distribution(name)] = False
    if own:
        found[" ".join(sorted(own))] = True
    return found


def _distribution(module: str) -> str:
    """The part of a module's name that is installed as one: the top name, more of it in a namespace package."""
    parts = module.split(".")
    length = 3 if parts[:2] == ["google", "cloud"] else 2 if parts[0] in NAMESPACES else 1
    return ".".join(parts[:length])
