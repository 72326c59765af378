"""environment."""

import ast
from collections.abc import Iterator, Sequence

from canonry.migrate.accessor import Accessor, accessor_of
from canonry.migrate.answers import Change, Found, Needed, Splice, manual
from canonry.migrate.codemod import Codemod, Example
from canonry.migrate.environment_writes import in_scope, monkeypatched, written
from canonry.migrate.module import Module
from canonry.migrate.replaced_getters import replaced_getter
from canonry.model.edit import Grade
from canonry.source.facts import EnvironmentUse

_READS = frozenset(("get", "copy", "items", "keys", "values", "__getitem__", "__contains__"))
_WRITES = frozenset(("update", "setdefault", "pop", "popitem", "clear"))
_DIRECT = "code that reads `os.environ` itself does not see it from now on"


class Environment(Codemod):
    """Lets test code use the canon's environment accessor in the place of `os.environ`.

    Reads keep their defaults and their `KeyError`, and are safe: the accessor shows what the process holds until a test
    writes something else. `patch.dict(os.environ, ...)` becomes `patched(...)`, which shows the same to code that reads
    `os.environ` itself and puts it back at the end. Plain writes stand in such a scope, too, so that direct readers go on
    to see them: a test gets it as a decorator, a `setUp` of the canon's base case enters it. So do `monkeypatch.setenv`
    and `delenv` in a test. They want a reader, because they end with the test from now on. In fixtures, in what tears
    down and in helpers that no test owns they are manual, and so is an `os.environ` that is handed on, bound to another
    name, replaced, or changed byte-wise. Of an accessor of the tree's own the methods that it has are used, with a reader.
    """

    name = "environment"
    rules = ("ENV001", "ENV002")
    order = 40
    asks_who_starts = True
    looks_at_bases = True
    examples = (
        Example(
            "import os\nfrom os import getenv\n\n\ndef test_url():\n    assert os.environ['URL'] == getenv('URL', 'x')  # same\n    assert 'URL' in os.environ\n",
            "from canonry.testing import IsolatedEnvironment\n\n\ndef test_url():\n    assert IsolatedEnvironment()['URL'] == IsolatedEnvironment().get('URL', 'x')  # same\n    assert 'URL' in IsolatedEnvironment()\n",
        ),
        Example(
            "import os\nfrom unittest.mock import patch\n\n\ndef test_url():\n    with patch.dict(os.environ, {'URL': 'x'}, clear=True):\n        assert 1\n",
            "from canonry.testing import IsolatedEnvironment\n\n\ndef test_url():\n    with IsolatedEnvironment().patched({'URL': 'x'}, clear=True):\n        assert 1\n",
        ),
        Example(
            "import os\nfrom canonry.testing import SSotBaseTestCase\n\n\nclass TestUrl(SSotBaseTestCase):\n    def test_url(self):\n        os.environ['URL'] = 'x'\n        os.environ.setdefault('HOST', 'y')\n        assert os.environ.pop('URL', None) == 'x'\n",
            "from canonry.testing import SSotBaseTestCase, IsolatedEnvironment\n\n\nclass TestUrl(SSotBaseTestCase):\n    @IsolatedEnvironment().patched()\n    def test_url(self):\n        IsolatedEnvironment()['URL'] = 'x'\n        IsolatedEnvironment().setdefault('HOST', 'y')\n        assert IsolatedEnvironment().pop('URL', None) == 'x'\n",
            grade=Grade.REVIEW,
        ),
        Example(
            "import os\nfrom canonry.testing import SSotBaseTestCase\n\n\nclass TestUrl(SSotBaseTestCase):\n    def setUp(self):\n        os.environ['URL'] = 'x'\n        os.environ.pop('HOST', None)\n\n    def test_url(self):\n        assert 1\n",
            "from canonry.testing import SSotBaseTestCase, IsolatedEnvironment\n\n\nclass TestUrl(SSotBaseTestCase):\n    def setUp(self):\n        self.enterContext(IsolatedEnvironment().patched({'URL': 'x'}))\n        self.enterContext(IsolatedEnvironment().patched()).pop('HOST', None)\n\n    def test_url(self):\n        assert 1\n",
            grade=Grade.REVIEW,
        ),
        Example(
            "import os\nfrom canonry.testing import SSotBaseTestCase\n\n\nclass TestUrl(SSotBaseTestCase):\n    def tearDown(self):\n        os.environ.pop('URL', None)\n\n    def test_url(self):\n        assert 1\n",
            grade=Grade.MANUAL,
        ),
        Example(
            "import os\n\n\ndef test_url():\n    assert os.environ.get('URL', default='x')\n",
            "from tests.settings import Environment\n\n\ndef test_url():\n    assert Environment().get('URL', default='x')\n",
            grade=Grade.REVIEW,
            files={
                "tests/settings.py": "class Environment:\n    def get(self, name, default=None):\n        return default\n"
            },
            canon="[canon]\nenvironment = 'tests.settings:Environment'\n",
        ),
        Example(
            "import os\n\n\nclass TestUrl:\n    def test_url(self):\n        os.environ['URL'] = 'x'\n        assert os.environ['URL'] == 'x'\n        del os.environ['URL']\n",
            "from canonry.testing import IsolatedEnvironment\n\n\nclass TestUrl:\n    @IsolatedEnvironment().patched()\n    def test_url(self):\n        IsolatedEnvironment()['URL'] = 'x'\n        assert IsolatedEnvironment()['URL'] == 'x'\n        del IsolatedEnvironment()['URL']\n",
            grade=Grade.REVIEW,
        ),
        Example(
            "def test_url(monkeypatch, tmp_path):\n    monkeypatch.setenv('URL', 'x')\n    monkeypatch.setenv('HOME', tmp_path)\n    monkeypatch.delenv('HOST', raising=False)\n    assert 1\n",
            "from canonry.testing import IsolatedEnvironment\n\n\n@IsolatedEnvironment().patched()\ndef test_url(monkeypatch, tmp_path):\n    IsolatedEnvironment()['URL'] = 'x'\n    IsolatedEnvironment()['HOME'] = str(tmp_path)\n    IsolatedEnvironment().pop('HOST', None)\n    assert 1\n",
            grade=Grade.REVIEW,
        ),
        Example(
            "def test_url(monkeypatch):\n    monkeypatch.setenv('PATH', 'x', prepend=':')\n    assert 1\n",
            grade=Grade.MANUAL,
        ),
        Example(
            "import os\n\nimport pytest\n\n\n@pytest.fixture\ndef url():\n    os.environ['URL'] = 'x'\n",
            grade=Grade.MANUAL,
        ),
        Example(  # what replaces the getter would say nothing any more
            "import os\nfrom unittest.mock import patch\n\n\n@patch('os.getenv', return_value='z')\ndef test_url(getenv):\n    assert os.getenv('URL') == 'z'\n",
            grade=Grade.MANUAL,
        ),
        Example(
            "import os\n\n\ndef test_url(monkeypatch):\n    monkeypatch.setattr(os.environ, 'get', lambda name: 'z')\n    assert os.environ.get('URL') == 'z'\n",
            grade=Grade.MANUAL,
        ),
        Example("import os\n\n\ndef test_all():\n    os.environ = {}\n    assert 1\n", grade=Grade.MANUAL),
    )

    def changes(self, module: Module, found: Sequence[Found]) -> Iterator[Change]:
        """The use of the environment that a finding is about."""
        accessor = accessor_of(module.file)
        uses = {(use.site.line, use.site.column): use for use in module.file.facts.environment}
        for each in found:
            site = each.offence.site
            use = uses.get((site.line, site.column))
            node = next((node for node in module.nodes_at(site) if isinstance(node, ast.expr)), None)
            if use is None or node is None:
                yield manual(each, "it stands where no expression can be put in its place")
            else:
                yield _change(module, each, use, node, accessor)


