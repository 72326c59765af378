"""TEST_EXECUTION_GUIDE.md: how the tests of one repository are run, and what each category asks."""

from collections.abc import Iterator, Mapping

from canonry.canon.options import Category, Flaky, Mocks, Profile, Service, ServiceKind
from canonry.report.guides.subject import Subject
from canonry.report.guides.words import ABOUT, PRIORITIES, block, cell, code, codes, in_order, prose, table, word

_MOCKS = {
    Mocks.ALLOWED: "allowed",
    Mocks.SPECCED: "only with a specification of what they stand for",
    Mocks.FORBIDDEN: "forbidden, these tests use the real thing",
}
_STARTS = {
    ServiceKind.POSTGRES: "a PostgreSQL of its own, from the programs installed on the machine",
    ServiceKind.REDIS: "a Redis of its own, from the program installed on the machine",
    ServiceKind.COMMAND: "by its command",
    ServiceKind.URL: "it runs already; it is asked whether it answers",
    ServiceKind.CONTAINER: "from a container image",
}
_EXITS = (
    ("0", "every test that ran passed"),
    ("1", "something failed, timed out, crashed, or could not be collected"),
    ("2", "the command or the canon is wrong; one sentence says what to do"),
    ("5", "no test ran to its end: nothing is proved"),
    ("130", "interrupted; `--resume` goes on"),
)


def execution_guide(subject: Subject, profiles: Mapping[str, Profile]) -> str:
    """The text. ``profiles`` are all that a run may name, those that need no declaration too."""
    return "\n".join(_lines(subject, profiles))


def _lines(subject: Subject, profiles: Mapping[str, Profile]) -> Iterator[str]:
    yield from ("# How tests are run here", "", ABOUT, "")
    yield from _short(subject)
    yield from _categories(subject)
    yield from _services(subject)
    yield from _profiles(subject, profiles)
    yield from _flows(subject)
    yield from _red(subject)
    yield from ("## Exit status", "")
    yield from table(("status", "means"), _EXITS)


def _short(subject: Subject) -> Iterator[str]:
    runner = subject.runner
    yield from ("## In short", "")
    ways = (
        "Other ways (a script of one's own, `pytest.main`, a step of CI that picks files by itself) select other tests "
        "and leave out what the categories below ask; the audit lists them: `canonry audit --select RUN`."
    )
    if runner.knows:
        yield f"There is one way to run the tests of this repository: {code(runner.command)}. {ways}"
    else:
        yield (
            f"The runner that the canon names is {code(runner.command)}, and it knows paths alone. `canonry run` runs "
            "the same files, and keeps what the tables below say of categories (services, limits, order, doubles). "
            f"{ways}"
        )
    yield ""
    yield (
        "The commands are typed at the root of the repository. `canonry` comes with the development dependencies, or "
        "by "
        "`python -m pip install canonry`."
    )
    yield ""
    rows = [
        (runner.command, "all tests"),
        (runner.run("--changed main"), "only the tests that your change reaches"),
        (runner.run("--failed"), "only what failed last time"),
        (runner.run("--list"), "what would run, and why; nothing is run"),
        ("canonry doctor", "is everything installed that the tests need?"),
    ]
    width = max(len(command) for command, _ in rows)
    yield from block(*(f"{command:<{width}}  # {said}" for command, said in rows))


def _categories(subject: Subject) -> Iterator[str]:
    canon, runner = subject.canon, subject.runner
    yield from ("## Categories", "")
    if not canon.categories:
        yield f"None is declared yet. A category is a table `[tool.canonry.categories.NAME]` in {code(subject.file)}:"
        yield "its paths and its rules in one place. `canonry init` proposes some from the folders that there are."
        yield ""
        return
    yield "In the order in which they run. P0 is the gravest: while it fails, nothing is released."
    yield ""
    yield from table(
        ("category", "priority", "tests", "after", "services", "run it"),
        (
            (
                code(name), PRIORITIES[each.priority], _tests(each), codes(each.needs), codes(each.services),
                codes((runner.run("--category", word(name)),)),
            )
            for name, each in in_order(canon)
        ),
    )  # fmt: skip
    for name, each in in_order(canon):
        yield from (f"### {prose(name)}", "")
        yield from (f"- {line}" for line in _policy(subject, name, each))
        yield ""


def _tests(category: Category) -> str:
    parts = [codes(category.paths)] if category.paths else []
    parts += [f"marked {codes(category.markers)}"] if category.markers else []
    return " and ".join(parts) or "none yet"


def _policy(subject: Subject, name: str, category: Category) -> Iterator[str]:
    runner = subject.runner
    yield f"run: {code(runner.run('--category', word(name)))}"
    if category.needs:
        yield f"with what has to pass first: {code(runner.run('--category', word(name), '--with-needs'))}"
    if not runner.knows and runner.command.split()[:1] == ["pytest"] and category.paths:
        yield f"the same files with plain pytest, without the rules below: {code(_plain(runner.command, category))}"
    yield f"mocks and other doubles: {_MOCKS[category.mocks]}"
    limits = [
        f"the whole of it at most {category.timeout}" if category.timeout else "",
        f"one test at most {category.test_timeout}" if category.test_timeout else "",
        f"told as slow after {category.slow}" if category.slow else "",
        f"a process may have {category.memory}" if category.memory else "",
    ]
    if any(limits):
        yield f"limits: {'; '.join(filter(None, limits))}"
    if category.serial:
        yield "one test after the other"
    elif category.workers:
        yield f"on {category.workers} processes"
    if category.conflicts:
        yield f"never at the same time as {codes(category.conflicts)}"
    if category.retries:
        worth = "is told, and lets the run pass" if category.flaky is Flaky.WARN else "fails the run all the same"
        yield f"a test that fails is attempted again, up to {category.retries} times; one that passes only then {worth}"
    if category.share is not None:
        yield f"intended share of all tests: {category.share:.0%} ({code(runner.run('--plan'))} compares)"
    flows = subject.flows_of(name)
    if flows:
        yield f"walks {'the flow' if len(flows) == 1 else 'the flows'} {codes(flows)}"


