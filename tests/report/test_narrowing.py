"""Owners, categories and flows narrow findings, population and compliance alike."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonry.canon.selection import matches
from tests.workbench import IDLE, RUNNER, SOUND, Folder

CANON = """
[categories.unit]
paths = ["tests/unit"]

[categories.slow]
paths = ["tests/**/test_slow_*.py", "tests/e2e/"]

[flows.checkout]
tests = ["tests/e2e"]
components = ["shop/orders/**", "tools/run.py"]

[flows.chat]
tests = ["tests/unit/chat"]
"""
OWNERS = "/tests/unit/ @ada\n/tests/unit/chat/ @ada @eve\n/tests/e2e/ @eve\n/shop/ core@shop.example\n"
FILES: dict[str, str | bytes] = {
    "canonry.toml": CANON,
    "CODEOWNERS": OWNERS,
    "tests/unit/test_a.py": IDLE,
    "tests/unit/test_slow_b.py": SOUND,
    "tests/unit/chat/test_c.py": IDLE + "# c\n",
    "tests/e2e/test_d.py": IDLE + "# d\n",
    "tests/e2e_old/test_d.py": SOUND,
    "tests/other/test_e.py": SOUND + "# e\n",
    "shop/orders/cart.py": "from . import total\n",
    "tools/run.py": RUNNER,
}
UNIT = {"tests/unit/test_a.py", "tests/unit/test_slow_b.py", "tests/unit/chat/test_c.py"}
NARROWED: dict[str, tuple[list[str], set[str]]] = {
    "category": (["--category", "unit"], UNIT),
    "glob-and-folder": (["--category", "slow"], {"tests/unit/test_slow_b.py", "tests/e2e/test_d.py"}),
    "either-category": (["--category", "unit", "--category", "slow"], UNIT | {"tests/e2e/test_d.py"}),
    "flow": (["--flow", "checkout"], {"tests/e2e/test_d.py", "shop/orders/cart.py", "tools/run.py"}),
    "owner": (["--owner", "@ada"], UNIT),
    "one-of-two-owners": (["--owner", "@eve"], {"tests/unit/chat/test_c.py", "tests/e2e/test_d.py"}),
    "owner-by-mail": (["--owner", "core@shop.example"], {"shop/orders/cart.py"}),
    "nobody": (["--owner", "nobody"], {"tests/other/test_e.py", "tools/run.py"}),
    "nobody-in-tools": (["tools", "--owner", "nobody"], {"tools/run.py"}),
    "owner-and-category": (["--owner", "@eve", "--category", "unit"], {"tests/unit/chat/test_c.py"}),
    "owner-and-flow": (["--owner", "@ada", "--flow", "chat"], {"tests/unit/chat/test_c.py"}),
    "path-and-category": (["tests/unit/chat", "--category", "unit"], {"tests/unit/chat/test_c.py"}),
    "path-and-owner": (["tests/e2e", "tests/unit", "--owner", "@eve"], {"tests/unit/chat/test_c.py", "tests/e2e/test_d.py"}),
}  # fmt: skip


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    return Folder(tmp_path_factory.mktemp("shop")).start(FILES)


@pytest.fixture(scope="module")
def whole(shop: Folder) -> dict[str, Any]:
    return shop.report()


@pytest.mark.parametrize(("arguments", "files"), NARROWED.values(), ids=NARROWED)
def test_everything_is_narrowed_alike(
    shop: Folder, whole: dict[str, Any], arguments: list[str], files: set[str]
) -> None:
    report = shop.report(*arguments)
    tests = {path for path in files if "/test_" in path}
    shadows = {"tests/e2e_old"} if arguments == ["--owner", "nobody"] else set()
    failing = {each["path"] for each in whole["findings"] if each["severity"] == "error"}

    assert report["findings"] == [each for each in whole["findings"] if each["path"] in files | shadows]
    assert (report["population"]["files"], report["population"]["test_files"]) == (len(files), len(tests))
    assert report["compliance"]["total"] == len(tests)
    assert report["compliance"]["compliant"] == len(tests - failing)
    assert sum(each["compliance"]["total"] for each in report["compliance_by"]["folder"]) == len(tests)


def test_narrowing_by_a_folder_is_that_of_its_path(shop: Folder) -> None:
    by_path, by_category = shop.report("tests/unit"), shop.report("--category", "unit")

    for key in ("findings", "population", "compliance", "compliance_by", "rules", "facts"):
        assert by_path[key] == by_category[key]


def test_a_warm_answer_is_narrowed_too(shop: Folder) -> None:
    assert shop.report("--category", "unit") == shop.report("--category", "unit")
    assert shop.report()["population"]["files"] == 7


def test_a_shadow_tree_is_found_where_it_is_somebodys(folder: Folder) -> None:
    owners = "/tests/ @ada\n/tests_old/ @eve\n*.backup @bob\n"
    folder.write({"CODEOWNERS": owners, "tests/test_a.py": SOUND, "tests_old/test_a.py": SOUND, "a.py.backup": SOUND})
    folder.write({"tests/test_b.py": SOUND + "# b\n", "b.py": "b = 1\n"})

    def found(*arguments: str) -> list[str]:
        text = folder.call("audit", "--output-format", "concise", *arguments).stdout
        return [line.partition(":1:1: DUP005")[0] for line in text.splitlines() if "DUP005" in line]

    assert found() == ["a.py.backup", "tests_old"]
    assert {owner: found("--owner", owner) for owner in ("@ada", "@eve", "@bob", "nobody")} == {
        "@ada": [], "@eve": ["tests_old"], "@bob": ["a.py.backup"], "nobody": []
    }  # fmt: skip
    assert folder.report("--owner", "@ada")["population"]["shadow_files"] == 0


def test_every_report_says_what_it_is_narrowed_to(shop: Folder) -> None:
    arguments = ("audit", "--category", "unit", "--category", "slow", "--owner", "@ada")

    for name in ("full", "concise", "markdown", "github"):
        text = shop.call(*arguments, "--output-format", name).stdout.replace("\u200b", "")
        assert "; only owner @ada, category unit or slow" in text
    assert json.loads(shop.call(*arguments, "--output-format", "json").stdout)["scope"] == {
        "paths": [], "owners": ["@ada"], "categories": ["unit", "slow"], "flows": []
    }  # fmt: skip


REFUSED = {
    "category": (["--category", "unti"], "`unti` is no category of the canon; did you mean `unit`?"),
    "far-category": (["--category", "zzz"], "`zzz` is no category of the canon; it has `unit`, `slow`"),
    "flow": (["--flow", "chekout"], "`chekout` is no flow of the canon; did you mean `checkout`?"),
    "owner": (["--owner", "ada"], "`ada` is no owner in CODEOWNERS; did you mean `@ada`?"),
    "one-of-several": (
        ["--owner", "@ada", "--owner", "@evi"],
        "`@evi` is no owner in CODEOWNERS; did you mean `@eve`?",
    ),
    "groups-in-json": (["--group-by", "rule", "--output-format", "json"], "`--output-format json` has no groups"),
    "groups-in-sarif": (["--group-by", "rule", "--output-format", "sarif"], "`--output-format sarif` has no groups"),
    "groups-of-counts": (["--group-by", "rule", "--worst", "3"], "`--group-by` arranges findings, `--statistics` and"),
    "counts-in-junit": (["--statistics", "--output-format", "junit"], "`--output-format junit` holds findings; leave"),
    "unknown-group": (["--group-by", "author"], "'author' is not one of"),
}


@pytest.mark.parametrize(("arguments", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_nobody_declared_is_one_sentence(shop: Folder, arguments: list[str], sentence: str) -> None:
    done = shop.call("audit", *arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_without_owners_or_categories_there_is_nothing_to_narrow_to(folder: Folder) -> None:
    folder.write({"tests/test_a.py": SOUND})

    assert "no CODEOWNERS file says who owns what" in folder.call("audit", "--owner", "@ada").stderr
    assert "the canon declares no categories, so `unit` is none" in folder.call("audit", "--category", "unit").stderr
    assert "the canon declares no flows, so `chat` is none" in folder.call("audit", "--flow", "chat").stderr


def test_what_holds_no_file_is_never_green(shop: Folder) -> None:
    done = shop.call("audit", "--owner", "core@shop.example", "--category", "unit")

    assert done.returncode == 5
    assert (
        "no file that canonry reads and that belongs to owner core@shop.example, category unit was found" in done.stderr
    )


def test_a_commit_is_narrowed_by_its_own_canon(shop: Folder) -> None:
    assert shop.report("--rev", "HEAD", "--flow", "chat")["population"]["files"] == 1


def test_a_cluster_is_in_scope_where_any_of_its_places_is(clusters: Callable[..., str]) -> None:
    def codes(*arguments: str) -> set[str]:
        return {each["code"] for each in json.loads(clusters("--output-format", "json", *arguments))["findings"]}

    assert "DBL001" in codes("--owner", "@ada") & codes("tests/e") & codes("--category", "late") & codes(
        "--owner", "@eve"
    )
    assert codes("tests/e", "--category", "late") == {"DBL001"}
    assert "DBL001" not in codes("tests/a", "tests/e/test_e.py", "--owner", "@eve")


# which paths a pattern means -----------------------------------------------------------------------------------------

MATCHES = [
    ("tests/unit", "tests/unit/test_a.py", True), ("tests/unit/", "tests/unit/x/test_a.py", True),
    ("./tests/unit", "tests/unit/test_a.py", True), ("tests/unit", "tests/unit_two/test_a.py", False),
    ("tests/unit", "shop/tests/unit/test_a.py", False), ("tests/unit/test_a.py", "tests/unit/test_a.py", True),
    ("tests/unit/test_a.py", "tests/unit/test_a.pyx", False), (".", "a.py", True), ("", "a.py", True),
    ("tests/*/slow", "tests/unit/slow/test_a.py", True), ("tests/*/slow", "tests/a/b/slow/test_a.py", False),
    ("tests/**/slow", "tests/a/b/slow/test_a.py", True), ("tests/**/slow", "tests/slow/test_a.py", True),
    ("tests/test_*.py", "tests/test_a.py", True), ("tests/test_*.py", "tests/unit/test_a.py", False),
    ("**/test_*.py", "test_a.py", True), ("**/test_*.py", "a/b/test_a.py", True), ("test_*.py", "a/test_a.py", False),
    ("shop/orders/**", "shop/orders/a/b.py", True), ("shop/orders/**", "shop/order/b.py", False),
    ("tests/[ab].py", "tests/a.py", True), ("tests/[ab].py", "tests/c.py", False),
    ("tests/[ab]", "tests/[ab]/test_a.py", True), ("tests/[ab", "tests/[ab/test_a.py", True),
    ("!tests", "tests/a.py", False), ("!tests", "!tests/a.py", True), ("#a", "#a/b.py", True), ("tests/?.py", "tests/é.py", True),
]  # fmt: skip


@pytest.mark.parametrize(("pattern", "path", "expected"), MATCHES)
def test_a_pattern_is_a_folder_a_file_or_a_glob(pattern: str, path: str, expected: bool) -> None:
    assert matches(path, [pattern]) is expected
    assert matches(path, ["nowhere", pattern]) is expected
    assert not matches(path, [])


NAME = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/"), min_size=1, max_size=8).filter(
    lambda name: name not in (".", "..")
)


@given(st.lists(NAME, min_size=2, max_size=5), st.data())
def test_every_folder_above_a_file_holds_it(parts: list[str], data: st.DataObject) -> None:
    depth = data.draw(st.integers(1, len(parts)))

    assert matches("/".join(parts), ["/".join(parts[:depth])])


def test_a_category_holds_the_files_that_carry_its_marker(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "canonry.toml": "[categories.network]\nmarkers = ['network']\n[categories.unit]\npaths = ['tests/unit']\n",
        "tests/test_net.py": "import pytest\n\n@pytest.mark.network\ndef test_net():\n    print(1)\n",
        "tests/test_plain.py": "def test_plain():\n    print(1)\n",
        "tests/unit/test_small.py": "def test_small():\n    print(1)\n",
    }
    folder = Folder(tmp_path / "shop").write(files)
    for categories, expected in ((("network",), ["tests/test_net.py"]), (("unit",), ["tests/unit/test_small.py"])):
        result = folder.audit(categories=categories)
        assert [record.path for record in result.files()] == expected
        assert {finding.path for finding in result.findings() if finding.code == "TST006"} == set(expected)
