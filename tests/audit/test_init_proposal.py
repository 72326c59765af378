"""What counting proposes for small trees, each of them a real folder."""

import json
from typing import Any

import pytest

from tests.workbench import SOUND, Folder

CASE = "import unittest\n\n\nclass {name}({base}):\n    def test_a(self):\n        self.assertTrue(1)\n"
FUNCTIONS = "".join(f"def test_{letter}():\n    assert {ord(letter)}\n\n\n" for letter in "abcdefgh")
WORKFLOW = "on: push\njobs:\n  test:\n    steps:\n      - run: {command}\n"
CLASS = "class {name}:\n    def open(self): ...\n    def send(self): ...\n    def close(self): ...\n"


def proposal(folder: Folder, files: dict[str, str | bytes]) -> dict[str, Any]:
    """The JSON of `canonry init` for these files."""
    done = folder.write(files).call("init", "--no-cache", "--output-format", "json")
    assert done.returncode in (0, 1), done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def value(folder: Folder, key: str, files: dict[str, str | bytes]) -> Any:
    """The proposed value of a key, None where it is left out with a reason."""
    document = proposal(folder, files)
    found = {entry["key"]: entry["value"] for entry in document["entries"]}
    if key not in found:
        assert any(
            omission["key"] == key.partition(".")[0] or omission["key"] == key for omission in document["omissions"]
        )
    return found.get(key)


def importers(count: int, statement: str) -> dict[str, str | bytes]:
    return {f"shop/user_{number}.py": f"{statement}\n" for number in range(count)}


# tests, exclude, target-python ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param({"tests/unit/test_a.py": SOUND, "tests/test_b.py": SOUND}, ["tests"], id="the topmost folder"),
        pytest.param(
            {"a/tests/test_a.py": SOUND, "b/tests/x/test_b.py": SOUND}, ["a/tests", "b/tests"], id="two packages"
        ),
        pytest.param({"tests/test_a.py": SOUND, "test_b.py": SOUND}, None, id="a test at the root"),
        pytest.param({"tests/test_a.py": SOUND, "docs/test_b.py": SOUND}, ["tests"], id="examples are no suite"),
        pytest.param({"tests/test_a.py": SOUND, "shop/test_utils.py": "x = 1\n"}, ["tests"], id="named like a test"),
        pytest.param(
            {"checks/x/test_a.py": SOUND, "pytest.ini": "[pytest]\ntestpaths = checks\n"}, ["checks"], id="testpaths"
        ),
        pytest.param(
            {
                "checks/test_a.py": SOUND,
                "tests/test_b.py": SOUND,
                "pyproject.toml": "[tool.pytest.ini_options]\ntestpaths = ['checks']\n",
            },
            ["checks", "tests"],
            id="testpaths that miss half",
        ),
    ],
)
def test_tests(folder: Folder, files: dict[str, str | bytes], expected: list[str] | None) -> None:
    assert value(folder, "tests", files) == expected


def test_vendored_code_is_excluded_and_not_counted(folder: Folder) -> None:
    document = proposal(folder, {"tests/test_a.py": SOUND, "shop/_vendor/six/test_six.py": SOUND})

    assert {"exclude": ["/shop/_vendor/**"]}.items() <= {e["key"]: e["value"] for e in document["entries"]}.items()
    assert document["population"]["test_files"] == 1


