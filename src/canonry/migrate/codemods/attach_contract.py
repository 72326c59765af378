"""attach-contract."""

import ast
import json
import re
from collections.abc import Iterator, Sequence

from canonry.canon.selection import matches
from canonry.migrate.answers import Change, Found, Needed, Splice, manual
from canonry.migrate.codemod import Codemod, Example
from canonry.migrate.module import Function, Module
from canonry.model.edit import Grade

_FIXTURE, _HELD = "event_contract", "contract"
_OPENS = frozenset(("ws_connect", "websocket_connect"))
_WEBSOCKETS = frozenset(("websockets.connect", "websockets.asyncio.client.connect", "websockets.sync.client.connect"))
_ENTERS = (3, 11)
"""The first Python whose `TestCase` has `enterContext`."""
_DOUBT = "what it receives is judged from now on: where the stream is not what the contract says, it fails"
_NOWHERE = (
    "it opens no WebSocket of a known client under a name of its own: let what opens it take `event_contract`, or hand "
    "each frame to `event_contract().stream().receive(frame)`"
)
_CANON = "[flows.chat]\ntests = ['tests/chat']\ncontract = 'agent-events'\n"


class AttachContract(Codemod):
    """Lets the contract of a flow judge what a test of the flow receives.

    Where a test opens a WebSocket under a name (websockets, aiohttp, Starlette's and FastAPI's test client), the
    connection is watched from its first line on: by the fixture `event_contract` in tests of pytest's style, by
    `EventContract` in a unittest case. The test's own assertions stay. Several connections of one test share a
    contract, which so sees what reaches the wrong user.

    Always for a reader: a stream that breaks the contract makes the test fail, and that is the point of it.
    """

    name = "attach-contract"
    rules = ("FLW001",)
    order = 80
    examples = (
        Example(
            "import websockets\n\n\nasync def test_answer(url):\n    async with websockets.connect(url) as socket:\n"
            "        await socket.send('hello')\n        assert await socket.recv()\n",
            "import websockets\n\n\nasync def test_answer(url, event_contract):\n"
            "    async with websockets.connect(url) as socket:\n        socket = event_contract().watch(socket)\n"
            "        await socket.send('hello')\n        assert await socket.recv()\n",
            grade=Grade.REVIEW,
            path="tests/chat/test_answer.py",
            canon=_CANON,
        ),
        Example(
            "def test_two(client):\n    with client.websocket_connect('/a') as ada, client.websocket_connect('/b') as bob:\n"
            "        assert ada.receive_json() != bob.receive_json()\n",
            "def test_two(client, event_contract):\n    contract = event_contract()\n"
            "    with client.websocket_connect('/a') as ada, client.websocket_connect('/b') as bob:\n"
            "        ada = contract.watch(ada)\n        bob = contract.watch(bob)\n"
            "        assert ada.receive_json() != bob.receive_json()\n",
            grade=Grade.REVIEW,
            path="tests/chat/test_two.py",
            canon=_CANON,
        ),
        Example(
            "import unittest\n\nimport websockets\n\n\nclass TestChat(unittest.IsolatedAsyncioTestCase):\n"
            "    async def test_answer(self):\n        socket = await websockets.connect('ws://localhost')\n"
            "        self.assertTrue(await socket.recv())\n",
            "import unittest\n\nimport websockets\nfrom canonry.testing import EventContract\n\n\n"
            "class TestChat(unittest.IsolatedAsyncioTestCase):\n"
            "    async def test_answer(self):\n        socket = await websockets.connect('ws://localhost')\n"
            '        socket = self.enterContext(EventContract("agent-events")).watch(socket)\n'
            "        self.assertTrue(await socket.recv())\n",
            grade=Grade.REVIEW,
            path="tests/chat/test_case.py",
            canon=_CANON,
        ),
        Example(
            "async def test_answer(socket):\n    assert await socket.recv()\n",
            grade=Grade.MANUAL,
            path="tests/chat/test_answer.py",
            canon=_CANON,
        ),
    )

    def changes(self, module: Module, found: Sequence[Found]) -> Iterator[Change]:
        """One answer for each test."""
        for each in found:
            node = next((one for one in module.starting_at(each.offence.site) if isinstance(one, Function)), None)
            yield _attached(module, each, node) if node is not None else manual(each, _NOWHERE)


