"""availability-flag."""

import ast
from collections.abc import Iterator, Sequence

from canonry.changes.nodes import nodes_of
from canonry.migrate.answers import Change, Found, Splice, manual
from canonry.migrate.codemod import Codemod, Example
from canonry.migrate.homes import leads_back, module_name, statement_at
from canonry.migrate.module import Module
from canonry.model.edit import Grade
from canonry.rules.imp.imp005_availability_flag import ask_apart, dependencies_of
from canonry.source.facts import Flag

_PROBE = "try:\n    import redis\n    HAS_REDIS = True\nexcept ImportError:\n    HAS_REDIS = False\n"
_FILES = {
    "shop/__init__.py": "",
    "shop/optional.py": _PROBE,
    "shop/jobs.py": "from shop.optional import HAS_REDIS\n",
}
_TELLING = frozenset("debug info warning warn error critical exception log".split())


class AvailabilityFlag(Codemod):
    """Imports the answer of a probe from its home instead of probing a dependency again.

    The flag keeps its name and its value, with the dependency and without. What the probe imports, and what its handler
    binds, stays under an `if` of the flag where the file uses it. It is safe where home and copy probe exactly the same,
    catch the same errors, and stand in one package. A reader is asked where one of them lies in another package, which
    may be shipped alone; where the copy asks for other modules of the same package, which only an older release could
    lack; where it keeps None in place of what it imports, which an `if` of the home's flag does as well; where the
    handler tells the error. Manual: probes of other packages or of other parts of the tree, `else` and `finally`, a
    home that imports the file, flags that are set again.
    """

    name = "availability-flag"
    rules = ("IMP005",)
    order = 16
    examples = (
        Example(
            f"{_PROBE}\n\ndef cache():\n    return HAS_REDIS\n",
            "from shop.optional import HAS_REDIS\n\n\ndef cache():\n    return HAS_REDIS\n",
            path="shop/cache.py",
            files=_FILES,
        ),
        Example(
            "try:\n    import redis\n    REDIS_AVAILABLE = True\nexcept ImportError:\n    redis = None\n    REDIS_AVAILABLE = False\n\n\n"
            "def cache():\n    return redis.Redis() if REDIS_AVAILABLE else None\n",
            "from shop.optional import HAS_REDIS as REDIS_AVAILABLE\nif REDIS_AVAILABLE:\n    import redis\nelse:\n    redis = None\n\n\n"
            "def cache():\n    return redis.Redis() if REDIS_AVAILABLE else None\n",
            path="shop/cache.py",
            files=_FILES,
        ),
        Example(
            "try:\n    import redis.asyncio\n    HAS_REDIS = True\nexcept ImportError as error:\n    print(error)\n    HAS_REDIS = False\n\n\n"
            "def cache():\n    return redis.asyncio.Redis() if HAS_REDIS else None\n",
            "from shop.optional import HAS_REDIS\nif HAS_REDIS:\n    import redis.asyncio\n\n\n"
            "def cache():\n    return redis.asyncio.Redis() if HAS_REDIS else None\n",
            grade=Grade.REVIEW,
            path="shop/cache.py",
            files=_FILES,
        ),
        Example(
            "try:\n    from redis import Redis\nexcept ImportError:\n    Redis = None\n\n\n"
            "def cache():\n    return Redis() if Redis else None\n",
            "from shop.optional import HAS_REDIS\nif HAS_REDIS:\n    from redis import Redis\nelse:\n    Redis = None\n\n\n"
            "def cache():\n    return Redis() if Redis else None\n",
            grade=Grade.REVIEW,
            path="shop/cache.py",
            files=_FILES,
        ),
        Example(
            "try:\n    import redis, kafka\n    HAS_REDIS = True\nexcept ImportError:\n    HAS_REDIS = False\n",
            grade=Grade.MANUAL,
            path="shop/cache.py",
            files=_FILES,
        ),
    )

    def changes(self, module: Module, found: Sequence[Found]) -> Iterator[Change]:
        """One answer for each probe beyond its home."""
        for each in found:
            yield _changed(module, each)


def _changed(module: Module, found: Found) -> Change:
    line = found.offence.site.line
    tried = next(
        (n for n in module.tree.body if isinstance(n, ast.Try) and n.lineno <= line <= (n.end_lineno or 0)), None
    )
    home_at = found.offence.related[0] if found.offence.related else None
    own = next((flag for flag in module.file.facts.flags if flag.site.line == line), None)
    facts = module.file.index.facts(home_at.path) if home_at is not None else None
    home = next((flag for flag in facts.flags if home_at and flag.site.line == home_at.line), None) if facts else None
    if tried is None or own is None or home is None or home_at is None:
        return manual(found, "the probe or its home is not found any more")
    reason = _refusal(module, tried, own, home, home_at.path)
    if reason:
        return manual(found, reason)
    dotted, doubt = module_name(module, home_at.path)
    if not dotted:
        return manual(found, f"`{home_at.path}` has no name by which this file can import it")
    doubts = [doubt] if doubt else []
    doubts += _doubts(tried, own, home)
    if home_at.path.partition("/")[0] != module.path.partition("/")[0]:
        doubts.append(f"`{home_at.path}` lies in another package, which may not be there")
    if module.file.project.remoteness(home_at.path) > 0:
        doubts.append(f"`{home_at.path}` only supports tests")
    flag = own.name if own.boolean else home.name
    said = home.name if home.name == flag else f"{home.name} as {flag}"
    text = _text(module, tried, flag, f"from {dotted} import {said}", own)
    return Change(
        found=found,
        grade=Grade.REVIEW if doubts else Grade.SAFE,
        reason="; ".join(doubts),
        edits=(Splice(module.start(tried), module.end(tried), text.encode()),),
    )


