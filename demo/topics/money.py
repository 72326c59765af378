"""Checks about amounts of money."""

from random import Random

from demo.check import Check, Topic

MONEY = "from shop.money import Money"
REJECTED = "from shop.errors import RejectedError"


def text(cents: int) -> str:
    """``1250`` as ``12.50``."""
    return f"{cents // 100}.{cents % 100:02d}"


def addition(rng: Random) -> Check:
    parts = [rng.randint(1, 9999) for _ in range(rng.randint(2, 5))]
    expression = " + ".join(f'Money.of("{text(part)}")' for part in parts)
    return Check(
        says=f"{len(parts)}_amounts_add_up",
        imports=(MONEY,),
        equal=((expression, f'Money.of("{text(sum(parts))}")'),),
    )


def split(rng: Random) -> Check:
    cents, parts = rng.randint(50, 9000), rng.choice([2, 3, 4, 6, 7])
    base, odd = divmod(cents, parts)
    return Check(
        says=f"split_in_{parts}_loses_no_cent",
        imports=(MONEY,),
        arrange=(f"parts = Money({cents}).split({parts})",),
        equal=(
            ("sum(part.cents for part in parts)", str(cents)),
            ("[part.cents for part in parts]", str([base + (index < odd) for index in range(parts)])),
        ),
    )


def percentage(rng: Random) -> Check:
    hundreds, rates = rng.randint(2, 90), sorted(rng.sample(range(1, 60), rng.randint(1, 3)))
    return Check(
        says="percentages_of_whole_amounts_are_exact",
        imports=(MONEY,),
        arrange=(f"amount = Money({hundreds * 100})",),
        equal=tuple((f"amount.percent({rate}).cents", str(hundreds * rate)) for rate in rates),
    )


def writing(rng: Random) -> Check:
    cents, currency = rng.randint(1, 99999), rng.choice(["EUR", "CHF", "USD", "SEK"])
    return Check(
        says=f"an_amount_in_{currency.lower()}_is_written_with_two_digits",
        imports=(MONEY,),
        equal=((f'str(Money({cents}, "{currency}"))', f'"{text(cents)} {currency}"'),),
    )


def currencies(rng: Random) -> Check:
    first, second = rng.sample(["EUR", "CHF", "USD", "SEK", "NOK"], 2)
    return Check(
        says=f"{first.lower()}_and_{second.lower()}_do_not_mix",
        imports=(MONEY, REJECTED),
        raises=(("RejectedError", f'Money({rng.randint(1, 500)}, "{first}") + Money(1, "{second}")'),),
    )


def totals(rng: Random) -> Check:
    parts = [rng.randint(100, 5000) for _ in range(rng.randint(1, 4))]
    amounts = ", ".join(f"Money({part})" for part in parts)
    return Check(
        says="a_list_of_amounts_has_a_total",
        imports=("from shop.money import Money, total",),
        arrange=(f"amounts = [{amounts}]",),
        equal=(("total(amounts)", f"Money({sum(parts)})"), ("total([])", "Money(0)")),
    )


def ordering(rng: Random) -> Check:
    cents = rng.sample(range(1, 9000), rng.randint(3, 5))
    amounts = ", ".join(f"Money({one})" for one in cents)
    return Check(
        says="amounts_sort_by_value",
        imports=(MONEY,),
        arrange=(f"amounts = sorted([{amounts}])",),
        equal=(("[amount.cents for amount in amounts]", str(sorted(cents))), ("amounts[-1].cents", str(max(cents)))),
    )


def no_parts(rng: Random) -> Check:
    return Check(
        says="an_amount_has_at_least_one_part",
        imports=(MONEY, REJECTED),
        arrange=(f"amount = Money({rng.randint(1, 999)})",),
        raises=(("RejectedError", f"amount.split({rng.choice([0, -1, -4])})"),),
    )


TOPIC = Topic(
    folder="money",
    since=("tests-1", "tests-2"),
    subjects=("amounts", "splitting", "percentages", "currencies", "rounding"),
    checks=(addition, split, percentage, writing, currencies, totals, ordering, no_parts),
)