def test_a_vendored_folder_without_python_is_left_unsaid_and_its_commands_uncounted(folder: Folder) -> None:
    document = proposal(
        folder, {"tests/test_a.py": SOUND, "vendor/parser/Makefile": "a:\n\ttrial x\n", "Makefile": "a:\n\tpytest\n"}
    )

    entries = {entry["key"]: entry for entry in document["entries"]}
    assert "exclude" not in entries
    assert (entries["canon.runner"]["value"], entries["canon.runner"]["others"]) == ("pytest", [])


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param({"pyproject.toml": '[project]\nrequires-python = ">=3.10"\n'}, None, id="the default says it"),
        pytest.param({"setup.py": "setup(python_requires='>=3.9')\n"}, "3.9", id="setup.py"),
        pytest.param(
            {
                "pyproject.toml": '[project]\nrequires-python = ">=3.9"\n',
                ".github/workflows/a.yml": "      python-version: ['3.10', '3.11']\n",
            },
            "3.10",
            id="CI runs nothing older",
        ),
        pytest.param(
            {
                "pyproject.toml": '[project]\nrequires-python = ">=3.10"\n',
                ".github/workflows/a.yml": "      python-version: '3.8'  # old\n",
            },
            None,
            id="CI never lowers it",
        ),
    ],
)
def test_target_python(folder: Folder, files: dict[str, str | bytes], expected: str | None) -> None:
    assert value(folder, "target-python", {"tests/test_a.py": SOUND, **files}) == expected


# runner --------------------------------------------------------------------------------------------------------------

SCRIPT = "import pytest, sys\n\nif __name__ == '__main__':\n    sys.exit(pytest.main())\n"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param({".github/workflows/a.yml": WORKFLOW.format(command="pytest -q")}, "pytest", id="a workflow"),
        pytest.param(
            {
                ".github/workflows/a.yml": WORKFLOW.format(
                    command="|\n          pip install tox\n          python -m pytest"
                )
            },
            "pytest",
            id="a block",
        ),
        pytest.param(
            {
                ".github/workflows/a.yml": WORKFLOW.format(command="tox"),
                "tox.ini": "[testenv]\ncommands = trial shop\n",
            },
            "trial",
            id="what tox starts, not tox",
        ),
        pytest.param(
            {"pyproject.toml": "[tool.tox.env_run_base]\ncommands = [['coverage', 'run', '-m', 'pytest']]\n"},
            "pytest",
            id="tox in pyproject.toml",
        ),
        pytest.param({"noxfile.py": "def tests(session):\n    session.run('pytest', 'tests')\n"}, "pytest", id="nox"),
        pytest.param(
            {
                "tools/run.py": SCRIPT,
                "noxfile.py": "def tests(session):\n    session.run('python', '-W', 'error', 'tools/run.py')\n",
            },
            "python tools/run.py",
            id="nox with a script",
        ),
        pytest.param(
            {
                "pyproject.toml": "[tool.hatch.envs.default.scripts]\ntest = ['echo go', 'coverage run -m pytest {args}']\n"
            },
            "pytest",
            id="a script of Hatch",
        ),
        pytest.param({"pyproject.toml": "[tool.pdm.scripts]\ntest.cmd = ['trial', 'shop']\n"}, "trial", id="of PDM"),
        pytest.param({"pyproject.toml": "[tool.poe.tasks]\ntest = 'trial shop'\n"}, "trial", id="of Poe the Poet"),
        pytest.param({"justfile": "test:\n    trial shop\n"}, "trial", id="just"),
        pytest.param({"deep/down/check.bat": "@echo off\r\ntrial shop\r\n"}, "trial", id="a batch file anywhere"),
        pytest.param(
            {
                "README.md": "```sh\ntrial shop\ntrial shop\n```\n",
                "new.sh": "cat > note.md <<EOF\ntrial shop\nEOF\n",
                "Makefile": "a:\n\tpytest\n",
            },
            "pytest",
            id="documentation and texts are no commands",
        ),
        pytest.param(
            {
                "tools/run.py": SCRIPT,
                "Makefile": "all:\n\tgit add tools/run.py\n\truff check tools/run.py\n\tcoverage run -m pytest\n",
            },
            "pytest",
            id="a script that is only named",
        ),
        pytest.param(
            {
                "a/run.py": SCRIPT,
                "b/run.py": SCRIPT,
                ".github/workflows/a.yml": WORKFLOW.format(command="python run.py\n        working-directory: b"),
            },
            "python b/run.py",
            id="a script of the working directory",
        ),
        pytest.param({"Makefile": "test:\n\t@python -m unittest discover\n"}, "python -m unittest", id="make"),
        pytest.param({"package.json": '{"scripts": {"test": "pytest"}}'}, "pytest", id="package.json"),
        pytest.param({".gitlab-ci.yml": "test:\n  script:\n    - pytest tests\n"}, "pytest", id="GitLab"),
        pytest.param(
            {"tools/run.py": SCRIPT, ".github/workflows/a.yml": WORKFLOW.format(command="python tools/run.py --fast")},
            "python tools/run.py",
            id="a script of its own",
        ),
        pytest.param(
            {
                "shop/check/__init__.py": "",
                "shop/check/__main__.py": SCRIPT,
                "shop/__init__.py": "",
                "tox.ini": "[testenv]\ncommands = python -bb -m shop.check {posargs}\n",
            },
            "python -m shop.check",
            id="a module of its own",
        ),
        pytest.param(
            {"tools/build.py": "print(1)\n", "Makefile": "all:\n\tpython tools/build.py\n\tpytest\n"},
            "pytest",
            id="a script that starts no tests",
        ),
        pytest.param({".github/workflows/a.yml": "  - run: pip install pytest\n"}, "pytest", id="the tests themselves"),
        pytest.param(
            {"tests/test_a.py": CASE.format(name="A", base="unittest.TestCase")}, "python -m unittest", id="cases"
        ),
    ],
)
def test_runner(folder: Folder, files: dict[str, str | bytes], expected: str) -> None:
    assert value(folder, "canon.runner", {"tests/test_a.py": SOUND, **files}) == expected


