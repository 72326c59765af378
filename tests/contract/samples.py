"""Small contracts, one for each thing that the language can say, with streams that keep it and streams that break it.

A stream is a list of events; `at`, `dir` and `conn` beside an event's own keys are its time, direction and connection.
"""

from dataclasses import dataclass, field
from typing import Any

Event = dict[str, Any]


@dataclass(frozen=True)
class Sample:
    """A contract, a stream that keeps it, and broken ones: name -> (stream, rules that it violates)."""

    name: str
    yaml: str = field(repr=False)
    good: list[list[Event]] = field(repr=False)
    bad: dict[str, tuple[list[Event], set[str]]] = field(default_factory=dict, repr=False)


def ev(type_: str, **fields: Any) -> Event:
    return {"type": type_, **fields}


def agent(type_: str, seq: int, payload: Event | None = None, **more: Any) -> Event:
    """An event of agent-events, of the run `r` of user `u`."""
    return {
        "type": type_, "user_id": "u", "thread_id": "t", "run_id": "r", "seq": seq, "timestamp": "2026-11-28T09:00:00Z",
        "payload": payload or {}, **more,
    }  # fmt: skip


def tool(seq: int, call: str = "c1", name: str = "search", **more: Any) -> Event:
    return agent("tool_executing", seq, {"tool_name": name, "tool_call_id": call}, **more)


def result(seq: int, call: str = "c1", name: str = "search", **more: Any) -> Event:
    return agent("tool_completed", seq, {"tool_name": name, "tool_call_id": call, "results": {"n": 1}}, **more)


def thought(seq: int, text: str = "hm", **more: Any) -> Event:
    return agent("agent_thinking", seq, {"thought": text}, **more)


def done(seq: int, text: str = "yes", **more: Any) -> Event:
    return agent("agent_completed", seq, {"final_response": text}, **more)


START = agent("agent_started", 0)
RUN = [START, thought(1), tool(2), result(3), done(4)]
NESTED = [
    START, thought(1), agent("agent_started", 2, step_id="s"), thought(3, step_id="s"),
    agent("agent_completed", 4, {"result": "part"}, step_id="s"), tool(5, "a"), tool(6, "b", "count"), result(7, "b", "count"),
    result(8, "a"), done(9),
]  # fmt: skip
ERROR = [START, thought(1), agent("agent_error", 2, {"error": {"message": "no"}})]
SESSION = [
    ev("connection_ready", user_id="u", dir="out"), ev("ping", dir="in", at=0.0), ev("pong", dir="out", at=0.5),
    ev("user_message", dir="in", at=1.0, payload={"text": "hi"}), *[{**each, "at": 2.0, "dir": "out"} for each in RUN],
]  # fmt: skip


def without(index: int, stream: list[Event] = RUN) -> list[Event]:
    return stream[:index] + stream[index + 1 :]


def changed(index: int, stream: list[Event] = RUN, payload: Event | None = None, **fields: Any) -> list[Event]:
    """The stream with fields of one event replaced; None takes a field away."""
    event = {**stream[index], **fields}
    if payload is not None:
        event["payload"] = {**event["payload"], **payload}
    event = {name: value for name, value in event.items() if value is not None}
    return [*stream[:index], event, *stream[index + 1 :]]


def timed(stream: list[Event], *times: float, way: str | None = "out") -> list[Event]:
    return [{**event, "at": at, "dir": way} for event, at in zip(stream, times, strict=True)]


