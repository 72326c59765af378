"""The story of the sample repository: who committed what, and when it went wrong.

A file of ``demo/tree`` or of the suite appears with the commit whose key is its ``since``. What happens to files later
stands here as edits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from demo import edits
from demo.edits import Edit
from demo.source_file import SourceFile
from demo.suite import HEALTHY

WORK_TREE = "work-tree"  # the key of what is never committed
BROKEN_BY_HAND = (
    "tests/integration/agents/test_breaker_rest.py",
    "tests/integration/agents/test_support_phrases.py",
    "tests/unit/catalogue/test_price_steps_table.py",
    "tests/unit/orders/test_cart.py",
)
BROKEN_OF_SUITE = 11
DISABLED = 6
MERGED = "tests/unit/users/test_session_merge.py"
BACKUP = "tests_backup_20250917/"
LEGACY = "legacy/"
SHADOWS = (BACKUP, LEGACY + "tests/")
BACKUP_FILES = ("tests/unit/orders/test_totals_script.py", "tests/conftest.py", "shop/orders/totals.py")

PEOPLE = {
    "marta": ("Marta Lindqvist", "marta@shop.example"),
    "tomas": ("Tomas Okafor", "tomas@shop.example"),
    "priya": ("Priya Raman", "priya@shop.example"),
    "jonas": ("Jonas Weber", "jonas@shop.example"),
    "elena": ("Elena Costa", "elena@shop.example"),
    "codemod": ("Shop Codemod", "codemod@shop.example"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """One step. ``plants`` pairs rule codes with the paths that the edits make break them."""

    key: str
    date: str
    author: str
    message: str
    edits: tuple[Edit, ...] = ()
    plants: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Victims:
    """Healthy files of the suite that the story harms."""

    broken: tuple[str, ...]
    disabled: tuple[str, ...]
    gutted: str
    followed_up: tuple[str, ...]


def choose_victims(suite: Sequence[SourceFile], *, seed: int) -> Victims:
    """Files that nothing was planted in, outside the healthy folders and older than the damage."""
    rng = Random(f"victims:{seed}")
    candidates = [
        file.path
        for file in suite
        if not file.plants and file.since != "tests-5" and file.path.rpartition("/")[0] not in HEALTHY
    ]
    chosen = rng.sample(candidates, BROKEN_OF_SUITE + DISABLED + 1)
    broken = tuple(sorted(chosen[:BROKEN_OF_SUITE]))
    return Victims(
        broken=broken,
        disabled=tuple(sorted(chosen[BROKEN_OF_SUITE:-1])),
        gutted=chosen[-1],
        followed_up=broken[:2],
    )


def story(victims: Victims, *, seed: int) -> tuple[Commit, ...]:
    """All commits, the oldest first; the last one, ``WORK_TREE``, is not to be committed."""
    return (
        *_growth(),
        *_sprawl(),
        *_decline(victims),
        _backup(),
        _repair(victims, seed),
        *_aftermath(victims),
        _unsaved(),
    )


def _growth() -> tuple[Commit, ...]:
    rows = (
        ("start", "2023-02-06T09:12", "marta", "Start the shop: money, catalogue, prices"),
        ("users", "2023-02-20T15:40", "tomas", "users: accounts, sessions, roles"),
        ("inventory", "2023-03-13T10:05", "marta", "inventory: stock with reservations, warehouses"),
        ("orders", "2023-04-03T11:31", "marta", "orders: cart, states, totals, returns"),
        ("payments", "2023-05-08T16:22", "tomas", "payments: cards, gateway, ledger"),
        ("framework", "2023-05-22T09:50", "marta", "tests: one base case, one environment, one mock factory"),
        ("tests-1", "2023-06-05T14:15", "marta", "tests: cover money, catalogue and users"),
        ("realtime", "2023-07-10T10:44", "priya", "realtime: push events over WebSockets"),
        ("tests-2", "2023-08-14T13:02", "tomas", "tests: cover inventory, orders and payments"),
        ("agents", "2023-10-02T09:30", "priya", "agents: stock, support; api: checkout, pages, limits"),
        ("ci", "2023-10-16T17:20", "jonas", "ci: run the tests on every push"),
        ("shipping", "2023-11-20T12:11", "elena", "shipping and promotions"),
        ("tests-3", "2024-01-15T10:00", "elena", "tests: cover realtime, agents, shipping"),
        ("integration", "2024-02-12T15:35", "jonas", "tests: integration"),
    )
    return tuple(Commit(key=key, date=date, author=author, message=message) for key, date, author, message in rows)


def _sprawl() -> tuple[Commit, ...]:
    rows = (
        ("runners", "2024-03-04T19:48", "jonas", "scripts: my runners, until the real one is there"),
        ("doubles", "2024-04-22T11:09", "priya", "tests: sockets and factories for every team"),
        ("rivals", "2024-06-10T16:16", "jonas", "tests: base cases for the teams"),
        ("unified", "2024-07-29T20:02", "priya", "realtime: unify the managers (keep the old ones for now)"),
        ("environment", "2024-08-19T09:27", "tomas", "tests: settings"),
        ("golden", "2024-09-23T14:41", "elena", "e2e: the golden path"),
        ("mission", "2024-10-28T18:55", "jonas", "tests: MISSION CRITICAL tests"),
        ("reports", "2024-12-02T10:20", "marta", "reports and notifications"),
        ("tests-4", "2025-01-20T11:12", "marta", "tests: cover the api, reports and vouchers"),
        ("quick", "2025-03-31T23:51", "jonas", "tests: unblock the release"),
        ("imports", "2025-05-12T13:37", "elena", "tests: run from any folder"),
    )
    plain = tuple(Commit(key=key, date=date, author=author, message=message) for key, date, author, message in rows)
    return (*plain, _clones(), _legacy())


_ZONES = """

