"""Every rule on its own examples, both ways, through a real tree on disk and the real engine."""

from pathlib import Path

import pytest

from canonry.audit.engine import audit
from canonry.audit.request import Request
from canonry.rules.registry import all_rules
from canonry.rules.rule import Example

_CASES = [
    pytest.param(code, kind, number, example, id=f"{code}-{kind}-{number}")
    for code, rule in all_rules().items()
    for kind, examples in (("bad", rule.bad), ("good", rule.good))
    for number, example in enumerate(examples)
]


def write_example(root: Path, example: Example) -> None:
    files = {**example.files, example.path: example.code}
    if example.canon:
        files["canonry.toml"] = example.canon
    for path, text in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(("code", "kind", "number", "example"), _CASES)
def test_example(tmp_path: Path, code: str, kind: str, number: int, example: Example) -> None:
    write_example(tmp_path, example)
    result = audit(Request(repository=tmp_path, target="3.11", cache=False, workers=1, preview=frozenset((code,))))
    found = [finding for finding in result.findings() if finding.code == code]
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