AGENT_EVENTS = Sample(
    "agent-events",
    "agent-events",
    [RUN, NESTED, ERROR, SESSION, [*RUN, *[{**e, "run_id": "r2"} for e in RUN]]],
    {
        "no start": (without(0), {"run.opened"}),
        "no thought": ([RUN[0], tool(1), result(2), done(3)], {"count.agent_thinking"}),
        "a gap": (without(1, [START, thought(1), thought(2), done(3)]), {"sequence.seq"}),
        "no tool start": (without(2), {"sequence.seq", "tool.opened"}),
        "no tool end": ([START, thought(1), tool(2), done(3)], {"tool.closed"}),
        "no end": (RUN[:4], {"run.ended"}),
        "cut in a tool": (RUN[:3], {"run.ended", "tool.closed"}),
        "two ends": ([*RUN, done(5)], {"run.closed"}),
        "an error after the end": ([*RUN, agent("agent_error", 5, {"error": "no"})], {"run.closed"}),
        "the end after an error": ([*ERROR, done(3)], {"run.closed"}),
        "two starts": ([START, agent("agent_started", 1), thought(2), done(3)], {"run.once"}),
        "the run again": ([*RUN, START], {"run.once"}),
        "a wrong tool id": ([START, thought(1), tool(2), result(3, "c2"), done(4)], {"tool.opened", "tool.closed"}),
        "a wrong tool name": (
            [START, thought(1), tool(2), result(3, name="other"), done(4)],
            {"tool.same.payload.tool_name"},
        ),
        "a tool twice": ([START, thought(1), tool(2), tool(3), result(4), done(5)], {"tool.once"}),
        "a tool ends twice": ([START, thought(1), tool(2), result(3), result(4), done(5)], {"tool.opened"}),
        "a step is left open": ([*NESTED[:4], done(4)], {"step.before"}),
        "a step goes on": ([*NESTED[:5], thought(5, step_id="s"), done(6)], {"step.closed"}),
        "a repeated number": (changed(2, seq=1), {"sequence.seq"}),
        "numbers from one": ([{**e, "seq": e["seq"] + 1} for e in RUN], {"sequence.seq"}),
        "an empty thought": (changed(1, payload={"thought": " "}), {"fields.agent_thinking.payload.thought"}),
        "no answer": (
            changed(4, payload={"final_response": ""}),
            {"fields.agent_completed.payload.final_response|payload.result"},
        ),
        "no tool id": (
            changed(2, payload={"tool_call_id": None}),
            {"fields.tool_executing.payload.tool_call_id", "tool.opened"},
        ),
        "another user": (changed(1, user_id="v"), {"isolation.user_id", "run.constant.user_id"}),
        "another thread": (changed(1, thread_id="v"), {"run.constant.thread_id"}),
        "another run": (changed(1, run_id="v"), {"run.opened", "sequence.seq", "count.agent_thinking"}),
        "no run": (changed(1, run_id=None), {"envelope.run_id", "count.agent_thinking"}),
        "no time": (changed(1, timestamp="yesterday"), {"envelope.timestamp"}),
        "a time without its zone": (changed(1, timestamp="2026-11-28T09:00:00"), {"envelope.timestamp"}),
        "a zone without a colon": (changed(1, timestamp="2026-11-28T09:00:00+0000"), {"envelope.timestamp"}),
        "a payload that is a text": ([{**START, "payload": "x"}, *RUN[1:]], {"envelope.payload"}),
        "an unknown event": ([*RUN[:4], ev("agent_done"), RUN[4]], {"events.unknown"}),
        "an id twice": (changed(1, changed(0, event_id="e"), event_id="e"), {"unique.event_id"}),
        "from the client": ([{**e, "dir": "in"} for e in RUN[:1]] + RUN[1:], {"direction.agent_started"}),
        "silence": (timed(RUN, 0, 1, 2, 3, 20), {"deadline.between"}),
        "a slow tool": (
            timed([*RUN[:3], *[ev("ping")] * 6, *RUN[3:]], 0, 1, 2, 12, 24, 36, 48, 60, 62, 63, 64),
            {"deadline.tool"},
        ),
        "a late event": (timed([*RUN, done(5)], 0, 1, 2, 3, 4, 4.2), {"run.closed"}),
        "no reply": (SESSION[:2], {"exchange.ping"}),
        "a late reply": ([ev("ping", dir="in", at=0.0), ev("pong", dir="out", at=2.0)], {"exchange.ping"}),
        "no run for a message": (SESSION[3:4], {"exchange.user_message"}),
        "a late run": (
            [SESSION[3], *[{**e, "at": 8.0} for e in SESSION[4:]]],
            {"exchange.user_message", "deadline.first(run)"},
        ),
    },
)

