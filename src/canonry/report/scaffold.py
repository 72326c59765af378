"""Generated tests of a contract, as Python: the contract itself, what a service sends, what users see."""

import json
import re
from collections.abc import Iterator

from canonry.contract.generate.stream import Stream
from canonry.contract.scaffold.cases import Asked, Case
from canonry.report.style import printable

MARK = "# Written by `canonry contract scaffold`"
BEGUN = "# Begun by `canonry contract scaffold`"


def render(asked: Asked, *, contract: str, flow: str, in_flow: bool, depth: int) -> dict[str, str]:
    """The text of each file by its name. ``contract`` is a shipped name, or a path from the root, ``depth`` folders up.

    ``in_flow``: the files lie in the tests of a flow that has this contract, so the fixture finds it by itself.
    """
    slug = re.sub(r"\W+", "_", flow).strip("_").lower() or "flow"
    attach = "event_contract()" if in_flow else "event_contract(CONTRACT)"
    named = _contract(contract, depth)
    return {
        f"test_{slug}_contract_unit.py": "\n".join(_unit(asked, flow, named)) + "\n",
        f"test_{slug}_contract_integration.py": "\n".join(_integration(asked, flow, named, attach)) + "\n",
        f"test_{slug}_contract_end_to_end.py": "\n".join(_end_to_end(asked, flow, named, attach)) + "\n",
        "conftest.py": _CONFTEST,
    }


def _head(flow: str, what: str, named: list[str], *imports: str) -> Iterator[str]:
    yield f"{MARK}; run it again instead of editing this file."
    yield f'"""The flow {json.dumps(flow)[1:-1]}: {what}"""'
    yield ""
    yield from sorted({*imports, *(line for line in named if line.startswith(("from", "import")))}, key=_import_order)
    yield ""
    yield from (line for line in named if not line.startswith(("from", "import")))


def _import_order(line: str) -> tuple[int, bool, str]:
    third = line.split()[1].split(".")[0] not in ("asyncio", "contextlib", "json", "pathlib")
    return int(third), line.startswith("from"), line


def _contract(contract: str, depth: int) -> list[str]:
    if not contract.endswith((".yaml", ".yml")):
        return [f"CONTRACT = {json.dumps(contract)}"]
    return ["from pathlib import Path", f"CONTRACT = Path(__file__).parents[{depth}] / {json.dumps(contract)}"]


def _unit(asked: Asked, flow: str, named: list[str]) -> Iterator[str]:
    yield from _head(
        flow, f"the contract {printable(asked.contract)} itself takes right streams and refuses wrong ones.", named,
        "import json", "import pytest", "from canonry.testing import ContractViolationError, EventContract",
    )  # fmt: skip
    yield ""
    yield ""
    yield _REPLAY
    yield "LOADED = EventContract(CONTRACT).contract"
    yield "STREAMS = ["
    yield from (f"    {_stream(stream)}," for stream in asked.streams)
    yield "]"
    yield "# what is shown -> the stream that shows it"
    yield "GOOD = {"
    for case in asked.cases:
        if case.good is not None:
            yield f"    {json.dumps(_id(case))}: {case.good},"
    yield "}"
    yield "BROKEN = {"
    for case in asked.cases:
        for broken in case.broken:
            yield f"    # {printable(broken.title)}"
            yield f"    {json.dumps(f'{_id(case)} breaks {broken.rule}')}: {_stream(broken.stream)},"
    yield "}"
    yield ""
    yield ""
    yield _UNIT


def _id(case: Case) -> str:
    return f"{case.what} {case.name}"


def _stream(stream: Stream) -> str:
    """A stream as Python: whose its connections are, and its lines."""
    lines = [line.encode().decode() for line in stream.lines]
    sessions = json.dumps(stream.sessions(), sort_keys=True)
    return "(\n" + "".join(f"        {_quoted(text)},\n" for text in (sessions, *lines)) + "    )"


def _quoted(text: str) -> str:
    return repr(text)


def _integration(asked: Asked, flow: str, named: list[str], attach: str) -> Iterator[str]:
    yield from _head(
        flow, "what the code sends and takes, without a connection. `conftest.py` says how; until then it is skipped.",
        named, "import json", "import pytest",
    )  # fmt: skip
    yield f"SENT = {_list(asked.sent)}"
    yield f"TAKEN = {{{', '.join(f'{json.dumps(name)}: {_quoted(text)}' for name, text in asked.taken)}}}"
    spans = ", ".join(f"{json.dumps(span.name)}: ({_list(span.opens)}, {_list(span.closes)})" for span in asked.spans)
    yield f"SPANS = {{{spans}}}"
    yield ""
    yield ""
    tables = (asked.sent, asked.spans, asked.taken)
    yield _present(_INTEGRATION, tables).replace("ATTACH", attach)


def _end_to_end(asked: Asked, flow: str, named: list[str], attach: str) -> Iterator[str]:
    yield from _head(
        flow, "a real connection, and two users at once. `conftest.py` says how; until then it is skipped.", named,
        "import asyncio", "import pytest",
    )  # fmt: skip
    yield f"SENT = {_list(asked.sent)}"
    yield f"ASKED = {json.dumps(asked.ask)}"
    yield "# rule -> what `connect` has to say of a user for it to judge anything"
    yield "ISOLATION = {"
    for need in asked.isolation:
        yield f"    {json.dumps(need.rule)}: ({json.dumps(need.kind)}, {_list(need.names)}),"
    yield "}"
    yield ""
    yield ""
    yield _CONVERSE + _present(_END_TO_END, (asked.sent, asked.isolation)).replace("ATTACH", attach)


