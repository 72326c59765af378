import subprocess
import sys

import msgspec
import pytest

from canonry.canon.durations import seconds
from canonry.canon.load import CanonError, LoadedCanon, load_canon
from canonry.canon.options import Canon, Flaky, Mocks, Priority, ServiceKind
from canonry.model.errors import UserError

DESIGN = """\
[project]
name = "shop"
requires-python = ">=3.11"

[tool.canonry]
tests = ["tests"]
target-python = "3.11"
exclude = ["vendor/**"]

[tool.canonry.canon]
runner       = "canonry run"
base-cases   = ["canonry.testing:SSotBaseTestCase", "canonry.testing:SSotAsyncTestCase"]
environment  = "canonry.testing:IsolatedEnvironment"
mock-factory = "canonry.testing:SSotMockFactory"

[[tool.canonry.canon.symbols]]
name = "WebSocketManager"
home = "shop.realtime.manager"
aliases = ["UnifiedWebSocketManager", "shop.ws.manager.WebSocketManager"]

[tool.canonry.categories.unit]
paths = ["tests/unit"]

[tool.canonry.categories.mission_critical]
paths = ["tests/mission_critical"]
priority = "critical"
needs = ["unit"]
conflicts = ["unit"]
services = ["postgres", "app"]
mocks = "forbidden"
timeout = "10m"
workers = 2
serial = true
retries = 1
flaky = "warn"
share = 0.2

[tool.canonry.services.postgres]
kind = "postgres"

[tool.canonry.services.app]
kind = "command"
command = "python -m shop"
url = "http://localhost:8000"
ready = "/health"
image = "shop:1"
env = { MODE = "test" }
port = 8000
timeout = "30s"

[tool.canonry.flows.golden_path]
tests = ["tests/e2e/golden_path"]
components = ["shop/realtime/**", "shop/agents/**"]
contract = "contracts/agent-events.yaml"
reliability = 0.95
weight = 3
value = "everyone"
coverage = 0.8
event-success = 1

[tool.canonry.profiles.base]
ready = "/health"

[tool.canonry.profiles.staging]
inherits = "base"
url = "https://staging.shop.example"
credentials-env = "SHOP_TOKEN"

[tool.canonry.run]
guard = "refuse"

[tool.canonry.load.checkout]
p95 = "300ms"
error-rate = 0.01
"""


def load(files: dict[str, str], explicit: tuple[str, str] | None = None) -> LoadedCanon:
    contents = {name: text.encode() for name, text in files.items()}
    return load_canon(contents.get, explicit=None if explicit is None else (explicit[0], explicit[1].encode()))


def test_the_canon_of_the_design_loads_with_every_key() -> None:
    canon = load({"pyproject.toml": DESIGN}).canon

    assert canon.tests == ["tests"]
    assert canon.canon.symbols[0].aliases == ["UnifiedWebSocketManager", "shop.ws.manager.WebSocketManager"]
    category = canon.categories["mission_critical"]
    assert (category.priority, category.mocks, category.flaky) == (Priority.CRITICAL, Mocks.FORBIDDEN, Flaky.WARN)
    assert (category.timeout, category.workers, category.serial, category.retries) == ("10m", 2, True, 1)
    assert canon.services["app"].kind is ServiceKind.COMMAND
    assert canon.services["app"].env == {"MODE": "test"}
    assert canon.flows["golden_path"].weight == 3.0
    assert canon.profiles["staging"].credentials_env == "SHOP_TOKEN"
    assert canon.run.guard == "refuse"
    assert canon.load == {"checkout": {"p95": "300ms", "error-rate": 0.01}}


def test_without_a_canon_the_defaults_apply() -> None:
    loaded = load({})

    assert (loaded.declared, loaded.file, loaded.notes, loaded.requires_python) == (False, None, (), None)
    assert loaded.canon == Canon()
    assert loaded.canon.tests is None
    assert loaded.canon.shadow_names == ["backup", "archive", "snapshot", "old"]
    assert loaded.canon.canon.runner == "canonry run"
    assert loaded.canon.canon.base_cases == [
        "canonry.testing:SSotBaseTestCase",
        "canonry.testing:SSotAsyncTestCase",
        "canonry.testing:SSotPytestCase",
    ]
    assert loaded.canon.canon.symbols == []
    assert loaded.origin("canon.runner") == "default"


def test_an_accessor_or_a_factory_may_be_declared_as_none() -> None:
    loaded = load({"canonry.toml": "[canon]\nenvironment = ''\nmock-factory = ''\n"})

    assert (loaded.canon.canon.environment, loaded.canon.canon.mock_factory) == ("", "")
    assert loaded.origin("canon.environment") == "canonry.toml:2"


