"""Writes of the environment that move into a scope which ends with the test."""

import ast

from canonry.migrate.accessor import Accessor
from canonry.migrate.answers import Change, Found, Needed, Splice, manual
from canonry.migrate.module import Function, Module
from canonry.model.edit import Grade
from canonry.source.facts import ClassFact

_NO_SCOPE = "no scope is open here that would take the write back; use `with IsolatedEnvironment().patched(...)`"
_ENDS = "what it writes is gone when the test ends"
_FIXTURE = "pytest restores it when its fixture ends; use `patched(...)`, or write in a test"
_PER_CLASS = frozenset(
    ("setUpClass", "tearDownClass", "setup_class", "teardown_class", "setUpModule", "tearDownModule")
)
_CASES = ("SSotBaseTestCase", "SSotAsyncTestCase")
_TEAR_DOWNS = frozenset(("tearDown", "teardown_method", "asyncTearDown", "doCleanups"))


def written(module: Module, found: Found, environ: ast.expr, edits: tuple[Splice, ...], need: Needed) -> Change:
    """A write within a scope that ends with the test: it goes through to `os.environ` until then."""
    patched = f"{need.bound}().patched()"
    test = _test_around(module, environ)
    if test is not None:
        edits = (*edits, _scoped(module, test, patched))
        return Change(found=found, grade=Grade.REVIEW, reason=_ENDS, edits=edits, needs=(need,))
    method = _set_up_around(module, environ)
    if method is None:
        return manual(found, _NO_SCOPE)
    name = method.args.args[0].arg
    statement = module.statement_of(environ)
    if _is_plain_write(statement, environ):
        assert isinstance(statement, ast.Assign)
        assert isinstance(statement.targets[0], ast.Subscript)
        if module.has_comment(module.start(statement), module.end(statement)):
            return manual(found, "a comment stands in the middle of it")
        values = f"{{{module.source(statement.targets[0].slice)}: {module.source(statement.value)}}}"
        text = f"{name}.enterContext({need.bound}().patched({values}))"
        edits = (module.replace(statement, text),)
    else:
        edits = (*edits[:-1], module.replace(environ, f"{name}.enterContext({patched})"))
    return Change(found=found, grade=Grade.REVIEW, reason=_ENDS, edits=edits, needs=(need,))


def monkeypatched(module: Module, found: Found, node: ast.expr, accessor: Accessor, need: Needed) -> Change:
    """``monkeypatch.setenv`` and ``delenv`` in a test: a write in the scope that ends with it."""
    test = _test_around(module, node)
    statement = module.statement_of(node)
    if not accessor.ours or test is None or not isinstance(statement, ast.Expr) or statement.value is not node:
        return manual(found, _FIXTURE)
    if not _is_own_fixture(module, test, node):
        return manual(found, "`monkeypatch` is undone before the test ends, or is no fixture here")
    text = _statement(module, node, f"{need.bound}()")
    if text is None:
        return manual(found, "its arguments say more than a name and a value")
    edits = (module.replace(node, text), _scoped(module, test, f"{need.bound}().patched()"))
    return Change(found=found, grade=Grade.REVIEW, reason=_ENDS, edits=edits, needs=(need,))


def in_scope(module: Module, node: ast.AST) -> bool:
    """Whether a node stands in a method that runs within a test of a class that comes from the canon."""
    functions = list(module.functions_around(node))
    if not functions:
        return False
    method = functions[-1]
    owner = module.parents.get(method)
    if not isinstance(owner, ast.ClassDef) or getattr(method, "name", "") in _PER_CLASS:
        return False
    decorators = getattr(method, "decorator_list", [])
    if any("fixture" in ast.dump(each) or "method" in ast.dump(each) for each in decorators):
        return False
    fact = next((each for each in module.file.facts.classes if each.name == owner.name), None)
    return fact is not None and module.file.project.reaches_canonical(
        module.file.definition(fact), module.file.hierarchy(fact)
    )


def _is_own_fixture(module: Module, test: Function, node: ast.expr) -> bool:
    """Whether a call's ``monkeypatch`` is the test's argument, which nobody undoes or hands to a block within it."""
    if len(list(module.functions_around(node))) > 1 or "monkeypatch" not in {each.arg for each in test.args.args}:
        return False
    return not any(
        isinstance(each, ast.Attribute)
        and each.attr == "undo"
        and isinstance(each.value, ast.Name)
        and each.value.id == "monkeypatch"
        for each in ast.walk(test)
    )


