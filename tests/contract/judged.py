"""Streams judged by the contracts that ship with canonry, as `canonry contract check` judges a recording."""

from functools import cache

import msgspec

from canonry.contract.check.isolation import SessionFacts
from canonry.contract.check.violation import Violation
from canonry.contract.examine import examine
from canonry.contract.load import LoadedContract, load_contract
from tests.contract.recorded import Stream


@cache
def shipped_contract(protocol: str) -> LoadedContract:
    return load_contract(protocol)


def judge(stream: Stream, *, interpreted: bool = True) -> tuple[Violation, ...]:
    """The violations of a stream whose connections are all of one user, in the order of their events.

    Compiling a contract takes longer than interpreting a short stream.
    """
    facts = SessionFacts(user={"user": "one", **stream.session})
    examined = examine(
        shipped_contract(stream.protocol),
        [(stream.name, [msgspec.json.encode(line) for line in stream.lines])],
        facts={line["conn"]: facts for line in stream.lines},
        canaries=stream.canaries,
        examples=False,
        interpreted=interpreted,
    )
    assert examined.judged == examined.received == len(stream.lines)
    return tuple(sorted((finding.violation for finding in examined.findings), key=lambda one: one.index))
