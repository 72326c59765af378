"""Base cases: which one of the canon a class needs, how it gets it, and what speaks against it."""

import ast
import unittest
from collections.abc import Iterator

import msgspec

from canonry.changes.nodes import nodes_of, same_nodes
from canonry.migrate.answers import Needed, Splice
from canonry.migrate.module import Module
from canonry.migrate.orders import heir_without_order
from canonry.model.edit import Grade
from canonry.rules.view import FileView
from canonry.source.facts import ClassFact, FunctionFact
from canonry.source.index import Definition, External, Resolved, case_kind

_SYNC = frozenset(("unittest.TestCase", "unittest.case.TestCase"))
_ASYNC = frozenset(("unittest.IsolatedAsyncioTestCase", "unittest.async_case.IsolatedAsyncioTestCase"))
_OURS = {
    "SSotBaseTestCase": "sync",
    "SSotAsyncTestCase": "async",
    "SSotPytestCase": "pytest",
    "RealWebSocketTestBase": "",
}
_TRANSPARENT = ("pytest.mark.", "unittest.skip", "unittest.expectedFailure", "unittest.mock.patch", "mock.patch")
_SET_UP = ("setUp", "tearDown", "setUpClass", "tearDownClass", "setup_method", "teardown_method")
_NEVER = "was never awaited; it runs from now on, and may fail"
_ASYNC_PARTS = frozenset(("asyncSetUp", "asyncTearDown"))
_COMMENT = "a comment stands where its base belongs"
_OF_TEST_CASE = frozenset(name for name in dir(unittest.TestCase) if not name.startswith("_"))


class Base(msgspec.Struct, frozen=True):
    """A base case of the canon: where it is imported from, and what is known of it.

    ``kind`` is ``sync``, ``async`` or ``pytest`` (no unittest case, and nothing but isolation), ``is_case`` whether it
    is a unittest case, ``offers`` the names of its methods, and ``starts`` those of them that set up or tear down (of
    canonry's own none has to be called).
    """

    module: str
    name: str
    kind: str
    is_case: bool
    offers: frozenset[str] = frozenset()
    starts: frozenset[str] = frozenset()
    ours: bool = False


class Way(msgspec.Struct, frozen=True):
    """How a class gets a base of the canon: the edits, how far they may be trusted, and why."""

    grade: Grade
    reason: str = ""
    edits: tuple[Splice, ...] = ()
    needs: tuple[Needed, ...] = ()


def canonical_bases(file: FileView) -> dict[str, Base]:
    """The canon's base cases by kind, the first of each."""
    found: dict[str, Base] = {}
    for entry in file.canon.base_cases:
        base = _base_of(file, entry)
        if base.kind:
            found.setdefault(base.kind, base)
    return found


def _base_of(file: FileView, entry: str) -> Base:
    module, _, name = entry.partition(":")
    if module == "canonry.testing":
        kind = _OURS.get(name, "")
        return Base(module, name, kind, is_case=kind != "pytest", ours=True)
    target = file.index.resolve("", f"{module}.{name}")
    kind = "async" if "async" in name.lower() else "sync"
    if not isinstance(target, Definition):
        known = case_kind(target.name) if isinstance(target, External) else ""
        return Base(module, name, known or kind, is_case=bool(known))
    hierarchy = file.index.hierarchy(target)
    if any(root in _ASYNC for root in hierarchy.roots):
        kind = "async"
    classes = [fact for each in (target, *hierarchy.ancestors) if (fact := file.index.class_fact(each)) is not None]
    offers = frozenset(name for fact in classes for name in fact.methods)
    return Base(module, name, kind, bool(hierarchy.case), offers, offers.intersection(_SET_UP))


# one class -----------------------------------------------------------------------------------------------------------


