"""runner-main-block."""

import ast
from collections.abc import Iterator, Sequence

from canonry.migrate.answers import Change, Found, Needed, Splice, manual
from canonry.migrate.codemod import Codemod, Example
from canonry.migrate.commands.pytest_words import read_pytest_arguments
from canonry.migrate.commands.tokens import CannotMapError, Made
from canonry.migrate.main_blocks import (
    Block,
    blocks_of,
    dotted,
    holds,
    is_start,
    only_starts_tests,
    outside_uses,
    read_block,
)
from canonry.migrate.module import Module
from canonry.migrate.own_ways import own_ways
from canonry.migrate.python_commands import new_list, word_of
from canonry.model.edit import Grade

_TEST = "def test_a():\n    assert 1\n"


class RunnerMainBlock(Codemod):
    """Takes away the `__main__` block with which a test file starts its own tests, or lets it call the runner.

    A block that only starts the tests of its own file (`unittest.main()`, `pytest.main([__file__])`, `asyncio.run` of a
    test, tests called by hand), talks and exits goes as a whole; its comments stay, and the imports that only it used
    go. So it is with a block that calls functions of the file which only start its tests, talk and exit. A reader is
    asked where the block selects other tests than its file's, has options or exit statuses of its own, or calls functions
    of the file that do more, and where code that starts processes names the file. A block that does more keeps its other code, and what starts pytest or
    unittest becomes a call of the canonical runner with the arguments translated, which returns the same exit status;
    so does a block of a file that another file of the tree runs as a script, by its path or with `-m`, and a call of `pytest.main` outside of
    main blocks. Manual: plugins that are objects, an `else`, arguments that are built elsewhere.
    """

    name = "runner-main-block"
    asks_who_starts = True
    rules = ("RUN001", "RUN003")
    order = 30
    examples = (
        Example(
            f"import pytest\nimport unittest\n\n\n@pytest.mark.slow\n{_TEST}\n\nif __name__ == '__main__':\n    unittest.main()\n",
            f"import pytest\n\n\n@pytest.mark.slow\n{_TEST}",
        ),
        Example(
            f"import sys\nimport pytest\n\n\n{_TEST}\n\nif __name__ == '__main__':  # pragma: no cover\n    print('go')\n    sys.exit(pytest.main([__file__, '-v']))\n",
            f"{_TEST}\n\n# pragma: no cover\n",
        ),
        Example(
            f"import asyncio\n\n\nasync {_TEST}\n\ndef main():\n    asyncio.run(test_a())\n\n\nif __name__ == '__main__':\n    main()\n",
            f"import asyncio\n\n\nasync {_TEST}\n\ndef main():\n    asyncio.run(test_a())\n",
        ),
        Example(
            f"{_TEST}\n\ndef main():\n    test_a()\n    open('done', 'w').write('x')\n\n\nif __name__ == '__main__':\n    main()\n",
            f"{_TEST}\n\ndef main():\n    test_a()\n    open('done', 'w').write('x')\n",
            grade=Grade.REVIEW,
        ),
        Example(
            f"import os\nimport sys\nimport pytest\n\n\n{_TEST}\n\nif __name__ == '__main__':\n    os.environ['SHOP'] = '1'\n    sys.exit(pytest.main([__file__, '-x', '--tb=short']))\n",
            "import os\nimport sys\nimport subprocess\n\n\n"
            f'{_TEST}\n\nif __name__ == \'__main__\':\n    os.environ[\'SHOP\'] = \'1\'\n    sys.exit(subprocess.call([sys.executable, "-m", "canonry", "run", __file__, "--fail-fast", "--", \'--tb=short\']))\n',
            grade=Grade.REVIEW,
        ),
        Example(
            f"import sys\nimport pytest\n\n\n{_TEST}\n\nif __name__ == '__main__':\n    open('done', 'w').write('x')\n    sys.exit(pytest.main([__file__] + sys.argv[1:]))\n",
            "import sys\nimport subprocess\n\n\n"
            f"{_TEST}\n\nif __name__ == '__main__':\n    open('done', 'w').write('x')\n    sys.exit(subprocess.call([sys.executable, \"-m\", \"canonry\", \"run\", __file__, *sys.argv[1:]]))\n",
            grade=Grade.REVIEW,
        ),
        Example(
            f"try:\n    import pytest\nexcept ImportError:\n    pass\n\n\n{_TEST}\n\nif __name__ == '__main__':\n    pytest.main([__file__])\n",
            _TEST,
        ),
        Example(
            f"import pytest\n\n\nclass Plugin:\n    pass\n\n\n{_TEST}\n\nif __name__ == '__main__':\n    pytest.main([__file__], plugins=[Plugin()])\n    open('done', 'w').write('x')\n",
            grade=Grade.MANUAL,
        ),
    )

    def changes(self, module: Module, found: Sequence[Found]) -> Iterator[Change]:
        """One answer for each finding; those of one block go together."""
        blocks = blocks_of(module)
        left = list(found)
        for node in blocks:
            mine = [each for each in left if holds(node, each.offence.site)]
            left = [each for each in left if each not in mine]
            if mine:
                yield from self._of_block(module, node, mine)
        for each in left:
            yield self._of_call(module, each)

    def _of_block(self, module: Module, node: ast.If, found: list[Found]) -> Iterator[Change]:
        group = f"main block in line {node.lineno}"
        if node.orelse:
            yield from (manual(each, "its condition has an `else`") for each in found)
            return
        block = read_block(module, node)
        removable = module.file.is_test_file and not block.others
        used = next(outside_uses(module, node), "")
        if removable and used:
            yield from (manual(each, f"the file uses `{used}`, which the block binds") for each in found)
            return
        if removable and not _is_script(module):
            grade, reason = _grade(module, block)
            edits = (_without(module, node),)
            for number, each in enumerate(found):
                yield Change(found=each, grade=grade, reason=reason, edits=() if number else edits, group=group)
            return
        yield from _calls_runner(module, block, found, group)

    def _of_call(self, module: Module, found: Found) -> Change:
        calls = [node for node in module.nodes_at(found.offence.site) if isinstance(node, ast.Call)]
        if not calls:
            return manual(found, "what starts the tests is not a call in one place")
        return _changed(module, calls[0], found, "", "it starts another process than before")


