"""DUP004."""

from collections.abc import Iterator

from canonry.model.finding import Confidence, Related
from canonry.rules.rule import Example, Offence, Rule
from canonry.rules.view import TreeView
from canonry.source.clones.cluster import Cluster, Kind, Place
from canonry.source.facts import Site

_FETCH = (
    "def fetch(client, path):\n    for attempt in range(3):\n        answer = client.get(path)\n"
    "        if answer.status == 200:\n            return answer.json()\n        client.wait(attempt)\n"
    "    raise TimeoutError(path)\n"
)
_LONGER = (
    "def report(rows):\n    total = 0\n    lines = ['orders']\n    for row in rows:\n        price = row.price * row.count\n"
    "        if row.gift:\n            price = 0\n        total += price\n        lines.append(f'{row.name}: {price}')\n"
    "    lines.append(f'sum: {total}')\n    return '\\n'.join(lines)\n"
)
_CONFIDENCE = {Kind.EXACT: Confidence.CERTAIN, Kind.RENAMED: Confidence.LIKELY, Kind.NEAR: Confidence.REVIEW}
_WORDS = {
    Kind.EXACT: ("exact clone", "exact clones"),
    Kind.RENAMED: ("clone with other local names", "clones with other local names"),
    Kind.NEAR: ("near clone", "near clones"),
}


class CloneOfFunction(Rule):
    """A function that stands in several places has to be mended in all of them, and never is.

    Functions are compared by their syntax: layout, comments, docstrings and the function's own name say nothing, nor
    does what does nothing: `pass`, and a string that stands as a statement of its own. *Exact*
    clones are the same (certain; a name that they share may still mean something else in another module). *Renamed* ones
    are the same but for local names (likely). *Near* ones share four fifths of the statements that they have together,
    local names left open, and the literals of the first statement of a kind (review). Clones come in clusters, one finding each, at
    the likely home: what most files import, then what stands in the file with the fewest clones, then what has the
    shortest path. The other places are related to it, each with what differs; every one is a clone of the home, not
    only of another. Exact clones of one set of files are one finding: a copied file is one offence.

    Left alone are functions of fewer than six statements (signature and decorators are counted, so are the heads of
    blocks), near clones and inner functions of fewer than ten, what stands inside clones, and files that say at their
    top that they are generated. Tests that differ in their data are near clones like others; in public packages nine of
    ten near clusters lie within one file, most of them tests: parametrise them, or let them be.

    Read by eye: of 70 exact clusters 67 are worth mending, of 40 renamed ones 34, of 70 near ones 51 (35 of 40 in the
    reference repository, 16 of 30 in public packages). At the others the words hold, and the repetition is meant.
    """

    code = "DUP004"
    name = "clone"
    preview = True
    looks_at = "functions"
    help = "keep one and import it elsewhere; where only data differs, give it parameters (for tests: parametrise)"
    bad = (
        Example(_FETCH, path="shop/orders.py", files={"shop/stock/load.py": _FETCH}),
        Example(
            _FETCH,
            path="shop/orders.py",
            files={"shop/stock/load.py": _FETCH.replace("answer", "response").replace("attempt", "turn")},
        ),
        Example(
            _LONGER,
            path="shop/orders.py",
            files={"shop/stock/report.py": _LONGER.replace("orders", "stock").replace("row.gift", "row.sample")},
        ),
    )
    good = (
        Example(
            "def total(self):\n    return self.price * self.count\n",
            files={"b.py": "def total(self):\n    return self.price * self.count\n"},
        ),
        Example(_FETCH, path="shop/orders.py", files={"shop/load.py": f"'''\n{_FETCH}'''\n"}),
        Example(_FETCH, path="shop/orders.py", files={"shop/load.py": "from shop.orders import fetch\n"}),
    )

    def check_tree(self, tree: TreeView) -> Iterator[Offence]:
        """One offence per cluster."""
        for cluster in tree.clones():
            yield Offence(
                site=_site(cluster.home),
                path=cluster.home.path,
                message=_message(cluster),
                confidence=_CONFIDENCE[cluster.kind],
                identity=cluster.kind,
                related=tuple(
                    Related(each.path, each.shape.line, each.shape.column, each.shape.qualname, note)
                    for each, note in cluster.others
                ),
            )


def _site(place: Place) -> Site:
    shape = place.shape
    return Site(shape.line, shape.column, shape.line, shape.end_column, 0, shape.qualname)


def _message(cluster: Cluster) -> str:
    home, first = cluster.home, cluster.others[0].place
    name = f"`{home.shape.qualname}`"
    if cluster.importers:
        files = "1 file imports" if cluster.importers == 1 else f"{cluster.importers} files import"
        name = f"{name}, whose module {files},"
    one, several = _WORDS[cluster.kind]
    if len(cluster.homes) > 1:
        more = len(cluster.homes) - 1
        paths = dict.fromkeys(each.place.path for each in cluster.others if each.place.path != home.path)
        where = f"`{first.path}`" if len(paths) == 1 else f"{len(paths)} other files"
        return f"{name} and {more} more function{'s' if more > 1 else ''} of this file have {several} in {where}"
    where = f"`{first.shape.qualname}` in line {first.shape.line}"
    if first.path != home.path:
        where += f" of `{first.path}`"
    if len(cluster.others) == 1:
        return f"{name} has {'an' if one.startswith('e') else 'a'} {one}: {where}"
    return f"{name} has {len(cluster.others)} {several}, the first {where}"
