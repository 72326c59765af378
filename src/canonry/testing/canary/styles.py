"""The canaries: for each style of test one that must fail, and for the plain styles its twin that must pass."""

from dataclasses import dataclass

SYNC = "SSotBaseTestCase"
ASYNC = "SSotAsyncTestCase"


@dataclass(frozen=True, slots=True)
class Style:
    """A class of one test. ``body`` is the class's; ``passes`` says that it is a healthy twin."""

    name: str
    base: str
    body: str
    passes: bool = False


STYLES = (
    # synchronous
    Style("assert", SYNC, "def test(self): assert 1 == 2"),
    Style("assert, healthy", SYNC, "def test(self): assert 1 == 1", passes=True),
    Style("assertEqual", SYNC, "def test(self): self.assertEqual(1, 2)"),
    Style("assertEqual, healthy", SYNC, "def test(self): self.assertEqual(1, 1)", passes=True),
    Style("exception", SYNC, "def test(self): raise OSError('no')"),
    Style("fixture as argument", SYNC, "def test(self, tmp_path): assert not tmp_path.exists()"),
    Style("subtest", SYNC, "def test(self):\n    for n in (1, 2, 3):\n        with self.subTest(n=n): assert n != 2"),
    Style("setUp", SYNC, "def setUp(self): assert 1 == 2\ndef test(self): pass"),
    Style("setup_method", SYNC, "def setup_method(self, method): assert 1 == 2\ndef test(self): pass"),
    Style("setUpClass", SYNC, "@classmethod\ndef setUpClass(cls): assert 1 == 2\ndef test(self): pass"),
    Style("tearDown", SYNC, "def test(self): pass\ndef tearDown(self): assert 1 == 2"),
    Style("cleanup", SYNC, "def test(self): self.addCleanup(self.fail, 'no')"),
    Style("setUp without super", SYNC, "def setUp(self): self.x = 1\ndef test(self): assert self.x == 2"),
    Style("async test", SYNC, "async def test(self): pass"),
    Style("async setUp", SYNC, "async def setUp(self): pass\ndef test(self): pass"),
    Style("async cleanup", SYNC, "async def end(self): pass\ndef test(self): self.addCleanup(self.end)"),
    Style("coroutine not awaited", SYNC, "async def check(self): assert 1 == 2\ndef test(self): self.check()"),
    Style("coroutine returned", SYNC, "async def check(self): assert 1 == 2\ndef test(self): return self.check()"),
    Style("generator", SYNC, "def test(self):\n    assert 1 == 2\n    yield"),
    Style("value returned", SYNC, "def test(self): return 1 == 2"),
    Style("time limit", SYNC, "time_limit = 0.05\ndef test(self):\n    import time\n    time.sleep(0.5)"),
    Style("leak", SYNC, "leaks = 'fail'\ndef test(self):\n    import os\n    os.environ['CANARY'] = '1'"),
    # async
    Style("assert", ASYNC, "async def test(self): assert 1 == 2"),
    Style("assert, healthy", ASYNC, "async def test(self): assert 1 == 1", passes=True),
    Style("assert after await", ASYNC, "async def test(self):\n    await asyncio.sleep(0)\n    assert 1 == 2"),
    Style("assertEqual", ASYNC, "async def test(self): self.assertEqual(1, 2)"),
    Style("assertEqual, healthy", ASYNC, "async def test(self): self.assertEqual(1, 1)", passes=True),
    Style("exception", ASYNC, "async def test(self):\n    await asyncio.sleep(0)\n    raise OSError('no')"),
    Style("fixture as argument", ASYNC, "async def test(self, tmp_path): assert not tmp_path.exists()"),
    Style(
        "subtest",
        ASYNC,
        "async def test(self):\n    for n in (1, 2, 3):\n        with self.subTest(n=n):\n"
        "            await asyncio.sleep(0)\n            assert n != 2",
    ),
    Style("synchronous test", ASYNC, "def test(self): assert 1 == 2"),
    Style("setUp", ASYNC, "def setUp(self): assert 1 == 2\nasync def test(self): pass"),
    Style("asyncSetUp", ASYNC, "async def asyncSetUp(self): assert 1 == 2\nasync def test(self): pass"),
    Style("asyncTearDown", ASYNC, "async def asyncTearDown(self): assert 1 == 2\nasync def test(self): pass"),
    Style(
        "async cleanup", ASYNC, "async def end(self): assert 1 == 2\nasync def test(self): self.addCleanup(self.end)"
    ),
    Style(
        "async context",
        ASYNC,
        "async def __aenter__(self): assert 1 == 2\nasync def __aexit__(self, *_): pass\n"
        "async def test(self): await self.enterAsyncContext(self)",
    ),
    Style(
        "async context, healthy",
        ASYNC,
        "async def __aenter__(self): return 3\nasync def __aexit__(self, *_): pass\n"
        "async def test(self): assert await self.enterAsyncContext(self) == 3",
        passes=True,
    ),
    Style("async wait_until", ASYNC, "async def test(self): await self.wait_until(lambda: 0, timeout=0.02)"),
    Style(
        "wait_until of a coroutine",
        ASYNC,
        "async def never(self): return 0\nasync def test(self): await self.wait_until(self.never, timeout=0.02)",
    ),
    Style(
        "wait_until of a coroutine, healthy",
        ASYNC,
        "seen = 0\nasync def later(self):\n    self.seen += 1\n    return self.seen > 2\n"
        "async def test(self): assert await self.wait_until(self.later) is True",
        passes=True,
    ),
    Style("coroutine not awaited", ASYNC, "async def check(self): assert 1 == 2\nasync def test(self): self.check()"),
    Style(
        "awaitable returned", ASYNC, "def __await__(self):\n    assert 1 == 2\n    yield\ndef test(self): return self"
    ),
    Style(
        "awaitable returned, healthy",
        ASYNC,
        "def __await__(self):\n    yield\ndef test(self): return self",
        passes=True,
    ),
    Style("generator", ASYNC, "async def test(self):\n    assert 1 == 2\n    yield"),
    Style("value returned", ASYNC, "async def test(self): return 1 == 2"),
    Style("time limit", ASYNC, "time_limit = 0.05\nasync def test(self): await asyncio.sleep(0.5)"),
    Style("assert within time limit", ASYNC, "time_limit = 5\nasync def test(self): assert 1 == 2"),
    Style("within time limit, healthy", ASYNC, "time_limit = 5\nasync def test(self): assert 1 == 1", passes=True),
    Style("leak", ASYNC, "leaks = 'fail'\nasync def test(self): self.task = asyncio.create_task(asyncio.sleep(9))"),
)


def class_name(style: Style) -> str:
    """The name of the class that holds a style, unique among all."""
    words = "".join(word.title() for word in style.name.replace(",", "").replace("_", " ").split())
    return f"Test{'Async' if style.base == ASYNC else 'Sync'}{words}"


def source(styles: tuple[Style, ...] = STYLES) -> str:
    """A test module that holds them, one class each."""
    parts = ["import asyncio\n", "from canonry.testing import SSotAsyncTestCase, SSotBaseTestCase\n"]
    for style in styles:
        body = "\n".join(f"    {line}" for line in style.body.splitlines())
        parts.append(f"\n\nclass {class_name(style)}({style.base}):\n{body}\n")
    return "".join(parts)