def test_a_second_run_counts_the_same_commands_from_the_cache(folder: Folder) -> None:
    folder.write({"tests/test_a.py": SOUND, "Makefile": "a:\n\tpytest\n\npytest:\n\tpytest -x\n"})

    first, second = (folder.call("init", "--output-format", "json").stdout for _ in range(2))

    (runner,) = (entry for entry in json.loads(first)["entries"] if entry["key"] == "canon.runner")
    assert runner["evidence"] == {"commands": 2, "files": 1}
    assert first == second


@pytest.mark.parametrize("content", [b"\xff\xfe run: pytest", b"{{ broken", b"[testenv\ncommands = pytest", b"\0" * 9])
@pytest.mark.parametrize(
    "name", ["tox.ini", "noxfile.py", "package.json", ".github/workflows/a.yml", "tox.toml", "sub/pyproject.toml"]
)
def test_broken_task_files_are_passed_over(folder: Folder, name: str, content: bytes) -> None:
    document = proposal(folder, {"tests/test_a.py": SOUND, name: content})

    assert document["population"]["tests"] == 1


# base cases ----------------------------------------------------------------------------------------------------------


def cases(count: int, base: str, *, start: int = 0) -> dict[str, str | bytes]:
    module, _, name = base.rpartition(".")
    code = f"from {module} import {name}\n\n\nclass TestX({name}):\n    def test_a(self):\n        assert 1\n"
    return {f"tests/test_{number}.py": code for number in range(start, start + count)}


BASE = "import unittest\n\n\nclass ShopCase(unittest.TestCase):\n    pass\n\n\nclass ShopDbCase(ShopCase):\n    pass\n"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param({"tests/test_a.py": SOUND}, [], id="functions demand none"),
        pytest.param(
            {"tests/test_a.py": "class TestA:\n    def test_a(self):\n        assert 1\n"},
            [],
            id="plain classes neither",
        ),
        pytest.param(cases(5, "unittest.TestCase"), ["unittest:TestCase"], id="a framework's"),
        pytest.param(
            {"tests/cases.py": BASE, **cases(5, "tests.cases.ShopCase")}, ["tests.cases:ShopCase"], id="one of the tree"
        ),
        pytest.param(
            {"tests/cases.py": BASE, **cases(5, "tests.cases.ShopCase"), **cases(3, "tests.cases.ShopDbCase", start=5)},
            ["tests.cases:ShopCase", "tests.cases:ShopDbCase"],
            id="with its siblings at home",
        ),
        pytest.param(
            {
                "tests/cases.py": BASE,
                "tests/base.py": BASE.replace("ShopCase", "OtherCase"),
                **cases(12, "tests.cases.ShopCase"),
                **cases(3, "tests.base.OtherCase", start=12),
            },
            ["tests.cases:ShopCase"],
            id="a rival is no second canon",
        ),
        pytest.param(
            {
                "shop/__init__.py": "",
                "shop/testing/__init__.py": "from shop.testing.low import ShopCase\n",
                "shop/testing/low.py": BASE,
                **cases(4, "shop.testing.ShopCase"),
            },
            ["shop.testing:ShopCase"],
            id="under the name that tests import",
        ),
        pytest.param(
            {"tests/test_many.py": FUNCTIONS * 3, **cases(3, "unittest.TestCase")}, [], id="a few cases among functions"
        ),
    ],
)
def test_base_cases(folder: Folder, files: dict[str, str | bytes], expected: list[str]) -> None:
    assert value(folder, "canon.base-cases", files) == expected