def _grade(module: Module, block: Block) -> tuple[Grade, str]:
    """How sure it is that nobody misses a block, and why."""
    reasons: list[str] = []
    for call in block.starts:
        if dotted(call.func).rpartition(".")[2] in ("main", "console_main"):
            reasons += _selections(module, call)
    reasons += own_ways(module, block)
    starter = module.surroundings.starters().of(module.path)
    if starter:
        reasons.append(f"`{starter}` starts processes and names this file, so it may run it as a script")
    working = [name for name in dict.fromkeys(block.calls) if not only_starts_tests(module, name)]
    if working:
        names = ", ".join(f"`{name}`" for name in working)
        reasons.append(f"the block calls {names}, of which nothing else may be left")
    elif not block.alone:
        reasons.append("the block does more than to start the tests of its file")
    return (Grade.REVIEW, "; ".join(dict.fromkeys(reasons))) if reasons else (Grade.SAFE, "")


def _is_script(module: Module) -> bool:
    """Whether another file runs this one as a script."""
    around = module.surroundings
    return module.path in around.scripts or module.path in around.starters().scripts


def _selections(module: Module, call: ast.Call) -> Iterator[str]:
    """Why a call selects other tests than those of its file."""
    if any(keyword.arg == "plugins" for keyword in call.keywords):
        yield "it hands plugins over as objects"
    given = call.args[0] if call.args else next((each.value for each in call.keywords if each.arg == "args"), None)
    if given is None or "unittest" in dotted(call.func):
        return
    if not isinstance(given, ast.List | ast.Tuple):
        yield "the arguments of `pytest.main` are computed"
        return
    words = [word_of(module, element) for element in given.elts]
    try:
        found = read_pytest_arguments(words, 0)
    except CannotMapError as error:
        yield str(error)
        return
    others = [path for _, path in found.paths if path not in (module.path, module.path.rpartition("/")[2])]
    if others or found.unknown or found.narrowed or found.marker:
        shown = " ".join(word or "..." for word in words)
        yield f"it selects tests in its own way (`{shown}`)"


def _without(module: Module, node: ast.If) -> Splice:
    """The edit that takes a block away; comments in it stay, at the beginning of lines of their own."""
    start, end = module.start(node), module.end(node)
    content = module.content
    stop = end
    while stop < len(content) and content[stop : stop + 1] not in (b"\r", b"\n"):
        stop += 1
    tail = content[end:stop].strip()
    if tail and not tail.startswith(b"#"):
        return module.replace(node, "pass")
    comments = module.comments_in(start, stop)
    newline = module.line_end(start).decode()
    if comments:
        return Splice(start, stop, newline.join(comments).encode())
    stop += len(newline) if content[stop : stop + len(newline)] == newline.encode() else 0
    if not content[stop:].strip():
        stop = len(content)
        while start and content[start - 1 : start] in (b"\r", b"\n", b" ", b"\t"):
            start -= 1
        if start:
            match = len(newline) if content[start : start + len(newline)] == newline.encode() else 0
            start += match
    return Splice(start, stop, b"")


def _calls_runner(module: Module, block: Block, found: list[Found], group: str) -> Iterator[Change]:
    """The block with a call of the runner in place of each call that starts a tool; by hand where there is none."""
    starts = [call for call in block.starts if _tool_call(module, call)]
    why = (
        "another file runs this one as a script"
        if _is_script(module)
        else "the block does more than to start tests, and that stays"
    )
    if not starts:
        yield from (manual(each, "the block does more than to start tests, and calls them by hand") for each in found)
        return
    by_line = {each.offence.site.line: each for each in reversed(found)}
    first = True
    for call in starts:
        each = by_line.pop(call.lineno, None) or (found[0] if first else None)
        first = False
        if each is not None:
            by_line = {line: other for line, other in by_line.items() if other is not each}
            yield _changed(module, call, each, group, why)
    yield from (
        Change(found=each, grade=Grade.REVIEW, reason="a call in the same block is changed", group=group)
        for each in by_line.values()
    )