def test_a_pyproject_without_our_table_declares_no_canon() -> None:
    loaded = load({"pyproject.toml": "[project]\nname = 'x'\n[tool.black]\nline-length = 3\n"})

    assert not loaded.declared
    assert loaded.canon == Canon()


def test_canonry_toml_has_the_same_keys_without_the_prefix() -> None:
    project = "".join(line for line in DESIGN.splitlines(keepends=True)[4:])
    standalone = project.replace("[tool.canonry]\n", "").replace("tool.canonry.", "")

    loaded = load({"canonry.toml": standalone})

    assert loaded.file == "canonry.toml"
    assert loaded.canon == load({"pyproject.toml": DESIGN}).canon
    assert loaded.origin("canon.runner") == "canonry.toml:6"


def test_an_empty_canonry_toml_declares_the_defaults() -> None:
    assert load({"canonry.toml": ""}).declared


def test_canonry_toml_wins_and_says_so() -> None:
    loaded = load({"canonry.toml": 'tests = ["a"]', "pyproject.toml": '[tool.canonry]\ntests = ["b"]\nwrong = 1\n'})

    assert loaded.canon.tests == ["a"]
    assert loaded.notes == ("`canonry.toml` wins over `[tool.canonry]` in `pyproject.toml`, which is ignored",)


@pytest.mark.parametrize(
    ("name", "text", "origin"),
    [
        ("pyproject.toml", '[tool.canonry]\ntests = ["a"]', "pyproject.toml:2"),
        ("elsewhere/pyproject.toml", '[tool.canonry]\ntests = ["a"]', "elsewhere/pyproject.toml:2"),
        ("shared.toml", '\n[tool.canonry]\ntests = ["a"]', "shared.toml:3"),
        ("shared.toml", 'tests = ["a"]', "shared.toml:1"),
        ("canonry.toml", 'tests = ["a"]', "canonry.toml:1"),
    ],
)
def test_an_explicit_file_wins_over_both(name: str, text: str, origin: str) -> None:
    tree = {"canonry.toml": 'tests = ["b"]', "pyproject.toml": '[tool.canonry]\ntests = ["c"]'}

    loaded = load(tree, explicit=(name, text))

    assert loaded.canon.tests == ["a"]
    assert loaded.file == name
    assert loaded.origin("tests") == origin
    assert loaded.notes == ()


def test_an_explicit_pyproject_without_our_table_says_that_the_defaults_apply() -> None:
    loaded = load({"canonry.toml": 'tests = ["b"]'}, explicit=("x/pyproject.toml", "[project]\nname = 'x'"))

    assert not loaded.declared
    assert loaded.notes == ("`x/pyproject.toml` has no `[tool.canonry]`, so the defaults apply",)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"pyproject.toml": '[project]\nrequires-python = ">=3.9"'}, ">=3.9"),
        ({"pyproject.toml": "[project]\nrequires-python = 3"}, None),
        ({"pyproject.toml": "project = 1"}, None),
        ({"setup.cfg": "[options]\npython_requires = >=3.8\n"}, ">=3.8"),
        ({"setup.cfg": "[options]\npython_requires =\n"}, None),
        ({"setup.cfg": "[metadata]\nname = 100%\n"}, None),
        (
            {
                "pyproject.toml": '[project]\nrequires-python = ">=3.9"',
                "setup.cfg": "[options]\npython_requires = >=3.8",
            },
            ">=3.9",
        ),
        (
            {"pyproject.toml": "[build-system]\nrequires = []", "setup.cfg": "[options]\npython_requires=>=3.8"},
            ">=3.8",
        ),
        ({"canonry.toml": "", "pyproject.toml": '[project]\nrequires-python = ">=3.9"'}, ">=3.9"),
    ],
)
def test_requires_python_is_that_of_the_project(files: dict[str, str], expected: str | None) -> None:
    assert load(files).requires_python == expected


def test_a_broken_setup_cfg_costs_a_note() -> None:
    loaded = load({"setup.cfg": "no section\n"})

    assert loaded.requires_python is None
    assert loaded.notes == ("`setup.cfg` does not parse; its `python_requires` is unknown",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"[tool.canonry]\ntests = [\n", "pyproject.toml:2: not valid TOML: "),
        (b"[tool]\n\nx = = 1\n", "pyproject.toml:3: not valid TOML: invalid value in column 5"),
        (b"a = 1\nb = '\xff'\n", "pyproject.toml:2: not valid TOML: expected UTF-8"),
    ],
)
def test_a_pyproject_that_is_not_toml_is_an_error_in_one_sentence(text: bytes, message: str) -> None:
    with pytest.raises(UserError) as error:
        load_canon({"pyproject.toml": text}.get)

    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("explicit", [None, ("c.toml", 'tests = ["a"]')])