def test_no_base_is_demanded_of_a_suite_of_functions(folder: Folder) -> None:
    folder.write(
        {"tests/test_many.py": FUNCTIONS, "tests/test_x.py": CASE.format(name="TestX", base="unittest.TestCase")}
    )

    assert [each.code for each in folder.findings("BAS001")] == ["BAS001"]
    assert folder.call("init", "--write").returncode == 0
    assert folder.findings("BAS001", "BAS005") == []


# environment, mock factory, symbols ----------------------------------------------------------------------------------

ACCESSOR = "import os\n\n\nclass Environment:\n    def get(self, name):\n        return os.environ.get(name)\n"
FACTORY = (
    "from unittest.mock import Mock\n\n\nclass MockFactory:\n    def create_user(self):\n        return Mock()\n\n"
    "    def create_order(self):\n        return Mock()\n"
)


def test_the_environment_accessor_is_what_many_import(folder: Folder) -> None:
    files = {"tests/test_a.py": SOUND, "shop/environment.py": ACCESSOR, "shop/__init__.py": ""}

    assert (
        value(folder, "canon.environment", {**files, **importers(4, "from shop.environment import Environment")}) == ""
    )
    assert (
        value(folder, "canon.environment", importers(5, "from shop.environment import Environment"))
        == "shop.environment:Environment"
    )


def test_an_accessor_that_most_code_passes_by_is_none(folder: Folder) -> None:
    files = {"tests/test_a.py": SOUND, "shop/environment.py": ACCESSOR, "shop/__init__.py": ""}
    direct = {f"shop/direct_{number}.py": "import os\n\nX = os.environ['X']\n" for number in range(30)}

    assert (
        value(
            folder,
            "canon.environment",
            {**files, **direct, **importers(5, "from shop.environment import Environment")},
        )
        == ""
    )


@pytest.mark.parametrize(
    ("key", "name"), [("canon.environment", "IsolatedEnvironment"), ("canon.mock-factory", "SSotMockFactory")]
)
def test_where_the_default_is_in_use_it_stays(folder: Folder, key: str, name: str) -> None:
    assert value(folder, key, {"tests/test_a.py": f"from canonry.testing import {name}\n{SOUND}"}) is None


def test_an_explicit_none_silences_what_would_point_elsewhere(folder: Folder) -> None:
    code = (
        "import os\nfrom unittest.mock import Mock\n\nDOUBLE = Mock()\n\n\n"
        "def test_a():\n    os.environ['A'] = 'x'\n    assert os.environ['A'] and Mock()\n"
    )
    folder.write({"tests/test_a.py": code})
    rules = ("ENV001", "ENV002", "MCK001", "MCK003", "IMP004")

    before = {finding.code for finding in folder.findings(*rules)}
    assert folder.call("init", "--write").returncode == 0

    assert before == {"ENV001", "ENV002", "MCK001", "MCK003"}
    assert {finding.code for finding in folder.findings(*rules)} == {"ENV002", "MCK003"}  # a write that leaks stays one


