import json
from pathlib import Path

import pytest

from tests.workbench import Folder

FILES: dict[str, str | bytes] = {
    "canonry.toml": "[[canon.symbols]]\nname = 'Order'\nhome = 'shop.orders'\naliases = ['OldOrder']\n",
    "shop/orders.py": "class Order:\n    def total(self): ...\n    def pay(self): ...\n    def send(self): ...\n\nLIMIT = 3\n\ndef find(): ...\n",
    "shop/legacy.py": "class OldOrder:\n    def total(self): ...\n    def pay(self): ...\n",
    "shop/other.py": "class Order:\n    def total(self): ...\n    def pay(self): ...\n",
    "shop/basket.py": "class Basket:\n    def total(self): ...\n    def pay(self): ...\n    def send(self): ...\n",
    "shop/names.py": "from shop.orders import Order\n\nPurchase = Order\n",
    "use1.py": "from shop.orders import Order, LIMIT\n",
    "use2.py": "from shop.other import Order\n",
}


@pytest.fixture
def shop(folder: Folder) -> Folder:
    return folder.write(FILES)


def test_the_page_says_home_aliases_rivals_roles_and_importers(shop: Folder) -> None:
    done = shop.run("where", "Order", "--no-cache")

    assert done.returncode == 0
    assert done.stdout == (
        "Order class\n"
        "home       shop/orders.py:1\n"
        "           declared in canonry.toml:1; imported by 2 files\n"
        "aliases    OldOrder\n"
        "renamed    shop/names.py:3  Purchase; `Order` of shop/orders.py\n"
        "rivals     2 more definitions\n"
        "           shop/other.py:1   Order; imported by 1 file; lacks `send`\n"
        "           shop/legacy.py:1  OldOrder; lacks `send`\n"
        "role       1 class of other names\n"
        "           shop/basket.py:1  Basket; same methods\n"
        "importers\n"
        "           shop/orders.py: 2 files\n"
        "             shop/names.py\n"
        "             use1.py\n"
        "           shop/other.py: 1 file\n"
        "             use2.py\n"
    )


@pytest.mark.parametrize(
    ("name", "home", "kind"),
    [
        ("Order", "shop/orders.py", "class"),
        ("OldOrder", "shop/orders.py", "class"),
        ("shop.orders.Order", "shop/orders.py", "class"),
        ("shop.orders:Order", "shop/orders.py", "class"),
        ("other.Order", "shop/other.py", "class"),
        ("shop.other:Order", "shop/other.py", "class"),
        ("Order.send", "shop/orders.py", "method"),
        ("shop.other.Order.pay", "shop/other.py", "method"),
        ("Basket", "shop/basket.py", "class"),
        ("find", "shop/orders.py", "function"),
        ("LIMIT", "shop/orders.py", "value"),
        ("Purchase", "shop/names.py", "alias"),
    ],
)
def test_names_in_every_notation(shop: Folder, name: str, home: str, kind: str) -> None:
    done = shop.call("where", name, "--no-cache", "--output-format", "json")
    found = json.loads(done.stdout)

    assert done.returncode == 0, done.stderr
    assert found["schema"] == 1
    assert (found["home"]["path"], found["home"]["kind"]) == (home, kind)


def test_the_likely_home_is_the_one_that_most_import(folder: Folder) -> None:
    folder.write({path: text for path, text in FILES.items() if path != "canonry.toml"})
    folder.write(
        {"use3.py": "from shop.other import Order\n", "use4.py": "import shop.other\nfrom shop.other import Order\n"}
    )
    done = folder.call("where", "Order", "--no-cache", "--output-format", "concise")

    assert done.stdout.splitlines()[:2] == [
        "shop/other.py:1: home Order (class), imported by 3 files",
        "shop/orders.py:1: rival Order (class), imported by 2 files",
    ]


