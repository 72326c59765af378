"""ISO001."""

from collections.abc import Iterator

from canonry.model.finding import Confidence
from canonry.rules.clusters import listed
from canonry.rules.rule import Example, Offence, Rule
from canonry.rules.view import FileView
from canonry.source.index import Definition

_MANAGER = "class Manager:\n    def __init__(self):\n        self.user_id = None\n        self.history = []\n\n\n"


class SharedInstance(Rule):
    """What one object keeps of a user, the next caller of the function that hands it out sees.

    A function named like a giver (`get_*`, `create_*`, `make_*`, `*_factory`, a method of a `*Factory`) takes no
    parameter that says for whom, and returns one object that is made once: a name of the module, `cls._instance`, or
    the first result of a cached function. Its class, or a class that it comes from, sets attributes that are named like
    one user's own: `user_id`, `user_events`, `thread_id`, `run_context`, `websocket`, `active_sessions`.

    Review: a registry that keeps users apart under their ids is sound, and only its code says so. Context variables and
    thread locals are left out, as are givers that make a new object on each call. Measured on the reference repository
    at `beta-14`: all of 31 findings hand one object to every caller; in 4 of them it keeps one user's or run's id or
    context itself, in the others a table or list of users, sessions or connections.
    """

    code = "ISO001"
    name = "shared-instance"
    confidence = Confidence.REVIEW
    help = "make one object for each user or run, and hand it what it belongs to"
    bad = (
        Example(f"{_MANAGER}manager = Manager()\n\n\ndef get_manager():\n    return manager\n", path="shop/manager.py"),
        Example(
            f"{_MANAGER}_manager = None\n\n\nasync def get_manager() -> Manager:\n    global _manager\n"
            "    if _manager is None:\n        _manager = Manager()\n    return _manager\n",
            path="shop/manager.py",
        ),
        Example(
            "import functools\n\nfrom shop.base import Base\n\n\nclass Manager(Base):\n    pass\n\n\n"
            "@functools.lru_cache\ndef create_manager():\n    return Manager()\n",
            path="shop/manager.py",
            files={"shop/base.py": "class Base:\n    websocket: object = None\n"},
        ),
        Example(
            f"{_MANAGER}class ManagerFactory:\n    _instance = None\n\n    @classmethod\n    def get(cls):\n"
            "        if cls._instance is None:\n            cls._instance = Manager()\n        return cls._instance\n",
            path="shop/manager.py",
        ),
    )
    good = (
        Example(f"{_MANAGER}def create_manager():\n    return Manager()\n", path="shop/manager.py"),
        Example(  # it says for whom
            f"{_MANAGER}manager = Manager()\n\n\ndef get_manager(user_id):\n    return manager\n",
            path="shop/manager.py",
        ),
        Example(  # nothing of a user's
            "class Settings:\n    def __init__(self):\n        self.url = ''\n\n\nsettings = Settings()\n\n\n"
            "def get_settings():\n    return settings\n",
            path="shop/settings.py",
        ),
        Example(  # a new one on each call
            f"{_MANAGER}last = Manager()\n\n\ndef new_manager():\n    global last\n    last = Manager()\n    return last\n",
            path="shop/manager.py",
        ),
        Example(  # another one in each task
            f"import contextvars\n\n\n{_MANAGER}manager = contextvars.ContextVar('manager')\n\n\n"
            "def get_manager():\n    return manager\n",
            path="shop/manager.py",
        ),
    )

    def check(self, file: FileView) -> Iterator[Offence]:
        """One offence per function that hands such an object out."""
        for shared in file.facts.shared:
            found = file.index.resolve(file.path, shared.kind)
            if not isinstance(found, Definition) or not found.qualname:
                continue
            names = _kept(file, found)
            if names:
                kind = found.qualname.rpartition(".")[2]
                message = (
                    f"`{shared.site.symbol}` hands out one `{kind}` (`{shared.kept}`) to every caller, and it keeps "
                    f"{listed(list(names), most=3)}"
                )
                yield Offence(site=shared.site, message=message)


def _kept(file: FileView, definition: Definition) -> dict[str, None]:
    """The attributes of one user's own that a class or one of its ancestors in the tree sets, in order."""
    found: dict[str, None] = {}
    for each in (definition, *file.index.hierarchy(definition).ancestors):
        facts = file.index.facts(each.path)
        for keeper in facts.keepers if facts is not None else ():
            if keeper.qualname == each.qualname:
                found.update(dict.fromkeys(keeper.attributes))
    return found