@pytest.mark.parametrize(("count", "expected"), [(4, ""), (5, "tests.factory:MockFactory")])
def test_the_mock_factory_is_what_many_tests_import(folder: Folder, count: int, expected: str) -> None:
    tests = {f"tests/test_{number}.py": f"from tests.factory import MockFactory\n{SOUND}" for number in range(count)}

    assert value(folder, "canon.mock-factory", {"tests/factory.py": FACTORY, **tests}) == expected


SUBCLASS = "from shop.sockets import Socket\n\n\nclass Socket(Socket):\n    def open(self): ...\n"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param({"shop/old.py": CLASS.format(name="Socket")}, True, id="a copy"),
        pytest.param(
            {"shop/old.py": "class Socket:\n    def other(self): ...\n"}, False, id="another thing of that name"
        ),
        pytest.param({"shop/old.py": SUBCLASS}, False, id="a variant that comes from it"),
        pytest.param({"other/old.py": CLASS.format(name="Socket")}, False, id="of a package that is shipped apart"),
        pytest.param(
            {
                "shop/old.py": CLASS.format(name="Socket"),
                "shop/x.py": "from shop.old import Socket\n",
                "shop/y.py": "from shop.old import Socket\n",
            },
            False,
            id="no clear lead",
        ),
    ],
)
def test_a_symbol_is_a_name_with_copies_and_one_leading_home(
    folder: Folder, files: dict[str, str | bytes], expected: bool
) -> None:
    leader = {"shop/__init__.py": "", "shop/sockets.py": CLASS.format(name="Socket"), "tests/test_a.py": SOUND}
    found = value(folder, "canon.symbols", {**leader, **importers(3, "from shop.sockets import Socket"), **files})

    assert (found == [{"name": "Socket", "home": "shop.sockets"}]) is expected


def test_an_imported_copy_and_a_further_name_are_aliases(folder: Folder) -> None:
    found = value(
        folder,
        "canon.symbols",
        {
            "tests/test_a.py": SOUND,
            "shop/__init__.py": "",
            "shop/sockets.py": CLASS.format(name="Socket") + "\n\nUnifiedSocket = Socket\n",
            "shop/old.py": CLASS.format(name="Socket"),
            "shop/x.py": "from shop.old import Socket\n",
            **importers(3, "from shop.sockets import Socket"),
        },
    )

    assert found == [{"name": "Socket", "home": "shop.sockets", "aliases": ["UnifiedSocket", "shop.old.Socket"]}]


def test_doubles_of_one_name_need_not_look_alike(folder: Folder) -> None:
    own = "class MockSocket:\n    def other(self): ...\n\n\ndef test_a():\n    assert MockSocket()\n"
    tests = {f"tests/test_{number}.py": f"from tests.doubles import MockSocket\n{SOUND}" for number in range(3)}
    found = value(
        folder, "canon.symbols", {"tests/doubles.py": CLASS.format(name="MockSocket"), "tests/test_x.py": own, **tests}
    )

    assert found == [{"name": "MockSocket", "home": "tests.doubles"}]


def test_a_proposed_home_is_where_the_audit_looks(folder: Folder) -> None:
    """No finding of the audit may say that a home is missing, and each copy is one."""
    folder.write(
        {
            "pyproject.toml": "",
            "tests/test_a.py": SOUND,
            "src/shop/__init__.py": "",
            "src/shop/sockets.py": CLASS.format(name="Socket"),
            "src/shop/old.py": CLASS.format(name="Socket"),
            **{f"src/shop/user_{n}.py": "from .sockets import Socket\n" for n in range(3)},
        }
    )
    assert folder.call("init", "--write").returncode == 0

    assert [(each.code, each.path) for each in folder.findings("DUP001", "IMP004")] == [("DUP001", "src/shop/old.py")]


# categories ----------------------------------------------------------------------------------------------------------

