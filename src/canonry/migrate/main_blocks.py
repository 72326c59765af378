"""What stands in a `__main__` block of a test file: starts of its own tests, what serves only them, and other code."""

import ast
from collections.abc import Iterator

import msgspec

from canonry.changes.nodes import nodes_of
from canonry.migrate.module import Module
from canonry.source.facts import Site

_TALK = frozenset(
    "print len int str sorted sum any all range exit quit SystemExit bool isinstance hasattr getattr list dict".split()
)
_SERVING = frozenset(
    "sys asyncio time datetime traceback logging logger log unittest pytest argparse warnings pprint platform json"
    " textwrap os.path pathlib.Path coverage doctest functools inspect nest_asyncio faulthandler uuid".split()
)
_AROUND_TESTS = frozenset(
    "run addTest addTests loadTestsFromTestCase loadTestsFromModule wasSuccessful add_argument parse_args append extend"
    " items keys values get split join strip lower upper format startswith endswith count"
    " setUp tearDown setUpClass tearDownClass asyncSetUp asyncTearDown setup_method teardown_method setup_class"
    " teardown_class".split()
)
"""What is called of names that the block binds: suites, results, instances of test classes, words."""
_WRITES = frozenset(
    "write write_text write_bytes dump unlink mkdir makedirs remove rmtree rename putenv execute".split()
)


class Block(msgspec.Struct):
    """A block of the module's top level.

    ``starts`` are expressions that start a test tool or call a test; ``calls`` are other functions of this file that it
    calls. ``others`` are statements that do something else. ``alone`` says that nothing but starts, talk and exits
    stands in it.
    """

    node: ast.stmt
    starts: list[ast.Call]
    calls: list[str]
    others: list[ast.stmt]
    alone: bool = True


def blocks_of(module: Module) -> list[ast.If]:
    """The main blocks at the top of a module, those that are an `elif` left out."""
    return [node for node in module.tree.body if isinstance(node, ast.If) and is_main_test(node.test)]


def is_main_test(test: ast.expr) -> bool:
    """Whether an expression is ``__name__ == "__main__"``, either way round."""
    if not isinstance(test, ast.Compare) or len(test.ops) != 1 or not isinstance(test.ops[0], ast.Eq):
        return False
    sides = [test.left, test.comparators[0]]
    return any(isinstance(side, ast.Name) and side.id == "__name__" for side in sides) and any(
        isinstance(side, ast.Constant) and side.value == "__main__" for side in sides
    )


def holds(node: ast.AST, site: Site) -> bool:
    """Whether a place lies in the lines of a node."""
    first: int = getattr(node, "lineno", 0)
    last: int = getattr(node, "end_lineno", None) or 0
    return first <= site.line <= last


def read_block(module: Module, node: ast.If) -> Block:
    """What a block holds."""
    found = Block(node, [], [], [])
    reader = _Reader(module, node, found)
    for statement in node.body:
        reader.statement(statement)
    return found


def only_starts_tests(module: Module, name: str, *, around: frozenset[str] = frozenset()) -> bool:
    """Whether a function of the module does nothing but to start tests, talk and exit, with all that it calls here.

    It is a function that nothing decorates and that is bound once, so that the name in the block means this one.
    """
    node = next((each for each in module.tree.body if getattr(each, "name", "") == name), None)
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or module.bound.get(name) != 1:
        return False
    if node.decorator_list or any(isinstance(each, ast.Yield | ast.YieldFrom | ast.Global) for each in nodes_of(node)):
        return False
    found = Block(node, [], [], [])
    reader = _Reader(module, node, found)
    reader.local |= module.locals_of(node)
    for statement in node.body:
        reader.statement(statement)
    within = around | {name}
    return (
        found.alone
        and not found.others
        and all(each in within or only_starts_tests(module, each, around=within) for each in found.calls)
    )