def _attached(module: Module, found: Found, node: Function) -> Change:
    opened = list(_opened(module, node))
    names = [name for name, _ in opened]
    if not opened or len(set(names)) < len(names):
        return manual(found, _NOWHERE)
    several = len(opened) > 1
    if several and _HELD in module.locals_of(node):
        return manual(found, f"its name `{_HELD}` means something else already; {_NOWHERE}")
    edits: list[Splice] = []
    needs: tuple[Needed, ...] = ()
    if _is_case(module, found):
        needed = module.name_for("canonry.testing", "EventContract", at=node)
        if needed is None or module.file.project.target < _ENTERS:
            return manual(
                found, "give its class a set-up that holds an `EventContract`, and watch the connection by it"
            )
        made, needs = (
            f"self.enterContext({needed.bound}({json.dumps(_contract(module), ensure_ascii=False)}))",
            (needed,),
        )
    else:
        parameter = _parameter(module, node)
        if parameter is None:
            return manual(found, f"its parameters are no plain list; add `{_FIXTURE}` to them")
        made = f"{_FIXTURE}()"
        edits.append(parameter)
    first = _first_statement(node)
    if several and first.lineno == node.lineno:
        return manual(found, "its body stands in the line of its head")
    if several:
        edits.append(_line_before(module, first, [f"{_HELD} = {made}"]))
        made = _HELD
    at: dict[int, list[str]] = {}
    places: dict[int, tuple[ast.stmt, bool]] = {}
    for name, place in opened:
        statement, inside = place
        if inside and statement.lineno == getattr(module.parents[statement], "lineno", 0):
            return manual(found, "the body of its `with` stands in one line with it")
        key = module.start(statement)
        places[key] = place
        at.setdefault(key, []).append(f"{name} = {made}.watch({name})")
    for key, lines in at.items():
        statement, inside = places[key]
        edits.append(_line_before(module, statement, lines) if inside else _line_after(module, statement, lines))
    return Change(found=found, grade=Grade.REVIEW, reason=_DOUBT, edits=tuple(edits), needs=needs)


def _opened(module: Module, node: Function) -> Iterator[tuple[str, tuple[ast.stmt, bool]]]:
    """The names under which connections are opened, each with a statement: what follows inside it, or is it itself."""
    for each in _own_statements(node):
        if isinstance(each, ast.With | ast.AsyncWith):
            for item in each.items:
                if isinstance(item.optional_vars, ast.Name) and _opens(module, item.context_expr):
                    yield item.optional_vars.id, (each.body[0], True)
        elif isinstance(each, ast.Assign) and len(each.targets) == 1 and isinstance(each.targets[0], ast.Name):
            value = each.value
            if isinstance(value, ast.Await) and _opens(module, value.value):
                yield each.targets[0].id, (each, False)


def _own_statements(node: ast.AST) -> Iterator[ast.stmt]:
    for each in ast.iter_child_nodes(node):
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        if isinstance(each, ast.stmt):
            yield each
        yield from _own_statements(each)


def _opens(module: Module, node: ast.expr) -> bool:
    if not isinstance(node, ast.Call):
        return False
    if isinstance(node.func, ast.Attribute) and node.func.attr in _OPENS:
        return True
    words: list[str] = []
    inner: ast.expr = node.func
    while isinstance(inner, ast.Attribute):
        words.insert(0, inner.attr)
        inner = inner.value
    if not isinstance(inner, ast.Name):
        return False
    start = module.file.facts.bindings.get(inner.id, "")
    return ".".join([start, *words]) in _WEBSOCKETS


def _is_case(module: Module, found: Found) -> bool:
    owner = module.file.classes.get(found.offence.site.symbol.rpartition(".")[0])
    return owner is not None and bool(module.file.hierarchy(owner).case)


def _contract(module: Module) -> str:
    flows = module.file.project.canon.flows.values()
    return next((flow.contract for flow in flows if flow.contract and matches(module.path, flow.tests)), "") or ""


def _parameter(module: Module, node: Function) -> Splice | None:
    """The edit that adds the fixture to a function's parameters, behind those without a default."""
    arguments = node.args
    if arguments.posonlyargs or getattr(node, "type_params", None):
        return None
    plain = arguments.args[: len(arguments.args) - len(arguments.defaults)]
    if plain:
        return module.insert(module.end(plain[-1]), f", {_FIXTURE}")
    if arguments.args:
        return module.insert(module.start(arguments.args[0]), f"{_FIXTURE}, ")
    if arguments.vararg or arguments.kwonlyargs or arguments.kwarg:
        return None
    at = module.content.index(b"(", module.start(node))
    return module.insert(at + 1, _FIXTURE)


def _first_statement(node: Function) -> ast.stmt:
    """The first statement of a body behind its docstring."""
    body = node.body
    is_text = (
        isinstance(body[0], ast.Expr)
        and isinstance(body[0].value, ast.Constant)
        and isinstance(body[0].value.value, str)
    )
    return body[1] if is_text and len(body) > 1 else body[0]


def _line_before(module: Module, statement: ast.stmt, lines: list[str]) -> Splice:
    start = module.start(statement)
    decorators = getattr(statement, "decorator_list", None)
    if decorators:
        start = module.content.rindex(b"@", 0, module.start(decorators[0]))
    return module.insert(start, "".join(f"{line}{_break(module, start)}" for line in lines))


def _line_after(module: Module, statement: ast.stmt, lines: list[str]) -> Splice:
    start = module.start(statement)
    end = module.end(statement)
    line = max(module.content.rfind(each, 0, start) for each in (b"\n", b"\r")) + 1
    indent = module.content[line:start].decode()
    ending = module.line_end(end).decode()
    rest = re.compile(rb"[ \t]*(?:#[^\r\n]*)?(?=[\r\n]|$)").match(module.content, end)
    end = rest.end() if rest is not None else end
    return module.insert(end, "".join(f"{ending}{indent}{each}" for each in lines))


def _break(module: Module, start: int) -> str:
    """The end of a line and the blanks with which the line at an offset begins."""
    line = max(module.content.rfind(each, 0, start) for each in (b"\n", b"\r")) + 1
    return module.line_end(start).decode() + module.content[line:start].decode()
