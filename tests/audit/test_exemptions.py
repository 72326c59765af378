"""Exemptions that grew, against the commit before."""

import datetime as dt
import os

import pytest

from tests.workbench import SOUND, Folder

RUNS = "import pytest\n\npytest.main([])"
WHY = "  # canonry: ignore[RUN001] the gateway needs it"
CLOSED = f"{RUNS}{WHY}\n"
OPEN = f"{RUNS}\n"
WHOLE = f"# canonry: ignore-file[RUN001] the gateway needs it\n{OPEN}"


def grown(folder: Folder, **options: object) -> list[tuple[str, int, str]]:
    return [(each.path, each.line, each.message.partition(": ")[2]) for each in folder.findings("GOV004", **options)]


ONE_MORE = "1 statement from `RUN001`, there were 0"


def test_against_head_while_something_is_uncommitted(repository: Folder) -> None:
    repository.start({"tests/test_a.py": OPEN, "tests/test_b.py": SOUND})
    repository.write({"tests/test_a.py": CLOSED})
    (found,) = repository.findings("GOV004")

    assert (found.path, found.line) == ("tests/test_a.py", 3)
    assert (
        found.message
        == f"more is exempt in the files that changed since `{repository.git('rev-parse', 'HEAD')[:10]}`: {ONE_MORE}"
    )


def test_against_the_parent_of_a_clean_tree(repository: Folder) -> None:
    repository.start({"tests/test_a.py": OPEN}).commit({"tests/test_a.py": CLOSED})
    assert grown(repository) == [("tests/test_a.py", 3, ONE_MORE)]

    repository.commit({"README.md": "shop\n"})
    assert grown(repository) == []


def test_a_new_file_that_nobody_added_yet(repository: Folder) -> None:
    repository.start({"tests/test_a.py": SOUND}).write({"tests/test_b.py": CLOSED})

    assert grown(repository) == [("tests/test_b.py", 3, ONE_MORE)]


def test_what_is_staged(repository: Folder) -> None:
    repository.start({"tests/test_a.py": OPEN}).write({"tests/test_a.py": CLOSED}).git("add", ".")

    assert grown(repository, staged=True) == [("tests/test_a.py", 3, ONE_MORE)]
    assert grown(repository) == [("tests/test_a.py", 3, ONE_MORE)], "all is staged: still against HEAD"


def test_a_commit_and_a_bare_repository(repository: Folder, tmp_path_factory: pytest.TempPathFactory) -> None:
    repository.start({"tests/test_a.py": OPEN}).commit({"tests/test_a.py": CLOSED}).commit({"README.md": "x\n"})
    bare = Folder(repository.clone_bare(tmp_path_factory.mktemp("bare") / "shop.git"))

    assert grown(repository, revision="HEAD~1") == [("tests/test_a.py", 3, ONE_MORE)]
    assert grown(repository, revision="HEAD") == []
    assert grown(bare, revision="HEAD~1") == [("tests/test_a.py", 3, ONE_MORE)]


def test_against_a_commit_that_is_named(repository: Folder) -> None:
    repository.start({"tests/test_a.py": OPEN}).commit({"tests/test_a.py": CLOSED}).commit({"README.md": "x\n"})
    done = repository.call("audit", "--base", "HEAD~2", "--output-format", "concise")

    assert grown(repository, base="HEAD~2") == [("tests/test_a.py", 3, ONE_MORE)]
    assert "GOV004 error: more is exempt" in done.stdout
    assert done.returncode == 1


def test_a_base_that_is_none(repository: Folder, folder: Folder) -> None:
    unknown = repository.start({"a.py": "x = 1\n"}).call("audit", "--base", "nowhere")
    outside = folder.write({"a.py": "x = 1\n"}).call("audit", "--base", "HEAD")

    assert (unknown.returncode, outside.returncode) == (2, 2)
    assert "`nowhere` names no commit" in unknown.stderr
    assert "there is no git repository here" in outside.stderr


def test_outside_git_and_in_the_first_commit(repository: Folder, folder: Folder) -> None:
    assert grown(folder.write({"tests/test_a.py": CLOSED})) == []
    assert grown(repository.start({"tests/test_a.py": CLOSED})) == []


