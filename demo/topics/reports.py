"""Checks about reports, texts and the outbox."""

from random import Random

from demo.check import Check, Topic

SALES = "from shop.reports.sales import Sale"
MONEY = "from shop.money import Money"
OUTBOX = "from shop.notifications.outbox import Outbox"


def sale(day: int, sku: str, count: int, cents: int) -> str:
    return f'    Sale("2025-03-{day:02d}", "{sku}", {count}, Money({cents})),'


def days(rng: Random) -> Check:
    first, second = sorted(rng.sample(range(1, 29), 2))
    one, two, three = (rng.randint(100, 900) for _ in range(3))
    return Check(
        says=f"day_{first}_comes_before_day_{second}",
        imports=("from shop.reports.sales import Sale, by_day", MONEY),
        arrange=(
            "sales = [",
            sale(second, "MUG-1042", 1, one),
            sale(first, "PEN-300", 2, two),
            sale(second, "TEA-2001", 1, three),
            "]",
        ),
        equal=(
            ("by_day(sales)", f'{{"2025-03-{first:02d}": Money({two}), "2025-03-{second:02d}": Money({one + three})}}'),
        ),
    )


def sellers(rng: Random) -> Check:
    many, few = rng.randint(10, 40), rng.randint(1, 9)
    return Check(
        says=f"{many}_pieces_beat_{few}",
        imports=("from shop.reports.sales import Sale, best_sellers", MONEY),
        arrange=("sales = [", sale(1, "PEN-300", few, 120), sale(2, "TEA-2001", many, 450), "]"),
        equal=(
            ("best_sellers(sales, 1)", f'[("TEA-2001", {many})]'),
            ("len(best_sellers(sales, 5))", "2"),
        ),
    )


def table(rng: Random) -> Check:
    day, count, cents = rng.randint(1, 28), rng.randint(1, 9), rng.randint(100, 9000)
    return Check(
        says=f"the_table_of_day_{day}",
        imports=(SALES, "from shop.reports.csv_export import export", MONEY),
        arrange=("sales = [", sale(day, "MUG-1042", count, cents), "]"),
        equal=(
            ("export(sales).splitlines()[0]", '"day,sku,quantity,amount"'),
            ("export(sales).splitlines()[1]", f'"2025-03-{day:02d},MUG-1042,{count},{cents / 100:.2f}"'),
        ),
    )


def texts(rng: Random) -> Check:
    name, count = rng.choice(["Ada", "Ben", "Noor"]), rng.randint(2, 20)
    return Check(
        says=f"{name.lower()}_is_greeted",
        imports=("from shop.notifications.templates import fill, gaps",),
        arrange=('template = "Dear {name}, {count} articles are on their way to you, {name}."',),
        equal=(
            ("gaps(template)", '["name", "count"]'),
            (
                f'fill(template, name="{name}", count={count})',
                f'"Dear {name}, {count} articles are on their way to you, {name}."',
            ),
        ),
    )


def missing(rng: Random) -> Check:
    gap = rng.choice(["name", "order", "amount"])
    return Check(
        says=f"a_text_without_its_{gap}",
        imports=("from shop.notifications.templates import fill", "from shop.errors import RejectedError"),
        raises=(("RejectedError", f'fill("Hello {{{gap}}}", other={rng.randint(1, 9)})'),),
    )


def outbox(rng: Random) -> Check:
    count = rng.randint(1, 6)
    return Check(
        says=f"{count}_letters_are_sent",
        imports=(OUTBOX,),
        arrange=(
            "sent, outbox = [], Outbox()",
            f"for number in range({count}):",
            '    outbox.put(f"user-{number}@mail.example", "hello")',
        ),
        equal=(
            ("outbox.flush(lambda address, text: sent.append(address))", str(count)),
            ("(len(outbox), len(sent))", f"(0, {count})"),
        ),
    )


def given_up(rng: Random) -> Check:
    attempts = rng.randint(1, 4)
    return Check(
        says=f"after_{attempts}_attempts_it_gives_up",
        imports=(OUTBOX,),
        arrange=(
            "def fail(address, text):",
            '    raise OSError("no mail today")',
            "",
            f"outbox = Outbox(attempts={attempts})",
            'outbox.put("ada@mail.example", "hello")',
            f"sent = [outbox.flush(fail) for _ in range({attempts})]",
        ),
        equal=(("sum(sent)", "0"), ("outbox.failed", '["ada@mail.example"]')),
    )


TOPIC = Topic(
    folder="reports",
    since=("tests-4", "tests-5"),
    subjects=("sales", "export", "texts", "outbox", "best_sellers"),
    checks=(days, sellers, table, texts, missing, outbox, given_up),
)
