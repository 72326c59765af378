"""YAML with places: the values of a document, and the line and column of every key and item in it."""

import warnings
from typing import Any

import msgspec
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

KeyPath = tuple[str | int, ...]
"""Where a value stands: keys of tables, and indexes from 0 of lists."""

_MOST_VALUES = 100_000
_DEEPEST = 60
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}


class Mark(msgspec.Struct, frozen=True, order=True):
    """A place in a file; lines and columns count from 1."""

    line: int
    column: int


class Mistake(msgspec.Struct, frozen=True):
    """What is wrong with a contract, at one place or between two."""

    path: KeyPath
    message: str
    mark: Mark | None = None


class Document(msgspec.Struct, frozen=True):
    """Values as Python has them, and their marks. ``mistakes`` are those of YAML itself."""

    value: Any
    marks: dict[KeyPath, Mark]
    mistakes: tuple[Mistake, ...] = ()


def read_yaml(text: str) -> Document:
    """Return the document in ``text``; what is broken in it is in ``mistakes``."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            documents = list(YAML(typ="safe", pure=True).compose_all(text))
    except (YAMLError, ValueError, AttributeError, IndexError, TypeError, AssertionError, KeyError) as error:
        return Document(None, {}, (_broken(error),))
    except RecursionError:
        return Document(None, {}, (Mistake((), "the YAML is nested too deeply", Mark(1, 1)),))
    if len(documents) > 1:
        mark = _mark(documents[1])
        return Document(None, {}, (Mistake((), "a file holds one contract, and a second document begins here", mark),))
    reader = _Reader()
    value = reader.value(documents[0], (), 0) if documents and documents[0] is not None else None
    return Document(value, reader.marks, tuple(reader.mistakes))


class _Reader:
    def __init__(self) -> None:
        self.marks: dict[KeyPath, Mark] = {}
        self.mistakes: list[Mistake] = []
        self._values = 0

    def value(self, node: Node, path: KeyPath, depth: int) -> Any:
        self._values += 1
        self.marks.setdefault(path, _mark(node))
        if depth > _DEEPEST or self._values > _MOST_VALUES:
            if not self.mistakes or self.mistakes[-1].path != ():
                self.mistakes.append(Mistake((), "the YAML is nested too deeply or stands for too much", _mark(node)))
            return None
        if isinstance(node, MappingNode):
            return self._mapping(node, path, depth)
        if isinstance(node, SequenceNode):
            return [self.value(item, (*path, index), depth + 1) for index, item in enumerate(node.value)]
        return self._scalar(node, path) if isinstance(node, ScalarNode) else None

    def _mapping(self, node: MappingNode, path: KeyPath, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, ScalarNode):
                self.mistakes.append(Mistake(path, "a key is a list or a table; expected a name", _mark(key)))
                continue
            name = str(key.value)
            here = (*path, name)
            if name in found:
                first = self.marks[here]
                self.mistakes.append(
                    Mistake(here, f"`{name}` stands here a second time; line {first.line} has it already", _mark(key))
                )
                continue
            self.marks[here] = _mark(key)
            found[name] = self.value(value, here, depth + 1)
        return found

    def _scalar(self, node: ScalarNode, path: KeyPath) -> Any:
        text = str(node.value)
        tag = str(node.tag)
        if node.style in ("'", '"', "|", ">") or tag.endswith(":str"):
            return text
        try:
            if tag.endswith(":int"):
                plain = text.replace("_", "")
                return int(plain, 0) if plain.lower().startswith(("0x", "0o")) else int(plain)
            if tag.endswith(":float"):
                return float(text.replace("_", ""))
        except ValueError:
            return text
        if tag.endswith((":bool", ":null")):
            return _WORDS.get(text.lower(), text)
        return text


def _broken(error: Exception) -> Mistake:
    mark = getattr(error, "problem_mark", None)
    what = str(getattr(error, "problem", "") or "it cannot be parsed").strip()
    place = Mark(1, 1) if mark is None else Mark(mark.line + 1, mark.column + 1)
    return Mistake((), f"not valid YAML: {what}", place)


def _mark(node: Node) -> Mark:
    return Mark(node.start_mark.line + 1, node.start_mark.column + 1)