CHUNKS = Sample(
    "chunks",
    """
contract: chunks/1
events: {RAW: , CHUNK_END: {of: TEXT_CHUNK, where: {delta: empty}}}
scopes:
  run: {open: [RUN_STARTED], close: [RUN_FINISHED, RUN_ERROR], reopen: true, constant: [runId]}
spans:
  message:
    {open: TEXT_START, during: [TEXT_CONTENT], close: TEXT_END, key: [messageId], inside: run, reopen: true,
     must_close_before: [RUN_FINISHED],
     implied: {by: [TEXT_CHUNK, CHUNK_END], kept_open_by: [RAW], closed_by: [CHUNK_END]}}
  call:
    {open: CALL_START, close: CALL_END, key: [callId], inside: run, must_close_before: [RUN_FINISHED], reopen: true,
     refers: {events: [CALL_RESULT], closed: true, unless: [SNAPSHOT]},
     known_from: [{event: MESSAGES, path: "messages[].calls[].id"}]}
quiet: {after: run.close, for: 300ms}
""",
    [
        [ev("RUN_STARTED", runId=1), ev("TEXT_START", messageId="m"), ev("TEXT_CONTENT", messageId="m", delta="a"),
         ev("CALL_START", callId="c"), ev("TEXT_END", messageId="m"), ev("CALL_END", callId="c"), ev("RUN_FINISHED"),
         ev("RUN_STARTED", runId=2), ev("CALL_RESULT", callId="c"), ev("RUN_FINISHED", runId=2)],
        [ev("RUN_STARTED"), ev("TEXT_CHUNK", messageId="m", delta="a"), ev("RAW"), ev("TEXT_CHUNK", delta="b"),
         ev("TEXT_CHUNK", messageId="n", delta="c"), ev("TEXT_CHUNK", delta=""), ev("RUN_FINISHED")],
        [ev("RUN_STARTED"), ev("TEXT_START", messageId="m"), ev("RUN_ERROR"), ev("RUN_STARTED"),
         ev("TEXT_START", messageId="m"), ev("TEXT_END", messageId="m"), ev("RUN_FINISHED")],
        [ev("RUN_STARTED"), ev("MESSAGES", messages=[{"calls": [{"id": "x"}]}, {}]), ev("CALL_RESULT", callId="x"), ev("RUN_FINISHED")],
    ],
    {
        "content after a chunk": (
            [ev("RUN_STARTED"), ev("TEXT_CHUNK", messageId="m", delta="a"), ev("TEXT_CONTENT", messageId="m"), ev("RUN_FINISHED")],
            {"message.opened"},
        ),
        "a first chunk without its message": ([ev("RUN_STARTED"), ev("TEXT_CHUNK", delta="a"), ev("RUN_FINISHED")], {"message.key"}),
        "a message is left open": ([ev("RUN_STARTED"), ev("TEXT_START", messageId="m"), ev("RUN_FINISHED")], {"message.closed"}),
        "outside a run": ([ev("TEXT_START", messageId="m")], {"run.opened"}),
        "after the run": ([ev("RUN_STARTED"), ev("RUN_FINISHED"), ev("TEXT_START", messageId="m")], {"run.closed"}),
        "two runs at once": ([ev("RUN_STARTED"), ev("RUN_STARTED"), ev("RUN_FINISHED")], {"run.once"}),
        "another run": ([ev("RUN_STARTED", runId=1), ev("RUN_FINISHED", runId=2)], {"run.constant.runId"}),
        "again too soon": (
            [ev("RUN_STARTED", at=1.0), ev("RUN_FINISHED", at=2.0), ev("RUN_STARTED", at=2.2), ev("RUN_FINISHED", at=3.0)],
            {"quiet.run"},
        ),
        "after the run, at once": ([ev("RUN_STARTED", at=1.0), ev("RUN_FINISHED", at=2.0), ev("TEXT_END", messageId="m", at=2.1)], {"run.closed"}),
        "a result of nothing": ([ev("RUN_STARTED"), ev("CALL_RESULT", callId="c"), ev("RUN_FINISHED")], {"call.refers"}),
        "a result too early": (
            [ev("RUN_STARTED"), ev("CALL_START", callId="c"), ev("CALL_RESULT", callId="c"), ev("CALL_END", callId="c"), ev("RUN_FINISHED")],
            {"call.refers"},
        ),
    },
)  # fmt: skip