def test_a_broken_pyproject_costs_a_note_when_the_canon_stands_elsewhere(explicit: tuple[str, str] | None) -> None:
    loaded = load({"canonry.toml": 'tests = ["a"]', "pyproject.toml": "x = = 1"}, explicit=explicit)

    assert loaded.canon.tests == ["a"]
    assert loaded.notes == (
        "pyproject.toml:1: not valid TOML: invalid value in column 5; its `requires-python` is unknown",
    )


def test_an_explicit_file_that_is_not_toml_is_an_error() -> None:
    with pytest.raises(CanonError, match=r"^c\.toml:1: not valid TOML: "):
        load({}, explicit=("c.toml", "x = = 1"))


def test_the_digest_depends_on_values_only() -> None:
    written = load({"canonry.toml": 'tests = ["a"]\n[categories.x]\nretries = 1\n[categories.y]\nshare = 1'})
    formatted = load(
        {"pyproject.toml": "# c\n[tool.canonry]\ncategories = { y = {share = 1.0}, x.retries = 0x1 }\ntests=[\n'a'\n]"}
    )
    explicit_default = load({"canonry.toml": '[canon]\nrunner = "canonry run"'})

    assert written.digest == formatted.digest
    assert explicit_default.digest == load({}).digest
    assert len(written.digest) == 64


@pytest.mark.parametrize("text", ['tests = ["b"]', 'tests = ["a", "b"]', "[run]\nguard = 'warn'", "[categories.x]"])
def test_the_digest_changes_with_a_value(text: str) -> None:
    assert load({"canonry.toml": text}).digest != load({}).digest


@pytest.mark.parametrize(
    ("key", "origin"),
    [
        ("tests", "pyproject.toml:6"),
        ("canon", "pyproject.toml:10"),
        ("canon.base-cases", "pyproject.toml:12"),
        ("canon.base-cases[1]", "pyproject.toml:12"),
        ("canon.symbols[0].home", "pyproject.toml:18"),
        ("categories.unit", "pyproject.toml:21"),
        ("categories.mission_critical.timeout", "pyproject.toml:31"),
        ("services.app.env.MODE", "pyproject.toml:47"),
        ("categories.unit.timeout", "default"),
        ("shadow-names", "default"),
        ("services", "pyproject.toml:38"),
        ("no such key", "default"),
        ("..", "default"),
    ],
)
def test_origin_names_the_line(key: str, origin: str) -> None:
    assert load({"pyproject.toml": DESIGN}).origin(key) == origin


def test_a_loaded_canon_is_frozen() -> None:
    loaded = load({})

    with pytest.raises(AttributeError):
        loaded.declared = True
    with pytest.raises(AttributeError):
        loaded.canon.tests = []


def test_defaults_are_not_shared_between_canons() -> None:
    load({}).canon.canon.base_cases.append("x")

    assert "x" not in load({}).canon.canon.base_cases


def test_a_canon_without_errors_imports_nothing_slow() -> None:
    slow = ["tree_sitter", "tree_sitter_toml", "configparser", "difflib", "hashlib", "click", "rich", "json"]
    code = (
        "import sys; from canonry.canon.load import load_canon\n"
        "contents = sys.stdin.buffer.read()\n"
        "load_canon({'pyproject.toml': contents}.get)\n"
        f"print([name for name in {slow!r} if name in sys.modules])\n"
    )

    done = subprocess.run([sys.executable, "-I", "-c", code], input=DESIGN.encode(), capture_output=True, check=True)

    assert done.stdout.decode().strip() == "[]"


@pytest.mark.parametrize(
    ("text", "length"), [("300ms", 0.3), ("90s", 90.0), ("10m", 600.0), ("2h", 7200.0), ("1.5s", 1.5), ("0s", 0.0)]
)
def test_a_duration_has_a_length(text: str, length: float) -> None:
    assert seconds(text) == pytest.approx(length)


@pytest.mark.parametrize("text", ["10", "m", "-1s", "1 s", "1d", "", "1s\n", "\u0661s"])
def test_what_is_no_duration_has_no_length(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        seconds(text)


def test_a_resolved_canon_survives_the_way_through_json() -> None:
    canon = load({"pyproject.toml": DESIGN}).canon

    assert msgspec.json.decode(msgspec.json.encode(canon), type=Canon) == canon