def test_a_declared_home_that_does_not_define_the_name_is_said(folder: Folder) -> None:
    folder.write(FILES | {"shop/orders.py": "x = 1\n"})
    done = folder.call("where", "Order", "--no-cache")

    assert done.returncode == 0
    assert done.stdout.splitlines()[1:3] == [
        "home       shop.orders, says canonry.toml:1; nothing there defines it",
        "likely     shop/other.py:1",
    ]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Ordre", "canonry: nothing in the tree defines `Ordre`; did you mean `Order`?"),
        ("zzzzz", "canonry: nothing in the tree defines `zzzzz`; check the spelling"),
        (
            "nowhere.Order",
            "canonry: `Order` is defined, but not as `nowhere.Order`; `canonry where Order` lists its definitions",
        ),
        ("..", "canonry: NAME is empty; give a name such as `Order` or `shop.orders:Order`"),
        ("a b\nc", None),
        ("Order..x", None),
        (":::", None),
    ],
)
def test_an_unknown_name_is_one_sentence(shop: Folder, name: str, said: str | None) -> None:
    done = shop.call("where", name, "--no-cache", "-q")

    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    if said is not None:
        assert done.stderr == said + "\n"


def test_a_commit_of_a_bare_repository(shop: Folder, tmp_path: Path) -> None:
    shop.start(FILES)
    bare = shop.clone_bare(tmp_path / "shop.git")
    shop.commit({"shop/orders.py": "x = 1\n"})
    done = shop.call("where", "Order", "--repo", bare, "--rev", "HEAD", "--output-format", "concise")

    assert done.stdout.startswith("shop/orders.py:1: home Order (class)")


def test_all_importers_are_shown_where_asked(folder: Folder) -> None:
    users: dict[str, str | bytes] = {f"use{number}.py": "from a import X\n" for number in range(9)}
    folder.write(users | {"a.py": "class X: ...\n"})
    short, long = (folder.call("where", "X", "--no-cache", *more).stdout for more in ((), ("-v",)))

    assert "and 4 more (all with -v)" in short
    assert "use8.py" in long
    assert "use8.py" not in short


ALIASED: dict[str, str | bytes] = {
    "net/real.py": "class Manager:\n    def send(self): ...\n    def open(self): ...\n",
    "net/unified.py": "class UnifiedManager:\n    def connect(self): ...\n    def tests(self): ...\n",
    "net/core.py": "from net.unified import UnifiedManager\n\nManager = UnifiedManager\nPool = UnifiedManager\n",
    "net/again.py": "from net import real\n\nManager = real.Manager\n",
    "use1.py": "from net.core import Manager\n",
    "use2.py": "from net.core import Manager\n",
    "use3.py": "from net.core import Manager\n",
    "use4.py": "from net.again import Manager\n",
    "use5.py": "from net.real import Manager\n",
}


def test_an_alias_is_no_home_where_something_is_defined(folder: Folder) -> None:
    folder.write(ALIASED)
    whole, exact = (
        json.loads(folder.call("where", name, "--no-cache", "--output-format", "json").stdout)
        for name in ("Manager", "net.real:Manager")
    )

    assert (whole["home"]["path"], whole["home"]["kind"]) == ("net/real.py", "class")
    assert whole["home"]["importers"] == exact["home"]["importers"] == ["net/again.py", "use4.py", "use5.py"]
    assert [(each["path"], each["kind"], each["note"]) for each in whole["rivals"]] == [
        ("net/core.py", "alias", "stands for `UnifiedManager` of net/unified.py"),
        ("net/again.py", "alias", "stands for `Manager` of net/real.py"),
    ]


@pytest.mark.parametrize("name", ["Pool.connect", "net.core.Pool.connect", "net.core:Pool.connect"])
def test_a_method_is_found_by_another_name_of_its_class(folder: Folder, name: str) -> None:
    folder.write(ALIASED)
    found = json.loads(folder.call("where", name, "--no-cache", "--output-format", "json").stdout)

    assert (found["home"]["path"], found["home"]["symbol"]) == ("net/unified.py", "UnifiedManager.connect")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("Nope", "check the spelling"),
        ("pytest", "check the spelling"),
        ("unifiedmanager", "did you mean `UnifiedManager`?"),
    ],
)
def test_a_near_match_is_near(folder: Folder, name: str, hint: str) -> None:
    done = folder.write(ALIASED).call("where", name, "--no-cache")

    assert done.stderr.endswith(f"nothing in the tree defines `{name}`; {hint}\n")


