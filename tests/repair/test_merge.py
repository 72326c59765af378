"""Real changes come back onto the healthy ancestor; damage does not."""

import ast
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canonry.repair.lines.mend import mend
from canonry.repair.lines.search import mend_line
from canonry.repair.measure import words_of
from canonry.repair.merge.merge import MergedText, merge
from canonry.repair.merge.readings import ALONE, Mending

BASE = '''"""Prices of the shop."""

import shop
from shop.money import (
    Euro,
    Rate,
)


@shop.fixture
def rate():
    return Rate(20)


class TestPrices:
    """What customers pay."""

    def test_net(self, rate):
        price = Euro(120)
        assert shop.net(price, rate=rate) == Euro(100), f"net of {price}"

    def test_gross(self, rate):
        with shop.open(country="DE") as till:
            till.enter("milk", 100)
            assert till.total(rate) == Euro(120)

    def test_free(self):
        values = {"milk": [1, 2], "tea": (3,)}
        for name, value in values.items():
            if not value:
                continue
            assert shop.gross(0) == 0


if __name__ == "__main__":
    print("run me with the runner")
'''


def parses(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    return True


def mending_of(broken: str) -> Mending:
    return Mending(lambda line: [reading.text for reading in mend_line(line)], partial(mend, broken))


def merged(broken: str, base: str = BASE, mending: Mending = ALONE) -> MergedText:
    return merge(base, broken, ast.parse(base), oracle=parses, mending=mending)


def changed(*pairs: tuple[str, str], text: str = BASE) -> str:
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return text


DAMAGE = {
    "bracket lost": ("rate=rate) ==", "rate=rate =="),
    "quote moved": ('print("run me with the runner")', 'print("run me with the runner)"'),
    "quotes lost": ('enter("milk", 100)', "enter(milk, 100)"),
    "f-string opened": ('f"net of {price}"', "fnet of {price}"),
    "docstring shrunk": ('"""What customers pay."""', '"What customers pay."""'),
    "opener closed": ("from shop.money import (", "from shop.money import ()"),
    "wrong closer": ("(3,)}", "(3,}]"),
    "indentation": ("        with shop.open", "      with shop.open"),
    "stray quote": ("return Rate(20)", 'return Rate(20)"'),
    "lines fused": ("    Euro,\n    Rate,\n", "    Euro,     Rate,\n"),
}


@pytest.mark.parametrize("pair", DAMAGE.values(), ids=DAMAGE)
def test_damage_alone_gives_the_base_back(pair: tuple[str, str]) -> None:
    result = merged(changed(pair))

    assert result.text == BASE
    assert not result.refused


def test_all_damage_at_once_costs_no_parse_but_the_last() -> None:
    assert merged(changed(*DAMAGE.values())) == MergedText(BASE, 0, (), merged(changed(*DAMAGE.values())).replaced, 0)


REAL = {
    "line changed": ("price = Euro(120)", "price = Euro(240)"),
    "line added": ("price = Euro(120)", "price = Euro(120)\n        rate = rate or Rate(7)"),
    "line deleted": ("            if not value:\n                continue\n", ""),
    "test added": ("    def test_free", "    def test_new(self):\n        assert shop.new()\n\n    def test_free"),
    "test added at the end of a class": (
        "\n\nif __name__",
        "\n    def test_last(self):\n        assert 1 < 2\n\n\nif __name__",
    ),
    "import added": ("import shop\n", "import shop\nimport json\n"),
    "class renamed": ("class TestPrices:", "class TestPricesOfShop:"),
    "block wrapped": ("    return Rate(20)", "    if shop.ready():\n        return Rate(20)\n    return Rate(0)"),
}


@pytest.mark.parametrize("pair", REAL.values(), ids=REAL)
def test_real_changes_come_back_beside_damage(pair: tuple[str, str]) -> None:
    damaged = (
        changed(pair, DAMAGE["quotes lost"], DAMAGE["wrong closer"], DAMAGE["stray quote"])
        if pair[0] not in ("    return Rate(20)",)
        else changed(pair, DAMAGE["quotes lost"], DAMAGE["wrong closer"])
    )

    result = merged(damaged)

    assert result.text == changed(pair)
    assert not result.refused


def test_real_changes_that_are_damaged_themselves_take_the_healthy_signs() -> None:
    result = merged(changed(('f"net of {price}"', "fnet price of {price}"), DAMAGE["wrong closer"]))

    assert result.text == changed(("net of {price}", "net price of {price}"))


def test_new_lines_that_are_damaged_are_mended_alone() -> None:
    broken = changed(("price = Euro(120)", 'price = Euro(120)\n        shop.log("price was read"'))

    assert merged(broken).refused[0].lines == ('        shop.log("price was read"',)
    assert merged(broken, mending=mending_of(broken)).text == changed(
        ("price = Euro(120)", 'price = Euro(120)\n        shop.log("price was read")')
    )


def test_what_finds_no_place_is_refused_with_its_line() -> None:
    broken = changed(("price = Euro(120)", "price = = Euro(120) nonsense]"), ("Rate(20)", "Rate(19)"))

    result = merged(broken)

    assert result.text == changed(("Rate(20)", "Rate(19)"))
    assert [(refusal.line, refusal.lines) for refusal in result.refused] == [
        (19, ("        price = = Euro(120) nonsense]",))
    ]


def test_a_deletion_without_which_nothing_parses_is_refused() -> None:
    result = merged(changed(("        for name, value in values.items():\n", "")))

    assert result.text == BASE
    assert [(refusal.line, refusal.lines) for refusal in result.refused] == [(29, ())]


def test_tests_do_not_slide_into_functions() -> None:
    nested = "            def test_new(self):\n                assert shop.new()\n\n    def test_free"

    result = merged(changed(("    def test_free", nested), DAMAGE["wrong closer"]))

    assert "test_new" not in result.text
    assert result.refused


def test_regions_that_parse_alone_and_not_together_are_told() -> None:
    assert parses(
        merged(
            changed(("import shop\n", "import shop\nif shop:\n"), ("@shop.fixture\n", "")),
        ).text
    )


def test_an_enormous_change_stays_within_its_parses() -> None:
    base = "".join(f"def test_{n}():\n    assert go({n}) == {n}\n\n\n" for n in range(400))
    broken = base.replace("assert go(", "assert = went(")

    result = merged(broken, base)

    assert result.parses <= 250
    assert parses(result.text)
    assert len(result.refused) + result.applied == 400


SIGNS = "()[]{}\"':,"


@st.composite
def broken_texts(draw: st.DrawFn) -> str:
    """The base with some lines damaged, dropped, repeated, changed or made up."""
    lines = BASE.split("\n")
    for _ in range(draw(st.integers(1, 8))):
        at = draw(st.integers(0, len(lines) - 1))
        line = lines[at]
        kind = draw(st.sampled_from(["drop sign", "add sign", "delete", "repeat", "word", "new", "indent"]))
        if kind == "drop sign":
            places = [i for i, c in enumerate(line) if c in SIGNS]
            i = draw(st.sampled_from(places)) if places else 0
            lines[at] = line[:i] + line[i + 1 :]
        elif kind == "add sign":
            i = draw(st.integers(0, len(line)))
            lines[at] = line[:i] + draw(st.sampled_from(SIGNS)) + line[i:]
        elif kind == "delete" and len(lines) > 1:
            del lines[at]
        elif kind == "repeat":
            lines.insert(at, line.replace('"', "'"))
        elif kind == "word":
            lines[at] = line.replace("rate", draw(st.sampled_from(["tax", "vat7", "é"])))
        elif kind == "new":
            lines.insert(
                at, draw(st.sampled_from(["        go(tea)", "import json", "    def test_more(self):", "x = 'a"]))
            )
        else:
            lines[at] = " " * draw(st.integers(0, 9)) + line.lstrip()
    return "\n".join(lines)


@settings(max_examples=60, deadline=None)
@given(broken_texts())
def test_laws_of_a_merge(broken: str) -> None:
    run = partial(merged, broken, mending=mending_of(broken))
    result = run()

    assert parses(result.text)
    assert run() == result, "deterministic"
    told = "\n".join(line for part in (result.refused, result.replaced) for refusal in part for line in refusal.lines)
    assert not words_of(broken) - words_of(result.text) - words_of(told), "no word is lost silently"


def test_a_line_repeated_with_other_quotes_stays_out() -> None:
    result = merged(
        changed(('    """What customers pay."""', "    '''What customers pay.'''\n    \"\"\"What customers pay.\"\"\""))
    )

    assert result.text == BASE
    assert [refusal.line for refusal in result.replaced]


@pytest.mark.parametrize("lost", ["fnet of {price}", "f net of {price}", '"f net of {price}', "f\u2705 net of {price}"])
def test_the_prefix_of_a_lost_string_is_no_word(lost: str) -> None:
    assert merged(changed(('f"net of {price}"', lost))).text == BASE
    assert merged(changed(('f"net of {price}"', lost.replace("net", "net price")), DAMAGE["stray quote"])).text in (
        changed(("net of", "net price of")),
        changed(("net of", "\u2705 net price of")),
    )


def test_a_string_put_in_the_place_of_many_is_undone() -> None:
    base = "".join(
        f'def test_{n}():\n    go({n}, f"{word} of {{shop}}")\n' for n, word in enumerate(["price", "rate", "tax"])
    )
    broken = "".join(f'def test_{n}():\n    go({n}, "formatted_string")\n' for n in range(3)) + ")\n"

    result = merged(broken, base)

    assert result.text == base
    assert [refusal.line for refusal in result.replaced] == [2, 4, 6]


def test_a_string_put_in_the_place_of_one_is_a_real_change() -> None:
    assert merged(changed(('"milk"', '"oat drink"'), DAMAGE["wrong closer"])).text == changed(('"milk"', '"oat drink"'))