def test_single_files_are_not_compared(repository: Folder) -> None:
    repository.start({"tests/test_a.py": OPEN}).write({"tests/test_a.py": CLOSED})

    assert [each.code for each in repository.audit("tests/test_a.py").findings()] == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"tests/test_a.py": CLOSED}, {"tests/test_a.py": f"x = 1\n{CLOSED}"}),
        ({"tests/test_a.py": CLOSED}, {"tests/test_a.py": SOUND, "tests/test_b.py": CLOSED}),
        ({"tests/test_a.py": CLOSED}, {"tests/test_a.py": CLOSED.replace("needs it", "wants it")}),
        ({"tests/test_a.py": CLOSED}, {"tests/test_a.py": CLOSED.replace("] the", "] until=2031-01-01 the")}),
        ({"tests/test_a.py": WHOLE}, {"tests/test_a.py": CLOSED}),
        ({"tests/test_a.py": WHOLE}, {"tests/test_a.py": SOUND, "tests/test_b.py": WHOLE}),
        ({"tests/test_a.py": CLOSED.replace("RUN001", "RUN")}, {"tests/test_a.py": CLOSED}),
        ({"tests/test_a.py": CLOSED + CLOSED}, {"tests/test_a.py": CLOSED}),
        ({"tests/test_a.py": OPEN}, {"tests/test_a.py": OPEN.replace("[])", "[])  # canonry: ignore[RUN001]")}),
        ({"tests/test_a.py": OPEN}, {"tests/test_a.py": f"{OPEN}'''\n{WHY}\n'''\n"}),
        ({"tests/test_a.py": f"def f(:\n{CLOSED}"}, {"tests/test_a.py": CLOSED}),
        ({"tests/test_ä b.py": CLOSED}, {"tests/test_ä b.py": f"x = 1\n{CLOSED}"}),
    ],
)
def test_what_is_no_growth(repository: Folder, before: dict[str, str | bytes], after: dict[str, str | bytes]) -> None:
    repository.start(before).write(after)

    assert grown(repository) == []


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (CLOSED, CLOSED + CLOSED, "2 statements from `RUN001`, there was 1"),
        (CLOSED, WHOLE, "1 whole file from `RUN001`, there were 0"),
        (CLOSED, CLOSED.replace("RUN001", "RUN"), "1 statement from `RUN002` (as part of `RUN`), there were 0"),
        (CLOSED, CLOSED.replace("RUN001", "RUN001, ENV001"), "1 statement from `ENV001`, there were 0"),
    ],
)
def test_what_is_growth(repository: Folder, before: str, after: str, said: str) -> None:
    repository.start({"tests/test_a.py": before}).write({"tests/test_a.py": after})

    assert [message for _, _, message in grown(repository)] == [said]


def test_a_file_whose_name_is_no_text(repository: Folder) -> None:
    repository.start({"tests/test_a.py": SOUND})
    (repository.root / "tests" / os.fsdecode(b"test_\xff.py")).write_text(CLOSED, encoding="utf-8")

    assert grown(repository) == [("tests/test_\\xff.py", 3, ONE_MORE)]
    assert repository.call("audit", "--output-format", "json").returncode == 1


def test_only_the_new_one_is_named(repository: Folder) -> None:
    repository.start({"tests/test_a.py": CLOSED, "tests/test_b.py": OPEN})
    repository.write({"tests/test_a.py": f"x = 1\n{CLOSED}", "tests/test_b.py": f"y = 2\n{CLOSED}"})

    assert grown(repository) == [("tests/test_b.py", 4, "2 statements from `RUN001`, there was 1")]


