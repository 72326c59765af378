"""Named faults: the ways in which the service can be told to be wrong, none of them on by itself.

A healthy place asks ``faults.on("name")``, which costs a look into an empty dictionary. Faults are switched through
``/debug/faults``, which exists only with a test secret.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reference_chat.errors import ChatError


class Arguments(dict[str, Any]):
    """The arguments of a fault that is on; true also where it has none."""

    def __bool__(self) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to be wrong: the row of the matrix that it proves, what it does, its arguments and their defaults."""

    row: str
    what: str
    arguments: Mapping[str, Any]


TABLE: Mapping[str, Fault] = {
    "drop": Fault("1", "events of `type` are not sent", {"type": "tool_completed", "rate": 1.0, "numbered": True}),
    "swap": Fault("2", "an event of `type` is sent after the next one", {"type": "agent_thinking"}),
    "dup": Fault("3", "an event of `type` is sent twice", {"type": "agent_thinking"}),
    "late": Fault("4", "`type` is sent after the terminal event; a terminal one, twice", {"type": "agent_thinking"}),
    "stall": Fault("5", "the run stops before `type`, for good", {"type": "agent_completed"}),
    "mutate": Fault(
        "6-7",
        "events of `type` have `value` at `field`; `remove` takes it away, `raw` replaces the frame, `size` pads it",
        {
            "type": "tool_completed",
            "field": "payload.tool_call_id",
            "value": "wrong",
            "remove": False,
            "raw": "",
            "size": 0,
        },
    ),
    "delay": Fault(
        "8", "events of `type` are sent `seconds` late, and what follows with them", {"type": "*", "seconds": 6.0}
    ),
    "misroute": Fault(
        "9", "events of `type` go to somebody else who is connected, too", {"type": "*", "instead": False}
    ),
    "shared_state": Fault(
        "10",
        "what the last user asked is part of what the next one asks: as it is, with `encode` base64 behind `shift` "
        "letters, or split over two thoughts",
        {"encode": "", "shift": 0},
    ),
    "singleton": Fault("11", "runs that overlap share one context and one emitter", {}),
    "reuse": Fault("12", "a run gets the id of the run before", {}),
    "accept_before_auth": Fault("13", "the socket is accepted and greeted before anybody is authenticated", {}),
    "slow_auth": Fault("13", "authentication of sockets takes `seconds`", {"seconds": 3.0}),
    "accept_expired": Fault("14", "expired tokens are good", {}),
    "skip_signature": Fault("14", "nobody looks at the signature of tokens", {}),
    "get_then_delete": Fault(
        "15", "a ticket is read, then deleted after `seconds`, without a look at owner or time", {"seconds": 0.05}
    ),
    "short_ttl": Fault("16", "sockets are closed `seconds` after they opened, also in a run", {"seconds": 1.0}),
    "fail_second_write": Fault("17", "the account is committed, and the profile fails", {}),
    "cut": Fault(
        "18",
        "sockets are cut after `after` events; a resume loses `lose` and repeats `repeat`",
        {"after": 0, "lose": 1, "repeat": 0},
    ),
    "zombie_emitter": Fault("19", "the runs of a closed connection go on to whoever connects next", {}),
    "no_reap": Fault("20", "half-open sockets stay", {}),
    "leak": Fault("20", "connections keep `bytes` after they closed", {"bytes": 65_536}),
    "breaker_never_opens": Fault("22", "the breaker does not open, whatever fails", {}),
    "breaker_never_closes": Fault("22", "a good probe does not close the breaker", {}),
    "breaker_stampede": Fault("22", "half open, the breaker lets everybody through", {}),
    "breaker_ignores_slow": Fault("22", "slow calls are as good as quick ones", {}),
    "breaker_no_timeout": Fault("22", "a call of the model may hang for as long as it likes", {}),
    "breaker_counts_consecutive": Fault("22", "the breaker counts failures in a row", {}),
    "unbounded_queue": Fault("23", "one slow reader's frames are waited for, by everybody", {}),
    "block": Fault("24", "a message blocks the event loop for `seconds`", {"seconds": 0.5}),
    "no_limits": Fault(
        "25", "no limit holds, or not the `only` one: of connections, rate, runs, text, body or frame", {"only": ""}
    ),
    "pubsub_drop": Fault("26", "what one process stored does not reach the others", {}),
    "persist_late": Fault("27", "events are sent first and stored `seconds` later", {"seconds": 1.0}),
    "strip": Fault(
        "30",
        "tickets and bearer subprotocols are ignored, as behind a proxy that takes them away; or the `only` ones: "
        "`ticket` or `subprotocol`",
        {"only": ""},
    ),
    "unrouted": Fault("33", "messages of `type` reach no handler, in silence", {"type": "user_message"}),
    "double_route": Fault("33", "messages of `type` are handled twice", {"type": "user_message"}),
    "wrong_handler": Fault("33", "messages of `type` are handled as `as`", {"type": "user_message", "as": "ping"}),
    "bypass": Fault("32", "events of `type` are sent as binary frames, past whoever looks at texts", {"type": "*"}),
}
"""Others add theirs here: the switch knows no other name."""


class Faults:
    """The faults that are on in this process, each with its arguments."""

    __slots__ = ("_on", "random")

    def __init__(self) -> None:
        self._on: dict[str, Arguments] = {}
        self.random = random.Random(0)

    def __bool__(self) -> bool:
        return bool(self._on)

    def on(self, name: str) -> Arguments | None:
        """The arguments of a fault that is on, with the defaults of the table."""
        return self._on.get(name)

    def hits(self, name: str, type: str) -> Arguments | None:
        """As `on`, for a fault that is on for `type` (``*``: for every one), at its rate."""
        arguments = self._on.get(name)
        if arguments is None or arguments["type"] not in (type, "*"):
            return None
        return arguments if self.random.random() < arguments.get("rate", 1.0) else None

    def unlimited(self, limit: str) -> bool:
        """Whether a limit does not hold."""
        arguments = self._on.get("no_limits")
        return arguments is not None and arguments["only"] in ("", limit)

    def switch(self, changes: Mapping[str, Any]) -> None:
        """Switches faults on (an object of arguments, or true) and off (null). Raises `ChatError`, and changes nothing."""
        checked = {name: _checked(name, arguments) for name, arguments in changes.items()}
        for name, arguments in checked.items():
            if arguments is None:
                self._on.pop(name, None)
            else:
                self._on[name] = arguments

    def apply(self, changes: Mapping[str, Any] | None) -> None:
        """As `switch`; nothing: all of them off."""
        if changes is None:
            self._on.clear()
        else:
            self.switch(changes)

    def shown(self) -> dict[str, Arguments]:
        """Those that are on."""
        return dict(self._on)


def _checked(name: str, arguments: Any) -> Arguments | None:
    fault = TABLE.get(name)
    if fault is None:
        raise ChatError("unknown_fault", f"there is no fault `{name}`; there are: {', '.join(TABLE)}", status=422)
    if arguments is None or arguments is False:
        return None
    given = {} if arguments is True else arguments
    if not isinstance(given, dict) or given.keys() - fault.arguments.keys():
        known = ", ".join(f"`{key}`" for key in fault.arguments) or "none"
        raise ChatError("bad_arguments", f"arguments of `{name}` are: {known}", status=422)
    return Arguments({**fault.arguments, **given})
