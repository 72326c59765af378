"""Checks about vouchers and discounts."""

from random import Random

from demo.check import Check, Topic

VOUCHERS = "from shop.promotions.vouchers import Vouchers"
MONEY = "from shop.money import Money"
CODES = ("SPRING", "WELCOME", "SORRY", "GIFT")


def code(rng: Random) -> str:
    return f"{rng.choice(CODES)}-{rng.randint(10, 99)}"


def redeeming(rng: Random) -> Check:
    name, value, due = code(rng), rng.randint(1000, 5000), rng.randint(100, 900)
    return Check(
        says=f"{name.lower().replace('-', '_')}_pays_the_whole_order",
        imports=(VOUCHERS, MONEY),
        arrange=("vouchers = Vouchers()", f'vouchers.issue("{name}", Money({value}))'),
        equal=(
            (f'vouchers.redeem("{name}", Money({due}))', "Money(0)"),
            (f'vouchers.left("{name}")', f"Money({value - due})"),
        ),
    )


def used_up(rng: Random) -> Check:
    name, value, more = code(rng), rng.randint(100, 900), rng.randint(1, 400)
    return Check(
        says=f"{name.lower().replace('-', '_')}_pays_a_part",
        imports=(VOUCHERS, MONEY),
        arrange=("vouchers = Vouchers()", f'vouchers.issue("{name}", Money({value}))'),
        equal=(
            (f'vouchers.redeem("{name}", Money({value + more}))', f"Money({more})"),
            (f'vouchers.left("{name}").cents', "0"),
        ),
    )


def issued_twice(rng: Random) -> Check:
    name = code(rng)
    return Check(
        says="a_code_is_issued_once",
        imports=(VOUCHERS, MONEY, "from shop.errors import ConflictError"),
        arrange=("vouchers = Vouchers()", f'vouchers.issue("{name}", Money({rng.randint(1, 99)}))'),
        raises=(("ConflictError", f'vouchers.issue("{name}", Money({rng.randint(1, 99)}))'),),
    )


def unknown(rng: Random) -> Check:
    return Check(
        says="an_unknown_code_is_worth_nothing",
        imports=(VOUCHERS, MONEY, "from shop.errors import NotFoundError"),
        raises=(("NotFoundError", f'Vouchers().redeem("{code(rng)}", Money({rng.randint(1, 99)}))'),),
    )


def quantities(rng: Random) -> Check:
    small, middle, large = rng.randint(0, 9), rng.randint(10, 49), rng.randint(50, 500)
    return Check(
        says=f"{middle}_pieces_earn_five_per_cent",
        imports=("from shop.promotions.rules import quantity_discount",),
        equal=(
            (f"quantity_discount({small})", "0"),
            (f"quantity_discount({middle})", "5"),
            (f"quantity_discount({large})", "10"),
        ),
    )


def best(rng: Random) -> Check:
    rates, euro = rng.sample(range(1, 40), rng.randint(1, 4)), rng.randint(10, 90)
    return Check(
        says=f"the_best_of_{len(rates)}_discounts_counts",
        imports=("from shop.promotions.rules import best", MONEY),
        equal=(
            (f"best(Money({euro * 100}), {rates})", f"Money({euro * max(rates)})"),
            (f"best(Money({euro * 100}), [])", "Money(0)"),
        ),
    )


TOPIC = Topic(
    folder="promotions",
    since=("tests-3", "tests-4"),
    subjects=("vouchers", "discounts", "gift_cards", "codes"),
    checks=(redeeming, used_up, issued_twice, unknown, quantities, best),
)