def _change(module: Module, found: Found, use: EnvironmentUse, node: ast.expr, accessor: Accessor) -> Change:
    need = module.name_for(accessor.module, accessor.name, at=node) or module.name_for(
        accessor.module, accessor.name, at=node, alias=f"Canonical{accessor.name}"
    )
    if need is None:
        return manual(found, f"`{accessor.name}` means something else here")
    if module.has_comment(module.start(node), module.end(node)) and use.kind in ("patch", "monkeypatch"):
        return manual(found, "a comment stands in the middle of it")
    if _in_string(module, node):
        return manual(found, "it stands in an f-string")
    made = f"{need.bound}()"
    if use.kind == "monkeypatch":
        return monkeypatched(module, found, node, accessor, need)
    if use.kind == "patch":
        return _patch(module, found, node, accessor, need, made)
    environ, method = _parts(module, node)
    if environ is None:
        return manual(found, "it is written in a way that has no counterpart")
    return _use(module, found, use, environ, method, accessor, need)


def _use(
    module: Module,
    found: Found,
    use: EnvironmentUse,
    environ: ast.expr,
    method: str,
    accessor: Accessor,
    need: Needed,
) -> Change:
    """A read or a write through ``os.environ`` or its functions: only that part is replaced."""
    edits: tuple[Splice, ...]
    if method == "getenv":
        if not accessor.has("get"):
            return manual(found, f"`{accessor.name}` has no `get`")
        edits = (module.replace(environ, f"{need.bound}().get"),)
    elif not method:
        return manual(found, "`os.environ` itself is handed on or bound to a name; say what is done with it")
    elif not accessor.has(method):
        return manual(found, f"`{accessor.name}` has no `{method}`")
    else:
        edits = (module.replace(environ, f"{need.bound}()"),)
    if use.kind == "read":
        getter = replaced_getter(module)
        if getter:
            return manual(found, f"`{getter}` is replaced, and the accessor does not ask it")
        return _answer(found, accessor, edits, need)
    if accessor.ours:
        return written(module, found, environ, edits, need)
    if not in_scope(module, environ):
        return manual(found, "nothing here takes the write back")
    return Change(found=found, grade=Grade.REVIEW, reason=_DIRECT, edits=edits, needs=(need,))


