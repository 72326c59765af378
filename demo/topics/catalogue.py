"""Checks about products, prices and search."""

from random import Random

from demo.check import Check, Topic

PRODUCTS = "from shop.catalogue.products import Catalogue, Product"
MONEY = "from shop.money import Money"
THINGS = {
    "MUG-1042": "Blue mug",
    "TEA-2001": "Green tea",
    "PEN-300": "Red pen",
    "BOOK-7000": "Tea book",
    "CD-512": "Mug",
}


def product(sku: str, cents: int, tag: str = "") -> str:
    tags = f', frozenset({{"{tag}"}})' if tag else ""
    return f'Product("{sku}", "{THINGS[sku]}", Money({cents}){tags})'


def filling(rng: Random) -> Check:
    skus = rng.sample(sorted(THINGS), rng.randint(2, 4))
    return Check(
        says=f"a_catalogue_of_{len(skus)}",
        imports=(PRODUCTS, MONEY),
        arrange=("catalogue = Catalogue()", *(f"catalogue.add({product(sku, rng.randint(100, 900))})" for sku in skus)),
        equal=(("len(catalogue)", str(len(skus))), (f'catalogue.get("{skus[0]}").name', f'"{THINGS[skus[0]]}"')),
    )


def taken(rng: Random) -> Check:
    sku = rng.choice(sorted(THINGS))
    return Check(
        says=f"{sku.split('-')[0].lower()}_is_sold_under_one_number",
        imports=(PRODUCTS, MONEY, "from shop.errors import ConflictError"),
        arrange=("catalogue = Catalogue()", f"catalogue.add({product(sku, 500)})"),
        raises=(("ConflictError", f"catalogue.add({product(sku, rng.randint(501, 900))})"),),
    )


def tagging(rng: Random) -> Check:
    skus, tag = sorted(rng.sample(sorted(THINGS), 3)), rng.choice(["gift", "kitchen", "office"])
    return Check(
        says=f"{tag}_products_come_by_number_without_retired_ones",
        imports=(PRODUCTS, MONEY),
        arrange=(
            "catalogue = Catalogue()",
            *(f"catalogue.add({product(sku, 250, tag)})" for sku in reversed(skus)),
            f'catalogue.retire("{skus[1]}")',
        ),
        equal=((f'[product.sku for product in catalogue.tagged("{tag}")]', f'["{skus[0]}", "{skus[2]}"]'),),
    )


def repricing(rng: Random) -> Check:
    sku, price = rng.choice(sorted(THINGS)), rng.randint(100, 4000)
    return Check(
        says="a_new_price_is_a_new_product_of_the_same_number",
        imports=(PRODUCTS, MONEY),
        arrange=(
            "catalogue = Catalogue()",
            f"catalogue.add({product(sku, 99)})",
            f'before = catalogue.get("{sku}")',
            f'catalogue.reprice("{sku}", Money({price}))',
        ),
        equal=((f'catalogue.get("{sku}").price', f"Money({price})"), ("before.price", "Money(99)")),
    )


def unknown(rng: Random) -> Check:
    sku = rng.choice(sorted(THINGS))
    call = rng.choice(["get", "retire"])
    return Check(
        says=f"nothing_unknown_to_{call}",
        imports=(PRODUCTS.replace(", Product", ""), "from shop.errors import NotFoundError"),
        raises=(("NotFoundError", f'Catalogue().{call}("{sku}")'),),
    )


def tax(rng: Random) -> Check:
    rate = rng.choice([5, 7, 19, 20, 25])
    nets = sorted(rng.sample(range(1, 60), rng.randint(1, 3)))
    return Check(
        says=f"{rate}_per_cent_on_top",
        imports=("from shop.catalogue.prices import vat_share, with_vat", MONEY),
        equal=(
            *((f"with_vat(Money({net * 100}), {rate})", f"Money({net * (100 + rate)})") for net in nets),
            (f"vat_share(Money({nets[0] * (100 + rate)}), {rate})", f"Money({nets[0] * rate})"),
        ),
    )


def steps(rng: Random) -> Check:
    least, high, low = rng.randint(5, 50), rng.randint(500, 900), rng.randint(100, 400)
    return Check(
        says=f"from_{least}_pieces_on_it_is_cheaper",
        imports=("from shop.catalogue.prices import PriceSteps", MONEY),
        arrange=(f"steps = PriceSteps({{1: Money({high}), {least}: Money({low})}})",),
        equal=(
            (f"steps.each({least - 1})", f"Money({high})"),
            (f"steps.each({least})", f"Money({low})"),
            (f"steps.total({least + 1})", f"Money({low * (least + 1)})"),
        ),
    )


def finding(rng: Random) -> Check:
    word, names = rng.choice([("mug", ["Blue mug", "Mug"]), ("tea", ["Green tea", "Tea book"]), ("pen", ["Red pen"])])
    skus = rng.sample(sorted(THINGS), len(THINGS))
    return Check(
        says=f"{word}_is_found_by_name",
        imports=("from shop.catalogue.products import Product", "from shop.catalogue.search import search", MONEY),
        arrange=("products = [", *(f"    {product(sku, 100)}," for sku in skus), "]"),
        equal=(
            (f'[product.name for product in search("{word}", products)]', str(names).replace("'", '"')),
            (f'search("{word}", products, limit=1)[0].name', f'"{names[0]}"'),
        ),
    )


TOPIC = Topic(
    folder="catalogue",
    since=("tests-1", "tests-3"),
    subjects=("products", "prices", "search", "tags", "vat", "price_steps"),
    checks=(filling, taken, tagging, repricing, unknown, tax, steps, finding),
)
