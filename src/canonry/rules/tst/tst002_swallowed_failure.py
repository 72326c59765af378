"""TST002."""

from collections.abc import Iterator

from canonry.model.finding import Confidence, Severity
from canonry.rules.rule import Example, Offence, Rule
from canonry.rules.view import FileView


class SwallowedFailure(Rule):
    """A test that catches its own failing assertion cannot fail.

    The offence: assertions stand inside a `try` whose handler takes every exception (bare, `Exception`,
    `BaseException`) and neither raises, asserts, fails nor keeps the failure for later. A handler that skips instead
    turns a failure into a skip, which reads like an excuse and counts like a pass. An `AssertionError` is an
    `Exception`: the handler meant for a flaky service also takes the broken promise. Likely, and a warning, where the
    body of the `try` also assigns or collects something and other assertions stand outside, or where the handler keeps
    something: what comes later may notice.

    Measured: of 25 likely findings in the reference repository 21 are right and 4 arguable, because a count is
    asserted later (`python benchmarks/draw.py GIT_DIR --rev beta-16 --config docs/evidence/reference-canon.toml
    --select TST002 --sample 25 --seed 7`).
    """

    code = "TST002"
    name = "swallowed-failure"
    severity = Severity.ERROR
    help = "let the assertion fail: catch only the exception that is expected, and outside the assertion"
    bad = (
        Example(
            "def test_a():\n    try:\n        assert 1 == 2\n    except Exception as error:\n        print(error)\n"
        ),
        Example("def test_a():\n    try:\n        assert 1 == 2\n    except:\n        pass\n    assert 1\n"),
        Example(
            "import pytest\n\ndef test_a():\n    try:\n        assert 1 == 2\n    except Exception:\n"
            "        pytest.skip('not available')\n"
        ),
    )
    good = (
        Example(
            "def test_a():\n    try:\n        assert 1\n    except Exception as error:\n        raise ValueError from error\n"
        ),
        Example(
            "import pytest\n\ndef test_a():\n    try:\n        assert 1\n    except Exception:\n        pytest.fail('no')\n"
        ),
        Example("def test_a():\n    try:\n        close()\n    except Exception:\n        pass\n    assert 1\n"),
        Example("def test_a():\n    try:\n        assert 1\n    except ValueError:\n        pass\n"),
        Example(
            "def test_a():\n    errors = []\n    try:\n        assert 1\n    except Exception as error:\n"
            "        errors.append(error)\n    assert not errors\n"
        ),
        Example(
            "import queue, threading\n\ndef test_a():\n    failures = queue.Queue()\n\n    def work():\n        try:\n"
            "            assert 1\n        except Exception as error:\n            failures.put(error)\n\n"
            "    thread = threading.Thread(target=work)\n    thread.start()\n    thread.join()\n"
            "    assert failures.empty()\n"
        ),
    )

    def check(self, file: FileView) -> Iterator[Offence]:
        """Every handler of a test that swallows an assertion."""
        for fact in file.collected:
            for swallow in fact.swallows:
                alone = swallow.all_inside and not fact.raised
                taken = swallow.asserts_inside - (0 if swallow.bare else swallow.outcomes_inside)
                kept = swallow.assigns or swallow.collects or (swallow.inner and swallow.returns)
                if taken <= 0 or swallow.fails or (kept and not alone):
                    continue
                what = "turns a failing assertion into a skip" if swallow.skips else "swallows a failing assertion"
                every = ", and every assertion of its own stands inside" if alone else ""
                message = f"the handler {what}{every}"
                if kept or (swallow.records and not alone):
                    yield Offence(
                        site=swallow.site, message=message, severity=Severity.WARNING, confidence=Confidence.LIKELY
                    )
                else:
                    yield Offence(site=swallow.site, message=message)
