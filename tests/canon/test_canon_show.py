import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from canonry.canon.schema import json_schema
from canonry.cli.canon import command
from canonry.model.errors import UserError

CANON = """\
[project]
name = "shop"

[tool.canonry]
tests = ["tests"]

[tool.canonry.categories."a b"]
timeout = "10m"

[tool.canonry.services.postgres]
kind = "postgres"
env = { TZ = "UTC" }
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pyproject.toml").write_text(CANON)
    (tmp_path / "shop").mkdir()
    monkeypatch.chdir(tmp_path / "shop")
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments, catch_exceptions=False)


def rows(result: Result) -> dict[str, tuple[str, str]]:
    found = {}
    for line in result.stdout.splitlines():
        key, value, origin = (part.strip() for part in line.replace("   ", "  ").split("  ") if part.strip())
        found[key] = (value, origin)
    return found


@pytest.mark.usefixtures("shop")
def test_show_prints_every_key_with_value_and_origin() -> None:
    result = run("show")

    shown = rows(result)
    assert result.exit_code == 0
    assert shown["tests"] == ('["tests"]', "pyproject.toml:5")
    assert shown["target-python"] == ("not set", "default")
    assert shown["canon.runner"] == ('"canonry run"', "default")
    assert shown['categories."a b".timeout'] == ('"10m"', "pyproject.toml:8")
    assert shown['categories."a b".serial'] == ("false", "default")
    assert shown["services.postgres.env.TZ"] == ('"UTC"', "pyproject.toml:12")
    assert shown["flows"] == ("{}", "default")
    assert result.stderr == ""


@pytest.mark.usefixtures("shop")
def test_the_columns_are_aligned() -> None:
    lines = run("show").stdout.splitlines()

    places = [max(line.rfind("  default"), line.rfind("  pyproject.toml:")) for line in lines]
    pushed = [line for line, place in zip(lines, places, strict=True) if place != min(places)]
    assert [line.partition(" ")[0] for line in pushed] == ["canon.base-cases"]  # a long list pushes its own alone


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("tests", {"tests": ('["tests"]', "pyproject.toml:5")}),
        ('categories."a b".timeout', {'categories."a b".timeout': ('"10m"', "pyproject.toml:8")}),
        ("categories.a b.timeout", {'categories."a b".timeout': ('"10m"', "pyproject.toml:8")}),
        ("run.guard", {"run.guard": ('"off"', "default")}),
        (
            "load",
            {"load": ("{}", "default")},
        ),
        ("canon.symbols", {"canon.symbols": ("[]", "default")}),
    ],
)
def test_show_prints_one_key_or_the_keys_below(key: str, expected: dict[str, tuple[str, str]]) -> None:
    assert rows(run("show", key)) == expected


@pytest.mark.usefixtures("shop")
def test_show_prints_services_as_json() -> None:
    result = run("show", "services", "--output-format", "json")

    document = json.loads(result.stdout)
    assert (document["schema"], document["file"]) == (1, "pyproject.toml")
    assert document["values"]["services.postgres.kind"] == {"value": "postgres", "origin": "pyproject.toml:11"}
    assert document["values"]["services.postgres.port"] == {"value": None, "origin": "default"}
    assert all(key.startswith("services.postgres.") for key in document["values"])
    assert document["nested"]["postgres"]["kind"] == "postgres"


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("key", "value"), [("services.postgres.kind", "postgres"), ("services.postgres.env.TZ", "UTC")]
)
def test_json_nests_what_stands_at_the_key(key: str, value: str) -> None:
    assert json.loads(run("show", key, "--output-format", "json").stdout)["nested"] == value


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("canon.base-case", "the canon has no key `canon.base-case`; did you mean `canon.base-cases`?"),
        ("servces", "the canon has no key `servces`; did you mean `services`?"),
        ("zzz", "the canon has no key `zzz`; `canonry canon show` lists every key"),
        ("..", "the canon has no key `..`; `canonry canon show` lists every key"),
    ],
)
def test_an_unknown_key_is_the_users_error(key: str, message: str) -> None:
    with pytest.raises(UserError) as error:
        run("show", key)

    assert str(error.value) == message


def test_the_tree_is_the_nearest_folder_with_a_project(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")

    assert rows(run("show", "tests", "--repo", str(shop / "shop")))["tests"][1] == "pyproject.toml:5"


def test_a_repository_ends_the_way_up(shop: Path) -> None:
    (shop / "shop" / ".git").mkdir()

    assert rows(run("show", "tests"))["tests"] == ("not set", "default")


def test_without_a_canon_the_defaults_are_shown_with_a_hint(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()

    result = run("show", "canon.runner", "--repo", str(tmp_path), "--output-format", "json")

    assert json.loads(result.stdout) == {
        "schema": 1,
        "file": None,
        "values": {"canon.runner": {"value": "canonry run", "origin": "default"}},
        "nested": "canonry run",
    }
    assert result.stderr == "canonry: no canon is declared, so these defaults apply; `canonry init` proposes one\n"


def test_notes_go_to_stderr(shop: Path) -> None:
    (shop / "canonry.toml").write_text('tests = ["t"]')

    result = run("show", "tests")

    assert rows(result)["tests"] == ('["t"]', "canonry.toml:1")
    assert result.stderr.startswith("canonry: `canonry.toml` wins over `[tool.canonry]`")


def test_a_canon_is_taken_from_elsewhere(shop: Path) -> None:
    (shop / "shared.toml").write_text('\ntests = ["t"]')

    assert rows(run("show", "tests", "--config", "../shared.toml"))["tests"] == ('["t"]', "../shared.toml:2")


@pytest.mark.usefixtures("shop")
def test_a_canon_that_cannot_be_read_is_the_users_error() -> None:
    with pytest.raises(UserError, match=r"^cannot read the canon `no\.toml`: no such file or directory"):
        run("show", "--config", "no.toml")


def test_a_broken_canon_is_the_users_error(shop: Path) -> None:
    (shop / "canonry.toml").write_text("test = []")

    with pytest.raises(UserError, match=r"^canonry\.toml:1: unknown key `test`; did you mean `tests`\?$"):
        run("show")


def test_schema_prints_the_schema() -> None:
    assert json.loads(run("schema").stdout) == json_schema()
