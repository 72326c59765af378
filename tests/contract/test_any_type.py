"""A field of any type: a rule where it has to be there, and none where it may be absent."""

import pytest

from canonry.contract.check.checker import Checker
from canonry.contract.load import read_contract

SCOPES = "scopes: {run: {open: [begin], close: [end]}}\nevents: {ready: {scope: session}}\n"


@pytest.mark.parametrize(("envelope", "rules"), [("{x: any}", {"envelope.x"}), ("{x?: any}", set())])
def test_a_field_of_any_type_is_demanded_of_runs_only(envelope: str, rules: set[str]) -> None:
    loaded = read_contract(f"contract: a/1\nenvelope: {envelope}\n{SCOPES}")

    session = Checker(loaded.plan).session()
    for raw in ('{"type":"ready"}', '{"type":"begin"}', '{"type":"end"}'):
        session.receive(raw)

    assert {violation.rule for violation in session.end().violations} == rules
