"""FLOW_COVERAGE.md: the critical journeys, what each is worth, what it has to reach, and how that is measured."""

from collections.abc import Iterator

from canonry.canon.options import Flow
from canonry.report.guides.subject import Subject
from canonry.report.guides.words import ABOUT, block, cell, code, codes, prose, table, word

_MEASURES = (
    ("code", "statements and branches of the flow's components that passing tests without doubles reach"),
    ("events", "events of its contract that a check judged on a real connection"),
    ("transitions", "how the contract's scopes and spans open, move and end, of all that it declares"),
    ("faults", "rules that a fault planted into the service turns red, of those that the fault matrix names"),
    ("mutants", "rules of the contract that a changed stream turns red"),
)


def flow_guide(subject: Subject) -> str:
    """The text."""
    return "\n".join(_lines(subject))


def _lines(subject: Subject) -> Iterator[str]:
    flows = subject.canon.flows
    yield from ("# Critical flows and their coverage", "", ABOUT, "")
    yield (
        "A flow is a journey that a user takes, such as logging in and getting an answer. Coverage of a whole code "
        "base "
        "says little about it; here each flow is measured by itself, against its own code and its own contract."
    )
    yield ""
    if not flows:
        yield f"None is declared yet. Declare one in {code(subject.file)}:"
        yield ""
        yield from block(
            "[tool.canonry.flows.checkout]",
            'tests = ["tests/e2e/checkout"]',
            'components = ["shop/orders/**", "shop/payments/**"]',
            'contract = "contracts/checkout-events.yaml"',
            "reliability = 0.95",
            "coverage = 0.8",
            'value = "every paying customer: no answer, no renewal"',
            language="toml",
        )
        return
    total = sum(flow.weight for flow in flows.values()) or 1.0
    yield from table(
        ("flow", "weight", "what is at stake", "reliability", "coverage", "events", "contract"),
        (
            (
                f"[{prose(name)}](#{_anchor(name)})", f"{flow.weight:g} ({flow.weight / total:.0%})",
                cell(flow.value or "nobody has said it yet: set `value`"), _wanted(flow.reliability),
                _wanted(flow.coverage), _wanted(flow.event_success), codes((flow.contract,) if flow.contract else ()),
            )
            for name, flow in sorted(flows.items(), key=lambda pair: (-pair[1].weight, pair[0]))
        ),
    )  # fmt: skip
    yield "Reliability, coverage and events are what the canon demands at least; - stands where it demands nothing."
    yield ""
    yield from _measured(subject)
    for name, flow in flows.items():
        yield from _flow(subject, name, flow)


def _anchor(name: str) -> str:
    return "".join(each if each.isalnum() or each in "-_" else "-" for each in name.lower())


def _wanted(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"


def _measured(subject: Subject) -> Iterator[str]:
    run = subject.runner.run
    yield from ("## How it is measured", "")
    yield from table(("measure", "counts"), _MEASURES)
    yield (
        "A flow's coverage is the least of code, events and transitions; what could not be measured counts as nothing "
        "and is "
        "said. Only tests that passed, in categories where doubles are forbidden, count for code."
    )
    yield ""
    yield (
        "Reliability is the share of runs in which every test of the flow passes at its first attempt, on one commit "
        "in one "
        "environment. Attempts that come later never count. One green run says little: a flow that fails in one of ten "
        "runs "
        "is green nine times of ten. 95 % is proved by 65 clean runs one after the other, or by more with a few "
        "failures "
        "among them; until then the answer is *not yet*."
    )
    yield ""
    yield from table(
        ("question", "command"),
        (
            ("what do the tests of a flow reach?", codes((run("--flow NAME --cover"),))),
            ("is its reliability proved?", codes((run("--flow NAME --prove 0.95"),))),
            ("which of its tests prove nothing?", codes(("canonry audit --flow NAME --select FLW",))),
            ("how did the flows move since last week?", codes(("canonry report checkpoint weekly",))),
        ),
    )


def _flow(subject: Subject, name: str, flow: Flow) -> Iterator[str]:
    run = subject.runner.run("--flow", word(name))
    yield from (f"## {prose(name)}", "")
    if flow.value:
        yield from (f"{prose(flow.value)}", "")
    lacks = [
        ("tests", "no test walks it", flow.tests),
        ("components", "nothing says which code it depends on, so code coverage is not measured", flow.components),
        ("contract", "no event is demanded of it", flow.contract),
    ]
    yield from (
        f"- tests: {codes(flow.tests, 'none')}",
        f"- components: {codes(flow.components, 'none')}",
        f"- contract: {codes((flow.contract,) if flow.contract else (), 'none')}",
    )
    yield from (f"- `{key}` is missing: {said}" for key, said, value in lacks if not value)
    yield f"- run it: {code(run)}"
    yield f"- measure it: {code(f'{run} --cover')}"
    if flow.reliability is not None:
        yield f"- prove its {flow.reliability:.0%}: {code(f'{run} --prove {flow.reliability:g}')}"
    yield f"- look for what departs in it: {code(f'canonry audit --flow {word(name)}')}"
    yield ""
