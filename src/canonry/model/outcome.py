"""What became of one attempt of one test."""

from enum import StrEnum


class Outcome(StrEnum):
    """How an attempt ended. Decided from typed events alone, never from a text."""

    PASSED = "passed"
    FAILED = "failed"
    """Its call raised, a subtest of it failed, or a leak that its category forbids."""
    SETUP_ERROR = "setup-error"
    TEARDOWN_ERROR = "teardown-error"
    TIMEOUT = "timeout"
    """It went past its hard limit, and its process was ended."""
    CRASHED = "crashed"
    """Its process died of a signal or left by itself while the test ran."""
    LOST = "lost"
    """Its worker vanished for no reason of the test's: ended from outside, out of memory of the machine."""
    SERVICE_UNAVAILABLE = "service-unavailable"
    """A service that it needs did not answer the service's own probe at that time."""
    UNCOLLECTABLE = "uncollectable"
    """Its file does not parse or does not import; the node is the file."""
    SKIPPED = "skipped"
    EXPECTED_FAILURE = "expected-failure"
    UNEXPECTED_PASS = "unexpected-pass"
    """It was expected to fail and passed, where that is not strict; strict ones are failures."""
    BLOCKED = "blocked"
    """A category that its own needs did not pass."""
    NOT_RUN = "not-run"
    """The run ended before its turn."""

    @property
    def is_bad(self) -> bool:
        """Whether a run with such an attempt as the last of a test exits with 1."""
        return self not in _GOOD

    @property
    def is_evidence(self) -> bool:
        """Whether the test really ran to its end, so that its outcome says something."""
        return self in _EVIDENCE


_GOOD = frozenset((Outcome.PASSED, Outcome.SKIPPED, Outcome.EXPECTED_FAILURE, Outcome.UNEXPECTED_PASS))
_EVIDENCE = _GOOD - {Outcome.SKIPPED} | {Outcome.FAILED, Outcome.SETUP_ERROR, Outcome.TEARDOWN_ERROR}