def test_a_class_that_extends_another_of_its_name_is_not_its_home(folder: Folder) -> None:
    folder.write(
        {
            "shop/orders.py": "class Order:\n    def total(self): ...\n",
            "shop/late.py": "from shop import orders\n\nclass Order(orders.Order):\n    def pay(self): ...\n",
            **{f"use{number}.py": "from shop.late import Order\n" for number in range(3)},
        }
    )

    assert "home       shop/orders.py:1\n" in folder.run("where", "Order", "--no-cache").stdout


REEXPORTED: dict[str, str | bytes] = {
    "pkg/__init__.py": "from .home import Manager as Boss\n",
    "pkg/home.py": "LIMIT = 3\n\n\nclass Manager:\n    def send(self): ...\n",
    "pkg/sub.py": "from pkg.home import Manager\n",
    "pkg/stars.py": "from .home import *\n",
    "use1.py": "from pkg.home import Manager\n",
    "use2.py": "from pkg.sub import Manager as M\n",
    "use3.py": "import pkg.home as h\n\nh.Manager()\n",
    "use4.py": "from pkg.home import *\n",
    "use5.py": "from pkg import Boss\n",
    "use6.py": "from pkg import home\n\nclass Own(home.Manager): ...\n",
    "use7.py": "import pkg\n\ndef go(one: pkg.Boss): ...\n",
    "use8.py": "from pkg.stars import Manager\n",
    "other1.py": "import pkg.home as h\n\nh.LIMIT\n",
    "other2.py": "import pkg.home\n\nMANAGER = 'pkg.home.Manager'\n",
    "other3.py": "import other1 as h\n\nh.Manager()\n",
}


@pytest.mark.parametrize(
    "name", ["pkg.Boss", "pkg:Boss", "Boss", "pkg.sub.Manager", "sub:Manager", "pkg.stars.Manager", "M"]
)
def test_a_name_of_a_re_export_leads_home(folder: Folder, name: str) -> None:
    done = folder.write(REEXPORTED).call("where", name, "--no-cache", "--output-format", "json")

    assert done.returncode == 0, done.stderr
    home = json.loads(done.stdout)["home"]
    assert (home["path"], home["symbol"], home["kind"]) == ("pkg/home.py", "Manager", "class")


@pytest.mark.parametrize("name", ["pkg.Boss.send", "Boss.send", "pkg:Boss.send"])
def test_a_method_is_found_by_a_re_export_of_its_class(folder: Folder, name: str) -> None:
    done = folder.write(REEXPORTED).call("where", name, "--no-cache", "--output-format", "concise")

    assert done.stdout.startswith("pkg/home.py:5: home Manager.send (method), imported by 11 files\n"), done.stderr


def test_every_way_to_import_counts(folder: Folder) -> None:
    found = json.loads(
        folder.write(REEXPORTED).call("where", "Manager", "--no-cache", "--output-format", "json").stdout
    )
    users = ["pkg/__init__.py", "pkg/stars.py", "pkg/sub.py", *(f"use{number}.py" for number in range(1, 9))]

    assert found["home"]["importers"] == users
    assert found["rivals"] == []
    assert [(each["path"], each["line"], each["symbol"]) for each in found["renamed"]] == [
        ("pkg/__init__.py", 1, "Boss")
    ]


def test_a_value_is_imported_through_its_module_too(folder: Folder) -> None:
    found = json.loads(folder.write(REEXPORTED).call("where", "LIMIT", "--no-cache", "--output-format", "json").stdout)

    assert found["home"]["importers"] == ["other1.py", "pkg/stars.py", "use4.py"]
