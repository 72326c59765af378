"""What tests reach of a flow's components, measured in a real run and counted by hand."""

import json
from pathlib import Path

from canonry.history.code_coverage import ReachedCode, reached_code
from canonry.run.covering import core, covering
from tests.workbench import Folder

CANON = """
[tool.canonry.categories.real]
paths = ["tests/real"]
mocks = "forbidden"
"""
SHOP = """def price(count):
    if count > 10:
        return count * 9
    return count * 10


def refund(count):
    return -count
"""
FILES: dict[str, str | bytes] = {
    "pyproject.toml": CANON,
    "shop/__init__.py": "",
    "shop/price.py": SHOP,
    "shop/never.py": "def never():\n    return 1\n",
    "tests/conftest.py": "import sys\n\nsys.path.insert(0, '.')\n",
    "tests/real/test_few.py": "from shop.price import price\n\n\ndef test_few():\n    assert price(1) == 10\n",
    "tests/real/test_back.py": "from shop.price import refund\n\n\ndef test_back():\n    assert refund(1) == -1\n",
    "tests/real/test_many.py": "from shop.price import price\n\n\ndef test_many():\n    assert price(20) == 0\n",
}


def test_only_what_the_named_tests_reach_counts(tmp_path: Path) -> None:
    place = Folder(tmp_path / "shop").start(FILES)
    files = [place.root / "shop/price.py", place.root / "shop/never.py"]
    with covering(files) as folder:
        done = place.run("run", "--workers", "2")
        assert done.returncode == 1, done.stdout + done.stderr
        few = reached_code(folder, place.root, files, ["tests/real/test_few.py::test_few"])
        both = reached_code(
            folder, place.root, files, ["tests/real/test_few.py::test_few", "tests/real/test_back.py::test_back"]
        )
        none = reached_code(folder, place.root, files, [])
    # 6 statements: two `def`, the `if`, three `return`; 2 branches, of the `if`
    assert few[0] == ReachedCode(
        path="shop/price.py", statements=6, statements_reached=4, branches=2, branches_reached=1, missing=(3, 8)
    )
    assert (both[0].missing, both[0].part, both[0].whole) == ((3,), 6, 8)
    assert none[0].missing == (2, 3, 4, 8)  # what an import runs
    assert [(each.part, each.whole) for each in (few[1], both[1])] == [(0, 2), (0, 2)]


def test_a_run_tells_how_far_it_covers_a_flow(tmp_path: Path) -> None:
    flow = "[tool.canonry.flows.prices]\ntests = ['tests/real', 'tests/mocked']\ncomponents = ['shop/**']\n"
    mocked = "from shop.price import price\n\n\ndef test_mocked():\n    assert price(20) == 180\n"
    place = Folder(tmp_path / "shop").start(
        {**FILES, "pyproject.toml": CANON + flow, "tests/mocked/test_mocked.py": mocked}
    )
    done = place.run("run", "--flow", "prices", "--cover", "--workers", "1", "--output-format", "json")
    assert done.returncode == 1, done.stderr
    found = json.loads(done.stdout)["flows"]["prices"]
    # of price.py all but line 3 and one branch, of never.py the `def`, which no passing test imports: 6 of 8 and 0 of 2
    assert (found["tests"], found["code"]["part"], found["code"]["whole"]) == (2, 6, 10)
    assert found["code"]["missing"] == ["shop/never.py: 1-2", "shop/price.py: 3 (1 of 2 branches)"]
    assert (found["coverage"], found["events"]["note"]) == (None, "the flow declares no `contract`")

    shown = place.run("run", "--cover", "--workers", "1").stdout
    assert "FLOW prices: not measured as a whole" in " ".join(shown.split())
    assert "60.0%  6 of 10 statements and branches, by 2 passing tests without mocks" in shown
    assert "code: shop/price.py: 3 (1 of 2 branches)" in shown
    replayed = place.run("run", "--replay", "last").stdout
    assert "60.0%  6 of 10 statements and branches" in replayed

    for arguments, said in (
        (("--cover", "--list"), "`--cover` measures what runs, and `--list` runs nothing"),
        (("--cover", "--flow", "price"), "price"),
    ):
        refused = place.run("run", *arguments)
        assert (refused.returncode, said in refused.stderr) == (2, True), refused.stderr


def test_a_canon_without_flows_is_told_how_to_declare_one(tmp_path: Path) -> None:
    place = Folder(tmp_path / "shop").start(FILES)
    done = place.run("run", "--cover")
    assert (done.returncode, "declare one as `[tool.canonry.flows.NAME]`" in done.stderr) == (2, True)


def test_the_core_knows_contexts() -> None:
    assert core((3, 11)) in ("ctrace", "pytrace")
    assert core((3, 14)) == core((3, 11))