def _refusal(module: Module, tried: ast.Try, own: Flag, home: Flag, path: str) -> str:
    if not home.boolean:
        return "the home keeps the imported name, or None; let one place say True or False"
    if not own.boolean and home.name in module.bound:
        return f"`{home.name}` means something else here"
    if set(own.wanted) != set(home.wanted) and not _same_packages(module, own, home, path):
        return f"`{home.name}` of the home answers for {_named(home.wanted)}, this one for {_named(own.wanted)}"
    if len(tried.handlers) != 1 or tried.finalbody or tried.orelse:
        return "its `try` has more than one handler, or goes on behind it"
    if not _only_told(tried.handlers[0]):
        return "its handler keeps the error"
    theirs = statement_at(module, path, home.site.line)
    if not isinstance(theirs, ast.Try) or _errors(theirs) != _errors(tried) or not _errors(tried):
        return "one of both takes other errors than those of an import, or in another way"
    if module.has_comment(module.start(tried), module.end(tried)):
        return "a comment stands in the probe"
    inside = sum(
        1
        for node in nodes_of(tried)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id == own.name
    )
    if own.boolean and module.bound.get(own.name, 0) > inside:
        return f"`{own.name}` is set elsewhere, too"
    if leads_back(module.file.index, path, module.path):
        return f"`{path}` imports this file"
    return ""


def _same_packages(module: Module, own: Flag, home: Flag, path: str) -> bool:
    """Whether both ask for the same packages, none of them of the tree, and not for parts that come by themselves."""
    index = module.file.index
    mine, theirs = dependencies_of(own, module.path, index), dependencies_of(home, path, index)
    if mine.keys() != theirs.keys() or any(mine.values()) or any(theirs.values()):
        return False
    return bool(mine) and not any(ask_apart(each, own.wanted, home.wanted) for each in mine)


def _doubts(tried: ast.Try, own: Flag, home: Flag) -> Iterator[str]:
    """What a reader has to know of a probe that is not the home's to the letter."""
    if set(own.wanted) != set(home.wanted):
        yield f"`{home.name}` of the home asks for {_named(home.wanted)}, this one for {_named(own.wanted)}"
    if not own.boolean:
        yield f"`{own.name}` is None where `{home.name}` says no"
    if tried.handlers[0].name:
        yield "nothing tells the error any more"


def _only_told(handler: ast.ExceptHandler) -> bool:
    """Whether the caught error, where it has a name, is only printed or logged."""
    return all(_tells(each) for each in handler.body if _speaks_of(each, handler.name))


def _speaks_of(statement: ast.stmt, name: str | None) -> bool:
    return name is not None and any(isinstance(each, ast.Name) and each.id == name for each in nodes_of(statement))


def _tells(statement: ast.stmt) -> bool:
    call = statement.value if isinstance(statement, ast.Expr) else None
    if not isinstance(call, ast.Call):
        return False
    return (isinstance(call.func, ast.Name) and call.func.id == "print") or (
        isinstance(call.func, ast.Attribute) and call.func.attr in _TELLING
    )


def _named(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _errors(tried: ast.Try) -> frozenset[str]:
    """The import errors that its handlers take; nothing where they take others: those, only its own file knows."""
    kinds = [
        kind
        for handler in tried.handlers
        for kind in (handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type])
    ]
    names = frozenset(each.id if isinstance(each, ast.Name) else "" for each in kinds)
    return frozenset(("ImportError",)) if names <= {"ImportError", "ModuleNotFoundError"} else frozenset()


def _text(module: Module, tried: ast.Try, flag: str, line: str, own: Flag) -> str:
    """The import of the flag, and under it what the file still uses of the probe's imports and its handler's names."""
    end = module.line_end(module.start(tried)).decode()
    handler = tried.handlers[0]
    have = [each for each in tried.body if not (own.boolean and _sets(each, own.name))]
    lack = [
        each
        for each in handler.body
        if not (own.boolean and _sets(each, own.name))
        and not isinstance(each, ast.Pass)
        and not _speaks_of(each, handler.name)
    ]
    if not lack and all(
        isinstance(each, ast.Import | ast.ImportFrom) and not _used(module, tried, each) for each in have
    ):
        return line
    indent = " " * tried.body[0].col_offset

    def block(statements: list[ast.stmt]) -> list[str]:
        return [f"{indent}{module.source(each)}" for each in statements]

    parts = [line]
    if have:
        parts += [f"if {flag}:", *block(have)]
    if lack:
        parts += ["else:" if have else f"if not {flag}:", *block(lack)]
    return end.join(parts)


def _sets(statement: ast.stmt, name: str) -> bool:
    if isinstance(statement, ast.AnnAssign):
        return isinstance(statement.target, ast.Name) and statement.target.id == name
    return (
        isinstance(statement, ast.Assign)
        and len(statement.targets) == 1
        and isinstance(statement.targets[0], ast.Name)
        and statement.targets[0].id == name
    )


def _used(module: Module, tried: ast.Try, statement: ast.stmt) -> bool:
    """Whether a name that an import binds is spoken of outside of the probe, in a string too; others may import it."""
    assert isinstance(statement, ast.Import | ast.ImportFrom)
    bound = {alias.asname or alias.name.partition(".")[0] for alias in statement.names}
    inside = {id(node) for node in nodes_of(tried)}
    for node in nodes_of(module.tree):
        if id(node) in inside:
            continue
        if isinstance(node, ast.Name) and node.id in bound:
            return True
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and any(name in node.value for name in bound):
            return True
    return bool(module.surroundings.importers(module.path))
