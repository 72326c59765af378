"""TST007."""

import re
from collections.abc import Iterator

from canonry.model.finding import Confidence
from canonry.rules.rule import Example, Offence, Rule
from canonry.rules.view import FileView, is_fixture
from canonry.source.facts import FunctionFact

_SURROUNDING = ("setUp", "tearDown", "setup", "teardown", "asyncSetUp", "asyncTearDown")
_SET_UP_WORDS = re.compile(r"(?:^|_)(?:set_?up|tear_?down)(?:_|$)")
_YIELD = 0.001
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")


class SleepAsWait(Rule):
    """A fixed sleep makes a test slow when it works and flaky when it does not.

    `time.sleep`, `asyncio.sleep` and those of anyio, trio, gevent and eventlet count where they are a statement of a
    test, a fixture, a set-up or a tear-down, or of a function inside one that it runs to its end (`asyncio.run`, a call
    or `await` of its own, `request.addfinalizer`). Set-ups and tear-downs are also methods of the canon's base cases
    and what comes from them that have the word in their name (`async_setup_method`). Certain where the amount is a number, or a
    name that is bound to one; likely where it is computed. `sleep(0)` only yields to the loop. Left alone are a sleep
    inside a loop that has a condition or is left early (polling; an `assert` there does not try again), one that is
    handed to something else (`wait_for(sleep(1), ...)`) or cut short (inside `raises`, `timeout`, `fail_after`), and one
    in an inner function that plays something slow.

    Likely, too, where time itself may be what is tested: a condition cannot be waited for, but a clock can be moved.
    Words tell: the name of the test, its class, its parameters, the calls and keyword arguments in it speak of a `ttl`,
    `expiry`, `timeout` (an argument of a constructor, where the sleep is at least as long), `recycle`, `idle`,
    `keepalive`, `elapsed`, `duration`, `rate_limit`, `timing`, `timestamp`, `latency`, `throttle`, `backoff` and their
    like, or a clock is read after the sleep and asserted about. And likely is a sleep that ends each turn of a `for`
    loop, which sets a pace, and one of a millisecond at most.

    Measured on the reference repository at `beta-16`, the last of three draws: of 16 certain findings 13 are right and
    3 arguable (the sleep plays something slow), of 14 likely ones 11 and 3. On ansible-core and Scrapy both certain ones
    are right, the likely one is arguable.
    """

    code = "TST007"
    name = "sleep-as-wait"
    help = "wait for the condition itself, with a deadline"
    bad = (
        Example("import time\n\ndef test_a():\n    time.sleep(1)\n    assert 1\n"),
        Example("from asyncio import sleep as rest\n\nasync def test_a():\n    await rest(0.1)\n    assert 1\n"),
        Example("import time\n\nPAUSE = 2\n\ndef test_a(n):\n    time.sleep(PAUSE * 2)\n    assert 1\n"),
        Example("import time\n\ndef test_a(n):\n    time.sleep(n)\n    assert 1\n"),
        Example("import time, pytest\n\n@pytest.fixture\ndef bank():\n    time.sleep(1)\n", path="tests/conftest.py"),
        Example("import time\n\ndef test_a():\n    for _ in range(3):\n        time.sleep(1)\n    assert 1\n"),
        Example(
            "import asyncio\n\ndef test_a():\n    async def scene():\n        await asyncio.sleep(1)\n"
            "    assert asyncio.run(scene()) is None\n"
        ),
        Example("import time\n\ndef test_a(xs):\n    for x in xs:\n        assert x\n        time.sleep(1)\n"),
        Example(
            "import time\n\ndef test_a(xs):\n    for x in xs:\n        if x:\n            time.sleep(1)\n    assert xs\n"
        ),
        Example(
            "import asyncio\n\nasync def test_a():\n    async def scene():\n        await asyncio.sleep(1)\n"
            "    await scene()\n    assert 1\n"
        ),
        Example(
            "import time, pytest\n\n@pytest.fixture\ndef bank(request):\n    def close():\n        time.sleep(1)\n"
            "    request.addfinalizer(close)\n",
            path="tests/conftest.py",
        ),
        Example(
            "import asyncio\nfrom tests.base import Case\n\nclass TestA(Case):\n    async def async_setup_method(self):\n"
            "        await asyncio.sleep(1)\n",
            files={"tests/base.py": "class Case:\n    pass\n"},
            canon="[canon]\nbase-cases = ['tests.base:Case']\n",
        ),
        Example("import asyncio\n\nasync def test_a(a):\n    await asyncio.sleep(0.001)\n    assert a\n"),
        Example(
            "import time\n\ndef test_timing(watch):\n    watch.start()\n    time.sleep(0.01)\n    assert watch.stop()\n"
        ),
        Example("import time\n\ndef test_cache_expires(cache):\n    time.sleep(1)\n    assert not cache\n"),
    )
    good = (
        Example("import asyncio\n\nasync def test_a():\n    await asyncio.sleep(0)\n    assert 1\n"),
        Example("def test_text():\n    assert 'time.sleep(1)'  # time.sleep(1)\n"),
        Example("import time\n\ndef test_a(bank):\n    while not bank.ready:\n        time.sleep(0.1)\n    assert 1\n"),
        Example(
            "import time\n\ndef test_a(bank):\n    for _ in range(9):\n        if bank.ready:\n            break\n"
            "        time.sleep(0.1)\n    assert 1\n"
        ),
        Example(
            "import asyncio\n\nasync def test_a(bank):\n    async def slow():\n        await asyncio.sleep(9)\n"
            "    assert bank.cancels(slow)\n"
        ),
        Example(
            "import asyncio, pytest\n\nasync def test_a():\n    with pytest.raises(TimeoutError):\n"
            "        async with asyncio.timeout(0.1):\n            await asyncio.sleep(9)\n"
        ),
        Example(
            "import time\n\nclass Load:\n    def __init__(self):\n        pass\n\n    def test_load(self):\n        time.sleep(1)\n"
        ),
        Example(
            "import asyncio\n\nclass TestA:\n    async def async_setup_method(self):\n        await asyncio.sleep(1)\n"
        ),
        Example("import time\n\ndef pause():\n    time.sleep(1)\n\ndef test_a():\n    assert 1\n"),
    )

    def check(self, file: FileView) -> Iterator[Offence]:
        """Every fixed sleep that a runner waits for."""
        if not file.in_test_code or not file.facts.waits:
            return
        functions = {fact.qualname: fact for fact in file.facts.functions}
        tests = {fact.qualname for fact in file.collected}
        for wait in file.facts.waits:
            function = functions.get(wait.home)
            if wait.home not in tests and (function is None or not _surrounds(file, function)):
                continue
            if wait.seconds is None:
                message = f"`{wait.expression}` waits for a computed time instead of a condition"
                yield Offence(site=wait.site, message=message, confidence=Confidence.LIKELY)
            elif wait.seconds <= _YIELD:
                message = f"`{wait.expression}` is a fixed sleep of {wait.seconds:g} s, little more than a yield"
                yield Offence(site=wait.site, message=message, confidence=Confidence.LIKELY)
            elif wait.timed:
                message = f"`{wait.expression}` is a fixed sleep of {wait.seconds:g} s; if time itself is tested, move a clock"
                yield Offence(site=wait.site, message=f"{message} instead", confidence=Confidence.LIKELY)
            elif wait.paces:
                message = f"`{wait.expression}` sleeps {wait.seconds:g} s in every turn of a loop"
                yield Offence(site=wait.site, message=message, confidence=Confidence.LIKELY)
            else:
                message = f"`{wait.expression}` waits {wait.seconds:g} s instead of waiting for a condition"
                yield Offence(site=wait.site, message=message)


def _surrounds(file: FileView, function: FunctionFact) -> bool:
    """Whether a function is a fixture, a set-up or a tear-down."""
    if function.nested and not function.owner:
        return False
    if is_fixture(function) or (file.is_test_file and function.name.startswith(_SURROUNDING)):
        return True
    owner = file.classes.get(function.owner)
    if owner is None or not _SET_UP_WORDS.search(_HUMP.sub("_", function.name).lower()):
        return False
    return file.project.reaches_canonical(file.definition(owner), file.hierarchy(owner))
