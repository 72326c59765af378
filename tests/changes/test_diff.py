"""The difference of a plan: `git apply` makes the same files of it."""

import os
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canonry.changes.diff import file_diff, plan_diff
from canonry.changes.lines import changed_runs
from tests.changes.trees import NEW, OLD, plan_of
from tests.workbench import Folder


def git_apply(root: Path, diff: str, *options: str) -> None:
    """Has git make the change, below a folder outside any repository."""
    done = subprocess.run(
        ["git", "apply", "--whitespace=nowarn", *options, "-"],
        cwd=root,
        input=diff.encode("utf-8", "surrogateescape"),
        capture_output=True,
        env=os.environ | {"GIT_CEILING_DIRECTORIES": str(root.parent), "GIT_CONFIG_GLOBAL": os.devnull},
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode() + diff


def applied(path: str, before: bytes | None, after: bytes | None) -> bytes | None:
    with tempfile.TemporaryDirectory() as place:
        target = Path(os.path.realpath(place), path)
        target.parent.mkdir(exist_ok=True)
        if before is not None:
            target.write_bytes(before)
        git_apply(Path(os.path.realpath(place)), file_diff(path, before, after))
        return target.read_bytes() if target.exists() else None


def test_a_plan_as_git_shows_it(folder: Folder) -> None:
    root = folder.write({"a.py": "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "b.py": "x"}).root
    plan = plan_of(root, {"b.py": b"y\n", "a.py": b"1\n2\n3\n4\nfive\n6\n7\n8\n9\n", "c d.py": b"new\n"})

    assert plan_diff(plan, lambda path: (root / path).read_bytes()) == (
        "diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n"
        "diff --git a/b.py b/b.py\n--- a/b.py\n+++ b/b.py\n@@ -1 +1 @@\n-x\n\\ No newline at end of file\n+y\n"
        "diff --git a/c d.py b/c d.py\nnew file mode 100644\n--- /dev/null\n+++ b/c d.py\t\n@@ -0,0 +1 @@\n+new\n"
    )


def test_git_makes_the_same_tree(folder: Folder, tmp_path: Path) -> None:
    root = folder.write(OLD).root
    git_apply(root, plan_diff(plan_of(root, NEW), lambda path: (root / path).read_bytes()))

    for path, content in NEW.items():
        assert ((root / path).read_bytes() if (root / path).exists() else None) == content


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"a\r\nb\r\n", b"a\r\nc\r\n"),
        (b"a\rb\r", b"a\rc\r"),
        (b"\xff\xfe\n", b"\xff\xfd\n"),
        (b"a", b"a\n"),
        (b"a\n", b"a"),
        (b"", b"a\n"),
        (b"a\n", b""),
        (None, b"a"),
        (None, b""),
        (b"a", None),
        (b"", None),
        (b"\x0c\n\x85\n", b"\x0c\n\xe2\x80\xa8\n"),
        (b"-- a\n++ b\n", b"-- a\n++ c\n"),
    ],
)
def test_git_takes_every_kind_of_content(before: bytes | None, after: bytes | None) -> None:
    assert applied("a.py", before, after) == after


@pytest.mark.parametrize(
    "name",
    [
        "a b.py",
        "\u00e9.py",
        os.fsdecode(b"caf\xe9.py"),
        "tab\t.py",
        'quote".py',
        "back\\slash.py",
        "d e/f g.py",
        "new\nline.py",
    ],
)
def test_git_takes_every_name(name: str) -> None:
    assert applied(name, b"x\n", b"y\n") == b"y\n"
    assert applied(name, None, b"y\n") == b"y\n"
    assert applied(name, b"y\n", None) is None


LINES = st.lists(st.sampled_from([b"a\n", b"b\n", b"c\r\n", b"\n", b"d\xff\n", b"e"]), max_size=25).map(b"".join)


@settings(max_examples=150, deadline=None)
@given(LINES, LINES)
def test_git_makes_the_result_of_any_two_texts(before: bytes, after: bytes) -> None:
    if before == after:
        assert file_diff("a.py", before, after) == ""
    else:
        assert applied("a.py", before, after) == after


@given(st.lists(st.integers(0, 9), max_size=40), st.lists(st.integers(0, 9), max_size=40))
def test_the_runs_between_the_texts_are_what_differs(one: list[int], other: list[int]) -> None:
    old, new = ([b"%d\n" % number for number in numbers] for numbers in (one, other))
    made, at, to = [], 0, 0
    for first, last, start, end in changed_runs(old, new):
        assert first < last or start < end
        assert (at, to) <= (first, start)
        assert old[at:first] == new[to:start]
        made += [*old[at:first], *new[start:end]]
        at, to = last, end
    assert [*made, *old[at:]] == new
    assert old[at:] == new[to:]


def test_a_large_text_without_a_line_in_common_is_no_trap() -> None:
    old, new = [b"a\n"] * 30_000, [b"b\n"] * 30_000

    assert changed_runs(old, [*new, *old[:10]]) == [(0, 29_990, 0, 30_000)]
    assert changed_runs(old[:1], old[:1]) == []