PARTS = Sample(
    "parts",
    """
contract: parts/1
envelope: {sequence_number: int}
scopes:
  response:
    {open: [response.created], close: [response.completed, response.failed], pause: [error], constant: [response.id]}
spans:
  item: {open: item.added, close: item.done, key: [item_id|item.id], inside: response, during: ["response.arguments.*"]}
  part:
    {open: part.added, close: part.done, key: [item_id, content_index], inside: item,
     during: [text.delta, text.done]}
sequence: {field: sequence_number, start: 0, per: response}
fold:
- {of: delta, over: "span:part", events: [text.delta], equals: text.done.text}
- {of: text, over: response, events: [text.done], equals: "response.completed.texts[].text", alone: true}
order: [{before: response.in_progress, event: item.added, mode: all}]
count: {response.in_progress: ..1, "span:item": 1..2}
""",
    [
        [
            {**event, "sequence_number": number}
            for number, event in enumerate([
                ev("response.created", response={"id": "r"}), ev("response.in_progress"), ev("item.added", item={"id": "i"}),
                ev("part.added", item_id="i", content_index=0), ev("text.delta", item_id="i", content_index=0, delta="he"),
                ev("text.delta", item_id="i", content_index=0, delta="y"), ev("text.done", item_id="i", content_index=0, text="hey"),
                ev("part.done", item_id="i", content_index=0), ev("item.done", item={"id": "i"}),
                ev("response.completed", response={"id": "r"}, texts=[{"text": "hey"}, {}]),
            ])
        ],
        [{**ev("response.created"), "sequence_number": 0}, {**ev("error"), "sequence_number": 1}],
    ],
    {
        "another whole": (
            [
                {**event, "sequence_number": number}
                for number, event in enumerate([
                    ev("response.created"), ev("item.added", item={"id": "i"}), ev("part.added", item_id="i", content_index=0),
                    ev("text.delta", item_id="i", content_index=0, delta="a"), ev("text.done", item_id="i", content_index=0, text="b"),
                    ev("part.done", item_id="i", content_index=0), ev("item.done", item={"id": "i"}), ev("response.completed"),
                ])
            ],
            {"fold.part.delta"},
        ),
        "a part is open when its item is done": (
            [
                {**event, "sequence_number": number}
                for number, event in enumerate([
                    ev("response.created"), ev("item.added", item={"id": "i"}), ev("item.added", item={"id": "j"}),
                    ev("part.added", item_id="i", content_index=0), ev("part.added", item_id="j", content_index=0),
                    ev("part.done", item_id="i", content_index=0), ev("item.done", item={"id": "i"}), ev("item.done", item={"id": "j"}),
                    ev("response.completed"),
                ])
            ],
            {"part.closed"},
        ),
        "other texts at the end": (
            [
                {**event, "sequence_number": number}
                for number, event in enumerate([
                    ev("response.created"), ev("item.added", item={"id": "i"}), ev("part.added", item_id="i", content_index=0),
                    ev("text.delta", item_id="i", content_index=0, delta="a"), ev("text.done", item_id="i", content_index=0, text="a"),
                    ev("part.done", item_id="i", content_index=0), ev("item.done", item={"id": "i"}),
                    ev("response.completed", texts=[{"text": "a"}, {"text": "b"}]),
                ])
            ],
            {"fold.response.text"},
        ),
        "a part without its item": (
            [
                {**event, "sequence_number": number}
                for number, event in enumerate([
                    ev("response.created"), ev("item.added", item={"id": "i"}), ev("part.added", item_id="j", content_index=0),
                    ev("part.done", item_id="j", content_index=0), ev("item.done", item={"id": "i"}), ev("response.completed"),
                ])
            ],
            {"part.inside"},
        ),
        "no items, progress twice, late": (
            [
                {**event, "sequence_number": number}
                for number, event in enumerate([
                    ev("response.created"), ev("response.in_progress"), ev("response.in_progress"), ev("response.completed"),
                ])
            ],
            {"count.response.in_progress", "count.item"},
        ),
        "progress after an item": (
            [
                {**event, "sequence_number": number}
                for number, event in enumerate([
                    ev("response.created"), ev("item.added", item={"id": "i"}), ev("response.in_progress"),
                    ev("item.done", item={"id": "i"}), ev("response.completed"),
                ])
            ],
            {"order.response.in_progress.item.added"},
        ),
    },
)  # fmt: skip


def lc(event: str, run: str, parents: list[str], **more: Any) -> Event:
    return {"event": event, "run_id": run, "parent_ids": parents, **more}


