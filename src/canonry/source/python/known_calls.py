"""Calls of interest: of pytest and unittest, of processes, of the environment and of the import path."""

import ast
import re

from canonry.source.commands import PROBES
from canonry.source.facts import Call, EnvironmentUse, PathHack
from canonry.source.python.command_values import tool_of_expressions
from canonry.source.python.draft import Draft
from canonry.source.python.scope import Scope, join, reference
from canonry.source.syntax.text import SourceText

_PYTEST_MAIN = frozenset(("pytest.main", "pytest.console_main", "pytest.cmdline.main", "_pytest.config.main"))
_UNITTEST = frozenset(("unittest.main", "unittest.TextTestRunner", "unittest.TestLoader", "unittest.TestProgram"))
PROCESS_CALLS = frozenset(
    "subprocess.run subprocess.Popen subprocess.call subprocess.check_call subprocess.check_output"
    " subprocess.getoutput subprocess.getstatusoutput os.system os.popen os.execv os.execve os.execvp os.execvpe"
    " os.execl os.execlp os.spawnv os.spawnvp os.spawnl os.spawnlp os.posix_spawn os.posix_spawnp"
    " asyncio.create_subprocess_exec asyncio.create_subprocess_shell asyncio.subprocess.create_subprocess_exec"
    " asyncio.subprocess.create_subprocess_shell anyio.run_process anyio.open_process trio.run_process"
    " pexpect.spawn pexpect.run".split()
)
_PATH_CALLS = frozenset(f"sys.path.{name}" for name in "insert append extend remove pop clear sort reverse".split())
_ENVIRONMENT_WRITES = frozenset("update setdefault pop popitem clear __setitem__ __delitem__".split())
_ENVIRONMENT_CALLS = {
    "os.getenv": "read",
    "os.getenvb": "read",
    "os.putenv": "write",
    "os.unsetenv": "write",
}
_MOCKS = frozenset(("Mock", "MagicMock", "AsyncMock", "NonCallableMock", "PropertyMock", "patch", "create_autospec"))
_PATCHES = ("patch.dict", "patch.object", "patch.multiple")
_MOCK_ROOTS = frozenset(("unittest", "mock", "asyncmock"))
_RUNS = re.compile(r"run|exec|call|spawn|popen|command|cmd|shell|process|invoke", re.IGNORECASE)
_SESSION_RUNS = frozenset(("run", "run_always", "run_install"))
_SESSION = re.compile(r"nox\w*(?:\.\w+)*\.session")
_SESSION_CLASS = re.compile(r"(?:nox\w*(?:\.\w+)*\.)?Session")
ENVIRON = ("environ", "environb")
KNOWN_ROOTS = frozenset(
    name.partition(".")[0]
    for name in (*_PYTEST_MAIN, *_UNITTEST, *PROCESS_CALLS, "os", "sys", "site", "mock", "asyncmock")
)


