"""runner-calls."""

import ast
from collections.abc import Iterator, Sequence

from canonry.changes.nodes import nodes_of
from canonry.migrate.answers import Change, Found, Splice, manual
from canonry.migrate.codemod import Codemod, Example
from canonry.migrate.commands.tokens import CannotMapError
from canonry.migrate.main_blocks import dotted
from canonry.migrate.module import Module
from canonry.migrate.python_commands import NewText, new_list, new_shell_text
from canonry.model.edit import Grade

_DECLARED = {"requirements.txt": "canonry\n", "tests/test_a.py": "def test_a():\n    assert 1\n"}
_APART = ("exec", "spawn", "posix_spawn")
"""How the calls of `os` begin that take the program and the words that it is started with apart."""
_SHELLS = frozenset(("system", "popen", "getoutput", "getstatusoutput", "create_subprocess_shell"))
_PROGRAMS = ("subprocess.", "anyio.", "trio.")
"""Modules whose calls take a text for the name of a program, unless ``shell`` says otherwise."""
_STEPS = "the command is built step by step; let what builds it begin with `canonry run`, and map its options by hand"
_READ = frozenset(("capture_output", "stdout", "stderr"))


class RunnerCalls(Codemod):
    """Lets code that starts a test tool in a process of its own start the canonical runner.

    Only the command changes, in the literal list, shell text or arguments that hold it: `check`, `cwd`, `env`,
    `timeout` and what becomes of the result stay. The interpreter stays (`sys.executable, "-m", "canonry", "run"`).
    Safe where every word is known. A reader is asked where the output is read, where words are computed that may be
    options, where the working directory is another one. Manual: a command that is built step by step, a
    program that is given apart from its words (`os.execvp`), and what `ci-commands` leaves to a hand.
    """

    name = "runner-calls"
    rules = ("RUN002",)
    order = 35
    examples = (
        Example(
            "import subprocess\nimport sys\n\n\ndef go(env):\n    return subprocess.call([sys.executable, '-m', 'pytest', 'tests', '-x'], env=env)\n",
            'import subprocess\nimport sys\n\n\ndef go(env):\n    return subprocess.call([sys.executable, \'-m\', "canonry", "run", \'tests\', "--fail-fast"], env=env)\n',
            path="tools/go.py",
            files=_DECLARED,
        ),
        Example(
            "import os\n\n\ndef go():\n    return os.system('TZ=UTC pytest tests -s')\n",
            "import os\n\n\ndef go():\n    return os.system('TZ=UTC canonry run tests -- -s')\n",
            path="tools/go.py",
            files=_DECLARED,
        ),
        Example(
            "import subprocess\n\n\ndef go(path):\n    cmd = ['pytest', path, '-q']\n    return subprocess.run(cmd, capture_output=True)\n",
            'import subprocess\n\n\ndef go(path):\n    cmd = ["canonry", "run", path, "-q"]\n    return subprocess.run(cmd, capture_output=True)\n',
            grade=Grade.REVIEW,
            path="tools/go.py",
            files=_DECLARED,
        ),
        Example(
            "import subprocess\n\n\ndef go(fast):\n    cmd = ['pytest', 'tests']\n    if fast:\n        cmd.append('-x')\n    return subprocess.run(cmd)\n",
            grade=Grade.MANUAL,
            path="tools/go.py",
            files=_DECLARED,
        ),
        *(
            Example(
                f"import os\nimport subprocess\n\n\ndef go():\n    {each}\n",
                grade=Grade.MANUAL,
                path="tools/go.py",
                files=_DECLARED,
            )
            for each in (
                "os.execvp('pytest', ['pytest', 'tests', '-x'])",
                "subprocess.call('pytest')",
            )
        ),
    )

    def changes(self, module: Module, found: Sequence[Found]) -> Iterator[Change]:
        """One answer for each process call that starts a test tool."""
        for each in found:
            calls = [node for node in module.nodes_at(each.offence.site) if isinstance(node, ast.Call)]
            try:
                if not calls:
                    raise CannotMapError("what starts the tests is not a call in one place")
                yield _changed(module, calls[0], each)
            except CannotMapError as error:
                yield manual(each, str(error))