TREE = Sample(
    "tree",
    """
contract: tree/1
discriminator: {field: event, template: "on_{kind}_{phase}"}
events:
  "on_*_start": {fields: {run_id: id, parent_ids: list}}
  "on_*_end": {fields: {run_id: id}}
  "on_*_stream":
  root_start: {of: "on_*_start", where: {parent_ids: empty}}
  root_end: {of: "on_*_end", where: {parent_ids: empty}}
scopes: {root: {key: ["parent_ids[0]|run_id"], open: [root_start], close: [root_end]}}
spans:
  step:
    {open: [any on_*_start], close: [any on_*_end, on_tool_error], during: ["on_*_stream"], key: [run_id], same: [$kind],
     inside: root, parents: {path: parent_ids}}
""",
    [
        [lc("on_chain_start", "a", []), lc("on_chat_model_start", "b", ["a"]), lc("on_chat_model_stream", "b", ["a"]),
         lc("on_tool_start", "c", ["a"]), lc("on_chat_model_end", "b", ["a"]), lc("on_tool_error", "c", ["a"]), lc("on_chain_end", "a", [])],
        [lc("on_chat_model_start", "a", []), lc("on_chat_model_stream", "a", []), lc("on_chat_model_end", "a", [])],
    ],
    {
        "another kind at the end": (
            [lc("on_chain_start", "a", []), lc("on_tool_start", "b", ["a"]), lc("on_chain_end", "b", ["a"]), lc("on_chain_end", "a", [])],
            {"step.same.$kind"},
        ),
        "a parent that is not open": (
            [lc("on_chain_start", "a", []), lc("on_tool_start", "b", ["a", "x"]), lc("on_tool_end", "b", ["a", "x"]), lc("on_chain_end", "a", [])],
            {"step.parents"},
        ),
        "a child is left open": ([lc("on_chain_start", "a", []), lc("on_tool_start", "b", ["a"]), lc("on_chain_end", "a", [])], {"step.closed"}),
        "a stream of nothing": (
            [lc("on_chain_start", "a", []), lc("on_chain_stream", "z", ["a"]), lc("on_chain_end", "a", [])],
            {"step.opened"},
        ),
        "an unknown event": ([lc("on_chain_start", "a", []), lc("custom", "a", []), lc("on_chain_end", "a", [])], {"events.unknown"}),
    },
)  # fmt: skip


def rpc(way: str, **more: Any) -> Event:
    return {"jsonrpc": "2.0", **more, "dir": way}


RPC = Sample(
    "rpc",
    """
contract: rpc/1
discriminator: {jsonrpc: true}
envelope: {jsonrpc: ["2.0"]}
events: {"request:*": , "notification:*": , response: {fields: {id: id}}, error: {fields: {error.code: int}}}
spans:
  request:
    {open: ["request:*"], close: [response, error], key: [id|params.requestId], across: true,
     abandon: ["notification:notifications/cancelled"],
     token: {set: params._meta.progressToken, get: params.progressToken, events: ["notification:notifications/progress"]}}
sequence: {field: params.progress, mode: rises, per: "token:request", events: ["notification:notifications/progress"]}
""",
    [
        [rpc("in", id=1, method="initialize"), rpc("out", id=1, method="ping"), rpc("in", id=1, result={}), rpc("out", id=1, result={}),
         rpc("in", method="notifications/initialized")],
        [rpc("in", id=1, method="tools/call", params={"_meta": {"progressToken": "t"}}),
         rpc("out", method="notifications/progress", params={"progressToken": "t", "progress": 1}),
         rpc("out", method="notifications/progress", params={"progressToken": "t", "progress": 2.5}), rpc("out", id=1, result={})],
        [rpc("in", id=1, method="a"), rpc("in", method="notifications/cancelled", params={"requestId": 1})],
        [rpc("in", id=1, method="a"), rpc("in", method="notifications/cancelled", params={"requestId": 1}), rpc("out", id=1, result={})],
    ],
    {
        "no answer": ([rpc("in", id=1, method="a")], {"request.closed"}),
        "an answer to nothing": ([rpc("in", id=1, method="a"), rpc("out", id=1, result={}), rpc("out", id=2, result={})], {"request.opened"}),
        "an answer from its own side": ([rpc("in", id=1, method="a"), rpc("in", id=1, result={})], {"request.opened", "request.closed"}),
        "two answers": ([rpc("in", id=1, method="a"), rpc("out", id=1, result={}), rpc("out", id=1, result={})], {"request.opened"}),
        "an id again": (
            [rpc("in", id=1, method="a"), rpc("out", id=1, result={}), rpc("in", id=1, method="a"), rpc("out", id=1, result={})],
            {"request.once"},
        ),
        "cancelled by the other side": (
            [rpc("in", id=1, method="a"), rpc("out", method="notifications/cancelled", params={"requestId": 1}), rpc("out", id=1, result={})],
            {"request.opened"},
        ),
        "progress falls": (
            [rpc("in", id=1, method="a", params={"_meta": {"progressToken": "t"}}),
             rpc("out", method="notifications/progress", params={"progressToken": "t", "progress": 2}),
             rpc("out", method="notifications/progress", params={"progressToken": "t", "progress": 2}), rpc("out", id=1, result={})],
            {"sequence.progress"},
        ),
        "progress after the answer": (
            [rpc("in", id=1, method="a", params={"_meta": {"progressToken": "t"}}), rpc("out", id=1, result={}),
             rpc("out", method="notifications/progress", params={"progressToken": "t", "progress": 2})],
            {"request.token"},
        ),
        "another version": ([{**rpc("in", id=1, method="a"), "jsonrpc": "1.0"}, rpc("out", id=1, result={})], {"envelope.jsonrpc"}),
    },
)  # fmt: skip


