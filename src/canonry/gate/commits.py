"""Which repository and which commit a gate compares with."""

from pathlib import Path

from canonry.audit.request import Request
from canonry.model.errors import UserError
from canonry.source.trees.git import Git, find_repository


def repository(request: Request) -> Git:
    """The repository that a request names. Raises `UserError` where there is none."""
    place = request.repository or Path()
    found = find_repository(place.resolve()) if place.exists() else None
    if found is None:
        raise UserError(f"`{place}` is in no git repository, so there is no commit to compare with; name a repository")
    return found[0]


def base_commit(git: Git, against: str, head: str, *, merge_base: bool) -> str:
    """The id of the commit to compare with. Raises `UserError` where the repository does not hold it."""
    try:
        commit = git.resolve(against)
    except UserError as error:
        if git.output("rev-parse", "--is-shallow-repository", check=False).strip() == b"true":
            raise UserError(
                f"`{against}` is not in this shallow clone; fetch more of its history (`git fetch --deepen=50`, "
                "`fetch-depth: 0` in a GitHub workflow, `GIT_DEPTH: 0` in GitLab)"
            ) from error
        raise
    if not merge_base:
        return commit
    found = git.output("merge-base", commit, head, check=False).decode().strip()
    if not found:
        raise UserError(
            f"`{against}` and `{head}` have no commit in common here (a shallow clone, or rewritten history); fetch "
            "more, or leave `--merge-base` out to compare with the commit itself"
        )
    return found


def before_commit(git: Git, against: str) -> str:
    """The id of the commit to compare what is staged with; that of the empty tree where there is no commit yet."""
    if against == "HEAD":
        commit = git.output("rev-parse", "--verify", "--quiet", "HEAD", check=False)
        return (commit or git.output("hash-object", "-t", "tree", "--stdin")).decode().strip()
    return base_commit(git, against, "HEAD", merge_base=False)
