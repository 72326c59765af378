"""A test pays for what it uses: which modules are loaded by what."""

import subprocess
import sys

import pytest

import canonry.testing
from tests.workbench import ROOT, environment


def loaded(code: str) -> set[str]:
    """The modules that are loaded after some code, in an interpreter without site packages."""
    path = str(ROOT / "src")
    script = f"import sys\nsys.path.insert(0, {path!r})\n{code}\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", script], env=environment(), capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def roots(modules: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules} - sys.stdlib_module_names - {"__main__"}


def test_the_synchronous_base_loads_little() -> None:
    found = loaded("from canonry.testing import SSotBaseTestCase") - loaded("import unittest")

    assert roots(found) == {"canonry"}
    assert not {"asyncio", "logging", "typing", "pathlib", "tempfile", "signal", "locale"} & found
    assert {name.partition(".")[0] for name in found} <= {
        "canonry",
        "contextvars",
        "_contextvars",
        "_locale",
        "__future__",
        "gc",
    }


def test_the_async_base_loads_asyncio_and_nothing_else() -> None:
    found = loaded("from canonry.testing import SSotAsyncTestCase") - loaded("import asyncio, unittest")

    assert {name.partition(".")[0] for name in found} <= {"canonry", "_locale", "__future__", "gc"}


@pytest.mark.parametrize("name", ["IsolatedEnvironment", "wait_until", "limited", "CanonryLeakWarning"])
def test_other_names_load_less(name: str) -> None:
    found = loaded(f"from canonry.testing import {name}")

    assert roots(found) == {"canonry"}
    assert not {"asyncio", "unittest", "logging", "typing"} & found


def test_a_plain_test_never_loads_the_event_types() -> None:
    code = (
        "import unittest\nfrom canonry.testing import SSotBaseTestCase\n"
        "class Case(SSotBaseTestCase):\n    def test(self): self.env['A'] = '1'\n"
        "Case('test').run(unittest.TestResult())"
    )
    assert roots(loaded(code)) == {"canonry"}


def test_an_unknown_name_is_told() -> None:
    with pytest.raises(AttributeError, match=r"module `canonry\.testing` has no attribute `SSotTestCase`"):
        canonry.testing.SSotTestCase  # noqa: B018
    with pytest.raises(ImportError, match="cannot import name 'SSotTestCase'"):
        from canonry.testing import SSotTestCase  # noqa: F401


def test_the_names_are_listed() -> None:
    assert {"SSotBaseTestCase", "SSotAsyncTestCase", "IsolatedEnvironment"} <= set(dir(canonry.testing))
