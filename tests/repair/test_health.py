"""Which ancestor of a broken file is chosen."""

import ast

from canonry.repair.ancestors import AncestorVersion
from canonry.repair.health import choose_ancestor, demand_of, last_live_version

HEALTHY = '''"""Prices of the shop."""

import shop


class TestPrices:
    def test_net(self):
        assert shop.net(120, rate=20) == 100

    def test_gross(self):
        assert shop.gross(100, rate=20) == 120

    def test_free(self):
        assert shop.gross(0, rate=20) == 0
'''
BROKEN = HEALTHY.replace("(120, rate=20)", "(120, rate=20").replace('shop."""', 'shop."')
COMMENTED = '"""Prices of the shop."""\n' + "".join(f"# REMOVED: {line}\n" for line in HEALTHY.splitlines()[2:])
PLACEHOLDER = '"""Prices of the shop."""\n\n\ndef test_placeholder():\n    assert True\n'
NESTED = HEALTHY.replace("    def test_gross", "        def test_gross").replace(
    "assert shop.gross(100", "    assert shop.gross(100"
)


def parse(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except SyntaxError:
        return None


def chosen(*texts: str | None, broken: str = BROKEN) -> int | None:
    """The place of the chosen one among the texts, newest first; None stands for a blob that is missing."""
    versions = [AncestorVersion(f"c{number}", "2025-06-01", "a.py", str(number)) for number in range(len(texts))]
    found = choose_ancestor(broken, versions, read=lambda blob: texts[int(blob)], parse=parse)
    return None if found is None else int(found.version.blob)


def test_the_newest_of_equals_is_chosen() -> None:
    assert chosen(HEALTHY, HEALTHY + "\n") == 0


def test_a_gutted_version_is_passed_over() -> None:
    assert chosen(COMMENTED, HEALTHY) == 1
    assert chosen(PLACEHOLDER, COMMENTED, HEALTHY) == 2


def test_a_version_swallowed_by_a_string_is_passed_over() -> None:
    swallowed = HEALTHY.replace("import shop\n", "'''\nimport shop\n") + "'''\n"

    assert ast.parse(swallowed)
    assert chosen(swallowed, HEALTHY) == 1
    assert chosen(swallowed) is None


def test_only_gutted_versions_are_as_good_as_none() -> None:
    assert chosen(COMMENTED, PLACEHOLDER) is None


def test_a_version_whose_tests_slid_into_functions_is_passed_over() -> None:
    assert ast.parse(NESTED)
    assert chosen(NESTED, HEALTHY) == 1


def test_broken_and_missing_versions_are_passed_over() -> None:
    assert chosen(None, BROKEN, HEALTHY) == 2


def test_an_older_version_that_knows_more_is_chosen() -> None:
    poorer = HEALTHY.replace("        assert shop.gross(0, rate=20) == 0\n", "        pass\n")

    assert chosen(poorer, HEALTHY) == 1


def test_another_file_is_no_ancestor() -> None:
    assert chosen("def other():\n    return 'something else'\n") is None


def test_a_gutted_file_may_have_a_gutted_ancestor() -> None:
    assert chosen(COMMENTED, HEALTHY, broken=COMMENTED + "go(\n") == 0


def test_a_file_without_words_asks_for_nothing() -> None:
    assert chosen(HEALTHY, broken="(((\n") is None


def test_health_counts_a_test_as_ten_words() -> None:
    demand = demand_of("def test_a(:\n    go(x)\n")

    assert demand.health(demand.words, demand.tests - demand.tests) == 4 / 14
    assert demand.health(demand.words, demand.tests) == 1.0


def live(*texts: str, gutted: str = COMMENTED) -> int | None:
    versions = [AncestorVersion(f"c{number}", "2025-06-01", "a.py", str(number)) for number in range(len(texts))]
    found = last_live_version(gutted, versions, read=lambda blob: texts[int(blob)], parse=parse)
    return None if found is None else int(found.version.blob)


def test_the_last_version_with_live_tests_is_found_for_a_commented_out_module() -> None:
    assert live(COMMENTED + "# again\n", BROKEN, HEALTHY) == 2


def test_a_placeholder_holds_none_of_the_commented_tests() -> None:
    assert live(PLACEHOLDER, HEALTHY) == 1
    assert live(PLACEHOLDER) is None