class KnownCalls:
    """Keeps calls of interest, with what they say of the environment and of the import path."""

    def __init__(self, text: SourceText, *, hints: bool) -> None:
        self.text = text
        self.hints = hints
        self.counts: dict[str, int] = {}
        self.calls: list[Call] = []
        self.environment: list[EnvironmentUse] = []
        self.path_hacks: list[PathHack] = []

    def count(self, name: str) -> None:
        """Adds one to a raw count."""
        self.counts[name] = self.counts.get(name, 0) + 1

    def is_environment(self, node: ast.expr, scope: Scope) -> bool:
        """Whether the expression is ``os.environ`` under any name."""
        if node.__class__ is ast.Attribute:
            value = node.value
            return node.attr in ENVIRON and value.__class__ is ast.Name and scope.get(value.id) == "os"
        return node.__class__ is ast.Name and scope.get(node.id) == "os.environ"

    def known_call(
        self, node: ast.Call, target: str, attributes: list[str], draft: Draft, stack: list[ast.expr]
    ) -> bool:
        """Keeps a call of interest; True when its function part and arguments are dealt with."""
        attributes = attributes[::-1]
        resolved = join(target, attributes)
        last = resolved.rpartition(".")[2]
        if resolved in _PYTEST_MAIN:
            if _probes(node):
                return False
            self.keep_call(node, "pytest.main", "pytest", "call", draft)
        elif resolved in _UNITTEST:
            self.count("unittest-runner-calls")
            self.keep_call(node, resolved, "unittest", "call", draft)
        elif resolved in PROCESS_CALLS:
            if self.hints:
                self._process(node, resolved, draft)
        elif resolved.startswith("os."):
            return self._os_call(node, resolved, draft, stack)
        elif resolved in _PATH_CALLS or resolved == "site.addsitedir":
            if last in ("insert", "append"):
                self.count("sys-path-insertions")
            self.keep_path_hack(node, resolved, draft)
        elif last in _MOCKS and target.partition(".")[0] in _MOCK_ROOTS:
            self.count(f"mock-calls-{last}")
        elif resolved.endswith(_PATCHES):
            if target.partition(".")[0] in _MOCK_ROOTS:
                self.count(f"mock-calls-patch.{last}")
            return last != "multiple" and self.patch_dict(node, draft, stack)
        return False

    def _os_call(self, node: ast.Call, resolved: str, draft: Draft, stack: list[ast.expr]) -> bool:
        kind = _ENVIRONMENT_CALLS.get(resolved)
        if kind is None and resolved.startswith(("os.environ.", "os.environb.")):
            kind = "write" if resolved.rpartition(".")[2] in _ENVIRONMENT_WRITES else "read"
            function = node.func
            if isinstance(function, ast.Attribute) and function.value.__class__ is ast.Attribute:
                self.count("os-environ-uses")
        if kind is None:
            return False
        self.keep_environment(node, kind, resolved, draft)
        self._arguments(node, stack)
        return True

    def patch_dict(self, node: ast.Call, draft: Draft, stack: list[ast.expr]) -> bool:
        """Keeps a patch of the environment; True where the call is one."""
        if not node.args:
            return False
        first = node.args[0]
        named = first.__class__ is ast.Constant and first.value == "os.environ"
        if not (named or self.is_environment(first, draft.scope)):
            return False
        if first.__class__ is ast.Attribute:
            self.count("os-environ-uses")
        how = node.func.attr if isinstance(node.func, ast.Attribute) else "dict"
        self.keep_environment(node, "patch", f"patch.{how}(os.environ)", draft)
        stack.extend(node.args[1:])
        stack.extend(keyword.value for keyword in node.keywords)
        return True

    def _process(self, node: ast.Call, resolved: str, draft: Draft) -> None:
        first = resolved.startswith(("os.exec", "os.spawn")) or resolved.endswith("_exec")
        arguments: list[ast.expr] = list(node.args) if first else list(node.args[:1])
        arguments += [
            keyword.value for keyword in node.keywords if keyword.arg in ("args", "cmd", "command", "program")
        ]
        shell = any(keyword.arg == "shell" for keyword in node.keywords)
        tool, how = tool_of_expressions(arguments, draft, shell=shell, spread=first and "spawn" not in resolved)
        mentions = any(
            constant.__class__ is ast.Constant and isinstance(constant.value, str) and "pytest" in constant.value
            for argument in node.args
            for constant in ast.walk(argument)
        )
        if mentions:
            self.count("pytest-process-literals")
        if tool or mentions:
            self.keep_call(node, resolved, tool, how, draft, mentions=mentions)

    def passed_command(self, node: ast.Call, name: str, draft: Draft) -> None:
        """Keeps a call that is handed a command, by the name of what it calls."""
        if name in _SESSION_RUNS and _is_session(node.func, draft):
            tool, _ = tool_of_expressions(node.args, draft, shell=False, spread=True)
            if tool:
                self.keep_call(node, f"session.{name}", tool, "session", draft)
            return
        for argument in node.args:
            if argument.__class__ not in (ast.List, ast.Name):
                continue
            if argument.__class__ is ast.Name and argument.id not in draft.commands:
                continue
            if _RUNS.search(name):
                tool, _ = tool_of_expressions([argument], draft, shell=False, spread=False)
                if tool:
                    self.keep_call(node, name, tool, "passed", draft)
            elif name in ("extend", "append"):
                break
        if name in ("extend", "append") and isinstance(node.func, ast.Attribute):
            receiver = node.func.value
            if isinstance(receiver, ast.Name) and receiver.id in draft.commands and node.args:
                draft.commands[receiver.id].append(node.args[0])

    def keep_call(
        self, node: ast.Call, target: str, tool: str, how: str, draft: Draft, *, mentions: bool = False
    ) -> None:
        """Keeps a call of interest, and notes where it starts a test tool."""
        if tool and tool != "unittest":
            draft.starts_tool = True
        site = self.text.site(node, draft.symbol)
        self.calls.append(Call(target, site, tool, how, draft.in_main, mentions))

    def keep_environment(self, node: ast.expr, kind: str, expression: str, draft: Draft) -> None:
        """Keeps a use of the environment."""
        kind = "restore" if kind == "write" and draft.restores else kind
        self.environment.append(EnvironmentUse(kind, expression, self.text.site(node, draft.symbol)))

    def keep_path_hack(self, node: ast.expr, expression: str, draft: Draft) -> None:
        """Keeps a change of the import path; putting it back is none."""
        if draft.restores and expression.startswith("sys.path") and "insert" not in expression:
            return
        self.path_hacks.append(PathHack(expression, self.text.site(node, draft.symbol)))

    def _arguments(self, node: ast.Call, stack: list[ast.expr]) -> None:
        stack.extend(node.args)
        stack.extend(keyword.value for keyword in node.keywords)


def _is_session(function: ast.expr, draft: Draft) -> bool:
    """Whether a method is one of nox's session: called so, the argument of a session's function, or declared one."""
    receiver = function.value if isinstance(function, ast.Attribute) else None
    if not isinstance(receiver, ast.Name):
        return False
    scope: Draft | None = draft
    while scope is not None and scope.node is not None:
        parameters = [*scope.node.args.posonlyargs, *scope.node.args.args]
        for index, parameter in enumerate(parameters):
            if parameter.arg == receiver.id:
                session = index == 0 and any(_SESSION.fullmatch(name) for name in scope.decorators)
                return session or receiver.id == "session" or _declares_session(parameter.annotation, scope)
        scope = scope.parent
    return receiver.id == "session"


def _declares_session(annotation: ast.expr | None, draft: Draft) -> bool:
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        return _SESSION_CLASS.fullmatch(annotation.value) is not None
    return annotation is not None and _SESSION_CLASS.fullmatch(reference(annotation, draft.scope)) is not None


def _probes(node: ast.Call) -> bool:
    """Whether the call only asks for help or the version."""
    given = node.args[0] if node.args else None
    words = given.elts if isinstance(given, ast.List | ast.Tuple) else [given]
    return bool(words) and all(isinstance(word, ast.Constant) and word.value in PROBES for word in words)