def way_of(module: Module, node: ast.ClassDef, fact: ClassFact, *, shared: bool, awaits: bool = False) -> Way:
    """How a class that names a foreign base itself gets the canon's; ``shared``: classes elsewhere derive from it.

    ``awaits``: it has async tests that nothing awaits, so that only the async base will do. Where a class that derives
    from it could not be made any more, it gets none.
    """
    way = _way_of(module, node, fact, shared=shared, awaits=awaits)
    if not way.edits or not way.needs:
        return way
    file = module.file
    targets = [file.index.resolve(file.path, name) for name in fact.bases]
    old = next((each.name for each in targets if isinstance(each, External) and case_kind(each.name)), "")
    need = way.needs[0]
    cases = [_node_of(file, base.module, base.name) for kind, base in canonical_bases(file).items() if kind != "pytest"]
    heir = heir_without_order(module, file.definition(fact), old, _node_of(file, need.module, need.name), cases)
    if heir is None:
        return way
    return Way(
        Grade.MANUAL,
        f"`{heir.qualname}` in `{heir.path}` names another base before it, and could not be made with `{need.name}`; "
        "put that base behind it first",
    )


def _node_of(file: FileView, module: str, name: str) -> Definition | str:
    found = file.index.resolve("", f"{module}.{name}")
    return found if isinstance(found, Definition) else f"{module}.{name}"


def _way_of(module: Module, node: ast.ClassDef, fact: ClassFact, *, shared: bool, awaits: bool) -> Way:
    file = module.file
    bases = canonical_bases(file)
    named = [
        (expression, file.index.resolve(file.path, name))
        for expression, name in zip(node.bases, fact.bases, strict=False)
    ]
    cases = [
        (expression, target.name)
        for expression, target in named
        if isinstance(target, External) and case_kind(target.name)
    ]
    other = next((name for _, name in cases if name not in _SYNC | _ASYNC), "")
    if other:
        return Way(Grade.MANUAL, f"`{other}` does work of its own that the canonical base does not do")
    if not cases and "pytest" in bases and not awaits:
        return _plain(module, node, fact, named, bases["pytest"])
    wants_async = shared or any(_async_parts(module, fact)) or any(name in _ASYNC for _, name in cases)
    base = bases.get("async" if wants_async else "sync") or (bases.get("async") if not wants_async else None)
    if base is None:
        return Way(Grade.MANUAL, f"the canon names no {'async' if wants_async else 'synchronous'} base case")
    if not cases:
        return _plain(module, node, fact, named, base)
    lacking = [] if base.is_case else sorted(_uses_of_case(node) - base.offers)
    if lacking:
        return Way(Grade.MANUAL, f"it uses `self.{lacking[0]}`, which `{base.name}` lacks")
    need = _name_for(module, node, base)
    if need is None:
        return Way(Grade.MANUAL, f"`{base.name}` means something else here")
    doubt = next(_doubts(module, node, fact, base, cases, shared=shared), "")
    edits = [module.replace(cases[0][0], need.bound)]
    return Way(Grade.REVIEW if doubt else Grade.SAFE, doubt, tuple(edits), (need,))


def _plain(
    module: Module, node: ast.ClassDef, fact: ClassFact, named: list[tuple[ast.expr, Resolved]], base: Base
) -> Way:
    """The way of a class in pytest's style, whose bases are no test cases.

    Under the canon's base for that style it stays what it is: that base has no attribute, no metaclass and no base of
    its own, so no name collides, no `super()` chain ends elsewhere, and no order of bases can fail, here and in all
    that derives from it. Under a unittest case `setUp` is called, fixtures and async tests are run by others: a reader.
    """
    target = next((each for _, each in named if isinstance(each, Definition)), None)
    if target is not None and base.kind != "pytest":
        return Way(Grade.MANUAL, f"its base `{target.qualname}` in `{target.path}` has to be moved first")
    if not base.ours:
        return Way(Grade.MANUAL, f"nobody can tell whether `{base.name}` runs what is set up in pytest's style")
    need = _name_for(module, node, base)
    if need is None:
        return Way(Grade.MANUAL, f"`{base.name}` means something else here")
    if base.kind == "pytest":
        reason = next(doubts_of_plain(module.file, fact), "")
    else:
        reason = "it is in pytest's style: its tests become those of a unittest case, with the same ids"
    edit = _first_base(module, node, need.bound)
    if isinstance(edit, str):
        return Way(Grade.MANUAL, edit)
    return Way(Grade.REVIEW if reason else Grade.SAFE, reason, (edit,), (need,))


