"""Checks about rates, parcels and tracking."""

from random import Random

from demo.check import Check, Topic

RATE = "from shop.shipping.rates import rate"
REJECTED = "from shop.errors import RejectedError"
MONEY = "from shop.money import Money"
ZONES = {"DE": 1, "AT": 2, "NL": 2, "FR": 2, "US": 3}
STEPS = ("labelled", "collected", "sorted", "out for delivery", "delivered")


def rates(rng: Random) -> Check:
    low, high, cents = rng.choice([(1, 1000, 490), (1001, 5000, 690), (5001, 20000, 1290)])
    countries = rng.sample(sorted(ZONES), rng.randint(1, 3))
    return Check(
        says=f"up_to_{high}_grams",
        imports=(RATE, MONEY),
        equal=tuple(
            (f'rate({rng.randint(low, high)}, "{country}")', f"Money({cents * ZONES[country]})")
            for country in countries
        ),
    )


def no_rates(rng: Random) -> Check:
    cases = [f'rate({rng.randint(20001, 90000)}, "DE")', f'rate({rng.randint(-5, 0)}, "AT")', 'rate(100, "XX")']
    return Check(
        says="parcels_that_nobody_carries",
        imports=(RATE, REJECTED),
        raises=tuple(("RejectedError", case) for case in rng.sample(cases, rng.randint(1, 3))),
    )


def packing(rng: Random) -> Check:
    count, each = rng.randint(2, 9), rng.randint(1000, 6000)
    fitting = 20000 // each
    return Check(
        says=f"{count}_things_of_{each}_grams",
        imports=("from shop.shipping.parcels import pack",),
        arrange=(f"parcels = pack([{each}] * {count})",),
        equal=(
            ("len(parcels)", str(-(-count // fitting))),
            ("sum(len(parcel) for parcel in parcels)", str(count)),
        ),
    )


def full_parcels(rng: Random) -> Check:
    limit = rng.randint(5, 50) * 100
    part = rng.randint(1, limit - 1)
    return Check(
        says=f"two_things_fill_{limit}_grams",
        imports=("from shop.shipping.parcels import pack",),
        equal=(
            (
                f"pack([{min(part, limit - part)}, {max(part, limit - part)}], limit={limit})",
                f"[[{max(part, limit - part)}, {min(part, limit - part)}]]",
            ),
        ),
    )


def too_heavy(rng: Random) -> Check:
    limit = rng.randint(100, 20000)
    return Check(
        says=f"{limit + 1}_grams_do_not_fit",
        imports=("from shop.shipping.parcels import pack", REJECTED),
        raises=(("RejectedError", f"pack([{rng.randint(1, 99)}, {limit + 1}], limit={limit})"),),
    )


def tracking(rng: Random) -> Check:
    last = rng.randint(0, len(STEPS) - 1)
    scans = rng.sample(STEPS[: last + 1], last + 1)
    return Check(
        says=f"a_parcel_that_is_{STEPS[last].replace(' ', '_')}",
        imports=("from shop.shipping.tracking import progress",),
        arrange=(f"scans = {scans!r}".replace("'", '"'),),
        equal=(("progress(scans)", str(100 * (last + 1) // 5)), ("progress([])", "0")),
    )


def strange_scans(rng: Random) -> Check:
    scan = rng.choice(["lost", "eaten", "on the moon", ""])
    return Check(
        says="strange_scans_are_refused",
        imports=("from shop.shipping.tracking import progress", REJECTED),
        raises=(("RejectedError", f'progress(["{rng.choice(STEPS)}", "{scan}"])'),),
    )


TOPIC = Topic(
    folder="shipping",
    since=("tests-3", "tests-4"),
    subjects=("rates", "parcels", "tracking", "zones"),
    checks=(rates, no_rates, packing, full_parcels, too_heavy, tracking, strange_scans),
)
