"""Tests of two states matched: the same id, then the same body, then nearly the same body under another name."""

import ast
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping

from canonry.gate.merged import Function, functions, imported, merged
from canonry.gate.strength import Strength, differing, strengths
from canonry.model.gate import State

Body = Counter[str]
"""The statements of a test, each as the dump of its syntax tree, without docstring."""
Read = Callable[[str], bytes | None]

_ALIKE = 0.4
"""The share of statements that two tests have in common where one is the other under another name.

Whoever rewrites a test to what the code does now renames it, too, and keeps its set-up. It may not assert less."""
_MOST = 400
"""So many tests of one class or file are compared one with the other; above, only equal bodies are matched."""


class Bodies:
    """The bodies of tests by node id, read when they are asked for."""

    def __init__(self, base: Read, head: Read) -> None:
        self._read = (base, head)
        self._functions: dict[tuple[int, str], dict[str, Function]] = {}
        self._files: dict[tuple[int, str], dict[str, Body]] = {}
        self._imports: dict[str, list[str]] = {}
        self._strengths: dict[tuple[int, str], dict[str, Strength]] = {}
        self._differing: dict[str, tuple[dict[str, Strength], dict[str, Strength]]] = {}

    def of(self, side: int, node: str) -> Body | None:
        """The body of a test of the base (0) or of the head (1), None where it cannot be read."""
        path, _, name = node.partition("::")
        found = self._files.get((side, path))
        if found is None:
            found = {each: _statements(function) for each, function in self.functions(side, path).items()}
            self._files[side, path] = found
        return found.get(name.replace("::", "."))

    def functions(self, side: int, path: str) -> dict[str, Function]:
        """The functions at a path of the base (0) or of the head (1) by qualified name."""
        found = self._functions.get((side, path))
        if found is None:
            found = self._functions[side, path] = functions(self._read[side](path))
        return found

    def strengths(self, one: str, other: str) -> tuple[Strength, Strength] | None:
        """How much a test of the base and one of the head demand; None where their texts are alike or not known."""
        (path, _, name), (there, _, now) = one.partition("::"), other.partition("::")
        sides = self.both(path) if path == there else (self._whole(0, path), self._whole(1, there))
        before, after = sides[0].get(name.replace("::", ".")), sides[1].get(now.replace("::", "."))
        return None if before is None or after is None else (before, after)

    def strength(self, side: int, node: str) -> Strength | None:
        """How much a test of the base (0) or of the head (1) demands."""
        path, _, name = node.partition("::")
        return self._whole(side, path).get(name.replace("::", "."))

    def cases(self, side: int, node: str) -> int | None:
        """How many cases of a test have to pass, None where nobody can tell."""
        found = self.strength(side, node)
        return None if found is None else found.cases

    def called(self, path: str, name: str, others: Iterable[str]) -> int:
        """How many assertions a function holds that a file of the head calls: its own, an imported or another one."""
        for place in (path, *self._imported(path), *others):
            found = [
                len(each.assertions)
                for function, each in self._whole(1, place).items()
                if function.rpartition(".")[2] == name
            ]
            if any(found):
                return max(found)
        return 0

    def _imported(self, path: str) -> list[str]:
        found = self._imports.get(path)
        if found is None:
            found = self._imports[path] = imported(self._read[1](path), path)
        return found

    def both(self, path: str) -> tuple[dict[str, Strength], dict[str, Strength]]:
        """The functions at a path on both sides, as far as they differ."""
        found = self._differing.get(path)
        if found is None:
            base, head = (read(path) for read in self._read)
            if base is None or head is None:
                found = {}, {}
            else:
                found = _by_parts(base, head) or (self._whole(0, path), self._whole(1, path))
            self._differing[path] = found
        return found

    def _whole(self, side: int, path: str) -> dict[str, Strength]:
        found = self._strengths.get((side, path))
        if found is None:
            content = self._read[side](path)
            found = self._strengths[side, path] = {} if content is None else strengths(content)
        return found


def _by_parts(base: bytes, head: bytes) -> tuple[dict[str, Strength], dict[str, Strength]] | None:
    """The functions that differ, from the parts of two texts that differ; None where those say too little."""
    texts = differing(base, head)
    if texts is None or any(b"parametrize" in text for text in texts):  # whose cases may stand elsewhere
        return None
    found = strengths(texts[0]), strengths(texts[1])
    read = all(functions or b"def " not in text for text, functions in zip(texts, found, strict=True))
    return found if read else None


def match_tests(base: State, head: State, bodies: Bodies) -> dict[str, str]:
    """Tests of the base -> the test of the head that each is. Those without one are gone."""
    matched = {node: node for node in base.tests if node in head.tests}
    lost = dict.fromkeys(node for node in base.tests if node not in matched)
    gained = dict.fromkeys(node for node in head.tests if node not in base.tests)
    if lost and gained:
        _match_gained(matched, lost, gained, bodies)
    if lost:
        matched |= merged(lost, head.tests, matched, bodies.functions, bodies.cases)
    return matched


