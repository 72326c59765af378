"""Every example of every rule, through the real engine on real files."""

from pathlib import Path

import pytest

from canonry.audit.examples import found_in, write_example
from canonry.rules.catalogue import Catalogue
from canonry.rules.registry import all_rules
from canonry.rules.rule import Example

_CASES = [
    pytest.param(code, kind, number, example, id=f"{code}-{kind}-{number}")
    for code, rule in all_rules().items()
    for kind, examples in (("bad", rule.bad), ("good", rule.good))
    for number, example in enumerate(examples)
]


@pytest.mark.parametrize(("code", "kind", "number", "example"), _CASES)
def test_example(tmp_path: Path, code: str, kind: str, number: int, example: Example) -> None:
    write_example(tmp_path, example)
    found = found_in(tmp_path, code, Catalogue())
    if kind == "good":
        assert found == []
    else:
        assert len(found) == example.findings
        assert found[0].path == example.path or example.path.startswith(found[0].path + "/")


@pytest.mark.parametrize("code", list(all_rules()))
def test_rule_is_documented(code: str) -> None:
    rule = all_rules()[code]
    assert rule.bad, "a rule without a bad example cannot be shown to find anything"
    assert rule.good, "a rule without a good example cannot be shown to leave anything alone"
    assert (rule.__doc__ or "").strip(), "the docstring is the rule's documentation"
    assert rule.help
    assert code == code.upper()
    assert rule.name == rule.name.lower()