MARKED = "import pytest\n\n\n@pytest.mark.{name}\ndef test_a():\n    assert 1\n\n\n@pytest.mark.{name}\ndef test_b():\n    assert 1\n"
MOCKING = "from unittest.mock import Mock\n\n\ndef test_a():\n    assert Mock()\n"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param(
            {"tests/unit/test_a.py": SOUND, "tests/unit/x/test_b.py": SOUND, "tests/orders/test_c.py": SOUND},
            {"unit": {"paths": ["tests/unit"]}},
            id="a folder of a kind, none of a topic",
        ),
        pytest.param(
            {"shop/integration/test_a.py": SOUND, "shop/integration/test_b.py": SOUND},
            {},
            id="no folder of tests around",
        ),
        pytest.param(
            {"tests/integration/test_a.py": SOUND, "tests/integration/test_b.py": SOUND},
            {"integration": {"paths": ["tests/integration"], "mocks": "forbidden"}},
            id="integration without a mock",
        ),
        pytest.param(
            {"tests/e2e/test_a.py": MOCKING, "tests/end_to_end/test_b.py": SOUND},
            {"e2e": {"paths": ["tests/e2e", "tests/end_to_end"]}},
            id="two spellings, and mocks",
        ),
        pytest.param(
            {"tests/mission_critical/test_a.py": SOUND, "a/tests/critical/test_b.py": SOUND},
            {"mission_critical": {"paths": ["a/tests/critical", "tests/mission_critical"], "priority": "critical"}},
            id="the name says how much it weighs",
        ),
        pytest.param(
            {
                "tests/test_a.py": MARKED.format(name="network"),
                "tests/test_b.py": MARKED.format(name="unregistered"),
                "pytest.ini": "[pytest]\nmarkers =\n    network: needs the internet\n    skip_check: off\n    x(y): z\n    dead\n",
            },
            {"network": {"markers": ["network"]}},
            id="a registered marker that tests carry",
        ),
        pytest.param(
            {
                "tests/test_a.py": MARKED.format(name="network"),
                "tests/test_b.py": SOUND,
                "tests/test_c.py": SOUND,
                "pytest.ini": "[pytest]\nmarkers =\n    network: needs the internet\n",
            },
            {},
            id="a marker that selects few files is a tag",
        ),
        pytest.param(
            {
                "tests/slow/test_a.py": MARKED.format(name="slow"),
                "tests/slow/test_b.py": SOUND,
                "pyproject.toml": "[tool.pytest.ini_options]\nmarkers = ['slow: takes long', 'asyncio']\n",
            },
            {"slow": {"paths": ["tests/slow"], "markers": ["slow"]}},
            id="a folder and a marker are one",
        ),
        pytest.param(
            {
                "tests/test_a.py": "\n".join(MARKED.format(name=f"tag{n}") for n in range(13))
                + MARKED.format(name="smoke"),
                "pytest.ini": "[pytest]\nmarkers =\n    smoke\n" + "".join(f"    tag{n}\n" for n in range(13)),
            },
            {"smoke": {"markers": ["smoke"]}},
            id="a long list holds tags",
        ),
    ],
)
def test_categories(folder: Folder, files: dict[str, str | bytes], expected: dict[str, Any]) -> None:
    document = proposal(folder, files)
    entries = {entry["key"]: entry["value"] for entry in document["entries"]}

    assert {key.partition(".")[2]: found for key, found in entries.items() if key.startswith("categories.")} == expected


def test_a_service_is_what_a_fifth_of_a_category_imports_a_driver_of(folder: Folder) -> None:
    document = proposal(
        folder,
        {f"tests/integration/test_{n}.py": f"import {'psycopg' if n < 2 else 'json'}\n{SOUND}" for n in range(9)},
    )
    entries = {entry["key"]: entry["value"] for entry in document["entries"]}

    assert entries["services.postgres"] == {"kind": "postgres"}
    assert entries["categories.integration"]["services"] == ["postgres"]


def test_every_choice_says_why_with_a_count(folder: Folder) -> None:
    document = proposal(folder, {"tests/unit/test_a.py": SOUND, "tests/unit/test_b.py": SOUND})

    assert all(any(character.isdigit() for character in entry["why"]) for entry in document["entries"])
    assert all(omission["why"] for omission in document["omissions"])