def _match_gained(matched: dict[str, str], lost: dict[str, None], gained: dict[str, None], bodies: Bodies) -> None:
    """Matches tests that only one side has, the surest first."""
    for key in (_name_and_body, _body_alone):
        _pair(matched, lost, gained, lambda side, node, key=key: key(node, bodies.of(side, node)))  # type: ignore[misc]
    _pair_alike(matched, lost, gained, bodies, lambda node: node.rpartition("::")[2])
    _pair_alike(matched, lost, gained, bodies, lambda node: node.rpartition("::")[0])
    _pair_moved(matched, lost, gained)
    _pair_named(matched, lost, gained)
    _pair(matched, lost, gained, lambda side, node: _name_alone(node, side, bodies))


def _name_alone(node: str, side: int, bodies: Bodies) -> tuple[object, ...] | None:
    """The name, where nobody can tell any more what was in the test: a baseline holds no bodies."""
    return (node.partition("::")[2],) if side or bodies.of(0, node) is None else None


def _name_and_body(node: str, body: Body | None) -> tuple[object, ...] | None:
    return None if body is None else (node.partition("::")[2], frozenset(body.items()))


def _body_alone(_node: str, body: Body | None) -> tuple[object, ...] | None:
    return None if not body else (frozenset(body.items()),)


def _pair(
    matched: dict[str, str],
    lost: dict[str, None],
    gained: dict[str, None],
    key: Callable[[int, str], tuple[object, ...] | None],
) -> None:
    """Matches those of one key, in order."""
    stock: defaultdict[tuple[object, ...], list[str]] = defaultdict(list)
    for node in reversed([*gained]):
        if (found := key(1, node)) is not None:
            stock[found].append(node)
    for node in [*lost]:
        found = key(0, node)
        if found is not None and stock[found]:
            _match(matched, lost, gained, node, stock[found].pop())


def _pair_alike(
    matched: dict[str, str], lost: dict[str, None], gained: dict[str, None], bodies: Bodies, group: Callable[[str], str]
) -> None:
    """Matches those of one group whose bodies are most alike."""
    there = _grouped(gained, group)
    for name, mine in _grouped(lost, group).items():
        others = there.get(name, [])
        if len(mine) * len(others) > _MOST * _MOST:
            continue
        pairs = [
            (share, one, other)
            for one in mine
            for other in others
            if (share := _alike(bodies.of(0, one), bodies.of(1, other))) >= _ALIKE
        ]
        pairs.sort(key=lambda pair: -pair[0])
        taken: set[str] = set()
        for _, one, other in pairs:
            if one not in matched and other not in taken:
                taken.add(other)
                _match(matched, lost, gained, one, other)


def _pair_moved(matched: dict[str, str], lost: dict[str, None], gained: dict[str, None]) -> None:
    """Matches those of one name where other tests went from the one file to the other."""
    moves = Counter((node.partition("::")[0], now.partition("::")[0]) for node, now in matched.items())
    there: defaultdict[str, list[str]] = defaultdict(list)
    for (path, target), _ in moves.most_common():
        if path != target:
            there[path].append(target)
    for node in [*lost]:
        path, _, name = node.partition("::")
        now = next((f"{target}::{name}" for target in there[path] if f"{target}::{name}" in gained), None)
        if now is not None:
            _match(matched, lost, gained, node, now)


def _pair_named(matched: dict[str, str], lost: dict[str, None], gained: dict[str, None]) -> None:
    """Matches those of one name in one file, where each side has one: its class went, or got another name."""
    there, mine = _grouped(gained, _file_and_name), _grouped(lost, _file_and_name)
    for key, one in mine.items():
        other = there.get(key, [])
        if len(one) == len(other) == 1:
            _match(matched, lost, gained, one[0], other[0])


def _file_and_name(node: str) -> str:
    return f"{node.partition('::')[0]}::{node.rpartition('::')[2]}"


def _match(matched: dict[str, str], lost: dict[str, None], gained: dict[str, None], one: str, other: str) -> None:
    matched[one] = other
    del lost[one], gained[other]


def _grouped(nodes: Iterable[str], group: Callable[[str], str]) -> Mapping[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for node in nodes:
        found[group(node)].append(node)
    return found


def _alike(one: Body | None, other: Body | None) -> float:
    """The share of statements that two bodies have in common (Dice), 0 where one cannot be read."""
    if not one or not other:
        return 0.0
    return 2 * (one & other).total() / (one.total() + other.total())


def _statements(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Body:
    """All statements at any depth: of compound ones the head alone, for what they hold is counted by itself."""
    found: Body = Counter()
    for node in ast.walk(function):
        if node is function or not isinstance(node, ast.stmt):
            continue
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            continue
        parts = [child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.stmt | ast.excepthandler)]
        found[f"{type(node).__name__} {' '.join(map(ast.dump, parts))}"] += 1
    return found