def _changed(module: Module, call: ast.Call, found: Found) -> Change:
    holder, new = rewritten_call(module, call)
    start, end = module.start(holder[0]), module.end(holder[-1])
    if any(comment not in new.text for comment in module.comments_in(start, end)):
        raise CannotMapError("a comment stands in the command")
    doubts = [new.reason] if new.reason else []
    keywords = {keyword.arg: keyword.value for keyword in call.keywords}
    if keywords.keys() & _READ or dotted(call.func).endswith(("check_output", "getoutput", "popen", "PIPE")):
        doubts.append("its output is read here, and the runner's looks different")
    if "cwd" in keywords:
        doubts.append("it runs in a working directory that is computed")
    if found.offence.confidence is not None:
        doubts.append("the name of what is called says that it runs the command, and nothing else does")
    grade = max((new.grade, Grade.REVIEW if doubts else Grade.SAFE), key=lambda each: each.rank)
    edits = (Splice(start, end, new.text.encode()),)
    return Change(found=found, grade=grade, reason="; ".join(doubts), edits=edits)


def rewritten_call(module: Module, call: ast.Call) -> tuple[list[ast.expr], NewText]:
    """The expressions that hold a call's command, one after the other, and the text that takes their place."""
    known = not any(keyword.arg == "cwd" for keyword in call.keywords)
    name = dotted(call.func)
    root, _, rest = name.partition(".")
    full = f"{module.file.facts.bindings.get(root) or root}.{rest}".rstrip(".")
    last = name.rpartition(".")[2]
    if last == "create_subprocess_exec":
        if not call.args:
            raise CannotMapError("the command is not an argument of the call")
        return list(call.args), new_list(module, call.args, folder_known=known)
    if full.startswith("os.") and last.startswith(_APART):
        raise CannotMapError(
            "the program and the words that it is started with are given apart; name `canonry` as the program, and "
            "start it with `canonry`, `run` and the rest"
        )
    if any(keyword.arg == "executable" for keyword in call.keywords) or (
        full == "pexpect.spawn" and len(call.args) > 1
    ):
        raise CannotMapError("the program is given apart from its words; write `canonry run` there by hand")
    shell = next((keyword.value for keyword in call.keywords if keyword.arg == "shell"), None)
    given = call.args[:1] or [each.value for each in call.keywords if each.arg in ("args", "cmd", "command")][:1]
    if not given:
        raise CannotMapError("the command is not an argument of the call")
    command = given[0]
    if isinstance(command, ast.Name):
        command = _only_value(module, command)
    if isinstance(command, ast.List | ast.Tuple):
        if not command.elts:
            raise CannotMapError(_STEPS)
        if isinstance(shell, ast.Constant) and shell.value and len(command.elts) > 1:
            raise CannotMapError("a shell is handed a list, of which it runs the first word only; mend that first")
        return list(command.elts), new_list(module, command.elts, folder_known=known)
    if isinstance(command, ast.Constant | ast.JoinedStr):
        is_program = full.startswith(_PROGRAMS) and last not in _SHELLS
        if is_program and (shell is None or (isinstance(shell, ast.Constant) and not shell.value)):
            raise CannotMapError("without `shell=True` the text is the name of a program; write a list of words")
        return [command], new_shell_text(module, command)
    raise CannotMapError(
        "the command is put together from parts; write it as one list, or call `canonry run` there by hand"
    )


def _only_value(module: Module, name: ast.Name) -> ast.expr:
    """The literal that a local variable is set to once, and that only the call uses."""
    scope = next(iter(module.functions_around(name)), module.tree)
    uses = [node for node in nodes_of(scope) if isinstance(node, ast.Name) and node.id == name.id]
    stores = [node for node in uses if isinstance(node.ctx, ast.Store)]
    statement = module.parents.get(stores[0]) if len(stores) == 1 else None
    if not isinstance(statement, ast.Assign | ast.AnnAssign) or statement.value is None:
        raise CannotMapError(_STEPS)
    if isinstance(statement, ast.Assign) and (len(statement.targets) != 1 or statement.targets[0] is not stores[0]):
        raise CannotMapError(_STEPS)
    for node in uses:
        if node in (name, stores[0]):
            continue
        if not _only_shows(module, node):
            raise CannotMapError(f"{_STEPS} (other code may use it, too)")
    return statement.value


def _only_shows(module: Module, node: ast.Name) -> bool:
    """Whether a use of the command only prints or logs it."""
    above: ast.AST | None = node
    while above is not None and not isinstance(above, ast.stmt):
        above = module.parents.get(above)
        if isinstance(above, ast.Call):
            name = dotted(above.func)
            if name == "print" or name.rpartition(".")[2] in ("info", "debug", "warning", "echo", "log"):
                return True
            if not (isinstance(above.func, ast.Attribute) and above.func.attr == "join"):
                return False
    return False
