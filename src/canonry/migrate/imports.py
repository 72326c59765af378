"""Imports that go with edits: names that they use are bound once, names that nothing uses any more go, only those."""

import ast
import re
from collections.abc import Collection, Iterable, Sequence

from canonry.changes.checks.names import said
from canonry.changes.nodes import nodes_of
from canonry.changes.strings import text_tokens
from canonry.migrate.answers import Needed, Splice
from canonry.migrate.kept_imports import for_what_it_does, reexported
from canonry.migrate.module import Module, words_of
from canonry.source.syntax.text import SourceText

_WORD = re.compile(rb"[^\W\d]\w*")
_NAME = re.compile(rb"(?<![.\w])[^\W\d]\w*")  # a word that is no attribute of another
_FORMATTED = re.compile(rb"""[rR]?[fFtT]|[fFtT][rR]""")  # its parts are code
_IMPORTS = (ast.Import, ast.ImportFrom)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


# what edits need -----------------------------------------------------------------------------------------------------


def import_edits(module: Module, needs: Iterable[Needed], splices: Sequence[Splice]) -> list[Splice]:
    """The edits that import what is needed, once, before the first edit and where imports stand."""
    wanted: dict[str, list[Needed]] = {}
    for need in dict.fromkeys(needs):
        if need.bound not in module.bound:
            wanted.setdefault(need.module, []).append(need)
    found: list[Splice] = []
    left: list[str] = []
    last = _last_import(module, splices)
    for name, several in wanted.items():
        aliases = [_alias(each) for each in several]
        if not several[0].name:
            left.append(f"import {name}")
            continue
        host = _host(module, name, last, splices)
        if host is not None:
            found.append(module.insert(module.end(host.names[-1]), ", " + ", ".join(aliases)))
        else:
            left.append(f"from {name} import {', '.join(aliases)}")
    if left:
        found.append(_statements(module, last, left))
    return found


def _alias(need: Needed) -> str:
    return need.name if need.bound == need.name else f"{need.name} as {need.bound}"


def _host(module: Module, name: str, last: ast.stmt | None, splices: Sequence[Splice]) -> ast.ImportFrom | None:
    """A statement that imports from the module already, to which a name can be added."""
    for statement in module.tree.body:
        if isinstance(statement, ast.ImportFrom) and statement.level == 0 and statement.module == name:
            start, end = module.start(statement), module.end(statement)
            touched = any(each.start <= end and start <= each.end for each in splices)
            if statement.names[0].name != "*" and not touched and not module.has_comment(start, end):
                return statement
        if statement is last or last is None:
            return None
    return None


def _last_import(module: Module, splices: Sequence[Splice]) -> ast.stmt | None:
    """The last statement of the imports at the top: before any definition and before the first edit of other code."""
    found: ast.stmt | None = None
    for statement in module.tree.body:
        is_import = isinstance(statement, _IMPORTS)
        if isinstance(statement, _DEFINITIONS):
            break
        if not is_import and any(module.start(statement) <= each.start <= module.end(statement) for each in splices):
            break
        if is_import:
            found = statement
    return found


def _statements(module: Module, last: ast.stmt | None, lines: list[str]) -> Splice:
    """New import statements after the last one, else after the docstring, else before the first statement."""
    body = module.tree.body
    after = last
    if after is None and body and _is_docstring(body[0]):
        after = body[0]
    if after is None:
        at = _line_start(module, body[0]) if body else len(module.content)
        end = module.line_end(at).decode()
        apart = end * 2 if body and isinstance(body[0], _DEFINITIONS) else end if body else ""
        return module.insert(at, "".join(line + end for line in lines) + apart)
    behind = body[body.index(after) + 1 :][:1]
    if behind and behind[0].lineno == after.end_lineno and not isinstance(behind[0], _IMPORTS):
        return module.insert(module.start(behind[0]), "".join(f"{line}; " for line in lines))  # which may need it
    beside = [each for each in body if each.lineno == after.end_lineno]  # `import a; b = (` goes on in other lines
    stop = module.end(beside[-1] if beside else after)
    end = module.line_end(stop).decode()
    text = end.join(lines)
    match = re.compile(rb"[^\r\n]*(\r\n|\r|\n)?").match(module.content, stop)
    assert match is not None
    space = end if after is not last else ""
    if match.group(1) is None:
        return module.insert(match.end(), end + space + text)
    return module.insert(match.end(), space + text + end)


