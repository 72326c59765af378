"""Small contracts made at random: each uses some of what the language has."""

from typing import Any

import msgspec
from hypothesis import assume
from hypothesis import strategies as st

from canonry.contract.language.contract import Contract
from canonry.contract.load import ContractError, LoadedContract, plan_contract

_TYPES = ("id", "str?", "text", "filled", "int", "number?", "bool", "object", "list?", "rfc3339", "base64?", ["a", "b"])


@st.composite
def small_contracts(draw: st.DrawFn) -> LoadedContract:
    """A contract of a run with one or two spans, and rules of every kind beside them."""

    def maybe(value: Any) -> Any:
        return value if draw(st.booleans()) else None

    fields = {f"f{n}": draw(st.sampled_from(_TYPES)) for n in range(draw(st.integers(0, 3)))}
    keyed = draw(st.booleans())
    written: dict[str, Any] = {
        "contract": "small/1",
        "discriminator": draw(
            st.sampled_from([{"field": "type"}, {"field": "meta.name"}, {"keys_present": [
                "start", "tick", "say", "open", "more", "shut", "stop", "fail", "hello", "ask", "told"]}])
        ),
        "envelope": {"run": "id", "n": "int", "who?": "id"} if keyed else {"n": "int"},
        "events": {
            "hello": {"scope": "session", "fields": fields},
            "tick": {"fields": {"data.word": draw(st.sampled_from(_TYPES))}},
            "say": {"fields": {"delta": "str", "call": "id"}},
            "open": {"fields": {"call": "id"}},
            "more": {"of": "tick", "where": {"extra": draw(st.sampled_from(["present", "filled"]))}},
        },
        "unknown": draw(st.sampled_from(["reject", "allow"])),
        "scopes": {
            "run": {
                "open": ["start"],
                "close": ["stop", "fail"],
                **({"key": ["run"]} if keyed else {}),
                "reopen": draw(st.sampled_from([False, True, ["fail"]])),
                "constant": ["who"] if keyed and draw(st.booleans()) else [],
            }
        },
        "spans": {
            "call": {
                "open": "open",
                "close": ["shut"],
                "key": ["call"],
                "during": ["say"],
                "inside": "run",
                "concurrent": draw(st.booleans()),
                "reopen": draw(st.booleans()),
                "same": ["kind"] if draw(st.booleans()) else [],
            }
        },
        "sequence": maybe({"field": "n", "start": draw(st.sampled_from([None, 0, 5])), "step": draw(st.sampled_from([1, 2])),
                           "mode": draw(st.sampled_from(["strict", "rises", "non_decreasing"])), "per": "run"}),
        "count": draw(st.dictionaries(st.sampled_from(["tick", "span:call", "any tick"]), st.sampled_from(["1..", "..2", "0..", "2", "1..4"]), max_size=2)),
        "order": draw(st.lists(st.sampled_from([
            {"before": "tick", "event": "open"}, {"before": "tick", "event": "stop", "mode": "required"},
            {"before": "tick", "event": "shut", "mode": "all"}]), max_size=1)),
        "fold": [{"of": "delta", "over": "span:call", "events": ["say"], "equals": ["shut.text"]}] if draw(st.booleans()) else [],
        "unique": ["event_id"] if draw(st.booleans()) else [],
        "states": maybe({"field": "status", "edges": {"a": ["b"], "b": ["a", "c"]}, "stay": draw(st.booleans())}),
        "deadline": draw(st.lists(st.sampled_from([
            {"between": "any", "max": "2s"}, {"span": "call", "max": "1s"}, {"from": "run.open", "to": "run.close", "max": "9s"}]), unique_by=str, max_size=3)),
        "isolation": maybe({"session": ["who"] if keyed else [], "canary": "$canary", "forbid_ids_of": "other_sessions"}),
        "quiet": maybe({"after": "run.close", "for": "200ms"}),
        "close_codes": {"gone": [1001]} if draw(st.booleans()) else {},
        "exchange": [{"in": "ask", "reply": "told", "within": "1s"}] if draw(st.booleans()) else [],
    }  # fmt: skip
    contract = msgspec.convert({key: value for key, value in written.items() if value is not None}, Contract)
    try:
        return plan_contract(contract)
    except ContractError:
        assume(False)
        raise
