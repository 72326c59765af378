"""Which rules a codemod mends, asked without importing those that are not for it."""

from canonry.migrate.mended import is_mended
from canonry.migrate.registry import all_codemods
from canonry.rules.registry import all_rules


def test_a_rule_is_mended_where_a_codemod_says_so() -> None:
    mended = {rule for codemod in all_codemods().values() for rule in codemod.rules}
    assert mended
    assert {rule for rule in all_rules() if is_mended(rule)} == mended
    assert not is_mended("OWN001")