def _present(tests: tuple[str, ...], tables: tuple[tuple[object, ...], ...]) -> str:
    """The tests of the tables that are not empty."""
    return "\n\n\n".join(test for test, table in zip(tests, tables, strict=True) if table)


def _list(names: tuple[str, ...]) -> str:
    return "[" + ", ".join(map(json.dumps, names)) + "]"


_REPLAY = '''def replay(contract, stream):
    """Hands the frames of a recorded stream to a contract, each on its connection."""
    sessions, *lines = map(json.loads, stream)
    streams = {name: contract.stream(name, **facts) for name, facts in sessions.items()}
    for line in lines:
        name = line["conn"]
        if name not in streams:
            streams[name] = contract.stream(name)
        streams[name].is_recorded = True
        if "closed" in line:
            streams[name].close_code = line["closed"]
            continue
        frame = line["event"] if "event" in line else line["raw"]
        if line["dir"] == "in":
            streams[name].send(frame, at=line["t"])
        else:
            streams[name].receive(frame, at=line["t"])

'''

_UNIT = """@pytest.mark.parametrize("name", GOOD)
def test_a_stream_that_is_right_is_accepted(name):
    contract = EventContract(LOADED)

    replay(contract, STREAMS[GOOD[name]])

    contract.check()
    assert contract.judged > 0


@pytest.mark.parametrize("name", BROKEN)
def test_a_stream_that_is_wrong_is_refused(name):
    contract = EventContract(LOADED)

    replay(contract, BROKEN[name])

    with pytest.raises(ContractViolationError) as refused:
        contract.check()
    assert name.rpartition(" breaks ")[2] in {violation.rule for violation in refused.value.violations}"""

_INTEGRATION = (
    '''@pytest.mark.parametrize("event", SENT)
def test_the_code_sends_what_the_contract_says(event, emitted, event_contract):
    stream = ATTACH.stream("emitter")

    stream.receive_all(emitted(event))

    assert event in stream.seen, f"`emitted` gave no `{event}`"''',
    '''@pytest.mark.parametrize("span", SPANS)
def test_the_code_closes_what_it_opens(span, emitted, event_contract):
    opens, closes = SPANS[span]
    stream = ATTACH.stream("emitter")

    stream.receive_all(emitted(opens[0]))

    assert any(event in stream.seen for event in opens), f"`emitted` opened no {span}"
    assert not closes or any(event in stream.seen for event in closes), f"`emitted` closed no {span}"''',
    '''@pytest.mark.parametrize("event", TAKEN)
def test_the_code_answers_what_it_takes(event, handled, event_contract):
    stream = ATTACH.stream("handler")
    message = json.loads(TAKEN[event])

    stream.send(message)
    stream.receive_all(handled(message))

    assert stream.session.received > 1, f"`handled` gave no answer to `{event}`"''',
)

_CONVERSE = '''async def converse(contract, connect, talk, user, event):
    """One user's conversation on a connection of its own, every frame judged; returns what is known of the user."""
    async with connect(user) as (connection, facts):
        await talk(contract.watch(connection, f"user {user}", **facts), user, event)
        return facts


'''

_END_TO_END = (
    '''@pytest.mark.parametrize("event", SENT)
def test_a_client_is_sent_what_the_contract_says(event, connect, talk, event_contract):
    contract = ATTACH

    asyncio.run(converse(contract, connect, talk, 1, event))

    assert any(event in stream.seen for stream in contract.streams), f"no `{event}` came"''',
    '''@pytest.mark.parametrize("rule", ISOLATION)
def test_two_users_at_once_see_only_their_own(rule, connect, talk, event_contract):
    contract = ATTACH

    async def both():
        return await asyncio.gather(*(converse(contract, connect, talk, user, ASKED) for user in (1, 2)))

    users = asyncio.run(both())

    kind, names = ISOLATION[rule]
    for facts in users:
        known = {
            "user": any(name in facts for name in names),
            "owned": any(name in facts.get("owned", {}) for name in names),
            "canaries": bool(facts.get("canaries")),
        }
        needed = " or ".join(names) or kind
        assert known.get(kind, True), f"{rule} judges nothing: `connect` does not say {needed} of each user"
    assert all(stream.session.judged for stream in contract.streams)
    assert len({str(sorted(facts.items(), key=str)) for facts in users}) == 2, "`connect` gave the same user twice"''',
)

_CONFTEST = f'''{BEGUN}; it is yours to edit, and is not written again.
"""What the generated tests of this folder ask of the code. A fixture that is not filled in skips its tests."""

import pytest


@pytest.fixture
def emitted():
    """A function: for the name of an event, all frames that the code sends in a run in which it comes, in their order.

    Call the emitter of the code with something that collects what it sends; frames are JSON texts or dictionaries.
    """
    pytest.skip("fill in the fixture `emitted` in conftest.py: event -> the frames that your code sends")


@pytest.fixture
def handled():
    """A function: for a message of the client's, the frames that the code answers with, in their order."""
    pytest.skip("fill in the fixture `handled` in conftest.py: message -> the frames that your code answers with")


@pytest.fixture
def connect():
    """An asynchronous context manager: for a number of a user, an open connection to a running service, and its facts.

    The facts are those of `EventContract.stream`: whose the connection is (``user_id``), which ids are the user's
    (``owned``: field -> ids), which texts only this user may see (``canaries``).
    """
    pytest.skip("fill in the fixture `connect` in conftest.py: user number -> (connection, facts)")


@pytest.fixture
def talk():
    """An asynchronous function: on a user's connection, makes the service send an event, and reads all that comes."""
    pytest.skip("fill in the fixture `talk` in conftest.py: (connection, user number, event) -> None")
'''
