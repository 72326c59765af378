"""Edits that show one user what is another's: ids, and texts in plain, in base64, and split over pieces."""

import base64
from collections.abc import Iterator
from typing import Any

import msgspec

from canonry.contract.canary import TAG
from canonry.contract.check.isolation import SessionFacts, joined_text
from canonry.contract.generate.draft import nodes
from canonry.contract.generate.stream import Line
from canonry.contract.language.paths import Path
from canonry.contract.mutate.scene import Edit, Scene, leaves

FOREIGN = TAG + "0123456789abcdef"
STRANGER = {"a stranger": SessionFacts(user={"user": "a stranger"}, canaries=(FOREIGN,))}
"""Whose the text is that a mutant leaks."""


def owner(scene: Scene, path: Path) -> Iterator[Edit]:
    """Yield streams in which an event, or all of a run, carry the id of somebody else."""
    told = [n for n, line in enumerate(scene.lines) if line.event is not None and scene.value(line, path) is not None]
    for n in told:
        new = _foreign(scene, n, path)
        line = scene.put(scene.lines[n], path, new)
        yield Edit(f"put somebody else's `{path.text}` into `{line.kind}`", scene.replaced((n, line)))
    for scope in scene.plan.scopes:
        for group in scene.groups(scope.index):
            here = [n for n in group if n in told]
            if here:
                new = _foreign(scene, here[0], path)
                changed = [(n, scene.put(scene.lines[n], path, new)) for n in here]
                yield Edit(
                    f"let a whole {scope.name} carry somebody else's `{path.text}`", scene.replaced(*changed), len(here)
                )
    for n, line in enumerate(scene.lines):
        if line.event is not None and n not in told:
            changed_line = scene.put(line, path, _foreign(scene, n, path))
            yield Edit(f"put somebody else's `{path.text}` into `{line.kind}`", scene.replaced((n, changed_line)))


def _foreign(scene: Scene, n: int, path: Path) -> Any:
    """A value that another session of the stream has, otherwise one that nobody has."""
    line = scene.lines[n]
    for other in scene.lines[:n]:
        if other.connection != line.connection and other.event is not None:
            value = scene.value(other, path)
            if value is not None:
                return value
    return scene.new_id(scene.value(line, path))


def canary(scene: Scene, how: str) -> Iterator[Edit]:
    """Yield streams in which a text of somebody else comes, ``plain``, in ``base64``, or ``split``."""
    if how == "split":
        yield from _split(scene)
        return
    text = FOREIGN if how == "plain" else base64.b64encode(f"see {FOREIGN} here".encode()).decode()
    for n, line in enumerate(scene.lines):
        if line.event is None or line.direction == "in":
            continue
        for way, value in leaves(line.event):
            if isinstance(value, str) and " " in value:
                yield Edit(
                    f"show `{line.kind}` a text of somebody else",
                    scene.replaced((n, _with(line, way, f"{value} {text}"))),
                )
    for n, line in enumerate(scene.lines):
        if isinstance(line.event, dict):
            event = {**line.event, "note": text}
            yield Edit(
                f"show `{line.kind}` a text of somebody else in a further field",
                scene.replaced((n, msgspec.structs.replace(line, event=event))),
            )


def _split(scene: Scene) -> Iterator[Edit]:
    for path, key in scene.plan.isolation.text:
        pieces = [
            n
            for n, line in enumerate(scene.lines)
            if line.event is not None and (joined_text(scene.value(line, path)) or scene.value(line, path) == "")
        ]
        for one in pieces:
            for other in pieces:
                first, second = scene.lines[one], scene.lines[other]
                if (
                    other <= one
                    or first.connection != second.connection
                    or scene.key(first, key) != scene.key(second, key)
                ):
                    continue
                if any(
                    one < n < other
                    and scene.lines[n].connection == first.connection
                    and scene.key(scene.lines[n], key) == scene.key(first, key)
                    for n in pieces
                ):
                    continue
                head, tail = FOREIGN[:20], FOREIGN[20:]
                yield Edit(
                    f"split a text of somebody else over two pieces of `{path.text}`",
                    scene.replaced(
                        (one, scene.put(first, path, f"{joined_text(scene.value(first, path))}{head}")),
                        (other, scene.put(second, path, f"{tail}{joined_text(scene.value(second, path))}")),
                    ),
                    2,
                )
        for n in pieces:
            line = scene.lines[n]
            begin = scene.put(line, path, f"{joined_text(scene.value(line, path))}{FOREIGN[:20]}")
            end = scene.put(scene.again(line), path, f"{FOREIGN[20:]} so")
            lines = (*scene.lines[:n], begin, end, *scene.lines[n + 1 :])
            yield Edit(f"split a text of somebody else over two pieces of `{path.text}`", lines, 2)


def _with(line: Line, way: tuple[str | int, ...], value: Any) -> Line:
    event = msgspec.json.decode(msgspec.json.encode(line.event))
    for container, key in nodes(event, way):
        container[key] = value
    return msgspec.structs.replace(line, event=event)
