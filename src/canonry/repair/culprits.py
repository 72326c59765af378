"""The commits that did the damage: what each claims, and what it broke."""

from collections import Counter
from collections.abc import Iterable

from canonry.model.repair import Culprit, FileRepair, Verdict
from canonry.source.trees.git import Git, split_records


def find_culprits(git: Git, repairs: Iterable[FileRepair]) -> tuple[Culprit, ...]:
    """Every commit that broke one of these files, the one that broke most first."""
    guilty: dict[str, list[FileRepair]] = {}
    for each in repairs:
        if each.broken_by and each.verdict in (Verdict.BROKEN, Verdict.COMMENTED_OUT):
            guilty.setdefault(each.broken_by, []).append(each)
    said = _describe(git, guilty)
    found = [
        Culprit(
            commit=commit,
            date=said.get(commit, ("", ""))[0],
            subject=said.get(commit, ("", ""))[1],
            files=tuple(each.path for each in files),
            tests=sum(_tests(each) for each in files),
            damage=dict(Counter(kind for each in files for kind in each.damage).most_common()),
        )
        for commit, files in guilty.items()
    ]
    return tuple(sorted(found, key=lambda each: (-len(each.files), each.commit)))


def _tests(each: FileRepair) -> int:
    """The tests that a commit broke: what can be read of them, or what was commented out and comes back."""
    return each.tests_now if each.verdict is Verdict.COMMENTED_OUT else each.tests_before


def _describe(git: Git, commits: Iterable[str]) -> dict[str, tuple[str, str]]:
    """The date and the subject of each commit."""
    wanted = sorted(commits)
    if not wanted:
        return {}
    output = git.output("log", "--no-walk=unsorted", "-z", "--format=%H%x01%cs%x01%s", *wanted, check=False)
    rows = (record.decode("utf-8", "replace").split("\x01") for record in split_records(output + b"\0"))
    return {row[0]: (row[1], row[2]) for row in rows if len(row) == 3}
