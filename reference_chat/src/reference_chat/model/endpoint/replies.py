"""What the embedded model says: decided by the messages alone, so the same question gets the same answer."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reference_chat.model.endpoint.directives import Script
from reference_chat.model.wire import Message, Request

_BATCH = 8
_SUM = re.compile(r"\d+(?:\.\d+)?(?:\s*[-+*/]\s*\d+(?:\.\d+)?)+")
_TIME = re.compile(r"\b(?:time|date|clock|today|now)\b", re.IGNORECASE)
_STEPS = ("triage", "data", "report")
_AGENT = re.compile(r"\A(?:agent: )(\w+)")


@dataclass(frozen=True, slots=True)
class Call:
    """A tool that the model wants called."""

    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """One completion: tools to call, or an answer, after `thoughts` tokens of thinking aloud."""

    calls: tuple[Call, ...] = ()
    answer: str = ""
    thoughts: int = 0


def asked(request: Request) -> tuple[str, list[Message]]:
    """The last thing the user said, and the messages after it."""
    for at in range(len(request.messages) - 1, -1, -1):
        if request.messages[at].role == "user":
            return request.messages[at].text, request.messages[at + 1 :]
    return "", []


def reply_to(request: Request, script: Script, since: Sequence[Message]) -> Reply:
    """The next completion of the conversation. Tools are called as long as the plan names some, then it answers."""
    results = [message.text for message in since if message.role == "tool"]
    plan = _plan(request, script, results)
    if len(results) < len(plan):
        return Reply(calls=_next(plan, len(results)), thoughts=0 if results else script.stream)
    thoughts = script.stream if not plan else 0
    return Reply(answer=_answer(request, script, results), thoughts=thoughts)


def _plan(request: Request, script: Script, results: Sequence[str]) -> list[Call]:
    offered = {tool.function.name for tool in request.tools or ()}
    if request.tool_choice == "none":
        return []
    plan = [Call("barrier", {"name": name, "parties": parties}) for name, parties in script.barriers]
    count = script.tools
    if count is None:
        count = 0 if script.barriers or script.sub is not None else 1
    plan += _tools(script.plain, count, [name for name in ("lookup_notes", "clock", "calculator") if name in offered])
    if script.sub is not None:
        found = _summary(results[-1]) if results else ""
        for agent in _STEPS:
            task = _task(agent, script, found if agent == "report" else "")
            plan.append(Call("delegate", {"agent": agent, "task": task}))
    return [call for call in plan if call.name in offered]


def _tools(plain: str, count: int, offered: list[str]) -> list[Call]:
    """`count` calls in turn, of which the first is the one that the question needs."""
    if not offered:
        return []
    first = "calculator" if _SUM.search(plain) else "clock" if _TIME.search(plain) else "lookup_notes"
    start = offered.index(first) if first in offered else 0
    return [_call(offered[(start + number) % len(offered)], plain, number) for number in range(count)]


def _call(name: str, plain: str, number: int) -> Call:
    if name == "clock":
        return Call(name, {})
    if name == "lookup_notes":
        return Call(name, {"query": plain[:500]})
    found = _SUM.search(plain)
    return Call(name, {"expression": found[0] if found else f"{number} + 1"})


def _task(agent: str, script: Script, heard: str) -> str:
    """What a sub-agent is asked; words of others are no directives in it."""
    task = f"{script.plain} ({heard.replace('[[', '[ [')})" if heard else script.plain
    return f"{task} [[fail:500]]" if script.sub == "fail" and agent == "data" else task


def _next(plan: list[Call], at: int) -> tuple[Call, ...]:
    """The calls of this turn: tools together, sub-agents one after the other, and each hears of the one before."""
    if plan[at].name == "delegate":
        return (plan[at],)
    return tuple(call for call in plan[at : at + _BATCH] if call.name != "delegate")


def _answer(request: Request, script: Script, results: list[str]) -> str:
    if script.echo is not None:
        return script.echo or "(nothing)"
    agent = _AGENT.match(request.messages[0].text) if request.messages[0].role in ("system", "developer") else None
    told = results[-1:] if script.sub is not None else results[:4]
    found = " ".join(_summary(result) for result in told)
    match agent and agent[1]:
        case "triage":
            kind = "a sum" if _SUM.search(script.plain) else "the time" if _TIME.search(script.plain) else "your notes"
            return f"This is a question about {kind}: {script.plain}"
        case "data":
            return f"For {_quoted(script.plain)} I found: {found or 'nothing.'}"
        case "report":
            return f"Report on {_quoted(script.plain)}."
    return f"You asked: {_quoted(script.plain)}. {found}".strip()


def _quoted(text: str) -> str:
    return f"“{text}”"


def _summary(result: str) -> str:
    """The sentence in a tool's result."""
    try:
        read = json.loads(result)
    except ValueError:
        return result
    if isinstance(read, dict):
        return str(read.get("summary") or read.get("error") or "")
    return str(read)
