"""The compiled checker and the interpreter say the same of every hand-written stream."""

import msgspec
import pytest

from canonry.contract.check.checker import Checker
from canonry.contract.check.violation import Violation
from tests.contract.judged import judge, shipped_contract
from tests.contract.recorded import PROTOCOLS, Stream, streams

FILES = [(protocol, file) for protocol in PROTOCOLS for file in ("valid", "broken")] + [("ag-ui", "verifier")]


@pytest.mark.parametrize(("protocol", "file"), FILES)
def test_both_say_the_same_in_the_same_words(protocol: str, file: str) -> None:
    plan = shipped_contract(protocol).plan
    compiled, interpreted = Checker(plan), Checker(plan, interpreted=True)
    written = streams(protocol, file)
    differing = {
        stream.name: (one, other)
        for stream in written
        if (one := _violations(compiled, stream)) != (other := _violations(interpreted, stream))
    }
    assert differing == {}
    assert len(written) >= 5


def test_the_command_uses_the_compiled_one() -> None:
    stream = streams("ag-ui", "broken")[0]
    assert judge(stream, interpreted=False) == judge(stream)


def _violations(checker: Checker, stream: Stream) -> list[tuple[Violation, ...]]:
    sessions = {line["conn"]: checker.session(f"{stream.name} {line['conn']}") for line in stream.lines}
    for line in stream.lines:
        sessions[line["conn"]].receive(msgspec.json.encode(line["event"]), at=line["t"], direction=line["dir"])
    return [session.end().violations for session in sessions.values()]
