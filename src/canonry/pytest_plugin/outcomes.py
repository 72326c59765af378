"""What an attempt's report objects say. Never their text."""

import io
import os
import sys
from collections.abc import Sequence

import pytest
from _pytest._io import TerminalWriter

from canonry.model.outcome import Outcome
from canonry.model.run_event import AttemptEnded, Captured

LONGEST = 64 * 1024
"""Characters that are kept of one section of output, and of a traceback."""
_REASON = 1000


def attempt_ended(
    node: str, reports: Sequence[pytest.TestReport], *, attempt: int, category: str, at: float, worker: int, root: str
) -> AttemptEnded:
    """The outcome of one attempt from what its phases and subtests reported, with what failed first as the reason."""
    outcome, decisive = outcome_of(reports)
    duration = sum(report.duration for report in reports if not _is_subtest(report))
    if outcome is Outcome.PASSED and decisive is None:
        captured: tuple[Captured, ...] = ()
        properties = _properties(reports)
        return AttemptEnded(
            node=node,
            outcome=outcome,
            attempt=attempt,
            category=category,
            duration=duration,
            properties=properties,
            at=at,
            worker=worker,
        )
    reason, text, path, line = _explained(decisive, root)
    captured = () if outcome in (Outcome.SKIPPED, Outcome.PASSED) else _captured(reports)
    return AttemptEnded(
        node=node,
        outcome=outcome,
        attempt=attempt,
        category=category,
        duration=duration,
        reason=reason,
        text=cut(text),
        path=path,
        line=line,
        captured=captured,
        properties=_properties(reports),
        at=at,
        worker=worker,
    )


def outcome_of(reports: Sequence[pytest.TestReport]) -> tuple[Outcome, pytest.TestReport | None]:
    """The outcome, and the report that decides it (None where it simply passed).

    The first that failed decides: a call that failed stays the failure when teardown fails after it.
    """
    if not reports:
        return Outcome.NOT_RUN, None
    skipped = None
    call = None
    subtest = None
    teardown = None
    for report in reports:
        if report.when == "setup":
            if report.failed:
                return Outcome.SETUP_ERROR, report
            if report.skipped:
                skipped = report
        elif report.when == "teardown":
            teardown = report
        elif _is_subtest(report):
            if report.failed and subtest is None and not hasattr(report, "wasxfail"):
                subtest = report
        else:
            call = report
    if call is not None and call.failed:
        return Outcome.FAILED, subtest if subtest is not None else call
    if subtest is not None:
        return Outcome.FAILED, subtest
    if teardown is not None and teardown.failed:
        return Outcome.TEARDOWN_ERROR, teardown
    decisive = call if call is not None else skipped
    if decisive is not None and hasattr(decisive, "wasxfail"):
        return (Outcome.EXPECTED_FAILURE if decisive.skipped else Outcome.UNEXPECTED_PASS), decisive
    if decisive is not None and decisive.skipped:
        return Outcome.SKIPPED, decisive
    if teardown is not None and teardown.skipped:
        return Outcome.SKIPPED, teardown
    return (Outcome.PASSED, None) if call is not None else (Outcome.NOT_RUN, None)


def phase_outcome(report: pytest.TestReport) -> Outcome:
    """How one phase ended, as an outcome of its own."""
    if report.failed:
        return {"setup": Outcome.SETUP_ERROR, "teardown": Outcome.TEARDOWN_ERROR}.get(str(report.when), Outcome.FAILED)
    if hasattr(report, "wasxfail"):
        return Outcome.EXPECTED_FAILURE if report.skipped else Outcome.UNEXPECTED_PASS
    return Outcome.SKIPPED if report.skipped else Outcome.PASSED


def lacks_service(error: BaseException) -> bool:
    """Whether a test failed because a service of canonry's is not to be had: typed evidence, whatever it says.

    The error itself, or a failure that a fixture has put in its place (``from None``).
    """
    errors = sys.modules.get("canonry.testing.services.errors")
    if errors is None:  # then nobody has raised one
        return False
    if isinstance(error, errors.ServiceError):
        return True
    in_its_place = isinstance(error, pytest.fail.Exception) and error.__suppress_context__
    return in_its_place and isinstance(error.__context__, errors.ServiceError)


def cut(text: str, longest: int = LONGEST) -> str:
    """The text, with what is too long cut out of its middle and counted there."""
    if len(text) <= longest:
        return text
    half = longest // 2
    return f"{text[:half]}\n[... {len(text) - 2 * half:,} characters cut ...]\n{text[-half:]}"


def relative(path: str, root: str) -> str:
    """The path below the root with ``/``, or as it is where it lies elsewhere."""
    absolute = os.path.normpath(os.path.join(root, path))  # noqa: PTH118 - a Path keeps `..`
    return absolute[len(root) + 1 :] if absolute.startswith(root + os.sep) else path


def first_line(text: str) -> str:
    """One line that says what happened."""
    for line in text.splitlines():
        if line.strip():
            return line.strip()[:_REASON]
    return ""


def _explained(report: pytest.TestReport | None, root: str) -> tuple[str, str, str, int]:
    if report is None:
        return "", "", "", 0
    wasxfail = getattr(report, "wasxfail", None)
    path, line = report.location[0], (report.location[1] or 0) + 1
    longrepr = report.longrepr
    if isinstance(longrepr, tuple):
        path, line, message = relative(str(longrepr[0]), root), int(longrepr[1] or 0), str(longrepr[2])
        return first_line(message.removeprefix("Skipped: ")), "", path, line
    crash = getattr(longrepr, "reprcrash", None)
    reason = first_line(str(longrepr)) if longrepr is not None else ""
    if crash is not None:
        path, line, reason = relative(str(crash.path), root), int(crash.lineno), first_line(str(crash.message))
    lookup = getattr(longrepr, "errorstring", None)  # of a fixture that is not there
    if lookup:
        reason = first_line(str(lookup))
    text = _text(report)
    if wasxfail is not None:
        reason = first_line(str(wasxfail).removeprefix("reason: ")) or reason
    return reason, text, path, line


def _text(report: pytest.TestReport) -> str:
    """What pytest would print; `longreprtext` takes the indentation of the first line away."""
    if not hasattr(report.longrepr, "toterminal"):
        return report.longreprtext
    writer = TerminalWriter(io.StringIO())
    writer.hasmarkup = False
    report.toterminal(writer)
    file = writer._file
    assert isinstance(file, io.StringIO)
    return file.getvalue().strip("\n")


def _captured(reports: Sequence[pytest.TestReport]) -> tuple[Captured, ...]:
    sections = {title: text for report in reports for title, text in report.sections if text}
    return tuple(Captured(title, cut(text)) for title, text in sections.items())


def _properties(reports: Sequence[pytest.TestReport]) -> tuple[tuple[str, str], ...]:
    last = reports[-1].user_properties
    return tuple((str(name), str(value)) for name, value in last) if last else ()


def _is_subtest(report: pytest.TestReport) -> bool:
    return getattr(report, "context", None) is not None