CANON = "exclude = [{}]\n[[suppressions]]\nrules = ['RUN001']\npaths = [{}]\nreason = 'the gateway needs it'\n"
FILES: dict[str, str | bytes] = {
    "tests/legacy/test_a.py": OPEN, "tests/new/test_b.py": OPEN, "vendor/a.py": "x = 1\n", "tools/b.py": "x = 1\n"
}  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        (
            ("'vendor'", "'tests/legacy'"),
            ("'vendor', 'tools'", "'tests/legacy'"),
            [(1, "2 files by `exclude`, there was 1")],
        ),
        (("'vendor'", "'tests/legacy'"), ("'vendor'", "'tests'"), [(2, "2 files from `RUN001`, there was 1")]),
        (("'vendor'", "'tests/legacy'"), ("'vendor'", "'tests/legacy/**'"), []),
        (("'vendor'", "'tests'"), ("'vendor', 'nothing'", "'tests/legacy'"), []),
        (("'vendor', 'tools'", "'tests'"), ("'tools'", "'tests'"), []),
    ],
)
def test_the_canon(
    repository: Folder, before: tuple[str, str], after: tuple[str, str], found: list[tuple[int, str]]
) -> None:
    repository.start({**FILES, "canonry.toml": CANON.format(*before)})
    repository.write({"canonry.toml": CANON.format(*after)})

    assert grown(repository) == [("canonry.toml", line, said) for line, said in found]


LATER, PAST = "until = 2031-01-01\n", "until = 2001-01-01\n"


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [("", PAST, []), (PAST, LATER, [2]), (LATER, "", []), (PAST, "", [2])],
)
def test_what_has_expired_exempts_nothing(repository: Folder, before: str, after: str, lines: list[int]) -> None:
    whole, few = CANON.format("", "'tests'"), CANON.format("", "'tests/legacy'")
    repository.start({**FILES, "canonry.toml": (whole if before else few) + before})
    repository.write({"canonry.toml": whole + after})

    assert [line for _, line, _ in grown(repository)] == lines


def test_an_expired_comment_exempts_nothing(repository: Folder) -> None:
    past = CLOSED.replace("] the", "] until=2001-01-01 the")
    repository.start({"tests/test_a.py": OPEN}).commit({"tests/test_a.py": past})
    assert grown(repository) == []

    repository.commit({"tests/test_a.py": CLOSED})
    assert grown(repository) == [("tests/test_a.py", 3, ONE_MORE)]


def test_a_kept_answer_ends_with_an_exemption_of_the_base(repository: Folder) -> None:
    repository.start({"tests/test_a.py": CLOSED.replace("] the", "] until=2031-01-01 the")})
    repository.commit({"tests/test_a.py": CLOSED})
    days = [dt.date(2031, 1, 1), dt.date(2031, 1, 2)]

    assert [len(grown(repository, cache=True, today=day)) for day in days] == [0, 1]


def test_a_file_tells_once_of_each_rule(repository: Folder) -> None:
    both = CLOSED.replace("RUN001", "RUN001, ENV001")
    repository.start({"tests/test_a.py": OPEN}).write({"tests/test_a.py": CLOSED * 3 + both})

    assert grown(repository) == [
        ("tests/test_a.py", 3, "4 statements from `RUN001`, there were 0"),
        ("tests/test_a.py", 12, "1 statement from `ENV001`, there were 0"),
    ]


def test_a_first_canon_is_no_growth(repository: Folder) -> None:
    repository.start(FILES).write({"canonry.toml": CANON.format("'vendor'", "'tests'")})

    assert grown(repository) == []


def test_files_that_the_canon_leaves_out_count_in_neither(repository: Folder) -> None:
    repository.start({"canonry.toml": "exclude = ['vendor']\n", "vendor/a.py": CLOSED, "tests/test_a.py": OPEN})
    repository.git("rm", "--quiet", "vendor/a.py")
    repository.write({"tests/test_a.py": CLOSED})

    assert grown(repository) == [("tests/test_a.py", 3, ONE_MORE)]


def test_a_kept_answer_is_for_its_base(repository: Folder) -> None:
    repository.start({"tests/test_a.py": OPEN}).commit({"tests/test_a.py": CLOSED})
    first = grown(repository, cache=True)
    repository.commit({"notes.txt": "nothing that is read\n"})

    assert first == grown(repository, base="HEAD~2", cache=True) == [("tests/test_a.py", 3, ONE_MORE)]
    assert grown(repository, cache=True) == []


def test_nothing_suppresses_it(repository: Folder) -> None:
    repository.start({"tests/test_a.py": OPEN})
    repository.write({"tests/test_a.py": f"# canonry: ignore-file[GOV] why\n{CLOSED}"})

    assert ("tests/test_a.py", 4, ONE_MORE) in grown(repository)
