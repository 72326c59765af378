"""Checks about cards, the gateway and the ledger."""

from random import Random

from demo.check import Check, Topic

GATEWAY = "from shop.payments.gateway import InMemoryGateway"
LEDGER = "from shop.payments.ledger import Ledger"
MONEY = "from shop.money import Money"
CONFLICT = "from shop.errors import ConflictError"


def card(rng: Random, first: str) -> str:
    """A card number with a right check digit."""
    body = first + "".join(rng.choice("0123456789") for _ in range(14))
    doubled = [sum(divmod(2 * int(digit), 10)) if not index % 2 else int(digit) for index, digit in enumerate(body)]
    return body + str(-sum(doubled) % 10)


def right_number(rng: Random) -> Check:
    first, brand = rng.choice([("4", "visa"), ("5", "mastercard"), ("6", "unknown")])
    number = card(rng, first)
    spaced = " ".join(number[index : index + 4] for index in range(0, 16, 4))
    return Check(
        says=f"the_{brand}_card_that_ends_in_{number[-4:]}",
        imports=("from shop.payments.cards import brand, clean, mask",),
        arrange=(f'number = clean("{spaced}")',),
        equal=(("number", f'"{number}"'), ("brand(number)", f'"{brand}"'), ("mask(number)[-5:]", f'"*{number[-4:]}"')),
    )


def wrong_number(rng: Random) -> Check:
    number = card(rng, "4")
    wrong = number[:-1] + str((int(number[-1]) + rng.randint(1, 9)) % 10)
    return Check(
        says=f"one_wrong_digit_behind_{number[:4]}",
        imports=("from shop.payments.cards import clean, luhn", "from shop.errors import RejectedError"),
        equal=((f'luhn("{wrong}")', "False"),),
        raises=(("RejectedError", f'clean("{wrong}")'),),
    )


def capturing(rng: Random) -> Check:
    cents, back = rng.randint(500, 9000), rng.randint(1, 500)
    return Check(
        says=f"{back}_cents_go_back",
        imports=(GATEWAY, MONEY),
        arrange=(
            "gateway = InMemoryGateway()",
            f'reference = gateway.authorise("2025-000001", Money({cents}))',
        ),
        equal=(
            ("gateway.capture(reference)", f"Money({cents})"),
            (f"gateway.refund(reference, Money({back}))", f"Money({cents - back})"),
        ),
    )


def capturing_twice(rng: Random) -> Check:
    return Check(
        says="money_is_captured_once",
        imports=(GATEWAY, MONEY, CONFLICT),
        arrange=(
            "gateway = InMemoryGateway()",
            f'reference = gateway.authorise("2025-{rng.randint(1, 999):06d}", Money({rng.randint(1, 9000)}))',
            "gateway.capture(reference)",
        ),
        raises=(("ConflictError", "gateway.capture(reference)"),),
    )


def above_limit(rng: Random) -> Check:
    limit = rng.randint(10, 500) * 100
    return Check(
        says=f"{limit + 1}_cents_are_above_the_limit",
        imports=(GATEWAY, MONEY, "from shop.errors import RejectedError"),
        arrange=(f"gateway = InMemoryGateway(limit=Money({limit}))",),
        raises=(("RejectedError", f'gateway.authorise("2025-000001", Money({limit + 1}))'),),
    )


def too_much_back(rng: Random) -> Check:
    cents = rng.randint(100, 900)
    return Check(
        says=f"no_more_than_{cents}_goes_back",
        imports=(GATEWAY, MONEY, CONFLICT),
        arrange=(
            "gateway = InMemoryGateway()",
            f'reference = gateway.authorise("2025-000004", Money({cents}))',
            "gateway.capture(reference)",
        ),
        raises=(("ConflictError", f"gateway.refund(reference, Money({cents + rng.randint(1, 50)}))"),),
    )


def booking(rng: Random) -> Check:
    amounts = [rng.randint(1, 900) for _ in range(rng.randint(1, 4))]
    account = rng.choice(["bank", "till", "vouchers"])
    return Check(
        says=f"{len(amounts)}_entries_in_{account}",
        imports=(LEDGER, MONEY),
        arrange=("ledger = Ledger()", *(f'ledger.post("{account}", "sales", Money({cents}))' for cents in amounts)),
        equal=(
            (f'ledger.balance("{account}")', f"Money({sum(amounts)})"),
            ('ledger.balance("sales")', f"Money(-{sum(amounts)})"),
            ("ledger.balanced()", "True"),
        ),
    )


def odd_entries(rng: Random) -> Check:
    account = rng.choice(["bank", "till", "sales"])
    return Check(
        says=f"{account}_does_not_pay_itself",
        imports=(LEDGER, MONEY, "from shop.errors import RejectedError"),
        arrange=("ledger = Ledger()",),
        equal=(("ledger.entries", "[]"),),
        raises=(
            ("RejectedError", f'ledger.post("{account}", "{account}", Money({rng.randint(1, 99)}))'),
            ("RejectedError", f'ledger.post("{account}", "fees", Money({-rng.randint(0, 9)}))'),
        ),
    )


TOPIC = Topic(
    folder="payments",
    since=("tests-2", "tests-4"),
    subjects=("cards", "captures", "refunds", "ledger", "limits"),
    checks=(right_number, wrong_number, capturing, capturing_twice, above_limit, too_much_back, booking, odd_entries),
)
