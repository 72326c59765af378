"""EVENT_TESTING.md: which events the flows have to emit, by which rules, and how a test holds a stream against them."""

from collections.abc import Iterator

from canonry.contract.load import LoadedContract
from canonry.report.contract_page import events_of, scopes_of, spans_of
from canonry.report.guides.subject import Subject
from canonry.report.guides.words import ABOUT, block, cell, code, codes, prose, table, word


def event_guide(subject: Subject) -> str:
    """The text."""
    return "\n".join(_lines(subject))


def _lines(subject: Subject) -> Iterator[str]:
    yield from ("# Testing events", "", ABOUT, "")
    yield (
        "While a flow runs, its service tells what happens by events, such as over a WebSocket. A contract says once "
        "which "
        "events there are, what is in them, in which order they come, what has to follow what and how soon, and whose "
        "they "
        "are. It is held against what tests receive, against recordings, and against live traffic, one connection at a "
        "time."
    )
    yield ""
    if not subject.contracts:
        yield from _none(subject)
        return
    yield from table(
        ("contract", "flows that keep it", "events that have to arrive"),
        (
            (code(name), codes(_flows(subject, name)), ", ".join(_success(subject, name)) or "all")
            for name in subject.contracts
        ),
    )
    yield from _writing(subject)
    yield from _commands(subject)
    for name, contract in subject.contracts.items():
        yield from (f"## The contract {code(name)}", "")
        if isinstance(contract, str):
            yield (
                f"It cannot be read: {prose(contract)}. Mend it, and let `canonry report guides` write this part anew."
            )
            yield ""
        else:
            yield from _contract(name, contract)


def _none(subject: Subject) -> Iterator[str]:
    yield f"No flow names a contract yet. Put one beside a flow in {code(subject.file)}:"
    yield ""
    yield from block(
        "[tool.canonry.flows.NAME]", 'tests = ["tests/e2e/NAME"]', 'contract = "agent-events"', language="toml"
    )
    yield (
        "The value is a file, or a contract that ships with canonry (`agent-events`, `ag-ui`, `openai-responses`, "
        "`a2a`, "
        "`langgraph`, `mcp`). `canonry contract learn GOOD.jsonl` proposes one from good recordings."
    )
    yield ""


def _flows(subject: Subject, contract: str) -> list[str]:
    return [name for name, flow in subject.canon.flows.items() if flow.contract == contract]


def _success(subject: Subject, contract: str) -> Iterator[str]:
    for name in _flows(subject, contract):
        wanted = subject.canon.flows[name].event_success
        if wanted is not None:
            yield f"{wanted:.0%} in {code(name)}"


def _writing(subject: Subject) -> Iterator[str]:
    name = next(iter(subject.contracts)).replace("\\", "/").replace('"', "")
    yield from ("## In a test", "")
    yield (
        "`watch` takes the connection of a client as it is (websockets, aiohttp, Starlette's test client) and judges "
        "every "
        "frame before the test sees it; what is broken fails the test with the rule, its witnesses and the fewest "
        "events "
        "that show it. A test that received no event has validated nothing, and does not pass."
    )
    yield ""
    yield from block(
        "async def test_an_answer_arrives(event_contract, url):",
        "    async with websockets.connect(url) as socket:",
        f'        socket = event_contract("{name}").watch(socket, user_id="ada")',
        """        await socket.send('{"type": "user_message", "content": "hello"}')""",
        "        async for frame in socket:",
        "            ...  # what this test is about; the events are judged meanwhile",
        language="python",
    )
    yield "What came in another way is given by hand, in its order:"
    yield ""
    yield from block(
        f'stream = event_contract("{name}").stream("ada", user_id="ada")',
        "for frame in frames:",
        "    stream.receive(frame)",
        language="python",
    )
    yield (
        "A test of a flow need not name the contract: the fixture takes the one that the flow declares. Of each test "
        "is asked:"
    )
    yield ""
    yield from (
        "- does every event arrive that has to, with all its fields?",
        "- do they come in the order that the contract says, each opening with its end?",
        "- in time: the deadlines are those of the contract, measured by the events' own times where it says so;",
        "- does a user receive only his own? Let two users talk at once: one alone proves nothing about isolation.",
        "",
    )


def _commands(subject: Subject) -> Iterator[str]:
    name = word(next(iter(subject.contracts)))
    flows = _flows(subject, next(iter(subject.contracts)))
    yield from ("## Commands", "")
    rows = [
        (f"canonry contract check {name} RECORDING.jsonl", "judge a recording; 5 where it holds no event"),
        (f"canonry contract tap {name} --target ws://127.0.0.1:8000", "judge and record live traffic, altering none"),
        (f"canonry contract mutants {name}", "each rule with a stream that it refuses: can the check fail?"),
        (f"canonry contract cover {name} RECORDING.jsonl", "which events and transitions recordings exercise"),
        (f"canonry contract generate {name} --seed 1", "a valid stream, to test a client with"),
    ]
    if flows:
        rows.append(
            (f"canonry contract scaffold {name} --flow {word(flows[0])} tests/events", "tests for each event and rule")
        )
        rows.append((subject.runner.run("--flow", word(flows[0]), "--cover"), "run the flow, and say what it covers"))
    yield from table(("command", "does"), ((codes((command,)), said) for command, said in rows))


def _contract(name: str, contract: LoadedContract) -> Iterator[str]:
    plan = contract.plan
    if contract.contract.description:
        yield from (prose(contract.contract.description), "")
    yield from ("### Events", "", events_of(plan), "")
    if plan.scopes:
        yield from ("### Scopes", "", "What belongs together, such as one run.", "", scopes_of(plan), "")
    if plan.spans:
        yield from (
            "### Spans",
            "",
            "What is opened and has to be closed, such as a call of a tool.",
            "",
            spans_of(plan),
            "",
        )
    yield from (
        "### Rules",
        "",
        f"`canonry contract explain RULE {word(name)}` shows a stream that breaks one.",
        "",
    )
    yield from table(("rule", "demands"), ((codes((rule.id,)), cell(rule.sentence)) for rule in plan.rules))
