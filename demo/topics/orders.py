"""Checks about carts, orders and returns."""

from random import Random

from demo.check import Check, Topic

CART = "from shop.orders.cart import Cart"
MONEY = "from shop.money import Money"
ORDER = "from shop.orders.orders import Order, OrderStatus"
SKUS = ("MUG-1042", "TEA-2001", "PEN-300", "BOOK-7000")
WAY = ("PAID", "PACKED", "SHIPPED", "DELIVERED")


def adding(rng: Random) -> Check:
    lines = [(sku, rng.randint(100, 2000), rng.randint(1, 4)) for sku in rng.sample(SKUS, rng.randint(1, 4))]
    return Check(
        says=f"a_cart_of_{len(lines)}_lines",
        imports=(CART, MONEY),
        arrange=("cart = Cart()", *(f'cart.add("{sku}", Money({cents}), {count})' for sku, cents, count in lines)),
        equal=(
            ("len(cart)", str(sum(count for _, _, count in lines))),
            ("cart.total().cents", str(sum(cents * count for _, cents, count in lines))),
        ),
    )


def same_line(rng: Random) -> Check:
    sku, first, second = rng.choice(SKUS), rng.randint(1, 9), rng.randint(1, 9)
    return Check(
        says="the_same_article_shares_a_line",
        imports=(CART, MONEY),
        arrange=(
            "cart = Cart()",
            f'cart.add("{sku}", Money(890), {first})',
            f'cart.add("{sku}", Money(890), {second})',
        ),
        equal=(("cart.quantities()", f'{{"{sku}": {first + second}}}'),),
    )


def removing(rng: Random) -> Check:
    kept, gone = rng.sample(SKUS, 2)
    return Check(
        says=f"without_{gone.split('-')[0].lower()}_the_rest_stays",
        imports=(CART, MONEY, "from shop.errors import NotFoundError"),
        arrange=(
            "cart = Cart()",
            f'cart.add("{kept}", Money({rng.randint(1, 500)}))',
            f'cart.add("{gone}", Money({rng.randint(1, 500)}))',
            f'cart.remove("{gone}")',
        ),
        equal=(("list(cart.quantities())", f'["{kept}"]'),),
        raises=(("NotFoundError", f'cart.remove("{gone}")'),),
    )


def walking(rng: Random) -> Check:
    steps = WAY[: rng.randint(1, len(WAY))]
    return Check(
        says=f"an_order_that_is_{steps[-1].lower()}",
        imports=(ORDER, MONEY),
        arrange=(
            f'order = Order("2025-{rng.randint(1, 9999):06d}", "ada@mail.example", Money({rng.randint(100, 9000)}))',
            *(f"order.move(OrderStatus.{step})" for step in steps),
        ),
        equal=(("order.status", f"OrderStatus.{steps[-1]}"), ("len(order.log)", str(len(steps)))),
    )


def jumping(rng: Random) -> Check:
    status = rng.choice(["PACKED", "SHIPPED", "DELIVERED"])
    return Check(
        says=f"an_unpaid_order_is_not_{status.lower()}",
        imports=(ORDER, MONEY, "from shop.errors import ConflictError"),
        arrange=(f'order = Order("2025-{rng.randint(1, 9999):06d}", "ben@mail.example", Money(100))',),
        raises=(("ConflictError", f"order.move(OrderStatus.{status})"),),
    )


def small_orders(rng: Random) -> Check:
    goods, fee = rng.randint(10, 30) * 100, rng.choice([290, 490, 690])
    rate = rng.choice([0, 5, 10])
    return Check(
        says=f"small_orders_pay_{fee}_cents_of_shipping",
        imports=("from shop.orders.totals import totals", MONEY),
        arrange=(f"due = totals(Money({goods}), discount_percent={rate}, shipping=Money({fee})).due",),
        equal=(("due", f"Money({goods - goods * rate // 100 + fee})"),),
    )


def large_orders(rng: Random) -> Check:
    goods, rate = rng.randint(60, 200) * 100, rng.choice([0, 5, 10])
    return Check(
        says=f"{goods // 100}_euro_ship_free",
        imports=("from shop.orders.totals import totals", MONEY),
        equal=(
            (f"totals(Money({goods}), discount_percent={rate}).due", f"Money({goods - goods * rate // 100})"),
            (f"totals(Money({goods}), discount_percent={rate}).shipping", "Money(0)"),
        ),
    )


def returning(rng: Random) -> Check:
    paid, days = 2 * rng.randint(100, 4000), rng.randint(0, 30)
    return Check(
        says=f"after_{days}_days_it_may_come_back",
        imports=("from shop.orders.returns import label, refund", MONEY),
        equal=(
            (f"refund(Money({paid}), days={days})", f"Money({paid})"),
            (f"refund(Money({paid}), days={days}, opened=True)", f"Money({paid // 2})"),
            (f'label("2025-000007", {days % 9})', f'"R-2025-000007-{days % 9:02d}"'),
        ),
    )


TOPIC = Topic(
    folder="orders",
    since=("tests-2", "tests-3"),
    subjects=("carts", "order_states", "totals", "returns", "lines"),
    checks=(adding, same_line, removing, walking, jumping, small_orders, large_orders, returning),
)