def _plain(runner: str, category: Category) -> str:
    return " ".join((runner, *map(word, category.paths)))


def _services(subject: Subject) -> Iterator[str]:
    services = subject.canon.services
    if not services:
        return
    yield from ("## Services", "")
    yield (
        "Real processes that tests use. A run starts those that its categories name, gives each worker its own share, "
        "and "
        "stops them at its end; where one does not come up, its tests are *service unavailable*, never passed over. "
        "`canonry doctor` says what is missing on a machine."
    )
    yield ""
    yield from table(
        ("service", "kind", "how it starts", "after", "tests find it in"),
        (
            (code(name), each.kind.value, _start(each), codes(each.needs), codes(_variables(name, each)))
            for name, each in services.items()
        ),
    )


def _start(service: Service) -> str:
    if service.kind is ServiceKind.COMMAND and service.command:
        return codes((service.command,))
    if service.kind is ServiceKind.URL and service.url:
        return f"{_STARTS[service.kind]}: {codes((service.url,))}"
    if service.kind is ServiceKind.CONTAINER and service.image:
        return f"from the image {codes((service.image,))}"
    return _STARTS[service.kind]


def _variables(name: str, service: Service) -> list[str]:
    return list(service.url_env) or [f"{name.upper().replace('-', '_')}_URL"]


def _profiles(subject: Subject, profiles: Mapping[str, Profile]) -> Iterator[str]:
    runner, default = subject.runner, subject.canon.run.profile
    yield from ("## Profiles: where tests run", "")
    judged = [name for name in dict.fromkeys((default, "ci", *subject.canon.profiles)) if name in profiles]
    yield (
        f"Without `--profile` it is {code(default)}. `canonry report readiness` judges {codes(judged)}, and any other "
        "that its `--profile` names."
    )
    yield ""
    yield from table(
        ("profile", "differs by", "run it"),
        (
            (code(name), "; ".join(_differs(name, each)) or "nothing", codes((runner.run("--profile", word(name)),)))
            for name, each in profiles.items()
        ),
    )


def _differs(name: str, profile: Profile) -> Iterator[str]:
    if profile.inherits:
        yield f"takes over {code(profile.inherits)}"
    if profile.url:
        yield f"runs against {code(profile.url)}, which has to answer; one that does not is an error, never a skip"
    elif name == "staging":
        yield "runs against a deployed environment, and none is declared yet: set its `url`"
    if profile.credentials_env:
        yield f"credentials in the variable {code(profile.credentials_env)}"
    if profile.serves:
        yield f"the environment is itself the service {codes(profile.serves)}"
    if profile.instead:
        yield "; ".join(f"{code(other)} stands in for {code(name)}" for name, other in profile.instead.items())
    if profile.categories:
        yield f"runs {codes(profile.categories)} alone"
    if profile.containers is False:
        yield "starts no container"
    if profile.shuffle:
        yield "in an order drawn anew"
    for said, value in (
        ("retries", profile.retries), ("processes", profile.workers), ("ends after failures", profile.max_failures),
        ("each test so often", profile.repeat), ("state left behind", profile.leaks),
    ):  # fmt: skip
        if value is not None:
            yield f"{said}: {cell(str(getattr(value, 'value', value)))}"
    if profile.env:
        yield f"sets {codes(profile.env)}"


def _flows(subject: Subject) -> Iterator[str]:
    flows = subject.canon.flows
    if not flows:
        return
    yield from ("## Flows", "")
    yield "A flow is a critical journey of a user. FLOW_COVERAGE.md says what each is worth and how it is measured."
    yield ""
    yield from table(
        ("flow", "run it"),
        ((code(name), codes((subject.runner.run("--flow", word(name)),))) for name in flows),
    )


def _red(subject: Subject) -> Iterator[str]:
    run = subject.runner.run
    yield from ("## When a test is red", "")
    yield from table(
        ("question", "command"),
        (
            ("does it fail again?", codes((run("--failed"),))),
            ("what did the last run say?", codes((run("--replay last"),))),
            ("is it flaky?", codes((run("PATH::test_name --repeat 20"),))),
            ("does it fail only after others, and through what?", codes((run("--order-check PATH"),))),
            ("does it fail only beside others?", codes((run("--parallel-check PATH"),))),
            ("why is it selected, and where would it run?", codes((run("--explain PATH::test_name"),))),
            ("can every test file be collected?", codes((run("--collect"),))),
            ("was it the machine? compare two recorded runs", codes(("canonry report compare-env RUN RUN",))),
        ),
    )
    yield (
        "Every run is recorded in `.canonry/runs`. A skipped test proves nothing, and a run of skipped tests is no "
        "success."
    )
    yield ""
