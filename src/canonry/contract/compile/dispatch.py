"""The text that finds the handler of an event whose name the decoder does not know."""

from canonry.contract.compile.writer import SLOW
from canonry.contract.language.parts import Discriminator


def dispatch_lines(way: Discriminator, names: dict[str, str]) -> list[str]:
    """Return what judges an event, and what names it. ``names`` are expressions of what the name is made of."""
    call = "    return h(e, S, n, raw, at, way)"
    head = "def judge(e, S, n, raw, at, way):"
    if way.jsonrpc:
        method, number, result, error = (names[key] for key in ("method", "id", "result", "error"))
        return [
            "def the_name(e):",
            f"    if (v := {method}).__class__ is str and v:",
            f"        return ('request:' if {number} is not None else 'notification:') + v",
            f"    return 'error' if {error} is not None else 'response' if {result} is not None else None",
            head,
            f"    if (v := {method}).__class__ is str and v:",
            f"        h = REQUESTS[v] if {number} is not None else NOTIFICATIONS[v]",
            f"    elif {error} is not None: h = HANDLERS['error']",
            f"    elif {result} is not None: h = HANDLERS['response']",
            f"    else: {SLOW}",
            call,
        ]
    if way.keys_present:
        lines = ["def the_name(e):", "    name = None"]
        for key in way.keys_present:
            lines += [
                f"    if {names[key]} is not None:",
                "        if name is not None: return None",
                f"        name = {key!r}",
            ]
        lines += ["    return name", head, "    h = None"]
        for key in way.keys_present:
            lines += [
                f"    if {names[key]} is not None:",
                f"        if h is not None: {SLOW}",
                f"        h = HANDLERS[{key!r}]",
            ]
        return [*lines, f"    if h is None: {SLOW}", call]
    (name,) = names.values()
    return [
        "def the_name(e):",
        f"    return v if (v := {name}).__class__ is str and v else None",
        head,
        f"    if (v := {name}).__class__ is not str: {SLOW}",
        "    h = HANDLERS[v]",
        call,
    ]
