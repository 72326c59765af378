"""AsyncAPI 3.0.0 of a contract, from the service's side: it receives what goes ``in``, and sends what goes ``out``.

Source: https://www.asyncapi.com/docs/reference/specification/v3.0.0.
"""

import re
from typing import Any

from canonry.contract.compile.plan import Kind, Plan
from canonry.contract.export.json_schema import kind_schema
from canonry.contract.language.schema import DIALECT

VERSION = "3.0.0"
CHANNEL = "session"
SCHEMA_FORMAT = "application/schema+json;version=draft-2020-12"


def asyncapi(plan: Plan) -> dict[str, Any]:
    """Return an AsyncAPI document: one channel, the messages on it, and who sends them."""
    kinds = list(plan.kinds[:-1])
    names = _names(kinds)
    name, _, version = plan.contract.contract.rpartition("/")
    return {
        "asyncapi": VERSION,
        "info": {
            "title": name or plan.contract.contract,
            "version": version if name else "1",
            "description": plan.contract.description,
        },
        "defaultContentType": "application/json",
        "channels": {
            CHANNEL: {
                "address": None,
                "description": "One connection of a user.",
                "messages": {
                    names[kind.index]: {"$ref": f"#/components/messages/{names[kind.index]}"} for kind in kinds
                },
            }
        },
        "operations": _operations(plan, names),
        "components": {"messages": {names[kind.index]: _message(plan, kind) for kind in kinds}},
    }


def _message(plan: Plan, kind: Kind) -> dict[str, Any]:
    rules = [rule.sentence for rule in plan.rules if kind.name in str(rule.path[1:2])]
    found: dict[str, Any] = {
        "name": kind.name,
        "title": kind.name,
        "payload": {"schemaFormat": SCHEMA_FORMAT, "schema": {"$schema": DIALECT, **kind_schema(plan, kind)}},
    }
    if rules:
        found["description"] = "; ".join(rules)
    return found


def _operations(plan: Plan, names: dict[int, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    ways = [str(each) for each in plan.contract.transport.direction]
    for kind in plan.kinds[:-1]:
        for direction in (kind.direction,) if kind.direction else ways:
            action = "send" if direction == "out" else "receive"
            operation: dict[str, Any] = {
                "action": action,
                "channel": {"$ref": f"#/channels/{CHANNEL}"},
                "messages": [_on_channel(names[kind.index])],
            }
            answers = [
                each.reply for each in plan.exchanges if direction == "in" and kind.index in each.request and each.reply
            ]
            if answers:
                replies = sorted(frozenset().union(*answers))
                operation["reply"] = {
                    "channel": {"$ref": f"#/channels/{CHANNEL}"},
                    "messages": [_on_channel(names[number]) for number in replies],
                }
            found[f"{action}_{names[kind.index]}"] = operation
    return found


def _on_channel(name: str) -> dict[str, str]:
    return {"$ref": f"#/channels/{CHANNEL}/messages/{name}"}


def _names(kinds: list[Kind]) -> dict[int, str]:
    """Names that keys of components may have: letters, digits, ``.``, ``-`` and ``_``; no two are the same."""
    found: dict[int, str] = {}
    for kind in kinds:
        name = base = re.sub(r"[^A-Za-z0-9._-]+", "_", kind.name.replace("*", "any")).strip("_") or "event"
        count = 1
        while name in found.values():
            count += 1
            name = f"{base}_{count}"
        found[kind.index] = name
    return found