def _is_docstring(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _line_start(module: Module, statement: ast.stmt) -> int:
    lines = [statement.lineno, *(each.lineno for each in getattr(statement, "decorator_list", ()))]
    return module.mark + module.text.offset(min(lines), 0)


# what edits orphan ---------------------------------------------------------------------------------------------------


def orphan_edits(module: Module, splices: Sequence[Splice]) -> list[Splice]:
    """The edits that take away imports whose last use goes with the given edits; none in a package's `__init__`."""
    if module.path.rpartition("/")[2] == "__init__.py":
        return []
    gone = {word for each in splices for word in _WORD.findall(module.content[each.start : each.end])}
    if not gone:
        return []
    by_statement: dict[ast.stmt, list[ast.alias]] = {}
    kept: dict[ast.alias, str] = {}
    statements: dict[ast.alias, ast.stmt] = {}
    for statement, alias in _imports(module):
        bound = alias.asname or alias.name.partition(".")[0]
        if bound.encode() in gone and _is_orphaned(module, bound, statement, splices):
            text = reexported(module, alias)
            if text is None:
                by_statement.setdefault(statement, []).append(alias)
            elif text != module.source(alias):
                kept[alias], statements[alias] = text, statement
    added = [each.start for each in splices if each.start == each.end]
    renewed = [module.replace(each, kept[each]) for each in kept if statements[each] not in by_statement]
    removals = _from_top(module, _removals(module, by_statement, kept), added)
    return renewed + [_up_to(each, added) for each in removals]


def _from_top(module: Module, removals: list[Splice], added: list[int]) -> list[Splice]:
    """The removals; those at the top of the file take the blank lines behind the last of them with them."""
    at, last = module.mark, -1
    for number, each in sorted(enumerate(removals), key=lambda one: one[1].start):
        if each.start != at or each.text:
            break
        at, last = each.end, number
    blank = re.compile(rb"(?:[ \t\f]*(?:\r\n|\r|\n))*").match(module.content, at)
    if last < 0 or blank is None or any(at <= place <= blank.end() for place in added):
        return removals
    found = list(removals)
    found[last] = Splice(removals[last].start, blank.end(), b"")
    return found


def _up_to(removal: Splice, added: list[int]) -> Splice:
    """A removal that leaves the place where something is added."""
    inside = [at for at in added if removal.start < at < removal.end]
    return Splice(removal.start, min(inside), removal.text) if inside else removal


def _imports(module: Module) -> list[tuple[ast.Import | ast.ImportFrom, ast.alias]]:
    return [
        (node, alias)
        for node in module.words.imports
        if getattr(node, "module", "") != "__future__"
        for alias in node.names
        if alias.name != "*"
    ]


def _is_orphaned(module: Module, name: str, statement: ast.stmt, splices: Sequence[Splice]) -> bool:
    """Whether an edit takes the last use of an imported name away, and there was one."""
    scope = next(iter(module.functions_around(statement)), module.tree)
    if isinstance(module.parents.get(statement), ast.ClassDef):
        return False
    word = name.encode()
    if any(word in each.text and _uses(each.text, name) for each in splices):
        return False
    words = module.words if scope is module.tree else words_of(nodes_of(scope))
    uses = words.names.get(name, [])
    if name in words.shared or not uses:
        return False
    if not all(isinstance(node.ctx, ast.Load) and _is_in(module.start(node), splices) for node in uses):
        return False
    return not any(
        name in node.value and _speaks_of(node.value, name) and not _is_in(module.start(node), splices)
        for node in words.strings
        if isinstance(node.value, str)
    )


def _uses(text: bytes, name: str) -> bool:
    """Whether new code speaks of a name: outside of comments and of strings that are no annotation."""
    code, at = [], 0
    for token in text_tokens(SourceText(text)):
        inside = text[token.start : token.end]
        if token.comment or not (_FORMATTED.match(inside) or _speaks_of(_bare(inside), name)):
            code.append(text[at : token.start])
            at = token.end
    return name.encode() in _NAME.findall(b" ".join([*code, text[at:]]))


def _bare(string: bytes) -> str:
    """What stands between the quotes of a string, escapes as they are written."""
    return string.decode("utf-8", "replace").lstrip("rRbBuU").strip("'\"")


def _is_in(offset: int, splices: Sequence[Splice]) -> bool:
    return any(each.start <= offset < each.end for each in splices)


def _speaks_of(text: str, name: str) -> bool:
    """Whether a string could be an annotation, or an entry of `__all__`, that means the name."""
    return name in said(text)


def _removals(
    module: Module, by_statement: dict[ast.stmt, list[ast.alias]], renewed: dict[ast.alias, str]
) -> list[Splice]:
    whole = {
        statement: None
        for statement, aliases in by_statement.items()
        if len(aliases) == len(statement.names)  # type: ignore[attr-defined]
    }
    found: list[Splice] = []
    for statement, aliases in by_statement.items():
        if statement not in whole:
            found += _without(module, statement, aliases, renewed)
            continue
        assert isinstance(statement, _IMPORTS)
        still = for_what_it_does(module, statement)
        if still is not None:
            found.append(module.replace(statement, still))
            continue
        tried = _only_tried(module, statement, whole)
        if tried is not None:
            if statement is tried.body[-1]:
                found.append(removal_of(module, tried, _block_of(module, tried)))
            continue
        block = _block_of(module, statement)
        empty = all(each in whole for each in block) and module.parents.get(statement) is not module.tree
        if empty and statement is block[-1]:
            found.append(module.replace(statement, "pass"))
            continue
        found.append(removal_of(module, statement, block))
    return found


def _only_tried(module: Module, statement: ast.stmt, gone: Collection[ast.stmt]) -> ast.Try | None:
    """The `try` at the top level around an import that does nothing but to import what goes, also where that fails."""
    parent = module.parents.get(statement)
    if isinstance(parent, ast.ExceptHandler):
        parent = module.parents.get(parent)
    if not isinstance(parent, ast.Try) or parent.orelse or parent.finalbody:
        return None
    if module.parents.get(parent) is not module.tree or module.has_comment(module.start(parent), module.end(parent)):
        return None
    fallbacks = [each for handler in parent.handlers for each in handler.body]
    done = all(isinstance(each, ast.Pass) or each in gone for each in fallbacks)
    return parent if done and all(each in gone for each in parent.body) else None


def _block_of(module: Module, statement: ast.stmt) -> list[ast.stmt]:
    parent = module.parents[statement]
    for _, value in ast.iter_fields(parent):
        if isinstance(value, list) and statement in value:
            return value
    return [statement]


def removal_of(module: Module, statement: ast.stmt, block: list[ast.stmt]) -> Splice:
    """The edit that takes a statement out of its block: its line with it where nothing else stands there."""
    content = module.content
    start, end = module.start(statement), module.end(statement)
    index = block.index(statement)
    line = module.mark + module.text.offset(statement.lineno, 0)
    rest = re.compile(rb"[ \t\f]*;?[ \t\f]*(\r\n|\r|\n|$|(?=#))?").match(content, end)
    assert rest is not None
    alone = not content[line:start].strip()
    if alone and rest.group(1) is not None:
        if content[rest.end() : rest.end() + 1] == b"#" and not rest.group(1):  # a comment stays, on a line of its own
            return Splice(start, rest.end(), b"")
        stop = rest.end()
        if line == module.mark:  # no file begins with the blank lines that stood behind its first import
            blank = re.compile(rb"(?:[ \t\f]*(?:\r\n|\r|\n))*").match(content, stop)
            stop = blank.end() if blank is not None else stop
        return Splice(line, stop, b"")
    if index + 1 < len(block) and block[index + 1].lineno == statement.end_lineno:
        return Splice(start, module.start(block[index + 1]), b"")
    previous = block[index - 1] if index else None
    if previous is not None and previous.end_lineno == statement.lineno:
        return Splice(module.end(previous), end, b"")
    return Splice(start, end, b"pass")


def _without(
    module: Module, statement: ast.stmt, aliases: list[ast.alias], renewed: dict[ast.alias, str]
) -> list[Splice]:
    """The edits that take some names out of an import, and write others in another way."""
    assert isinstance(statement, ast.Import | ast.ImportFrom)
    names = statement.names
    first, last = names[0], names[-1]
    before = module.content[module.start(statement) : module.start(first)]
    kept = [alias for alias in names if alias not in aliases]
    if b"(" not in before:
        text = ", ".join(renewed.get(alias) or module.source(alias) for alias in kept)
        return [Splice(module.start(first), module.end(last), text.encode())]
    found = [module.replace(alias, renewed[alias]) for alias in kept if alias in renewed]
    for alias in aliases:
        start, end = module.start(alias), module.end(alias)
        comma = re.compile(rb"[ \t\f\r\n]*,[ \t]*").match(module.content, end)
        end = comma.end() if comma is not None else end
        line = module.mark + module.text.offset(alias.lineno, 0)
        rest = re.compile(rb"[ \t\f]*(\r\n|\r|\n)").match(module.content, end)
        if rest is not None and not module.content[line:start].strip():
            start, end = line, rest.end()
        found.append(Splice(start, end, b""))
    return found
