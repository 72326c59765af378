"""Why a main block is more than the runner over its file: other tests, options and exit statuses of its own."""

import ast
from collections.abc import Iterator

from canonry.changes.nodes import nodes_of
from canonry.migrate.main_blocks import Block, dotted, is_start
from canonry.migrate.module import Module

_PLAIN = frozenset("verbosity exit buffer failfast catchbreak warnings tb_locals durations".split())
_EXITS = frozenset(("sys.exit", "exit", "quit", "os._exit", "SystemExit"))
_BY_NAME = frozenset("discover loadTestsFromName loadTestsFromNames".split())
_BY_CLASS = frozenset("loadTestsFromTestCase makeSuite".split())


def own_ways(module: Module, block: Block) -> Iterator[str]:
    """What a reader has to know of a block before it goes."""
    for root in _bodies(module, block):
        for node in nodes_of(root):
            if isinstance(node, ast.Call):
                yield from _of_call(module, node)
            elif dotted(node) in ("sys.argv", "os.environ") and not _is_handed_over(module, node):
                yield f"the block reads `{dotted(node)}`, so it has options of its own"


def _bodies(module: Module, block: Block) -> list[ast.AST]:
    """The block, and the functions of its file that it calls, with what they call."""
    functions = {
        each.name: each for each in module.tree.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    is_test = module.file.project.settings.is_test_function
    found: list[ast.AST] = [block.node]
    for root in found:
        for node in nodes_of(root):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                called = functions.get(node.func.id)
                if called is not None and called not in found and not is_test(called.name):
                    found.append(called)
    return found


def _of_call(module: Module, call: ast.Call) -> Iterator[str]:
    name = dotted(call.func)
    root, _, rest = name.partition(".")
    full = f"{module.file.facts.bindings.get(root, root) or root}.{rest}".rstrip(".")
    last = call.func.attr if isinstance(call.func, ast.Attribute) else full.rpartition(".")[2]
    if full in _EXITS or name in _EXITS:
        value = call.args[0] if call.args else None
        if value is not None and not _is_usual_status(module, value):
            yield f"the block ends with a status of its own (`{ast.unparse(value)}`)"
    elif is_start(name, module.file.facts.bindings.get(root, root) or root) and "unittest" in full:
        yield from _of_unittest(call)
    elif last in _BY_NAME or (last == "loadTestsFromModule" and not _is_own(call)):
        yield f"it loads tests in its own way (`{ast.unparse(call)}`)"
    elif last in _BY_CLASS:
        names = {each.name for each in module.tree.body if isinstance(each, ast.ClassDef)}
        if not call.args or not isinstance(call.args[0], ast.Name) or call.args[0].id not in names:
            yield f"it loads tests in its own way (`{ast.unparse(call)}`)"
    elif last in ("addTest", "addTests") and any(
        isinstance(each, ast.Constant) for argument in call.args for each in nodes_of(argument)
    ):
        yield f"it selects tests one by one (`{ast.unparse(call)}`)"


def _of_unittest(call: ast.Call) -> Iterator[str]:
    """Why `unittest.main` runs something else than the tests of the file, or in another way."""
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    if call.args:
        given["module"] = call.args[0]
    given |= {f"argument {number}": each for number, each in enumerate(call.args[1:], 2)}
    for name, value in given.items():
        if name in _PLAIN or (isinstance(value, ast.Constant) and value.value is None):
            continue
        if name == "module" and _is_main(value):
            continue
        if name == "argv" and isinstance(value, ast.List) and len(value.elts) < 2:
            continue
        yield f"`{name or '**'}` of `unittest.main` selects tests, or runs them, in its own way"


def _is_main(value: ast.expr) -> bool:
    return (isinstance(value, ast.Constant) and value.value == "__main__") or (
        isinstance(value, ast.Name) and value.id == "__name__"
    )


def _is_own(call: ast.Call) -> bool:
    """Whether a loader is handed the module of the file itself."""
    return bool(call.args) and ast.unparse(call.args[0]) in ("sys.modules[__name__]", "sys.modules['__main__']")


def _is_usual_status(module: Module, value: ast.expr) -> bool:
    """Whether a block that ends so ends with the status of its tests, or with 0 or 1."""
    if isinstance(value, ast.Constant):
        return value.value in (None, 0, 1, True, False)
    if isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.Not):
        return _is_usual_status(module, value.operand)
    if isinstance(value, ast.IfExp):
        return all(_is_usual_status(module, each) for each in (value.test, value.body, value.orelse))
    if isinstance(value, ast.Compare):
        return all(_is_usual_status(module, each) for each in (value.left, *value.comparators))
    return isinstance(value, ast.Name | ast.Attribute | ast.Call | ast.Await)


def _is_handed_over(module: Module, node: ast.AST) -> bool:
    """Whether `sys.argv` stands in the arguments of the tool that is started, which are looked at by themselves."""
    above = module.parents.get(node)
    while above is not None and not isinstance(above, ast.stmt):
        if isinstance(above, ast.Call):
            root = dotted(above.func).partition(".")[0]
            if is_start(dotted(above.func), module.file.facts.bindings.get(root, root) or root):
                return True
        above = module.parents.get(above)
    return False
