"""One tree, one answer: part or whole, disk or commit, cold or warm, one worker or two."""

from pathlib import Path

import msgspec
import pytest

from canonry.audit.engine import audit
from canonry.audit.request import Request
from canonry.audit.result import Result
from canonry.model.finding import Finding
from canonry.rules.registry import all_rules
from canonry.rules.rule import implements
from demo.make_repository import make_repository
from tests.workbench import IDLE, RUNNER, SOUND, Folder, builtins, codes_and_paths


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """The sample repository, clean: what it leaves uncommitted is committed."""
    folder = Folder(make_repository(tmp_path_factory.mktemp("demo") / "shop", files=250).path)
    return folder.commit(message="save everything")


@pytest.fixture(scope="module")
def whole(demo: Folder) -> Result:
    return demo.audit(cache=True)


def by_path(result: Result) -> dict[str, list[Finding]]:
    found: dict[str, list[Finding]] = {}
    for finding in result.findings():
        found.setdefault(finding.path, []).append(finding)
    return found


def paths_of(finding: Finding) -> list[str]:
    """Where a finding is, and the other places of its cluster."""
    return [finding.path, *(other.path for other in finding.related)]


def without_history(findings: list[Finding]) -> list[Finding]:
    """The findings without what history says: a handful of files is answered without asking it."""
    return [msgspec.structs.replace(each, message=each.message.partition("; ")[0]) for each in findings]


def test_the_sample_has_something_to_compare(whole: Result) -> None:
    assert len({finding.code for finding in whole.findings()}) >= 20
    assert len(list(whole.findings())) > 100


@pytest.mark.parametrize("folder", ["tests", "tests/unit", "shop", "scripts", "tests_backup_20250917", "legacy"])
def test_a_folder_has_the_findings_of_the_whole(demo: Folder, whole: Result, folder: str) -> None:
    part = demo.audit(folder)
    inside = [each for each in whole.findings() if any(f"{path}/".startswith(f"{folder}/") for path in paths_of(each))]

    assert list(part.findings()) == inside
    assert [each.path for each in part.files()] == [
        each.path for each in whole.files() if each.path.startswith(f"{folder}/")
    ]


def test_several_places_have_the_findings_of_the_whole(demo: Folder, whole: Result) -> None:
    part = demo.audit("tests/unit/orders", "scripts", "shop/orders")
    chosen = ("tests/unit/orders", "scripts", "shop/orders")
    inside = [each for each in whole.findings() if any(path.startswith(chosen) for path in paths_of(each))]

    assert list(part.findings()) == inside


@pytest.mark.parametrize("cache", [True, False])
def test_single_files_have_the_findings_of_the_whole(demo: Folder, whole: Result, cache: bool) -> None:
    """All but those that compare the files of a whole tree, or the tree before, which a handful is not held against."""
    comparing = {code for code, rule in all_rules().items() if rule.looks_at or implements(rule, "check_growth")}
    expected = {path: [each for each in found if each.code not in comparing] for path, found in by_path(whole).items()}
    paths = [record.path for record in whole.files()]
    for start in range(0, len(paths), 25):
        chosen = paths[start : start + 25 : 3]
        found = by_path(demo.audit(*chosen, cache=cache))
        for path in chosen:
            compared = list if cache else without_history
            assert compared(found.get(path, [])) == compared(expected.get(path, []))


@pytest.mark.parametrize("cache", [True, False])
def test_a_file_of_a_copy_is_left_out_alone_too(demo: Folder, whole: Result, cache: bool) -> None:
    copies = [
        path for path in demo.git("ls-files", "*.py").splitlines() if path.startswith(("tests_backup", "legacy/t"))
    ]
    assert copies

    assert list(demo.audit(*copies[:5], cache=cache).findings()) == []


def test_a_file_of_a_copy_is_left_out_beside_untracked_files_and_outside_git(
    folder: Folder, repository: Folder
) -> None:
    names = [f"test_{letter}.py" for letter in "abc"]
    for place in (folder, repository):
        place.write({f"{prefix}tests/unit/{name}": f"{IDLE}# {name}\n" for name in names for prefix in ("", "parked/")})
    folder.write({"pyproject.toml": ""})
    repository.commit().write({"new.py": SOUND})

    for place in (folder, repository):
        assert list(place.audit("parked/tests/unit/test_a.py").findings()) == []
        assert len(list(place.audit("tests/unit/test_a.py").findings())) == 1


@pytest.mark.parametrize("options", [{"revision": "HEAD"}, {"staged": True}, {"workers": 2}, {"cache": True}])
def test_a_clean_tree_its_commit_and_its_index_say_the_same(demo: Folder, whole: Result, options) -> None:
    other = demo.audit(**options)

    assert builtins(other) == builtins(whole)
    assert (other.header.commit, other.header.dirty) == (whole.header.commit, False)


def test_a_bare_clone_says_the_same(demo: Folder, whole: Result, tmp_path: Path) -> None:
    bare = Folder(demo.clone_bare(tmp_path / "bare.git"))

    assert builtins(bare.audit()) == builtins(whole)


def test_the_report_is_the_same_to_the_byte_cold_and_warm(demo: Folder, tmp_path: Path) -> None:
    clone = Folder(tmp_path / "clone")
    demo.git("clone", "--quiet", str(demo.root), str(clone.root))
    cold, warm, again, apart = (
        clone.call("audit", "--output-format", "json", *options).stdout
        for options in ([], [], ["--workers", "2"], ["--no-cache"])
    )

    assert cold == warm == again == apart
    assert len(cold) > 10_000


def files_read(folder: Folder) -> int:
    totals = [0]

    def progress(what: str, _done: int, total: int) -> None:
        totals.append(total if what == "reading" else 0)

    audit(Request(repository=folder.root, target="3.11", workers=1), progress=progress)
    return max(totals)


