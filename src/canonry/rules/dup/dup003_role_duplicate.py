"""DUP003."""

from collections.abc import Iterator
from functools import partial

from canonry.model.finding import Confidence
from canonry.rules.clusters import Home, counted, difference, imported, listed, related
from canonry.rules.roles import role_clusters
from canonry.rules.rule import Example, Offence, Rule
from canonry.rules.view import TreeView

_SOCKET = "class MockSocket:\n    def send(self, data): ...\n    def receive(self): ...\n    def close(self): ...\n"


class RoleDuplicate(Rule):
    """Classes of different names with nearly one interface are one role, implemented again and again.

    A role is a hub with three public methods or more, and every class that has at least 60 % (Jaccard) of its methods
    in common with the hub; a class named as a double may have two methods. They have two names at least, two files,
    and are of several hierarchies: one hierarchy alone is no role, and of each the likely home stands for all, which
    are counted. What a test framework calls does not count as a method, nor does what imitates a dictionary. Left out
    are test classes, protocols (zope's interfaces too), a class with its one double or its one asynchronous twin, what
    imitates the standard library's containers, files and loggers, and folders of examples.

    Reported once, at the likely home: production code before what supports tests and that before test files, a class
    that can be imported before one inside another thing, one that speaks of the role by name, in production code one
    that is no double, then most importers, fewest doubles in its file, the shortest path. The others follow with the
    methods that they lack and add beside the hub.

    A reader has to look, always. Measured on the reference repository at `beta-16`, two draws: of 60 findings 47 are
    right, 12 arguable and 1 wrong. Libraries implement interfaces that others define (cursors, expressions, a
    framework's middleware): of 9 findings on ansible-core and Scrapy none is right, 3 are arguable and 6 wrong.
    """

    code = "DUP003"
    name = "role-duplicate"
    confidence = Confidence.REVIEW
    looks_at = "inventory"
    help = "keep the likely home, let the others go or inherit from it"
    bad = (
        Example(
            _SOCKET,
            path="tests/doubles.py",
            files={
                "tests/test_chat.py": _SOCKET.replace("MockSocket", "FakeConnection")
                + "    def ping(self): ...\n\ndef test_a():\n    assert FakeConnection()\n",
                "tests/test_room.py": "from tests.doubles import MockSocket\n\ndef test_a():\n    assert MockSocket()\n",
            },
        ),
    )
    good = (
        Example(  # one hierarchy
            _SOCKET,
            path="tests/doubles.py",
            files={
                "tests/slow.py": "from tests.doubles import MockSocket\n\n\n"
                + _SOCKET.replace("class MockSocket", "class MockSlow(MockSocket)")
            },
        ),
        Example(  # one name: DUP002's business
            _SOCKET, path="tests/doubles.py", files={"tests/others.py": _SOCKET}
        ),
        Example(  # variants in one file
            _SOCKET + "\n\n" + _SOCKET.replace("MockSocket", "MockStream"), path="tests/doubles.py"
        ),
        Example(  # a class and its double
            _SOCKET.replace("MockSocket", "Socket"), path="shop/socket.py", files={"tests/doubles.py": _SOCKET}
        ),
        Example(  # two methods are a coincidence
            "class Server:\n    def start(self): ...\n    def stop(self): ...\n",
            path="shop/server.py",
            files={"shop/timer.py": "class Timer:\n    def start(self): ...\n    def stop(self): ...\n"},
        ),
    )

    def check_tree(self, tree: TreeView) -> Iterator[Offence]:
        """One offence per role, at its likely home."""
        for role in role_clusters(tree):
            home, *others = role.homes
            files = len({each.path for each in role.homes})
            names = role.names
            kin = f", {role.kin} of them by inheritance," if role.kin else ""
            message = (
                f"{counted(role.classes, 'class', 'classes')}{kin} in {counted(files, 'file')} under "
                f"{counted(len(names), 'name')} ({listed(names)}) have nearly the interface of `{role.hub.name}`"
            )
            yield Offence(
                site=home.site,
                path=home.path,
                message=message,
                related=related(others, partial(_note, role.hub)),
            )


def _note(hub: Home, other: Home) -> str:
    kin = f"stands for {other.kin} more of its hierarchy" if other.kin else ""
    parts = [difference(hub.words, other.words) or "same methods", imported(other), kin]
    return "; ".join(part for part in parts if part)
