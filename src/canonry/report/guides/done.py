"""DEFINITION_OF_DONE_CHECKLIST.md: what holds when a change is done, each point with the command that says so."""

from collections.abc import Iterator

from canonry.canon.options import Mocks
from canonry.report.guides.subject import Subject
from canonry.report.guides.words import ABOUT, PRIORITIES, codes, in_order, item, word

_BASE = "origin/main"


def done_checklist(subject: Subject) -> str:
    """The text."""
    return "\n".join(_lines(subject))


def _lines(subject: Subject) -> Iterator[str]:
    run = subject.runner.run
    yield from ("# Definition of done", "", ABOUT, "")
    yield (
        "A change is done when each point holds. A point holds when its command exits with 0; 1 says what is left, and "
        "5 "
        f"that nothing was checked, which is no success. `{_BASE}` stands for the branch that the change goes to."
    )
    yield from ("", "## Every change", "")
    yield item("every Python file parses", "canonry audit --select SYN --fail-on warning")
    yield item("every test file can be collected", run("--collect"))
    yield item("the tests that it reaches pass", run(f"--changed {_BASE}"))
    yield item(
        "no violation more, no test or assertion less, no exemption that nobody sees",
        f"canonry gate --against {_BASE} --merge-base",
    )
    yield item(
        "nothing new runs tests past the one runner", f"canonry gate --against {_BASE} --merge-base --select RUN"
    )
    yield from ("", "## Tests that are new or changed", "")
    yield item("each of them can fail", "canonry audit --select TST")
    yield item("async tests are awaited, classes have a base that the canon knows", "canonry audit --select BAS")
    yield item("none depends on the order", run("--order-check PATH"))
    yield item("none fails while others run", run("--parallel-check PATH"))
    yield item("none is flaky", run("PATH --repeat 20"))
    real = [name for name, category in subject.canon.categories.items() if category.mocks is Mocks.FORBIDDEN]
    if real:
        yield item(
            f"no double stands where the real thing is due ({codes(real)})", "canonry audit --select MCK002,MCK004"
        )
    yield from _categories(subject)
    yield from _flows(subject)
    yield from _release(subject)
    yield ""


def _categories(subject: Subject) -> Iterator[str]:
    grave = [(name, each) for name, each in in_order(subject.canon) if PRIORITIES[each.priority] in ("P0", "P1")]
    if not grave:
        return
    yield from ("", "## Before it is merged", "")
    for name, category in grave:
        yield item(
            f"{PRIORITIES[category.priority]}: category {codes((name,))} passes",
            subject.runner.run("--category", word(name)),
        )


def _flows(subject: Subject) -> Iterator[str]:
    if not subject.canon.flows:
        return
    yield from ("", "## Where it touches a flow", "")
    told = set[str]()
    for name, flow in subject.canon.flows.items():
        run = subject.runner.run("--flow", word(name))
        yield item(f"the tests of {codes((name,))} pass, their contracts held", run)
        if flow.coverage is not None or flow.contract:
            wanted = f" (at least {flow.coverage:.0%})" if flow.coverage is not None else ""
            yield item(f"its code and its events are covered{wanted}", f"{run} --cover")
        if flow.contract and flow.contract not in told:
            told.add(flow.contract)
            command = f"canonry contract mutants {word(flow.contract)}"
            yield item(f"every rule of the contract {codes((flow.contract,))} is one that can fail", command)
        if flow.reliability is not None:
            yield item(
                f"it succeeds in {flow.reliability:.0%} of its runs, proved", f"{run} --prove {flow.reliability:g}"
            )


def _release(subject: Subject) -> Iterator[str]:
    canon = subject.canon
    yield from ("", "## Before a release", "")
    yield item("all tests pass as CI runs them", subject.runner.run("--profile ci"))
    for name, profile in canon.profiles.items():
        if profile.url and name != canon.run.profile:
            yield item(f"{codes((name,))} answers and passes", subject.runner.run("--profile", word(name)))
    yield item("no P0 blocker is left, by profile", "canonry report readiness")
    yield item("each enforcement test can fail", "canonry gate prove")
    yield item("nothing became worse since the last checkpoint", "canonry report checkpoint weekly")
    yield item("the guides say what the canon says", "canonry report guides --check")