def _first_base(module: Module, node: ast.ClassDef, name: str) -> Splice | str:
    """The edit that gives a class without test cases among its bases one more, or why there is none."""
    if node.bases:
        last = node.bases[-1]
        is_object = isinstance(last, ast.Name) and last.id == "object"
        return (module.replace(last, name) if is_object else _added(module, node, name)) or _COMMENT
    if node.keywords:
        return "it has a metaclass or other keywords and no base"
    head = module.content[module.start(node) : module.start(node.body[0])].decode()
    start = module.start(node) + len(head[: head.index(node.name, 5)].encode()) + len(node.name.encode())
    rest = module.content[start : module.start(node.body[0])]
    space = len(rest) - len(rest.lstrip())
    if rest.lstrip()[:1] != b"(":
        return Splice(start, start + space, f"({name})".encode())
    end = start + rest.index(b")") + 1
    return _COMMENT if module.has_comment(start, end) else Splice(start, end, f"({name})".encode())


def beside(module: Module, node: ast.ClassDef, fact: ClassFact, source: Definition) -> Way:
    """The way of a class that reaches a foreign case through a class elsewhere: the canonical base after its own."""
    hierarchy = module.file.hierarchy(fact)
    where = f"`{source.qualname}` in `{source.path}`"
    cases = [root for root in hierarchy.roots if case_kind(root)]
    if not cases or any(root not in _SYNC | _ASYNC for root in cases) or not node.bases:
        return Way(Grade.MANUAL, f"its base {where} has to be moved first")
    bases = canonical_bases(module.file)
    wants_async = hierarchy.case == "async" or any(_async_parts(module, fact))
    base = bases.get("async" if wants_async else "sync")
    if base is None or not base.is_case:
        return Way(Grade.MANUAL, f"its base {where} has to be moved first")
    need = _name_for(module, node, base)
    if need is None:
        return Way(Grade.MANUAL, f"`{base.name}` means something else here")
    edit = _added(module, node, need.bound)
    if edit is None:
        return Way(Grade.MANUAL, _COMMENT)
    return Way(
        Grade.REVIEW, f"its base {where} keeps its own, and the canonical one stands beside it", (edit,), (need,)
    )


def _added(module: Module, node: ast.ClassDef, name: str) -> Splice | None:
    """The edit that puts a base behind the last one; it takes in the bracket, so that it is one of the statement."""
    last = node.bases[-1]
    start, end = module.start(last), module.end(last)
    stop = module.content.index(b")", max([end, *(module.end(each.value) for each in node.keywords)])) + 1
    if module.has_comment(start, stop):
        return None
    return Splice(start, stop, module.content[start:end] + f", {name}".encode() + module.content[end:stop])


def _name_for(module: Module, node: ast.ClassDef, base: Base) -> Needed | None:
    found = module.name_for(base.module, base.name, at=node)
    return found or module.name_for(base.module, base.name, at=node, alias=f"Canonical{base.name}")


# doubts --------------------------------------------------------------------------------------------------------------


def doubts_of_facts(file: FileView, fact: ClassFact) -> Iterator[str]:
    """What speaks against moving a class without a reader, as far as its facts say it."""
    decorator = next((each for each in fact.decorators if not each.startswith(_TRANSPARENT)), None)
    if decorator is not None:
        yield f"its decorator `{decorator.lstrip(':*.&')}` may make another class of it"
    if "?" in fact.bases:
        yield "one of its bases is computed"
    functions = file.methods.get(fact.qualname, [])
    if file.hierarchy(fact).custom:
        yield "it, or a base of it, runs tests in a way of its own"
    for function in functions:
        if file.is_test_function(function):
            if function.is_async and file.hierarchy(fact).case == "sync":
                yield of_unawaited(function)
            if function.returns is not None:
                yield f"`{function.name}` returns a value, which the canonical base refuses"
            if function.generator:
                yield f"`{function.name}` is a generator, which the canonical base refuses"
        elif function.name in _SET_UP[:4] and function.is_async:
            yield f"`{function.name}` is async and was never awaited"


def of_unawaited(function: FunctionFact) -> str:
    """What a reader has to know of an async test of a plain unittest case."""
    if all(decorator.startswith(_TRANSPARENT) for decorator in function.decorators):
        return f"`{function.name}` {_NEVER}"
    return f"`{function.name}` is async, and its decorator may await it or not"


