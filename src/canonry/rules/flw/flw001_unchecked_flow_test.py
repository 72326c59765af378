"""FLW001."""

from collections.abc import Iterator

from canonry.canon.selection import matches
from canonry.rules.rule import Example, Offence, Rule
from canonry.rules.view import FileView
from canonry.source.facts import FunctionFact
from canonry.source.index import Definition

_AROUND = ("setUp", "asyncSetUp", "setup_method", "tearDown", "asyncTearDown", "teardown_method")
_CANON = "[flows.chat]\ntests = ['tests/chat']\ncontract = 'agent-events'\n"
_CHECKED = "async def test_answer(event_contract, socket):\n    async for frame in event_contract().watch(socket):\n        assert frame\n"
_UNCHECKED = "async def test_answer(socket):\n    async for frame in socket:\n        assert frame\n"


class UncheckedFlowTest(Rule):
    """A test of a flow that looks at a few events passes while others are missing, doubled or another user's.

    The canon declares which contract a flow has to hold; a test attaches it with the fixture `event_contract` or with
    `canonry.testing.EventContract`. It counts where the test itself, a fixture that it takes, the set-up of its class,
    a base class, or a function that its file defines or imports does so.

    Likely, because a function that the test calls in another way may attach it.
    """

    code = "FLW001"
    name = "unchecked-flow-test"
    help = "take the fixture `event_contract`, and let `event_contract().watch(connection)` judge what is received"
    options = ("flows.*.contract", "flows.*.tests")
    bad = (
        Example(_UNCHECKED, path="tests/chat/test_answer.py", canon=_CANON),
        Example(
            f"import pytest\n\n\n@pytest.fixture\ndef socket():\n    return object()\n\n\n{_UNCHECKED}\n\n{_CHECKED.replace('answer', 'other')}",
            path="tests/chat/test_answer.py",
            canon=_CANON,
        ),
    )
    good = (
        Example(_CHECKED, path="tests/chat/test_answer.py", canon=_CANON),
        Example(_UNCHECKED, path="tests/shop/test_answer.py", canon=_CANON),  # of no flow
        Example(_UNCHECKED, path="tests/chat/test_answer.py", canon="[flows.chat]\ntests = ['tests/chat']\n"),
        Example(  # through a fixture of the conftest
            _UNCHECKED,
            path="tests/chat/test_answer.py",
            files={
                "tests/chat/conftest.py": "import pytest\n\n\n@pytest.fixture\ndef socket(event_contract, raw):\n    return event_contract().watch(raw)\n"
            },
            canon=_CANON,
        ),
        Example(  # through a function that is imported
            "from tests.receiving import received\n\n\ndef test_answer():\n    assert received()\n",
            path="tests/chat/test_answer.py",
            files={
                "tests/receiving.py": "from canonry.testing import EventContract\n\n\ndef received():\n    return EventContract('agent-events')\n"
            },
            canon=_CANON,
        ),
        Example(  # through the set-up of a base class
            "from tests.base import Chat\n\n\nclass TestAnswer(Chat):\n    def test_answer(self):\n        self.assertTrue(self.socket)\n",
            path="tests/chat/test_answer.py",
            files={
                "tests/base.py": "import unittest\n\nfrom canonry.testing import EventContract\n\n\nclass Chat(unittest.TestCase):\n    def setUp(self):\n        self.contract = self.enterContext(EventContract('agent-events'))\n"
            },
            canon=_CANON,
        ),
    )

    def check(self, file: FileView) -> Iterator[Offence]:
        """One offence per collected test of a flow with a contract."""
        if not file.is_test_file:
            return
        flows = {
            name: flow.contract
            for name, flow in file.project.canon.flows.items()
            if flow.contract and matches(file.path, flow.tests)
        }
        if not flows or _is_attached_by_file(file):
            return
        name, contract = next(iter(flows.items()))
        for test in file.collected:
            if not _is_attached(file, test):
                message = f"`{test.qualname}` walks the flow `{name}` and never attaches its contract `{contract}`"
                yield Offence(site=test.site, message=message)


def attaches(file: FileView, path: str, qualname: str) -> bool:
    """Whether a function of the tree attaches a contract."""
    facts = file.index.facts(path)
    return facts is not None and qualname in facts.attaching


def _is_attached(file: FileView, test: FunctionFact) -> bool:
    if attaches(file, file.path, test.qualname) or any(_by_fixture(file, name, set()) for name in test.parameters):
        return True
    if not test.owner:
        return False
    owner = Definition(file.path, test.owner)
    return any(
        attaches(file, each.path, f"{each.qualname}.{name}")
        for each in (owner, *file.index.hierarchy(owner).ancestors)
        if (fact := file.index.class_fact(each)) is not None
        for name in fact.methods
        if name in _AROUND or not name.startswith("test")
    )


def _by_fixture(file: FileView, name: str, seen: set[str]) -> bool:
    found = None if name in seen else file.fixture(name)
    if found is None:
        return False
    path, fixture = found
    seen.add(name)
    return attaches(file, path, fixture.qualname) or any(_by_fixture(file, each, seen) for each in fixture.parameters)


def _is_attached_by_file(file: FileView) -> bool:
    """Whether a function that is no test, of the file or imported by it, attaches a contract; which tests call it is unknown."""
    facts = file.facts
    tests = {fact.qualname for fact in file.tests}
    methods = {fact.qualname for fact in facts.functions if fact.owner}
    fixtures = {fact.qualname for fact in facts.functions if any(each.endswith(".fixture") for each in fact.decorators)}
    if set(facts.attaching) - tests - methods - fixtures:
        return True
    for name, reference in facts.bindings.items():
        found = file.index.resolve(file.path, reference or f":{name}")
        if isinstance(found, Definition) and found.path != file.path and attaches(file, found.path, found.qualname):
            return True
    return False