def _tool_call(module: Module, call: ast.Call) -> bool:
    name = dotted(call.func)
    root = name.partition(".")[0]
    return is_start(name, module.file.facts.bindings.get(root, root) or root)


def _changed(module: Module, call: ast.Call, found: Found, group: str, why: str) -> Change:
    """A call that runs the tests in this process as one of the runner, which returns the same exit status."""
    try:
        text, grade, reason = _runner_call(module, call)
    except CannotMapError as error:
        return Change(found=found, grade=Grade.MANUAL, reason=str(error), group=group)
    start, end = module.start(call), module.end(call)
    if module.has_comment(start, end):
        return Change(found=found, grade=Grade.MANUAL, reason="a comment stands in the call", group=group)
    needs = []
    for name in ("subprocess", "sys"):
        if name in module.bound and not _imported(module, name):
            return Change(found=found, grade=Grade.MANUAL, reason=f"`{name}` means something else here", group=group)
        if any(name in module.locals_of(each) for each in module.functions_around(call)):
            return Change(found=found, grade=Grade.MANUAL, reason=f"`{name}` is bound in the function", group=group)
        needs.append(Needed(name, "", name))
    reason = "; ".join(part for part in (why, reason) if part)
    return Change(
        found=found,
        grade=max((grade, Grade.REVIEW), key=lambda each: each.rank),
        reason=reason,
        edits=(module.replace(call, text),),
        needs=tuple(needs),
        group=group,
    )


def _runner_call(module: Module, call: ast.Call) -> tuple[str, Grade, str]:
    name = dotted(call.func)
    if module.surroundings.runner[-2:] != ("canonry", "run"):
        raise CannotMapError(f"how `{' '.join(module.surroundings.runner)}` is called from code is not known")
    front = 'subprocess.call([sys.executable, "-m", '
    root = name.partition(".")[0]
    resolved = module.file.facts.bindings.get(root, root) or root
    if "unittest" in resolved:
        return _unittest_call(module, call, front)
    for keyword in call.keywords:
        if keyword.arg != "args":
            raise CannotMapError(f"`{keyword.arg or '**'}` of `pytest.main` has no counterpart")
    given = call.args[0] if call.args else next((each.value for each in call.keywords), None)
    if given is None or (isinstance(given, ast.Constant) and given.value is None):
        text, reason = '"canonry", "run", *sys.argv[1:]', "the script's own arguments are the runner's then"
        return f"{front}{text}])", Grade.REVIEW, reason
    more: ast.expr | None = None
    if isinstance(given, ast.BinOp) and isinstance(given.op, ast.Add):
        more = given.right
        given = given.left
    if not isinstance(given, ast.List | ast.Tuple):
        raise CannotMapError(
            "the arguments of `pytest.main` are built elsewhere; give them as a list in the call, or call `canonry run` "
            "there by hand"
        )
    new = new_list(module, given.elts, program=("pytest",))
    if more is None:
        return f"{front}{new.text}])", new.grade, new.reason
    whose = "pytest's" if Made("--") in new.mapped.tokens else "the runner's"
    added = f"the words of `{module.source(more)}` are {whose} then"
    return f"{front}{new.text}, *{_operand(module, more)}])", Grade.REVIEW, "; ".join(filter(None, (new.reason, added)))


def _operand(module: Module, node: ast.expr) -> str:
    """The text of an expression as it may stand behind a star."""
    text = module.source(node)
    return text if isinstance(node, ast.Name | ast.Attribute | ast.Subscript | ast.Call | ast.List) else f"({text})"


def _unittest_call(module: Module, call: ast.Call, front: str) -> tuple[str, Grade, str]:
    """`unittest.main()` ends the process with the status of its tests; with ``exit=False`` it does not."""
    options = {keyword.arg: keyword.value for keyword in call.keywords}
    statement = module.statement_of(call)
    if call.args or set(options) - {"verbosity", "exit", "buffer", "failfast"} or "TestProgram" in dotted(call.func):
        raise CannotMapError("these arguments of `unittest.main` have no counterpart")
    if not isinstance(statement, ast.Expr) or statement.value is not call:
        raise CannotMapError("what `unittest.main` returns is used")
    words = ['"canonry"', '"run"', "__file__"]
    failfast = options.get("failfast")
    if isinstance(failfast, ast.Constant) and failfast.value is True:
        words.append('"--fail-fast"')
    text = f"{front}{', '.join(words)}])"
    leaves = options.get("exit")
    if leaves is None or (isinstance(leaves, ast.Constant) and leaves.value is True):
        return f"sys.exit({text})", Grade.REVIEW, ""
    return text, Grade.REVIEW, ""


def _imported(module: Module, name: str) -> bool:
    return any(
        isinstance(statement, ast.Import)
        and any(alias.name == name and alias.asname is None for alias in statement.names)
        for statement in module.tree.body
    )
