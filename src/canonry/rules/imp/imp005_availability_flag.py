"""IMP005."""

import sys
from collections.abc import Iterator

from canonry.model.finding import Confidence
from canonry.rules.clusters import Home, counted, imported, ranked, related, with_importers
from canonry.rules.rule import Example, Offence, Rule
from canonry.rules.view import TreeView
from canonry.source.facts import Flag
from canonry.source.index import Index

_PROBE = "try:\n    import redis\n    HAS_REDIS = True\nexcept ImportError:\n    HAS_REDIS = False\n"


class AvailabilityFlag(Rule):
    """A dependency that is probed in several places has several answers to one question.

    TODO
    """

    code = "IMP005"
    name = "availability-flag"
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
                "tests/test_a.py": "try:\n    import shop.live\n    LIVE = True\nexcept ImportError:\n    LIVE = False\n",
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
        by_dependency: dict[str, list[Home]] = {}
        for path, flag in inventory.flags:
            (home,) = with_importers([Home(path, flag.site, flag.name, frozenset())], importers)
            for dependency in _dependencies(flag, path, index):
                by_dependency.setdefault(dependency, []).append(home)
        told: set[tuple[str, int]] = set()
        for dependency, homes in by_dependency.items():
            first, *others = ranked(homes, inventory)
            for home in others:
                if home.path == first.path or (home.path, home.site.line) in told:
                    continue
                told.add((home.path, home.site.line))
                places = len({each.path for each in homes})
                yield Offence(
                    site=home.site,
                    path=home.path,
                    message=f"`{home.name}` probes `{dependency}` again; {counted(places, 'file')} do, the likely home "
                    f"is `{first.name}` in `{first.path}`",
                    confidence=None if home.name.isupper() else Confidence.LIKELY,
                    related=related([first], lambda each: imported(each) or "the likely home"),
                )


def _dependencies(flag: Flag, path: str, index: Index) -> list[str]:
    """What a probe asks for: packages from outside by their top name, modules of the tree by their full one."""
    found: dict[str, None] = {}
    for module in flag.modules:
        top = module.partition(".")[0]
        if top not in sys.stdlib_module_names:
            own = index.module_path(module, path) is not None or index.module_path(top, path) is not None
            found[module if own else top] = None
    return list(found)
