"""Checks about stock and warehouses."""

from random import Random

from demo.check import Check, Topic

STOCK = "from shop.inventory.stock import Stock"
WAREHOUSES = "from shop.inventory.warehouses import Warehouse, allocate"
CONFLICT = "from shop.errors import ConflictError"
SKUS = ("MUG-1042", "TEA-2001", "PEN-300", "BOOK-7000")


def deliveries(rng: Random) -> Check:
    sku, parts = rng.choice(SKUS), [rng.randint(1, 40) for _ in range(rng.randint(1, 4))]
    return Check(
        says=f"{len(parts)}_deliveries_add_up",
        imports=(STOCK,),
        arrange=("stock = Stock()", *(f'stock.receive("{sku}", {part})' for part in parts)),
        equal=((f'stock.on_hand("{sku}")', str(sum(parts))), (f'stock.available("{sku}")', str(sum(parts)))),
    )


def reserving(rng: Random) -> Check:
    sku, there = rng.choice(SKUS), rng.randint(10, 50)
    first, second = rng.randint(1, 5), rng.randint(1, 5)
    return Check(
        says="a_reservation_leaves_the_shelf_alone",
        imports=(STOCK,),
        arrange=(
            "stock = Stock()",
            f'stock.receive("{sku}", {there})',
            f'stock.reserve("2025-000001", "{sku}", {first})',
            f'stock.reserve("2025-000002", "{sku}", {second})',
        ),
        equal=(
            (f'stock.on_hand("{sku}")', str(there)),
            (f'stock.available("{sku}")', str(there - first - second)),
        ),
    )


def too_much(rng: Random) -> Check:
    sku, there = rng.choice(SKUS), rng.randint(1, 9)
    return Check(
        says=f"{there + 1}_of_{there}_cannot_be_reserved",
        imports=(STOCK, CONFLICT),
        arrange=("stock = Stock()", f'stock.receive("{sku}", {there})'),
        raises=(("ConflictError", f'stock.reserve("2025-000001", "{sku}", {there + 1})'),),
    )


def shipping(rng: Random) -> Check:
    skus, there = sorted(rng.sample(SKUS, 2)), rng.randint(5, 20)
    return Check(
        says="what_is_shipped_is_gone",
        imports=(STOCK,),
        arrange=(
            "stock = Stock()",
            *(f'stock.receive("{sku}", {there})' for sku in skus),
            *(f'stock.reserve("2025-000001", "{sku}", {number})' for number, sku in enumerate(skus, 1)),
        ),
        equal=(
            ('stock.ship("2025-000001")', f'{{"{skus[0]}": 1, "{skus[1]}": 2}}'),
            (f'stock.on_hand("{skus[1]}")', str(there - 2)),
        ),
    )


def nothing_to_ship(rng: Random) -> Check:
    order = f"{rng.randint(2019, 2025)}-{rng.randint(1, 999):06d}"
    return Check(
        says="an_order_without_goods_is_not_shipped",
        imports=(STOCK, "from shop.errors import NotFoundError"),
        raises=(("NotFoundError", f'Stock().ship("{order}")'),),
    )


def nearest(rng: Random) -> Check:
    sku, near, far = rng.choice(SKUS), rng.randint(1, 9), rng.randint(10, 30)
    wanted = near + rng.randint(1, far)
    cities = rng.sample(["bremen", "lyon", "turin", "gent"], 2)
    return Check(
        says=f"{cities[0]}_sends_first",
        imports=(WAREHOUSES,),
        arrange=(
            "warehouses = [",
            f'    Warehouse("{cities[1]}", {rng.randint(300, 900)}, {{"{sku}": {far}}}),',
            f'    Warehouse("{cities[0]}", {rng.randint(10, 200)}, {{"{sku}": {near}}}),',
            "]",
        ),
        equal=(
            (f'allocate("{sku}", {wanted}, warehouses)', f'{{"{cities[0]}": {near}, "{cities[1]}": {wanted - near}}}'),
        ),
    )


def nowhere(rng: Random) -> Check:
    sku, there = rng.choice(SKUS), rng.randint(0, 6)
    return Check(
        says=f"more_than_{there}_are_nowhere",
        imports=(WAREHOUSES, CONFLICT),
        arrange=(f'only = [Warehouse("bremen", 10, {{"{sku}": {there}}})]',),
        raises=(("ConflictError", f'allocate("{sku}", {there + rng.randint(1, 5)}, only)'),),
    )


def reordering(rng: Random) -> Check:
    low, least = rng.randint(0, 4), rng.randint(5, 12)
    first, second = rng.sample(SKUS, 2)
    return Check(
        says=f"below_{least}_it_is_ordered_again",
        imports=("from shop.inventory.warehouses import reorder",),
        arrange=(f'levels = {{"{first}": {low}, "{second}": {least}}}',),
        equal=((f'reorder(levels, {{"{first}": {least}, "{second}": {least}}})', f'{{"{first}": {2 * least - low}}}'),),
    )


TOPIC = Topic(
    folder="inventory",
    since=("tests-2", "tests-3"),
    subjects=("stock", "reservations", "warehouses", "deliveries", "allocation"),
    checks=(deliveries, reserving, too_much, shipping, nothing_to_ship, nearest, nowhere, reordering),
)