def doubts_of_plain(file: FileView, fact: ClassFact) -> Iterator[str]:
    """What speaks against giving a class in pytest's style a base that does nothing but to isolate."""
    decorator = next((each for each in fact.decorators if not each.startswith((*_TRANSPARENT, "dataclasses."))), None)
    if decorator is not None:
        yield f"its decorator `{decorator.lstrip(':*.&')}` may make another class of it"
    hierarchy = file.hierarchy(fact)
    if not hierarchy.complete or "?" in fact.bases:
        yield "one of its bases is computed, or is not there"
    elif hierarchy.roots:
        yield f"nobody knows here whether `{hierarchy.roots[0]}` is a test case"


def _doubts(
    module: Module,
    node: ast.ClassDef,
    fact: ClassFact,
    base: Base,
    cases: list[tuple[ast.expr, str]],
    *,
    shared: bool,
) -> Iterator[str]:
    yield from doubts_of_facts(module.file, fact)
    yield from _unawaited_elsewhere(module, fact)
    if any(keyword.arg == "metaclass" for keyword in node.keywords):
        yield "it has a metaclass"
    if any(keyword.arg is None for keyword in node.keywords):
        yield "its keywords are computed"
    if any(isinstance(each, ast.Starred) for each in node.bases):
        yield "one of its bases is computed"
    spoken = cases[0][0]
    if any(same_nodes(each, spoken) for part in node.body for each in nodes_of(part) if type(each) is type(spoken)):
        yield f"its body speaks of `{module.source(cases[0][0])}` itself"
    for name in sorted(base.starts):
        method = next((part for part in node.body if getattr(part, "name", "") == name), None)
        if method is not None and not _calls_super(method, name):
            yield f"its `{name}` does not call the one of `{base.name}`"
    kept = sorted((base.offers - base.starts) & set(fact.methods))
    if kept:
        yield f"`{kept[0]}` is a method of `{base.name}`, too"
    if not base.is_case:
        yield f"`{base.name}` is no unittest case"
    if shared:
        yield "what derives from it stands elsewhere, too"


def _calls_super(method: ast.AST, name: str) -> bool:
    return any(
        isinstance(each, ast.Call)
        and isinstance(each.func, ast.Attribute)
        and each.func.attr == name
        and isinstance(each.func.value, ast.Call)
        and isinstance(each.func.value.func, ast.Name)
        and each.func.value.func.id == "super"
        for each in nodes_of(method)
    )


def _uses_of_case(node: ast.ClassDef) -> set[str]:
    """What the methods of a class use of a unittest case, through ``self`` and ``cls``."""
    own = {getattr(part, "name", "") for part in node.body}
    return {
        each.attr
        for each in nodes_of(node)
        if isinstance(each, ast.Attribute)
        and isinstance(each.value, ast.Name)
        and each.value.id in ("self", "cls")
        and each.attr in _OF_TEST_CASE - own
    }


def _async_parts(module: Module, fact: ClassFact) -> Iterator[tuple[Definition, Definition, FunctionFact]]:
    """The async tests and set-ups that a class, or what derives from it, has or inherits.

    Each with the class that gets it and the one that defines it.
    """
    file, own = module.file, module.file.definition(fact)
    waiting, heirs = [own], {own: None}
    while waiting:
        more = [each for each in module.surroundings.heirs(waiting.pop()) if each not in heirs]
        heirs.update(dict.fromkeys(more))
        waiting += more
    for heir in heirs:
        for definition in (heir, *file.index.hierarchy(heir).ancestors):
            facts = file.index.facts(definition.path)
            for function in facts.functions if facts is not None else ():
                if not function.is_async or function.owner != definition.qualname:
                    continue
                if file.project.settings.is_test_function(function.name) or function.name in _ASYNC_PARTS:
                    yield heir, definition, function


def _unawaited_elsewhere(module: Module, fact: ClassFact) -> Iterator[str]:
    """The async tests of other classes that nothing awaits before a class has the async base."""
    file, own = module.file, module.file.definition(fact)
    for heir, definition, function in _async_parts(module, fact):
        if definition != own and function.name not in _ASYNC_PARTS and file.index.hierarchy(heir).case == "sync":
            where = "" if definition.path == file.path else f" in `{definition.path}`"
            yield f"{of_unawaited(function)}: it is of `{definition.qualname}`{where}"