@pytest.mark.parametrize(
    ("option", "attributes", "read"),
    [
        ("--object-format=sha256", "", 1),
        ("--quiet", "* text eol=crlf\n", 4),  # what a filter changes has no id that git knows, so it is read again
        ("--quiet", "*.py ident\n", 3),
    ],
)
def test_other_ids_and_other_line_ends_change_nothing(folder: Folder, option: str, attributes: str, read: int) -> None:
    folder.start(None, option)
    files: dict[str, str | bytes] = {f"tests/test_{letter}.py": f"# {letter} $Id$\n{IDLE}" for letter in "abc"}
    folder.commit(files | {".gitattributes": attributes, "tests/test_broken.py": "def test_a(:\n"})
    folder.git("rm", "--quiet", "--cached", "-r", "tests")
    folder.git("reset", "--quiet", "--hard")
    worktree, commit, again = folder.audit(cache=True), folder.audit(revision="HEAD"), folder.audit(cache=True)

    assert builtins(worktree) == builtins(commit) == builtins(again) == builtins(folder.audit(cache=False))
    assert not worktree.header.dirty
    folder.write({"tests/test_c.py": SOUND})
    assert files_read(folder) == read


def test_an_older_commit_is_audited_without_a_checkout(repository: Folder) -> None:
    repository.commit({"tests/test_a.py": IDLE})
    repository.commit({"tests/test_a.py": SOUND, "tests/test_b.py": IDLE})

    assert codes_and_paths(repository.audit(revision="HEAD~1")) == [("TST001", "tests/test_a.py")]
    assert codes_and_paths(repository.audit(revision="HEAD")) == [("TST001", "tests/test_b.py")]
    assert codes_and_paths(repository.audit()) == [("TST001", "tests/test_b.py")]


def test_a_commit_is_judged_by_its_own_canon(repository: Folder) -> None:
    repository.commit({"tools/run.py": RUNNER, "canonry.toml": "[canon]\nrunner = 'pytest'\n"})
    repository.commit({"canonry.toml": "[canon]\nrunner = 'canonry run'\n"})

    assert codes_and_paths(repository.audit(revision="HEAD~1")) == []
    assert [code for code, _ in codes_and_paths(repository.audit(revision="HEAD"))] == ["RUN001", "RUN004"]


def test_what_is_staged_counts_and_not_what_is_on_disk(repository: Folder) -> None:
    repository.commit({"tests/test_a.py": SOUND, "tests/test_b.py": SOUND})
    repository.write({"tests/test_a.py": IDLE})
    repository.git("add", "tests/test_a.py")
    repository.write({"tests/test_a.py": SOUND, "tests/test_b.py": IDLE, "tests/test_new.py": IDLE})

    staged = repository.audit(staged=True)
    assert codes_and_paths(staged) == [("TST001", "tests/test_a.py")]
    assert staged.header.dirty
    assert codes_and_paths(repository.audit()) == [("TST001", "tests/test_b.py"), ("TST001", "tests/test_new.py")]


def test_the_staged_canon_counts(repository: Folder) -> None:
    repository.commit({"tools/run.py": RUNNER})
    repository.write({"canonry.toml": "[canon]\nrunner = 'pytest'\n"})

    assert codes_and_paths(repository.audit(staged=True)) != []
    repository.git("add", "canonry.toml")
    repository.write({"canonry.toml": "[canon]\nrunner = 'canonry run'\n"})
    assert codes_and_paths(repository.audit(staged=True)) == []


def test_the_verdict_on_a_class_follows_its_base_in_another_file(repository: Folder) -> None:
    base = "import unittest\n\n\nclass ShopCase(unittest.{}):\n    pass\n"
    test = "from tests.cases import ShopCase\n\n\nclass TestA(ShopCase):\n    async def test_a(self):\n        assert self.x\n"
    canon = "[canon]\nbase-cases = ['tests.cases:ShopCase']\n"
    repository.commit({"tests/cases.py": base.format("TestCase"), "tests/test_a.py": test, "canonry.toml": canon})
    assert codes_and_paths(repository.audit(cache=True)) == [("BAS002", "tests/test_a.py")]

    repository.write({"tests/cases.py": base.format("IsolatedAsyncioTestCase")})
    assert codes_and_paths(repository.audit(cache=True)) == []
    assert codes_and_paths(repository.audit("tests/test_a.py", cache=True)) == []


def test_ignored_and_excluded_files_are_no_part_of_any_tree(repository: Folder) -> None:
    files: dict[str, str | bytes] = {f"{folder}/test_a.py": IDLE for folder in ("ignored", "vendor/deep", "tests")}
    repository.write(files | {".gitignore": "ignored/\n", "canonry.toml": "exclude = ['vendor/**']\n"})
    repository.commit()

    for options in ({}, {"revision": "HEAD"}, {"staged": True}):
        assert [record.path for record in repository.audit(**options).files()] == ["tests/test_a.py"]
    assert list(repository.audit("vendor/deep/test_a.py").files()) == []


def test_a_folder_outside_git_respects_its_ignore_files(folder: Folder) -> None:
    folder.write(
        {
            ".gitignore": b"ignored/\n*.gen.py\n# \xff\n",
            "ignored/a.py": SOUND,
            "a.gen.py": SOUND,
            "sub/.gitignore": "here.py\n!kept.py\n",
            "sub/here.py": SOUND,
            "sub/kept.py": SOUND,
            "here.py": SOUND,
            ".venv/lib/a.py": SOUND,
            "node_modules/a.py": SOUND,
            ".canonry/a.py": SOUND,
        }
    )

    assert [record.path for record in folder.audit().files()] == ["here.py", "sub/kept.py"]