def test_the_zones_in_one_table():
    table = {}
    for country in ("DE", "AT", "US"):
        price = rate(1000, country)
        table[country] = price
    assert table["DE"] == Money(490)
    assert table["AT"] == Money(980)
    assert table["US"] == Money(1470)
"""
_SETTINGS = """

def test_rates_follow_the_environment(environment):
    seen = []
    for text in ("7", "19"):
        environment.set("SHOP_VAT_RATE", text)
        settings = Settings.read(environment)
        seen.append(settings.vat_rate)
    assert seen == [7, 19]
"""
_FLOW = """

def test_orders_take_from_the_stock(checkout, stock):
    left = []
    for quantity in (1, 2):
        order = asyncio.run(checkout.buy(f"2025-00010{quantity}", "ada@mail.example", cart_with(quantity)))
        assert order.status is OrderStatus.PAID
        left.append(stock.available("MUG-1042"))
    assert left == [3, 1]
    too_much = cart_with(2)
    with pytest.raises(ConflictError):
        asyncio.run(checkout.buy("2025-000103", "ada@mail.example", too_much))
    assert stock.available("MUG-1042") == 1
"""


def _clones() -> Commit:
    zones, again = "tests/unit/shipping/test_zone_prices.py", "tests/integration/shipping/test_zone_prices_again.py"
    isolated, renamed = (
        "tests/unit/settings/test_settings_isolated.py",
        "tests/integration/settings/test_settings_of_partners.py",
    )
    flow, near = "tests/integration/orders/test_checkout_flow.py", "tests/integration/api/test_checkout_flow_partner.py"
    words = {
        "text": "written",
        "rate": "percent",
        "test_defaults": "test_plain_partner",
        "test_vat_rates": "test_partner_tax",
        "test_a_scope_ends": "test_partner_scope",
        "test_rates_follow_the_environment": "test_partner_rates",
        "test_minus_one_is_refused": "test_partner_pages",
    }
    partner = '\n\ndef test_a_partner_pays_nothing_extra():\n    assert cart_with(2).total() == Money.of("17.80")\n'
    main = '\n\nif __name__ == "__main__":\n    sys.exit(pytest.main([__file__, "-v", "--tb=short"]))\n'
    return Commit(
        key="clones",
        date="2025-06-09T15:03",
        author="elena",
        message="tests: the partner shop behaves like ours",
        edits=(
            edits.append(zones, _ZONES),
            edits.append(isolated, _SETTINGS),
            edits.replace(flow, main, _FLOW + main),
            edits.copy(zones, again),
            edits.copy(isolated, renamed, **words),
            edits.copy(flow, near, filled="shelf", order="bought", ada="partner"),
            edits.replace(near, main, partner),
            edits.replace(near, "import sys\n\n", "\n"),
        ),
        plants=tuple(("DUP004", path) for path in (zones, again, isolated, renamed, flow, near)),
    )


def _legacy() -> Commit:
    return Commit(
        key="legacy",
        date="2025-07-07T08:30",
        author="tomas",
        message="Keep what release 2 was, for the auditors",
        edits=(edits.copy_folder("tests/unit/inventory/", LEGACY, most=12),),
        plants=(("DUP005", LEGACY + "tests"),),
    )


def _decline(victims: Victims) -> tuple[Commit, ...]:
    return (
        Commit(key="fstrings", date="2025-07-28T10:10", author="elena", message="tests: tidy up strings"),
        Commit(
            key="rename",
            date="2025-08-11T11:45",
            author="marta",
            message="orders: the basket is called cart now",
            edits=(
                edits.rename("tests/unit/orders/test_basket.py", "tests/unit/orders/test_cart.py"),
                edits.replace(
                    "tests/unit/orders/test_cart.py", "The basket, which will be called cart one day.", "The cart."
                ),
            ),
        ),
        Commit(
            key="pause",
            date="2025-09-08T17:58",
            author="jonas",
            message="tests: pause a slow one",
            edits=(edits.comment_out(victims.gutted, "paused: slow"),),
        ),
    )


def _backup() -> Commit:
    return Commit(
        key="backup",
        date="2025-09-17T16:40",
        author="codemod",
        message="Back up the tests before the syntax repair",
        edits=(
            *(
                edits.copy_folder(f"tests/unit/{folder}/", BACKUP, below="tests/")
                for folder in ("catalogue", "money", "orders")
            ),
            *(edits.copy(path, path + ".backup") for path in BACKUP_FILES),
        ),
        plants=(("DUP005", BACKUP.rstrip("/")), *(("DUP005", path + ".backup") for path in BACKUP_FILES)),
    )


def _repair(victims: Victims, seed: int) -> Commit:
    broken = (*BROKEN_BY_HAND, *victims.broken, victims.gutted)
    return Commit(
        key="repair",
        date="2025-09-17T17:05",
        author="codemod",
        message="fix: repair syntax across the suite",
        edits=(edits.uncomment(victims.gutted), edits.damage(broken, seed=seed)),
        plants=tuple(("SYN001", path) for path in broken),
    )


def _aftermath(victims: Victims) -> tuple[Commit, ...]:
    return (
        Commit(
            key="disable",
            date="2025-09-19T18:21",
            author="jonas",
            message="chore: disable failing modules",
            edits=tuple(edits.comment_out(path, "DISABLED: see the board") for path in victims.disabled),
            plants=tuple(("SYN003", path) for path in victims.disabled),
        ),
        Commit(
            key="conflict",
            date="2025-09-26T09:09",
            author="elena",
            message="Merge release 4.1",
            edits=(edits.replace(MERGED, "    clock.advance(61)\n", _CONFLICT),),
        ),
        Commit(
            key="follow-up",
            date="2025-10-06T14:00",
            author="tomas",
            message="tests: another case each",
            edits=tuple(edits.append(path, _LATER) for path in victims.followed_up),
        ),
        Commit(key="drop-runner", date="2025-10-13T15:45", author="priya", message="Remove the unified test runner"),
        Commit(key="tests-5", date="2025-11-03T10:32", author="marta", message="tests: reports and api, more of them"),
        Commit(
            key="canon",
            date="2025-11-10T09:00",
            author="marta",
            message="Declare a canon for the tests",
            edits=(edits.append("pyproject.toml", "\n" + _canon()),),
        ),
    )


def _unsaved() -> Commit:
    return Commit(
        key=WORK_TREE,
        date="",
        author="",
        message="",
        edits=(
            edits.append("docs/testing.md", "\nTODO: say how to run the partner tests.\n"),
            edits.replace("shop/orders/totals.py", "Money(490, goods.currency)", "Money(490, currency=goods.currency)"),
            edits.append("tests/unit/api/test_states_agree.py", _UNCOMMITTED),
        ),
    )


def _canon() -> str:
    return (Path(__file__).parent / "canon.toml.txt").read_text(encoding="utf-8")


_CONFLICT = """\
<<<<<<< HEAD
    clock.advance(61)
=======
    clock.advance(3600)
>>>>>>> release-4.1
"""

_LATER = """

def test_the_sum_of_nothing_is_nothing():
    from shop.money import Money, total

    assert total([]) == Money(0)
"""

_UNCOMMITTED = """

def test_only_the_page_knows_returns():
    assert "returned" not in {phase.value for phase in OrderPhase}
"""
