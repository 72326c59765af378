"""`canonry migrate plan`, `next` and `status` on real repositories whose tests really run."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from canonry.migrate.registry import all_codemods
from tests.migrate.waves_shop import ASYNC, READ, Damage, contents, shop
from tests.workbench import SOUND, Folder

QUICK = ("--workers", "1", "--repeat-before", "1", "--accept-slower")


@pytest.fixture
def damage(monkeypatch: pytest.MonkeyPatch) -> None:
    """A codemod that damages stands among the others."""
    monkeypatch.setitem(all_codemods(), "damage", Damage())


def status(place: Folder) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(place.call("migrate", "status", "--output-format", "json").stdout)
    return found


def states(place: Folder) -> list[str]:
    return [wave["state"] for wave in status(place)["waves"]]


def test_a_damaging_codemod_is_stopped_in_the_canary_and_leaves_no_trace(tmp_path: Path, damage: None) -> None:
    place = shop(tmp_path / "shop", {f"tests/test_{name}.py": READ for name in "abcdef"})
    before = contents(place.root)
    assert place.call("migrate", "plan", "--codemod", "damage", "--size", "3").returncode == 1

    done = place.call("migrate", "next", "--write", "--all", *QUICK)
    assert done.returncode == 1, done.stderr
    assert "wave 1 (canary): stopped, no file changed" in done.stdout
    assert "`damage`" in done.stdout
    assert "test_url: passed before, now failed" in done.stdout
    assert contents(place.root) == before
    assert place.git("status", "--porcelain") == ""
    assert states(place) == ["stopped", "waiting", "waiting"]

    again = place.call("migrate", "next", "--write", *QUICK)
    assert (again.returncode, "`--without NAME`" in again.stderr) == (2, True)
    assert place.call("migrate", "plan", "--codemod", "damage", "--without", "damage").returncode == 2
    assert place.call("migrate", "plan", "--without", "damage", "-q").returncode == 1
    assert {name for wave in status(place)["waves"] for name in wave["codemods"]} == {"environment"}


def test_the_guilty_are_found_and_the_rest_lands(tmp_path: Path, damage: None) -> None:
    helper = READ.replace("def test_url():\n    assert url() is None\n", "")
    files: dict[str, str | bytes] = {
        # the canary: the shortest path of all that are no test's own, and nobody looks at its value
        "tests/test_0.py": "import os\n\nURL = os.environ.get('SHOP_URL_NOWHERE')\n\n\ndef test_a():\n    assert 1\n",
        "tests/base.py": helper,
        "tests/test_1.py": "from tests.base import url\n\n\ndef test_from_base():\n    assert url() is None\n",
        "tests/test_2.py": READ,
        **{f"tests/test_{n}.py": READ.replace("is None", f"!= {n}") for n in range(3, 5)},
        "tests/__init__.py": "",
    }
    place = shop(tmp_path / "shop", files)
    place.call("migrate", "plan", "--codemod", "damage", "-q")
    place.call("migrate", "next", "--write", "-q", *QUICK)
    assert states(place) == ["landed", "waiting"]
    done = place.call("migrate", "next", "--write", *QUICK)

    assert (done.returncode, states(place)) == (1, ["landed", "landed in part"]), done.stderr
    wave = status(place)["waves"][1]
    guilty = {
        file["path"]: [test["node"] for test in file["guilty"]["tests"]] for file in wave["files"] if "guilty" in file
    }
    assert guilty == {
        "tests/base.py": ["tests/test_1.py::test_from_base"],
        "tests/test_2.py": ["tests/test_2.py::test_url"],
    }
    assert {file["path"] for file in wave["files"] if file["landed"]} == {f"tests/test_{n}.py" for n in range(3, 5)}
    assert (place.root / "tests/base.py").read_text() == helper
    assert place.run("run", "-q").returncode == 0

    place.call("migrate", "plan", "--codemod", "damage", "-q")  # what could not stay is not tried again
    planned = status(place)
    assert planned["waves"] == []
    assert {file["path"] for file in planned["by_hand"]} == {"tests/base.py", "tests/test_2.py"}
    for change in ("2", "1"):
        assert place.call("changes", "rollback", change).returncode == 0
    assert {path: content.decode() for path, content in contents(place.root).items() if path in files} == files


def test_what_never_ran_is_unmasked_and_blamed_on_nobody(tmp_path: Path) -> None:
    place = shop(tmp_path / "shop", {"tests/test_order.py": ASYNC, "tests/test_url.py": READ})
    place.call("migrate", "plan", "--review", "-q")
    done = place.call("migrate", "next", "--write", *QUICK)
    assert done.returncode == 1
    assert "unmasks, by hand: tests/test_order.py" in done.stdout
    assert "1 test that never really ran before fails" in done.stdout
    assert states(place)[0] == "landed in part"
    assert (place.root / "tests/test_order.py").read_text() == ASYNC
    assert "IsolatedEnvironment" in (place.root / "tests/test_url.py").read_text()
    assert [each["evidence"] for each in status(place)["waves"][0]["proof"]["unmasked"]] == [
        "its coroutine was never awaited before"
    ]

    assert place.call("changes", "rollback", "1").returncode == 0
    assert states(place) == ["rolled back"]
    again = shop(tmp_path / "again", {"tests/test_order.py": ASYNC})
    again.call("migrate", "plan", "--review", "-q")
    done = again.call("migrate", "next", "--write", "--accept-unmasked", *QUICK)
    assert "unmasked: tests/test_order.py::TestOrder::test_total" in done.stdout
    assert "SSotAsyncTestCase" in (again.root / "tests/test_order.py").read_text()


def test_tests_of_flows_run_whatever_changes_and_flaky_ones_blame_nobody(tmp_path: Path) -> None:
    flaky = (
        "import pathlib\n\nCOUNT = pathlib.Path(__file__).with_suffix('.count')\n\n\ndef test_now_and_then():\n"
        "    seen = len(COUNT.read_text()) if COUNT.exists() else 0\n    COUNT.write_text('x' * (seen + 1))\n"
        "    assert seen % 3 != 2\n"
    )
    canon = "[tool.canonry.flows.buy]\ntests = ['tests/flow']\n"
    files = {"tests/flow/test_buy.py": flaky, "tests/test_url.py": READ, "pyproject.toml": canon}
    place = shop(tmp_path / "shop", dict(files))
    place.call("migrate", "plan", "-q")
    done = place.call("migrate", "next", "--write", "--workers", "1")
    assert done.returncode == 0, done.stdout
    proof = status(place)["waves"][0]["proof"]
    assert (proof["test_files"], proof["flaky"]) == (2, ["tests/flow/test_buy.py::test_now_and_then"])
    assert not (place.root / "tests/flow/test_buy.count").exists()  # they ran in a copy


def test_every_file_is_named_once_in_markdown_and_json(tmp_path: Path) -> None:
    owners = "tests/a/ @ada\ntests/b/ @bo\n"
    files = {f"tests/{folder}/test_{n}.py": READ for folder in "ab" for n in range(4)}
    by_hand = {"tests/test_hand.py": "async def test_total():\n    assert False\n", "CODEOWNERS": owners}
    place = shop(tmp_path / "shop", {**files, **by_hand})
    markdown, data = tmp_path / "plan.md", tmp_path / "plan.json"
    done = place.call("migrate", "plan", "--size", "3", "--issue", "2=114", "--output", markdown)
    assert (done.returncode, "wave 1 (canary)" in done.stdout) == (1, True)
    place.call("migrate", "next", "--write", "-q", "--level", "collected")
    place.call("migrate", "status", "--output", data)
    place.call("migrate", "status", "--output", markdown)

    text = markdown.read_text()
    named = Counter({path: text.count(f"`{path}`") for path in (*files, "tests/test_hand.py")})
    assert set(named.values()) == {1}, named
    assert all(part in text for part in ("### Pull request", "### Issue comment", "### Progress", "issue 114"))
    assert "landed as change 0001" in text
    report = json.loads(data.read_text())
    paths = [file["path"] for wave in report["waves"] for file in wave["files"]]
    assert sorted([*paths, *(file["path"] for file in report["by_hand"])]) == sorted([*files, "tests/test_hand.py"])
    assert report["measured"]["files"] == len(report["waves"][0]["files"])
    assert report["measured"]["seconds"] == report["waves"][0]["proof"]["seconds"] > 0
    owners_of = [{file["owner"] for file in wave["files"]} for wave in report["waves"][1:]]
    assert owners_of == [{"@ada"}, {"@bo"}]
    assert place.call("migrate", "plan", "--issue", "9=1").returncode == 2
    assert place.call("migrate", "plan", "--issue", "nine").returncode == 2


def test_a_preview_changes_nothing(tmp_path: Path) -> None:
    place = shop(tmp_path / "shop", {"tests/test_url.py": READ})
    before = contents(place.root)
    assert place.call("migrate", "plan").returncode == 1
    done = place.call("migrate", "next")
    assert (done.returncode, contents(place.root)) == (1, before)
    assert "+from canonry.testing import IsolatedEnvironment" in done.stdout
    assert states(place) == ["waiting"]


def test_bad_input_is_a_sentence_and_leaves_every_byte(tmp_path: Path) -> None:
    place = shop(tmp_path / "shop", {"tests/test_url.py": READ, "tests/test_other.py": READ, "src/shop.py": "x = 1\n"})

    def refused(*words: str, status: int = 2, arguments: tuple[str, ...] = ("next", "--write")) -> None:
        before = contents(place.root)
        done = place.call("migrate", *arguments)
        assert done.returncode == status, done.stderr
        assert all(word in done.stderr for word in words), done.stderr
        assert contents(place.root) == before

    refused("no migration is planned")
    place.call("migrate", "plan", "-q", "--size", "1")
    refused("`--all` takes waves", arguments=("next", "--all"))
    refused("names no format", arguments=("status", "--output", "plan.doc"))

    first = status(place)["waves"][0]["files"][0]["path"]
    (place.root / first).write_text(READ + "\n# edited\n")
    refused(f"`{first}` is not what wave 1 (canary) was planned on", "plans again")
    assert status(place)["waves"][0]["files"][0]["edited"]
    (place.root / first).write_text(READ)

    (place.root / "pyproject.toml").write_text("[tool.canonry.canon]\nenvironment = 'shop:Environment'\n")
    refused("the canon is not the one")
    place.git("checkout", "-q", "pyproject.toml")

    kept = place.root / ".canonry/migrate/0001.json"
    sound = kept.read_text()
    kept.write_text(sound.replace('"schema":1', '"schema":2'))
    refused("was written by a newer canonry")
    kept.write_text(sound[:100])
    refused("is damaged", "`canonry migrate plan` makes a new one")
    kept.write_text(sound)

    place.git("checkout", "-q", "-b", "other")
    place.commit({"src/shop.py": "x = 2\n"})
    place.git("checkout", "-q", "-")
    place.commit({"src/shop.py": "x = 3\n"})
    with pytest.raises(Exception, match="merge"):
        place.git("-c", "user.name=Ada", "-c", "user.email=ada@shop.example", "merge", "other")
    refused("a merge is unfinished")
    place.git("merge", "--abort")
    assert states(place) == ["waiting", "waiting"]


def test_without_a_test_that_passes_nothing_is_proved(tmp_path: Path) -> None:
    script = "import os\n\nprint(os.environ.get('SHOP_URL_NOWHERE'))\n"
    place = shop(tmp_path / "shop", {"tests/helper_of_nobody.py": script})
    before = contents(place.root)
    assert place.call("migrate", "plan", "-q").returncode == 1
    done = place.call("migrate", "next", "--write", *QUICK)
    assert (done.returncode, contents(place.root)) == (5, before)
    assert "no test reaches the 1 file of this wave" in done.stderr
    assert place.call("migrate", "next", "--write", "--level", "static").returncode == 0

    red = shop(tmp_path / "red", {"tests/test_url.py": READ.replace("is None", "== 'set'")})
    before = contents(red.root)
    red.call("migrate", "plan", "-q")
    done = red.call("migrate", "next", "--write", *QUICK)
    assert (done.returncode, contents(red.root)) == (5, before)
    assert "no test passes before the wave" in done.stderr
    assert states(red) == ["waiting"]
    done = red.call("migrate", "next", "--write", "--pytest-option=--nonsense")
    assert (done.returncode, "Traceback" in done.stderr, "--nonsense" in done.stderr) == (2, False, True)


def test_code_that_no_test_reaches_waits_until_everything_else_has_landed(tmp_path: Path) -> None:
    script = "import os\n\nprint(os.environ.get('SHOP_URL_NOWHERE'))\n"
    suite: dict[str, str | bytes] = {f"tests/test_{name}.py": READ for name in "abcd"}
    place = shop(tmp_path / "shop", {"tests/a_script.py": script, **suite})
    place.call("migrate", "plan", "--size", "2", "-q")
    lonely = [wave["number"] for wave in status(place)["waves"] if wave["files"][0]["path"] == "tests/a_script.py"]
    assert lonely == [len(states(place))]
    done = place.call("migrate", "next", "--write", "--all", *QUICK)
    assert (done.returncode, states(place)[-2:]) == (5, ["landed", "waiting"]), done.stderr
    assert (place.root / "tests/a_script.py").read_text() == script


def test_a_plan_leaves_out_commands_that_would_select_other_tests(tmp_path: Path) -> None:
    odd = "odd:\n\tpytest -o python_files=check_c.py tests/unit\n"
    files: dict[str, str | bytes] = {
        "requirements.txt": "canonry\npytest\n",
        "tests/unit/test_a.py": "def test_a():\n    assert 1\n",
        "tests/unit/check_c.py": "def test_c():\n    assert 1\n",
        "Makefile": odd,
    }
    place = shop(tmp_path / "shop", files)
    place.call("migrate", "plan", "--codemod", "ci-commands", "--review", "-q")
    left = [(each["path"], each["findings"][0]["reason"]) for each in status(place)["by_hand"]]
    assert [path for path, _ in left] == ["Makefile"]
    assert "it would no longer run `tests/unit/check_c.py::test_c`" in left[0][1]
    place.call("migrate", "plan", "--codemod", "ci-commands", "--review", "--no-prove", "-q")
    assert (status(place)["by_hand"], len(states(place))) == ([], 1)


def test_a_suite_that_is_red_in_part_moves_and_stays_as_red(tmp_path: Path) -> None:
    place = shop(tmp_path / "shop", {"tests/test_url.py": READ + "\n\ndef test_red():\n    assert url() == 'set'\n"})
    place.call("migrate", "plan", "-q")
    done = place.call("migrate", "next", "--write", "--in-place", *QUICK)
    assert done.returncode == 0, done.stderr
    assert "1 bad before, 1 after" in done.stdout
    assert place.git("status", "--porcelain") == "M tests/test_url.py"
    assert place.call("migrate", "next", "--write").returncode == 0
    assert SOUND not in (place.root / "tests/test_url.py").read_text()