def _statement(module: Module, node: ast.expr, environment: str) -> str | None:
    """The statement that writes what a call of ``monkeypatch`` writes; None where it does more."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return None
    named = {each.arg: each.value for each in node.keywords}
    parts = [module.source(each) for each in node.args]
    if any(isinstance(each, ast.Starred) for each in node.args) or not parts:
        return None
    if node.func.attr == "setenv":
        if len(parts) == 2 and not named:
            return f"{environment}[{parts[0]}] = {_as_text(module, node.args[1])}"
        return None
    raising = named.pop("raising", node.args[1] if len(parts) == 2 else None)
    if node.func.attr != "delenv" or named or len(parts) > 2:
        return None
    if raising is None or (isinstance(raising, ast.Constant) and raising.value is True):
        return f"del {environment}[{parts[0]}]"
    if isinstance(raising, ast.Constant) and raising.value is False:
        return f"{environment}.pop({parts[0]}, None)"
    return None


def _as_text(module: Module, value: ast.expr) -> str:
    """A value as text, which pytest makes of whatever it is given."""
    is_text = isinstance(value, ast.JoinedStr) or (isinstance(value, ast.Constant) and isinstance(value.value, str))
    made = isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "str"
    return module.source(value) if is_text or made else f"str({module.source(value)})"


def _outermost(module: Module, node: ast.AST) -> Function | None:
    """The function at the top level, or the method, that a node stands in."""
    functions = list(module.functions_around(node))
    found = functions[-1] if functions else None
    return found if isinstance(found, ast.FunctionDef | ast.AsyncFunctionDef) else None


def _test_around(module: Module, node: ast.AST) -> Function | None:
    """The test around a node, where it is pytest's alone or its class comes from the canon: a scope may decorate it."""
    test = _outermost(module, node)
    if test is None:
        return None
    owner = module.parents.get(test)
    name = f"{owner.name}.{test.name}" if isinstance(owner, ast.ClassDef) else test.name
    fact = next((each for each in module.file.collected if each.qualname == name), None)
    classes = module.file.classes
    if fact is None or fact.generator:
        return None
    foreign = fact.owner and module.file.hierarchy(classes[fact.owner]).case and not in_scope(module, node)
    return None if foreign else test


def _set_up_around(module: Module, node: ast.AST) -> Function | None:
    """The synchronous set-up or helper around a node, of a unittest case of the canon: it can enter a scope."""
    method = _outermost(module, node)
    if not isinstance(method, ast.FunctionDef) or not method.args.args or method.name in _TEAR_DOWNS:
        return None
    if len(list(module.functions_around(node))) > 1 or not in_scope(module, node):
        return None
    owner = module.parents[method]
    fact = next((each for each in module.file.facts.classes if each.name == getattr(owner, "name", "")), None)
    if fact is None or not _is_sync_case(module, fact):
        return None
    return method


def _is_sync_case(module: Module, fact: ClassFact) -> bool:
    """Whether a class is a unittest case without async parts, which run in a task and would export for themselves."""
    file = module.file
    index = file.index
    definition = file.definition(fact)
    line = [definition, *file.hierarchy(fact).ancestors]
    facts = [known for each in line if (known := index.class_fact(each)) is not None]
    if not any(base.rpartition(".")[2] in _CASES for known in facts for base in known.bases):
        return False
    waiting, seen = list(line), set(line)
    while waiting:
        each = waiting.pop()
        own = index.facts(each.path)
        if own is None or any(method.is_async and method.owner == each.qualname for method in own.functions):
            return False
        if each == definition or each not in line:
            heirs = [heir for heir in module.surroundings.heirs(each) if heir not in seen]
            seen.update(heirs)
            waiting += heirs
    return True


def _is_plain_write(statement: ast.stmt, environ: ast.expr) -> bool:
    """Whether a statement is ``os.environ[name] = value`` and nothing else."""
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        return False
    target = statement.targets[0]
    return isinstance(target, ast.Subscript) and target.value is environ


def _scoped(module: Module, test: Function, decorator: str) -> Splice:
    """The edit that decorates a test with what opens a scope."""
    at = module.start(test)
    line = module.mark + module.text.offset(test.lineno, 0)
    indent = module.content[line:at].decode()
    return module.insert(at, f"@{decorator}{module.line_end(at).decode()}{indent}")