class _Reader:
    def __init__(self, module: Module, node: ast.stmt, found: Block) -> None:
        self.module, self.found = module, found
        self.local = {
            each.id for each in nodes_of(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
        }
        self.imported = {
            alias.asname or alias.name.partition(".")[0]: f"{each.module}.{alias.name}"
            if isinstance(each, ast.ImportFrom)
            else alias.name
            for each in nodes_of(node)
            if isinstance(each, ast.Import | ast.ImportFrom)
            for alias in each.names
        }
        self.local |= {name for name, module in self.imported.items() if module not in _SERVING}
        self.inner = {
            each.name for each in nodes_of(node) if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
        } - {getattr(node, "name", "")}
        self.local |= {each.name for each in nodes_of(node) if isinstance(each, ast.ExceptHandler) and each.name}
        self.functions = {
            each.name for each in module.tree.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        self.classes = {each.name for each in module.tree.body if isinstance(each, ast.ClassDef)}

    def statement(self, node: ast.stmt) -> None:
        if isinstance(node, ast.If | ast.While):
            self._expression(node.test, node)
        elif isinstance(node, ast.For | ast.AsyncFor):
            self._expression(node.iter, node)
        elif isinstance(node, ast.With | ast.AsyncWith):
            for item in node.items:
                self._expression(item.context_expr, node)
        elif isinstance(node, ast.Try):
            pass
        elif isinstance(node, ast.Import | ast.ImportFrom | ast.Pass | ast.Break | ast.Continue):
            return
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for each in node.body:
                self.statement(each)
            return
        elif isinstance(
            node, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.Expr | ast.Raise | ast.Return | ast.Assert
        ):
            self._targets(node)
            for value in (getattr(node, name, None) for name in ("value", "exc", "test")):
                if isinstance(value, ast.expr):
                    self._expression(value, node)
            return
        else:
            self.found.others.append(node)
            return
        for name in ("body", "orelse", "finalbody"):
            for each in getattr(node, name, ()):
                self.statement(each)
        for handler in getattr(node, "handlers", ()):
            for each in handler.body:
                self.statement(each)

    def _targets(self, node: ast.stmt) -> None:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        for target in targets:
            if isinstance(target, ast.Attribute | ast.Subscript):
                root = _root(target)
                if root not in self.local:
                    self.found.others.append(node)

    def _expression(self, node: ast.expr, statement: ast.stmt) -> None:
        for call in (each for each in nodes_of(node) if isinstance(each, ast.Call)):
            self._call(call, statement)

    def _call(self, call: ast.Call, statement: ast.stmt) -> None:
        function = call.func
        name = dotted(function)
        last = name.rpartition(".")[2]
        root = name.partition(".")[0]
        resolved = self.imported.get(root) or self.module.file.facts.bindings.get(root, root) or root
        if is_start(name, resolved):
            self.found.starts.append(call)
        elif isinstance(function, ast.Name) and function.id in self.inner:
            pass  # its body is read where it stands
        elif isinstance(function, ast.Name) and function.id in self.functions:
            if self.module.file.project.settings.is_test_function(function.id):
                self.found.starts.append(call)
            else:
                self.found.calls.append(function.id)
        elif isinstance(function, ast.Name) and function.id in self.classes:
            self.found.alone = self.found.alone and self.module.file.project.settings.is_test_class(function.id)
        elif last in _WRITES:
            self.found.others.append(statement)
        elif root in self.local or root in _TALK or (isinstance(function, ast.Attribute) and not name):
            if root in self.local and not self.module.file.project.settings.is_test_function(last):
                self.found.alone = self.found.alone and last in _AROUND_TESTS
        elif root in self.classes:
            self.found.alone = False
        elif name.startswith("sys.path."):
            pass  # of this process, which ends with the block
        elif (
            resolved in _SERVING
            or root in _SERVING
            or resolved in ("pathlib.Path", "datetime.datetime", "asyncio.run", "os.path")
        ):
            self.found.alone = self.found.alone and root not in ("argparse",)
        elif name.startswith(("os.path.", "os.getenv", "os.environ.get")):
            pass
        else:
            self.found.others.append(statement)


def is_start(name: str, resolved_root: str) -> bool:
    """Whether a call starts a test tool by itself."""
    last = name.rpartition(".")[2]
    full = f"{resolved_root}.{name.partition('.')[2]}".rstrip(".")
    return full in ("pytest.main", "unittest.main", "pytest.console_main", "unittest.TestProgram") or (
        last == "main" and resolved_root in ("pytest.main", "unittest.main")
    )


def dotted(node: ast.AST) -> str:
    """The dotted name of an expression, empty where it is none."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([node.id, *reversed(parts)])


def outside_uses(module: Module, block: ast.If) -> Iterator[str]:
    """Names that the block binds and functions of the module use."""
    bound = {each.id for each in nodes_of(block) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}
    bound |= {
        alias.asname or alias.name.partition(".")[0]
        for each in nodes_of(block)
        if isinstance(each, ast.Import | ast.ImportFrom)
        for alias in each.names
    }
    bound |= {
        each.name for each in block.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }
    others = [statement for statement in module.tree.body if statement is not block]
    top = {
        name for name in bound if module.bound.get(name, 0) > sum(1 for each in nodes_of(block) if _binds(each, name))
    }
    alone = bound - top
    for node in (each for statement in others for each in nodes_of(statement)) if alone else ():
        if (
            isinstance(node, ast.Name)
            and isinstance(node.ctx, ast.Load)
            and node.id in alone
            and not any(node.id in module.locals_of(each) for each in module.functions_around(node))
        ):
            yield node.id


def _binds(node: ast.AST, name: str) -> bool:
    if isinstance(node, ast.Import | ast.ImportFrom):
        return any((alias.asname or alias.name.partition(".")[0]) == name for alias in node.names)
    return (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id == name) or (
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name == name
    )


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