def task(state: str, **more: Any) -> Event:
    return {"result": {"task": {"id": "t", "status": {"state": state}, **more}}}


def status(state: str) -> Event:
    return {"result": {"statusUpdate": {"taskId": "t", "status": {"state": state}}}}


def artifact(name: str, **more: Any) -> Event:
    return {"result": {"artifactUpdate": {"taskId": "t", "artifact": {"artifactId": name}, **more}}}


TASKS = Sample(
    "tasks",
    """
contract: tasks/1
discriminator: {keys_present: [task, message, statusUpdate, artifactUpdate], below: result}
events:
  message: {scope: session}
  task: {fields: {task.id: id, task.status.state: [SUBMITTED, WORKING, INPUT, COMPLETED, FAILED]}}
  task_over: {of: task, where: {task.status.state: [COMPLETED, FAILED]}}
  over: {of: statusUpdate, where: {statusUpdate.status.state: [COMPLETED, FAILED]}}
  waiting: {of: statusUpdate, where: {statusUpdate.status.state: INPUT}}
  appended: {of: artifactUpdate, where: {artifactUpdate.append: [true]}}
scopes:
  task:
    {key: [task.id|statusUpdate.taskId|artifactUpdate.taskId], open: [task, task_over], close: [over, task_over],
     pause: [waiting], repeat: true}
spans:
  artifact:
    {open: artifactUpdate, during: [appended], key: [artifactUpdate.artifact.artifactId], inside: task, must_close: false,
     reopen: true, known_from: [{event: any task, path: "task.artifacts[].artifactId", open: true}]}
states:
  field: task.status.state|statusUpdate.status.state
  edges: {SUBMITTED: [WORKING, COMPLETED, FAILED], WORKING: [INPUT, COMPLETED, FAILED], INPUT: [WORKING, COMPLETED, FAILED]}
""",
    [
        [task("SUBMITTED"), status("WORKING"), artifact("a"), artifact("a", append=True), status("WORKING"), status("COMPLETED")],
        [task("COMPLETED")],
        [{"message": {"text": "hi"}}],
        [task("WORKING", artifacts=[{"artifactId": "a"}]), artifact("a", append=True), status("INPUT"), status("WORKING"), status("FAILED")],
        [task("SUBMITTED"), status("WORKING"), status("INPUT")],
    ],
    {
        "backwards": ([task("WORKING"), status("SUBMITTED"), status("FAILED")], {"states.state"}),
        "not over": ([task("SUBMITTED"), status("WORKING")], {"task.ended"}),
        "after it is over": ([task("COMPLETED"), status("WORKING")], {"task.closed"}),
        "appended to nothing": ([task("WORKING"), artifact("b", append=True), status("FAILED")], {"artifact.opened"}),
        "two at once": ([{"task": {"id": 1}, "message": {}}, task("COMPLETED")], {"frame.event"}),
        "no such state": ([task("DOING"), status("FAILED")], {"fields.task.task.status.state", "states.state"}),
    },
)  # fmt: skip

SAMPLES = [AGENT_EVENTS, CHUNKS, PARTS, TREE, RPC, TASKS]
