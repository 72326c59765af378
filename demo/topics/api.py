"""Checks about pages, limits and the checkout."""

from random import Random

from demo.check import Check, Topic

CHECKOUT = (
    "from shop.api.checkout import Checkout",
    "from shop.inventory.stock import Stock",
    "from shop.money import Money",
    "from shop.orders.cart import Cart",
    "from shop.payments.gateway import InMemoryGateway",
    "from shop.realtime.manager import WebSocketManager",
)


def paging(rng: Random) -> Check:
    size, count = rng.randint(2, 10), rng.randint(20, 60)
    number = rng.randint(1, count // size)
    return Check(
        says=f"page_{number}_of_{count}_items",
        imports=("from shop.api.pagination import page, pages",),
        arrange=(f"items = list(range({count}))",),
        equal=(
            (f"page(items, {number}, {size})", f"list(range({(number - 1) * size}, {number * size}))"),
            (f"pages(len(items), {size})", str(-(-count // size))),
        ),
    )


def beyond(rng: Random) -> Check:
    size, number = rng.randint(1, 9), rng.choice([0, -1, -7])
    return Check(
        says=f"there_is_no_page_{'zero' if not number else 'below_zero'}",
        imports=("from shop.api.pagination import page", "from shop.errors import RejectedError"),
        equal=((f'page("abc", {rng.randint(9, 99)}, {size})', "[]"),),
        raises=(("RejectedError", f'page("abc", {number}, {size})'),),
    )


def limits(rng: Random) -> Check:
    requests, seconds = rng.randint(1, 4), rng.randint(1, 60)
    answers = [True] * requests + [False]
    return Check(
        says=f"{requests}_requests_in_{seconds}_seconds",
        imports=("from shop.api.limits import RateLimit", "from shop.clock import FixedClock"),
        arrange=(
            "time = FixedClock()",
            f"limit = RateLimit(time, requests={requests}, seconds={seconds})",
            f'answers = [limit.allow("ada") for _ in range({requests + 1})]',
            f"time.advance({seconds})",
        ),
        equal=(("answers", str(answers)), ('limit.allow("ada")', "True")),
    )


def fairness(rng: Random) -> Check:
    clients = rng.sample(["ada", "ben", "eve", "noor"], rng.randint(2, 4))
    return Check(
        says=f"{len(clients)}_clients_do_not_share_a_limit",
        imports=("from shop.api.limits import RateLimit", "from shop.clock import FixedClock"),
        arrange=(f"limit = RateLimit(FixedClock(), requests=1, seconds={rng.randint(1, 9)})",),
        equal=((f"[limit.allow(client) for client in {clients}]".replace("'", '"'), str([True] * len(clients))),),
    )


def statuses(rng: Random) -> Check:
    name, code = rng.choice([("NotFoundError", 404), ("ConflictError", 409), ("RejectedError", 422)])
    return Check(
        says=f"{name.removesuffix('Error').lower()}_is_{code}",
        imports=("from shop.api.status import http_status", f"from shop.errors import {name}"),
        equal=((f'http_status({name}("no"))', str(code)), ('http_status(KeyError("no"))', "500")),
    )


def buying(rng: Random) -> Check:
    there, wanted, cents = rng.randint(5, 9), rng.randint(1, 4), rng.randint(100, 900)
    return Check(
        says=f"{wanted}_of_{there}_mugs_are_bought",
        imports=(*CHECKOUT, "from shop.orders.orders import OrderStatus"),
        arrange=(
            "stock, cart = Stock(), Cart()",
            f'stock.receive("MUG-1042", {there})',
            f'cart.add("MUG-1042", Money({cents}), {wanted})',
            "checkout = Checkout(stock, InMemoryGateway(), WebSocketManager())",
            f'order = await checkout.buy("2025-{rng.randint(1, 999):06d}", "ada@mail.example", cart)',
        ),
        equal=(
            ("order.status", "OrderStatus.PAID"),
            ("order.amount.cents", str(cents * wanted + 490)),
            ('stock.available("MUG-1042")', str(there - wanted)),
        ),
        asynchronous=True,
    )


TOPIC = Topic(
    folder="api",
    since=("tests-4", "tests-5"),
    subjects=("pages", "rate_limits", "status_codes", "checkout"),
    checks=(paging, beyond, limits, fairness, statuses, buying),
)
