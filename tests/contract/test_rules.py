import pytest

from tests.contract.judging import judge, rules
from tests.contract.samples import SAMPLES

GOOD = [pytest.param(s, stream, id=f"{s.name}-{n}") for s in SAMPLES for n, stream in enumerate(s.good)]
BAD = [pytest.param(s, *case, id=f"{s.name}: {name}") for s in SAMPLES for name, case in s.bad.items()]


@pytest.mark.parametrize("interpreted", [True, False], ids=["interpreted", "compiled"])
@pytest.mark.parametrize(("sample", "stream"), GOOD)
def test_what_keeps_a_contract_holds(sample, stream, interpreted):
    result = judge(sample, stream, interpreted=interpreted)
    assert result.violations == ()
    assert result.judged == result.received == len(stream)


@pytest.mark.parametrize("interpreted", [True, False], ids=["interpreted", "compiled"])
@pytest.mark.parametrize(("sample", "stream", "broken"), BAD)
def test_what_breaks_a_contract_violates_exactly_these_rules(sample, stream, broken, interpreted):
    result = judge(sample, stream, interpreted=interpreted)
    assert rules(result) == broken
    assert result.judged == result.received == len(stream)