def _patch(module: Module, found: Found, node: ast.expr, accessor: Accessor, need: Needed, made: str) -> Change:
    if not accessor.has("patched"):
        return manual(found, f"`{accessor.name}` has nothing that patches for a while")
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr != "dict":
        return manual(found, "it replaces `os.environ` itself or a method of it")
    if len(node.args) > 3 or any(isinstance(each, ast.Starred) for each in node.args):
        return manual(found, "its arguments are computed")
    if any(keyword.arg in (None, "values", "in_dict") for keyword in node.keywords):
        return manual(found, "its arguments are computed")
    parts = [module.source(each) for each in node.args[1:2]]
    parts += [f"clear={module.source(each)}" for each in node.args[2:]]
    parts += [module.source(keyword) for keyword in node.keywords]
    text = f"{made}.patched({', '.join(parts)})"
    doubt = _doubt_of_patch(module, node)
    edit = Splice(module.start(node), module.end(node), text.encode())
    return _answer(found, accessor, (edit,), need, doubt=doubt)


def _doubt_of_patch(module: Module, node: ast.Call) -> str:
    """What speaks against a patch as such, empty where nothing does."""
    parent = module.parents.get(node)
    if isinstance(parent, ast.withitem):
        if parent.optional_vars is not None:
            return "what it binds is the accessor from now on, not `os.environ`"
    elif isinstance(parent, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node in parent.decorator_list:
        if isinstance(parent, ast.ClassDef):
            return "it decorates a class"
    else:
        return "it is started and stopped by hand, or handed on"
    function = next((each for each in module.functions_around(node)), None)
    scope = function if function is not None else parent
    if any(
        use.kind in ("write", "restore") and _stands_in(module, use, scope) for use in module.file.facts.environment
    ):
        return "`os.environ` is written to beside it"
    return ""


def _stands_in(module: Module, use: EnvironmentUse, scope: ast.AST) -> bool:
    return getattr(scope, "lineno", 0) <= use.site.line <= getattr(scope, "end_lineno", 0)


def _answer(found: Found, accessor: Accessor, edits: tuple[Splice, ...], need: Needed, *, doubt: str = "") -> Change:
    if not accessor.ours:
        doubt = f"`{accessor.name}` is your own; see that it shows what `os.environ` holds"
    return Change(found=found, grade=Grade.REVIEW if doubt else Grade.SAFE, reason=doubt, edits=edits, needs=(need,))


def _parts(module: Module, node: ast.expr) -> tuple[ast.expr | None, str]:
    """The part that is ``os.environ`` (or ``os.getenv``), and the method that is used of it; empty for none."""
    if isinstance(node, ast.Call):
        function = node.func
        if (
            isinstance(function, ast.Attribute)
            and function.attr in _READS | _WRITES
            and _is_environ(module, function.value)
        ):
            return function.value, function.attr
        return (function, "getenv") if _means(module, function) == "os.getenv" else (None, "")
    if isinstance(node, ast.Subscript) and _is_environ(module, node.value):
        parent = module.parents.get(node)
        if isinstance(parent, ast.AugAssign) and parent.target is node:
            return None, ""
        method = {ast.Store: "__setitem__", ast.Del: "__delitem__"}.get(type(node.ctx), "__getitem__")
        return node.value, method
    if isinstance(node, ast.Compare):
        last = node.comparators[-1]
        if len(node.ops) == 1 and isinstance(node.ops[0], ast.In | ast.NotIn) and _is_environ(module, last):
            return last, "__contains__"
        return None, ""
    if isinstance(node, ast.Attribute | ast.Name) and _is_environ(module, node):
        return (node, _context_of(module, node)) if isinstance(node.ctx, ast.Load) else (None, "")
    return None, ""


def _context_of(module: Module, node: ast.expr) -> str:
    """The method that the code around a bare ``os.environ`` uses of it, empty where nobody can tell."""
    parent = module.parents.get(node)
    if isinstance(parent, ast.Compare) and len(parent.ops) == 1 and isinstance(parent.ops[0], ast.In | ast.NotIn):
        return "__contains__" if parent.comparators[0] is node else ""
    if isinstance(parent, ast.Attribute) and parent.attr in _READS:
        return parent.attr
    if isinstance(parent, ast.Subscript) and parent.value is node:
        return "__getitem__" if isinstance(parent.ctx, ast.Load) else ""
    if isinstance(parent, ast.Dict) and any(
        key is None and value is node for key, value in zip(parent.keys, parent.values, strict=True)
    ):
        return "keys"
    if isinstance(parent, ast.keyword) and parent.arg is None:
        return "keys"
    if isinstance(parent, ast.For | ast.comprehension) and parent.iter is node:
        return "keys"
    if isinstance(parent, ast.Call) and isinstance(parent.func, ast.Name) and parent.args == [node]:
        return "keys" if parent.func.id in ("dict", "len", "list", "sorted", "set") else ""
    return ""


def _is_environ(module: Module, node: ast.expr) -> bool:
    return _means(module, node) == "os.environ"


def _means(module: Module, node: ast.expr) -> str:
    """The dotted name of what an expression refers to, through the file's imports; empty where it is none."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    for function in module.functions_around(node):
        if node.id in module.locals_of(function):
            return ".".join([module.imported_in(function).get(node.id, "?"), *reversed(parts)])
    return ".".join([module.file.facts.bindings.get(node.id, "?"), *reversed(parts)])


def _in_string(module: Module, node: ast.AST) -> bool:
    return module.enclosing(node, ast.JoinedStr) is not None
