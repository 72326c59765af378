"""Checks about article and order numbers."""

from random import Random

from demo.check import Check, Topic

REJECTED = "from shop.errors import RejectedError"


def sku(rng: Random) -> Check:
    family, number = rng.choice(["MUG", "TEA", "PEN", "BOOK", "CD"]), rng.randint(100, 99999)
    variant = rng.choice(["", "XL", "B2", "RED"])
    written = f"{family}-{number}" + (f"-{variant}" if variant else "")
    return Check(
        says=f"the_parts_of_a_{family.lower()}_number",
        imports=("from shop.identifiers import parse_sku",),
        equal=(
            (f'parse_sku("{written}")', f'("{family}", {number}, "{variant}")'),
            (f'parse_sku(" {written.lower()} ")[0]', f'"{family}"'),
        ),
    )


def no_sku(rng: Random) -> Check:
    wrong = rng.sample(["MUG", "M-100", "MUG-1", "MUG 1042", "1042-MUG", "TOOLONG-100", ""], rng.randint(1, 3))
    return Check(
        says="what_is_no_article_number_is_refused",
        imports=("from shop.identifiers import parse_sku", REJECTED),
        raises=tuple(("RejectedError", f'parse_sku("{one}")') for one in wrong),
    )


def check_digit(rng: Random) -> Check:
    digits = "".join(rng.choice("0123456789") for _ in range(12))
    weighted = sum(int(digit) * (3 if index % 2 else 1) for index, digit in enumerate(digits))
    return Check(
        says=f"the_check_digit_of_{digits[:4]}",
        imports=("from shop.identifiers import ean_check_digit",),
        arrange=(f'digits = "{digits}"',),
        equal=(("ean_check_digit(digits)", str(-weighted % 10)),),
    )


def order_number(rng: Random) -> Check:
    year, serial = rng.randint(2015, 2030), rng.randint(1, 99999)
    return Check(
        says="an_order_number_can_be_read_back",
        imports=("from shop.identifiers import order_number, parse_order_number",),
        arrange=(f"text = order_number({year}, {serial})",),
        equal=(("text", f'"{year}-{serial:06d}"'), ("parse_order_number(text)", f"({year}, {serial})")),
    )


def short_code(rng: Random) -> Check:
    digits = "".join(rng.choice("123456789") for _ in range(rng.choice([3, 11, 13])))
    return Check(
        says=f"{len(digits)}_digits_have_no_check_digit",
        imports=("from shop.identifiers import ean_check_digit", REJECTED),
        raises=(("RejectedError", f'ean_check_digit("{digits}")'),),
    )


def no_order_number(rng: Random) -> Check:
    wrong = rng.choice(["2025", "year-000001", "2025-", "2025/000001", "-"])
    return Check(
        says="what_is_no_order_number_is_refused",
        imports=("from shop.identifiers import parse_order_number", REJECTED),
        arrange=(f'text = "{wrong}"',),
        raises=(("RejectedError", "parse_order_number(text)"),),
    )


TOPIC = Topic(
    folder="identifiers",
    since=("tests-1", "tests-4"),
    subjects=("skus", "check_digits", "order_numbers", "numbers"),
    checks=(sku, no_sku, check_digit, order_number, short_code, no_order_number),
)
