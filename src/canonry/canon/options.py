"""Every option of the canon, declared once: its name, type, default, description and example.

Loading, error messages, `canonry canon show`, the JSON schema and docs/configuration.md all follow from this file.
"""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, field

from canonry.canon.durations import Duration
from canonry.canon.rule_options import OwnRule, PathSuppression
from canonry.canon.table import Options
from canonry.canon.values import (
    Alias,
    CategoryName,
    Fraction,
    ImportPath,
    MaybeImportPath,
    MemorySize,
    ModuleName,
    Name,
    NeededCategory,
    NeededService,
    NonEmpty,
    OneOrMore,
    ParentProfile,
    PythonVersion,
    SchemaName,
    ServiceName,
    Threshold,
    VariableName,
)


class Priority(StrEnum):
    """How much a failure weighs: P0 to P3."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Mocks(StrEnum):
    """Whether tests may mock: freely, only with a specification, or not at all."""

    ALLOWED = "allowed"
    SPECCED = "specced"
    FORBIDDEN = "forbidden"


class Flaky(StrEnum):
    """What a test that passes only when attempted again is worth."""

    FAIL = "fail"
    WARN = "warn"


class ServiceKind(StrEnum):
    """What a service is, and so how it is started."""

    POSTGRES = "postgres"
    REDIS = "redis"
    COMMAND = "command"
    URL = "url"
    CONTAINER = "container"


class Leaks(StrEnum):
    """What state that a test leaves behind is worth."""

    OFF = "off"
    WARN = "warn"
    FAIL = "fail"


class Guard(StrEnum):
    """What happens when tests are started past the canonical runner."""

    OFF = "off"
    WARN = "warn"
    REFUSE = "refuse"


class Symbol(Options, frozen=True, kw_only=True):
    """A canonical class or function, its one home, and the other names it goes by."""

    name: Annotated[
        Name,
        Meta(
            description="The canonical name; it is declared once.",
            examples=["WebSocketManager"],
            extra={"unique": True},
        ),
    ]
    home: Annotated[ModuleName, Meta(description="The module that defines it.", examples=["shop.realtime.manager"])]
    aliases: Annotated[
        list[Alias],
        Meta(
            description="Other names for the same thing: bare names, or dotted paths of copies and old homes.",
            examples=[["UnifiedWebSocketManager", "shop.ws.manager.WebSocketManager"]],
        ),
    ] = []


class CanonicalThings(Options, frozen=True, kw_only=True):
    """The one runner, base test cases, environment accessor, mock factory and homes of symbols."""

    runner: Annotated[
        NonEmpty,
        Meta(
            description="The one command that runs tests. Another way to run them is a finding.",
            examples=["canonry run", "pytest"],
        ),
    ] = "canonry run"
    base_cases: Annotated[
        list[ImportPath],
        Meta(
            description="The base classes that test classes may inherit from. With an empty list no base is demanded.",
            examples=[["shop.testing:ShopTestCase", "shop.testing:ShopAsyncTestCase"]],
        ),
    ] = field(
        default_factory=lambda: [
            "canonry.testing:SSotBaseTestCase",
            "canonry.testing:SSotAsyncTestCase",
            "canonry.testing:SSotPytestCase",
        ],
    )
    environment: Annotated[
        MaybeImportPath,
        Meta(
            description=(
                "The one accessor of environment variables. With an empty string none is demanded; writes that nothing "
                "restores are errors all the same."
            ),
            examples=["shop.settings:Environment"],
        ),
    ] = "canonry.testing:IsolatedEnvironment"
    mock_factory: Annotated[
        MaybeImportPath,
        Meta(
            description="The one factory of mocks. With an empty string none is demanded.",
            examples=["shop.testing:MockFactory"],
        ),
    ] = "canonry.testing:SSotMockFactory"
    symbols: Annotated[
        list[Symbol],
        Meta(
            description="Canonical symbols, each with its one home.",
            examples=[[{"name": "WebSocketManager", "home": "shop.realtime.manager"}]],
        ),
    ] = []


class Category(Options, frozen=True, kw_only=True):
    """A named selection of tests with its policy. The table describes and selects: there is no second one."""

    paths: Annotated[
        list[str],
        Meta(
            description="Folders, files or globs whose tests belong to the category.",
            examples=[["tests/mission_critical"]],
        ),
    ] = []
    markers: Annotated[
        list[str],
        Meta(
            description="Markers whose tests belong to the category, beside its paths.",
            examples=[["mission_critical"]],
        ),
    ] = []
    priority: Annotated[Priority, Meta(description="How much a failure weighs: P0 to P3.", examples=["critical"])] = (
        Priority.MEDIUM
    )
    needs: Annotated[
        list[NeededCategory],
        Meta(description="Categories that have to pass first.", examples=[["unit"]]),
    ] = []
    conflicts: Annotated[
        list[CategoryName],
        Meta(description="Categories that never run at the same time.", examples=[["database"]]),
    ] = []
    services: Annotated[
        list[ServiceName],
        Meta(description="Services that its tests use.", examples=[["postgres"]]),
    ] = []
    mocks: Annotated[
        Mocks,
        Meta(
            description="Whether its tests may mock: freely, only with a specification, or not at all.",
            examples=["forbidden"],
        ),
    ] = Mocks.ALLOWED
    timeout: Annotated[Duration | None, Meta(description="The most that one run of it may take.", examples=["10m"])] = (
        None
    )
    test_timeout: Annotated[
        Duration | None,
        Meta(description="The most that one of its tests may take; then its process is ended.", examples=["60s"]),
    ] = None
    slow: Annotated[
        Duration | None,
        Meta(description="From when on a test of it is told as slow, with what its threads do.", examples=["5s"]),
    ] = None
    workers: Annotated[
        Annotated[int, Meta(ge=1)] | None,
        Meta(description="How many processes run its tests. The runner decides when absent.", examples=[4]),
    ] = None
    memory: Annotated[
        MemorySize | None,
        Meta(description="The address space that a process which runs its tests may have.", examples=["2GB"]),
    ] = None
    leaks: Annotated[
        Leaks | None,
        Meta(
            description="Whether state that a test leaves behind (variables, threads, files) is looked for, told, or "
            "a failure. As `[tool.canonry.run]` says when absent.",
            examples=["fail"],
        ),
    ] = None
    global_leaks: Annotated[
        bool | None,
        Meta(
            description="Whether globals of the project's modules that a test file changes are leaks, too. As "
            "`[tool.canonry.run]` says when absent.",
            examples=[True],
        ),
    ] = None
    serial: Annotated[bool, Meta(description="Whether its tests run one after the other.", examples=[True])] = False
    retries: Annotated[int, Meta(ge=0, description="How often a failed test is attempted again.", examples=[2])] = 0
    flaky: Annotated[
        Flaky,
        Meta(description="What a test that passes only when attempted again is worth.", examples=["warn"]),
    ] = Flaky.FAIL
    share: Annotated[
        Fraction | None,
        Meta(description="The intended share of all tests. It is reported, not enforced.", examples=[0.6]),
    ] = None


class Service(Options, frozen=True, kw_only=True):
    """A real process that tests use."""

    kind: Annotated[
        ServiceKind,
        Meta(
            description=(
                "What it is: a database that canonry knows how to start, a command, the address of something "
                "that runs already, or a container."
            ),
            examples=["postgres"],
        ),
    ]
    command: Annotated[
        NonEmpty | None,
        Meta(
            description="The command that starts it, at the root of the project and without a shell. `{port}` stands "
            "for its port, which the environment variable `PORT` holds, too.",
            examples=["python -m shop.server --port {port}"],
            extra={"named": "backend", "beside": {"kind": "command"}},
        ),
    ] = None
    url: Annotated[
        NonEmpty | None,
        Meta(
            description="Where it answers: when it runs already, or, with `{port}` in it, once its command or its "
            "container (`{host}`, too) is started.",
            examples=["http://localhost:8000"],
            extra={"named": "backend", "beside": {"kind": "url"}},
        ),
    ] = None
    ready: Annotated[
        NonEmpty | None,
        Meta(
            description="The address, or the path below `url`, that answers once it is ready.",
            examples=["/health"],
            extra={"named": "backend", "beside": {"kind": "command", "command": "python -m shop.server"}},
        ),
    ] = None
    ready_log: Annotated[
        NonEmpty | None,
        Meta(
            description="A regular expression that its log matches once it is ready.",
            examples=["listening on port [0-9]+"],
            extra={"named": "backend", "beside": {"kind": "command", "command": "python -m shop.server"}},
        ),
    ] = None
    image: Annotated[
        NonEmpty | None,
        Meta(
            description="The container image to start it from.",
            examples=["mailpit/mailpit:v1.21"],
            extra={"named": "mailbox", "beside": {"kind": "container"}},
        ),
    ] = None
    env: Annotated[
        dict[str, str],
        Meta(
            description="Environment variables that it starts with.",
            examples=[{"SHOP_MODE": "test"}],
            extra={"named": "backend", "beside": {"kind": "command", "command": "python -m shop.server"}},
        ),
    ] = {}
    port: Annotated[
        Annotated[int, Meta(ge=1, le=65535)] | None,
        Meta(
            description="The port that it listens on, in a container the one inside. A free one is taken when absent.",
            examples=[5432],
        ),
    ] = None
    timeout: Annotated[
        Duration | None,
        Meta(
            description="How long it may take to become ready: `60s` when absent, `5s` for one that runs already.",
            examples=["30s"],
        ),
    ] = None
    setup: Annotated[
        OneOrMore,
        Meta(
            description="Commands that fill it before tests use it, run at the root of the project with its address in "
            "the environment; for PostgreSQL also files of SQL. Every test's database is a copy of what they leave.",
            examples=["python -m shop.migrate"],
        ),
    ] = []
    url_env: Annotated[
        list[VariableName],
        Meta(
            description="The environment variables that hold its address for tests. When absent, its name in capitals "
            "with `_URL` behind it, such as `POSTGRES_URL`.",
            examples=[["DATABASE_URL"]],
        ),
    ] = []
    settings: Annotated[
        dict[str, str],
        Meta(
            description="Settings of the server's own configuration (PostgreSQL, Redis).",
            examples=[{"max_connections": "50"}],
        ),
    ] = {}
    programs: Annotated[
        NonEmpty | None,
        Meta(
            description="The one folder to take its programs from. When absent, the newest version on `PATH` and in "
            "the folders of packages is taken.",
            examples=["/usr/lib/postgresql/15/bin"],
        ),
    ] = None
    needs: Annotated[
        list[NeededService],
        Meta(
            description="Services that are started before it. Their addresses stand in its environment.",
            examples=[["postgres"]],
            extra={"named": "backend", "beside": {"kind": "command", "command": "python -m shop.server"}},
        ),
    ] = []


class Flow(Options, frozen=True, kw_only=True):
    """A critical user journey with its tests, components, contract and reliability target."""

    tests: Annotated[
        list[str],
        Meta(description="Folders, files or globs whose tests walk the flow.", examples=[["tests/e2e/golden_path"]]),
    ] = []
    components: Annotated[
        list[str],
        Meta(
            description="Globs of the code that the flow depends on.",
            examples=[["shop/realtime/**", "shop/agents/**"]],
        ),
    ] = []
    contract: Annotated[
        NonEmpty | None,
        Meta(
            description="The file that declares the events which the flow has to emit.",
            examples=["contracts/agent-events.yaml"],
        ),
    ] = None
    faults: Annotated[
        NonEmpty | None,
        Meta(
            description="The file that a fault matrix leaves: which rules each planted fault turned red.",
            examples=[".canonry/faults/checkout.json"],
        ),
    ] = None
    reliability: Annotated[
        Fraction | None,
        Meta(description="The share of runs that has to succeed.", examples=[0.95]),
    ] = None
    coverage: Annotated[
        Fraction | None,
        Meta(description="The share of its components' lines that its tests have to reach.", examples=[0.8]),
    ] = None
    event_success: Annotated[
        Fraction | None,
        Meta(description="The share of expected events that has to arrive.", examples=[0.99]),
    ] = None
    weight: Annotated[
        Annotated[float, Meta(ge=0)],
        Meta(description="How much it counts where flows are averaged.", examples=[2.0]),
    ] = 1.0
    value: Annotated[
        str | None,
        Meta(
            description="Whom it serves and what is at risk, in free text.",
            examples=["Every paying customer: no answer, no renewal."],
        ),
    ] = None


class Profile(Options, frozen=True, kw_only=True):
    """An environment that tests run against, such as staging."""

    inherits: Annotated[
        ParentProfile | None,
        Meta(description="The profile whose keys it takes where it sets none.", examples=["base"]),
    ] = None
    url: Annotated[
        NonEmpty | None,
        Meta(description="Where the environment answers.", examples=["https://staging.shop.example"]),
    ] = None
    ready: Annotated[
        NonEmpty | None,
        Meta(description="The address, or the path below `url`, that answers once it is ready.", examples=["/health"]),
    ] = None
    credentials_env: Annotated[
        VariableName | None,
        Meta(description="The environment variable that holds its credentials.", examples=["SHOP_STAGING_TOKEN"]),
    ] = None
    ready_timeout: Annotated[
        Duration | None,
        Meta(description="How long it may take until `ready` answers (default `10s`).", examples=["60s"]),
    ] = None
    serves: Annotated[
        list[ServiceName],
        Meta(
            description="The services that the environment is itself: tests find them at `url`, nothing is started.",
            examples=[["shop"]],
        ),
    ] = []
    instead: Annotated[
        dict[str, ServiceName],
        Meta(
            description="Services that stand in for others: name of the one that tests ask for, name of the other.",
            examples=[{"shop": "shop_on_postgres"}],
        ),
    ] = {}
    env: Annotated[
        dict[str, str],
        Meta(description="Environment variables that tests get.", examples=[{"SHOP_MODE": "staging"}]),
    ] = {}
    categories: Annotated[
        list[CategoryName],
        Meta(description="The categories that run when none is named; all when empty.", examples=[["end_to_end"]]),
    ] = []
    workers: Annotated[
        Annotated[int, Meta(ge=1)] | None, Meta(description="How many processes run tests.", examples=[4])
    ] = None
    retries: Annotated[
        Annotated[int, Meta(ge=0)] | None,
        Meta(description="How often a failed test is attempted again, whatever its category says.", examples=[1]),
    ] = None
    max_failures: Annotated[
        Annotated[int, Meta(ge=1)] | None, Meta(description="After how many failures a run ends.", examples=[10])
    ] = None
    repeat: Annotated[
        Annotated[int, Meta(ge=1)] | None, Meta(description="How often each test runs.", examples=[3])
    ] = None
    shuffle: Annotated[
        bool | None, Meta(description="Whether tests run in an order drawn anew for each run.", examples=[True])
    ] = None
    leaks: Annotated[
        Leaks | None,
        Meta(
            description="What state that a test leaves behind is worth, whatever its category says.", examples=["fail"]
        ),
    ] = None
    containers: Annotated[
        bool | None,
        Meta(
            description="Whether services of kind `container` may start (`--no-docker` refuses them).", examples=[False]
        ),
    ] = None


class Run(Options, frozen=True, kw_only=True):
    """How the one runner behaves."""

    guard: Annotated[
        Guard,
        Meta(
            description="What happens when tests are started in another way than by the canonical runner.",
            examples=["refuse"],
        ),
    ] = Guard.OFF
    profile: Annotated[NonEmpty, Meta(description="The profile that applies when none is named.", examples=["ci"])] = (
        "local"
    )
    workers: Annotated[
        Annotated[int, Meta(ge=1)] | None,
        Meta(description="How many processes run tests. One for each core when absent.", examples=[4]),
    ] = None
    retries: Annotated[
        int, Meta(ge=0, description="How often a failed test of no category is attempted again.", examples=[1])
    ] = 0
    flaky: Annotated[
        Flaky,
        Meta(description="What a flaky test that belongs to no category is worth.", examples=["warn"]),
    ] = Flaky.FAIL
    test_timeout: Annotated[
        Duration | None,
        Meta(description="The most that one test may take, where its category says nothing.", examples=["60s"]),
    ] = None
    slow: Annotated[
        Duration | None,
        Meta(description="From when on a test is told as slow, where its category says nothing.", examples=["5s"]),
    ] = "60s"
    leaks: Annotated[
        Leaks,
        Meta(
            description="Whether state that a test leaves behind is looked for, told, or a failure, where its category "
            "says nothing.",
            examples=["fail"],
        ),
    ] = Leaks.WARN
    global_leaks: Annotated[
        bool,
        Meta(
            description="Whether globals of the project's modules that a test file changes are leaks, where its "
            "category says nothing. Both looks at them cost time with each file.",
            examples=[True],
        ),
    ] = False
    keep: Annotated[
        int, Meta(ge=1, description="How many recordings of runs are kept in `.canonry/runs`.", examples=[200])
    ] = 50


class SharedHistory(Options, frozen=True, kw_only=True):
    """Where a team keeps the history of runs and audits together, beside the one in `.canonry/history.db`."""

    url_env: Annotated[
        VariableName | None,
        Meta(
            description="The environment variable that holds the address of a PostgreSQL, with user and password. "
            "Where it is set, runs are kept there too, and reports read from there.",
            examples=["CANONRY_HISTORY_URL"],
        ),
    ] = None
    schema: Annotated[
        SchemaName,
        Meta(
            description="The schema in that database. Repositories that share a database have one each.",
            examples=["shop"],
        ),
    ] = "canonry"


class Canon(Options, frozen=True, kw_only=True):
    """The canon: the declared truth about a code base's tests."""

    tests: Annotated[
        list[str] | None,
        Meta(
            description="Folders that hold tests. When absent, a file is told by its name: as pytest's configuration "
            "names test files below its `testpaths`, elsewhere `test_*.py` and `*_test.py` among them.",
            examples=[["tests"]],
        ),
    ] = None
    target_python: Annotated[
        PythonVersion | None,
        Meta(
            description="The Python version that files have to parse under. The lowest that `requires-python` "
            "admits when absent.",
            examples=["3.11"],
        ),
    ] = None
    exclude: Annotated[
        list[str],
        Meta(
            description="Globs of files that are left out, beyond `.gitignore` and detected shadow trees.",
            examples=[["vendor/**"]],
        ),
    ] = []
    shadow_names: Annotated[
        list[str],
        Meta(
            description="Words in the name of a folder that mark it as a copy of live code. Dates always do.",
            examples=[["backup", "archive", "legacy"]],
        ),
    ] = field(default_factory=lambda: ["backup", "archive", "snapshot", "old"])
    canon: Annotated[
        CanonicalThings,
        Meta(description="The one runner, base test cases, environment accessor, mock factory and homes of symbols."),
    ] = field(default_factory=CanonicalThings)
    categories: Annotated[
        dict[str, Category],
        Meta(
            description="Categories of tests, by name.",
            examples=[{"mission_critical": {"paths": ["tests/mission_critical"], "priority": "critical"}}],
        ),
    ] = {}
    services: Annotated[
        dict[str, Service],
        Meta(description="Services that tests use, by name.", examples=[{"postgres": {"kind": "postgres"}}]),
    ] = {}
    flows: Annotated[
        dict[str, Flow],
        Meta(
            description="Critical user journeys, by name.",
            examples=[{"golden_path": {"tests": ["tests/e2e/golden_path"], "reliability": 0.95}}],
        ),
    ] = {}
    profiles: Annotated[
        dict[str, Profile],
        Meta(
            description="Environments to run against, by name.",
            examples=[{"staging": {"url": "https://staging.shop.example"}}],
        ),
    ] = {}
    run: Annotated[Run, Meta(description="How the one runner behaves.")] = field(default_factory=Run)
    history: Annotated[
        SharedHistory, Meta(description="Where a team keeps the history of runs and audits together.")
    ] = field(default_factory=SharedHistory)
    load: Annotated[
        dict[str, dict[str, Threshold]],
        Meta(
            description="Load scenarios, by name, each a table of thresholds: numbers or durations.",
            examples=[{"checkout": {"p95": "300ms", "error-rate": 0.01}}],
        ),
    ] = {}
    suppressions: Annotated[
        list[PathSuppression],
        Meta(
            description="Findings that the canon closes, by rule and path, each with a reason.",
            examples=[[{"rules": ["RUN001"], "paths": ["tests/legacy/**"], "reason": "goes with the old gateway"}]],
        ),
    ] = []
    rules: Annotated[
        list[OwnRule],
        Meta(
            description="Rules of one's own: what is banned here, and what to use instead.",
            examples=[[{"code": "OWN001", "call": "requests.get", "use": "shop.net.fetch"}]],
        ),
    ] = []
    rules_from: Annotated[
        list[str],
        Meta(
            description="Python files or folders of the repository with rules of one's own. They are code that an "
            "audit of files on disk runs; an audit of a commit never does.",
            examples=[["tools/canonry_rules"]],
        ),
    ] = []
