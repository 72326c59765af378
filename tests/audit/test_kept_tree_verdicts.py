"""What rules say of a whole tree is kept, and used only while everything that they looked at is unchanged."""

import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from canonry.rules.registry import all_rules
from canonry.rules.rule import Offence, implements
from canonry.rules.view import TreeView
from demo.make_repository import make_repository
from tests.workbench import Folder, builtins

ORDER = "class Order{}:\n    def total(self):\n        return {}\n"
LONG = "def fetch(client):\n" + "".join(f"    step_{number} = client.ask({number})\n" for number in range(12))
FILES: dict[str, str | bytes] = {
    "shop/__init__.py": "",
    "shop/roots.py": "class First:\n    pass\n\n\nclass Second:\n    pass\n\n\nRoot = Second\n",
    "shop/api.py": "from shop.orders import Order\n",
    "shop/bill.py": "from shop.legacy import Order\n",
    "shop/orders.py": "from shop.roots import First\n\n\n" + ORDER.format("(First)", 1),
    "shop/legacy.py": "from shop.roots import Root\n\n\n" + ORDER.format("(Root)", 2),
    "shop/load.py": LONG,
    "shop/fetch.py": LONG,
    "tests/test_a.py": "def test_a():\n    assert 1 + 1 == 2\n",
}
LOOKING = ["CAT003", "DUP002", "DUP003", "DUP004", "DUP006", "IMP005"]


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The codes of the rules that are run over the tree."""
    codes: list[str] = []
    for rule in all_rules().values():
        if implements(rule, "check_tree"):
            original = type(rule).check_tree

            def noted(self: object, tree: TreeView, code=rule.code, original=original) -> Iterator[Offence]:
                codes.append(code)
                return original(self, tree)

            monkeypatch.setattr(type(rule), "check_tree", noted)
    return codes


@pytest.fixture
def shop(tmp_path: Path) -> Folder:
    folder = Folder(tmp_path / "shop").start(dict(FILES))
    found = {finding.code for finding in audited(folder, cache=True)}
    assert {"DUP002", "DUP004"} <= found
    return folder


def audited(folder: Folder, *, cache: bool) -> list:
    return list(folder.audit(cache=cache, preview=frozenset(("ALL",))).findings())


@pytest.mark.parametrize(
    ("path", "content", "again"),
    [
        pytest.param("tests/test_a.py", "def test_a():\n    assert 1 + 1 == 3\n", [], id="a statement of a test"),
        pytest.param("shop/roots.py", f"{FILES['shop/roots.py']}# said\n", [], id="a comment where a rule looked"),
        pytest.param("shop/load.py", LONG.replace("(3)", "(33)"), ["DUP004"], id="a statement of a function"),
        pytest.param("shop/api.py", "from shop.legacy import Order\n", LOOKING, id="an import"),
        pytest.param("shop/roots.py", str(FILES["shop/roots.py"]).replace("Root = Second", "Root = First"), ["DUP002"], id="an alias on the way to a base"),
    ],
)  # fmt: skip
def test_rules_run_again_where_what_they_looked_at_changed(
    shop: Folder, ran: list[str], path: str, content: str, again: list[str]
) -> None:
    ran.clear()
    shop.write({path: content})
    kept = audited(shop, cache=True)

    assert set(again) <= {code for code in ran if code in LOOKING}
    assert again or not set(ran) & set(LOOKING)
    assert kept == audited(shop, cache=False)


TOP = {"shop/orders.py", "shop/legacy.py", "shop/roots.py", "shop/api.py", "shop/bill.py"}
"""What the inventory and the index read of them moves; functions that are clones stand elsewhere."""


def above(content: str | bytes) -> str:
    return f"# said first\n\n\n{content}"


@pytest.mark.parametrize(
    ("change", "again"),
    [
        pytest.param({path: above(FILES[path]) for path in TOP}, {"DUP004"}, id="lines at the top"),
        pytest.param({"shop/orders.py": above(FILES["shop/orders.py"])}, {"DUP004"}, id="lines above one home"),
        pytest.param({"shop/load.py": above(LONG)}, {"DUP004"}, id="lines above a clone"),
    ],
)  # fmt: skip
def test_what_moves_is_told_where_it_stands_now(
    shop: Folder, ran: list[str], change: dict[str, str | bytes], again: set[str]
) -> None:
    ran.clear()
    shop.write(change)
    kept = audited(shop, cache=True)
    assert {code for code in ran if code in LOOKING} <= again
    assert kept == audited(shop, cache=False)

    ran.clear()
    shop.write({"tests/test_a.py": "def test_a():\n    assert 3\n"})
    again_kept = audited(shop, cache=True)  # from answers that are kept with other places
    assert not set(ran) & set(LOOKING)
    assert again_kept == audited(shop, cache=False)


def test_a_class_more_runs_the_rules_on_classes(shop: Folder, ran: list[str]) -> None:
    ran.clear()
    shop.write({"shop/api.py": f"{FILES['shop/api.py']!s}\n\n{ORDER.format('', 5)}"})
    kept = audited(shop, cache=True)

    assert {"DUP002", "DUP003"} <= set(ran)
    assert kept == audited(shop, cache=False)


def test_a_class_that_moves_past_another_runs_the_rules_again(shop: Folder, ran: list[str]) -> None:
    roots = str(FILES["shop/roots.py"])
    ran.clear()
    shop.write({"shop/roots.py": roots.replace("First", "Third").replace("Second", "First").replace("Third", "Second")})
    kept = audited(shop, cache=True)

    assert "DUP002" in ran
    assert kept == audited(shop, cache=False)


def test_a_file_added_removed_or_renamed_has_the_answers_of_a_cold_audit(shop: Folder) -> None:
    found = []
    for change in ("add", "rename", "remove"):
        if change == "add":
            shop.write({"shop/third.py": ORDER.format("", 3), "shop/ask.py": "from shop.third import Order\n"})
        elif change == "rename":
            (shop.root / "shop/third.py").rename(shop.root / "shop/fourth.py")
        else:
            (shop.root / "shop/legacy.py").unlink()
        found.append(audited(shop, cache=True))
        assert found[-1] == audited(shop, cache=False)
    assert len({tuple(map(repr, each)) for each in found}) == 3


def test_an_import_of_a_clone_is_counted_anew(shop: Folder) -> None:
    def named(findings: list) -> str:
        return next(finding.message for finding in findings if finding.code == "DUP004")

    before = named(audited(shop, cache=True))
    shop.write({"shop/bill.py": "from shop.load import fetch\n"})
    kept = audited(shop, cache=True)

    assert named(kept) != before
    assert kept == audited(shop, cache=False)


def test_an_alias_that_joins_two_hierarchies_ends_the_finding(shop: Folder) -> None:
    shop.write({"shop/roots.py": str(FILES["shop/roots.py"]).replace("Root = Second", "Root = First")})

    assert "DUP002" not in {finding.code for finding in audited(shop, cache=True)}


def test_a_new_file_and_another_canon_run_all(shop: Folder, ran: list[str]) -> None:
    for change in ({"shop/new.py": ""}, {"canonry.toml": "[canon]\nbase-cases = ['shop.roots:First']\n"}):
        ran.clear()
        shop.write(dict(change))
        kept = audited(shop, cache=True)

        assert set(LOOKING) <= set(ran)
        assert kept == audited(shop, cache=False)


def test_a_line_more_in_the_canon_moves_what_is_said_of_it(shop: Folder) -> None:
    canon = "[categories.unit]\nmarkers = ['nobody_gives_this']\n"
    shop.write({"canonry.toml": canon})
    audited(shop, cache=True)
    shop.write({"canonry.toml": f"# the canon\n{canon}"})

    assert audited(shop, cache=True) == audited(shop, cache=False)


@pytest.mark.parametrize(
    "statement",
    [
        "update verdicts set data = x'0102030405' where number = -1",
        "update verdicts set data = x'0102030405' where number = -2",
        "update answers set data = x'0102030405' where kind = 'inventory-parts'",
        "update answers set data = x'0102030405' where kind = 'judged-documents'",
        "update answers set data = x'0102030405' where kind like '%-digests'",
        "delete from shapes",
        "delete from facts",
    ],
)
def test_what_is_damaged_or_lost_is_found_anew(shop: Folder, statement: str) -> None:
    with sqlite3.connect(shop.root / ".canonry/cache.db") as connection:
        assert connection.execute(statement).rowcount > 0
    shop.write({"tests/test_a.py": "def test_a():\n    print(1)\n"})

    assert audited(shop, cache=True) == audited(shop, cache=False)


def test_preview_and_no_preview_take_turns(shop: Folder, ran: list[str]) -> None:
    for number, preview in enumerate((frozenset[str](), frozenset(("ALL",))) * 2):
        ran.clear()
        shop.write({"tests/test_a.py": f"def test_a():\n    assert {number}\n"})
        kept = shop.audit(cache=True, preview=preview)

        assert not set(ran) & set(LOOKING)
        assert builtins(kept) == builtins(shop.audit(cache=False, preview=preview))


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    folder = Folder(make_repository(tmp_path_factory.mktemp("demo") / "shop", files=250).path)
    folder.commit(message="save everything")
    audited(folder, cache=True)
    return folder


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_kept_and_fresh_answers_are_the_same_whatever_changes(demo: Folder, seed: int) -> None:
    chance = random.Random(seed)
    paths = sorted(path for path in demo.git("ls-files", "*.py").splitlines() if (demo.root / path).is_file())
    event = chance.choice(["", "", "added", "removed", "renamed"])
    victim = demo.root / chance.choice(paths)
    if event == "added":
        (victim.parent / "added_here.py").write_bytes(victim.read_bytes())
    elif event == "removed":
        victim.unlink()
    elif event == "renamed":
        victim.rename(victim.parent / "added_here.py")
    paths = [path for path in paths if (demo.root / path).is_file()]
    for path in chance.sample(paths, 3):
        mine, other = ((demo.root / each).read_bytes() for each in (path, chance.choice(paths)))
        added = mine + b"\n\nclass Added:\n    def total(self):\n        return 1\n"
        spots = [
            mine + other,
            b"# first\n" + mine,
            b"# a\n\n# b\n" + mine,
            added,
            mine + b"\n",
            mine.replace(b"import", b"import  "),
            other,
        ]
        demo.write({path: chance.choice([*spots, mine.replace(b"self", b"this"), mine.replace(b"class ", b"class A")])})
    try:
        assert audited(demo, cache=True) == audited(demo, cache=False)
    finally:
        demo.git("checkout", "--quiet", ".")
        demo.git("clean", "--quiet", "--force", "--", "*.py")
