"""A tree against another: what `canonry gate --against` does."""

from collections.abc import Callable
from pathlib import Path

import msgspec

from canonry.audit.request import Request
from canonry.audit.session import Progress
from canonry.gate.compare import compare
from canonry.gate.judge import judge
from canonry.gate.renamed import Bodies
from canonry.gate.states import Side, open_pair
from canonry.gate.terms import Terms
from canonry.model.errors import UserError
from canonry.model.gate import Judgement
from canonry.source.trees.git import Git, find_repository


def judge_trees(
    head: Request, against: str, *, merge_base: bool = False, terms: Terms, progress: Progress | None = None
) -> Judgement:
    """The judgement of a tree against a commit. Raises `UserError` for what the user can mend."""
    git = repository(head)
    commit = base_commit(git, against, head.revision or "HEAD", merge_base=merge_base)
    base = msgspec.structs.replace(head, revision=commit, staged=False)
    names = (_shown(git, commit, against), _name(head, git))
    with open_pair(_quiet(base), _quiet(head), names=names, progress=progress) as pair:
        bodies = Bodies(_reader(pair.base), _reader(pair.head))
        moved = _moved(pair.base, pair.head)
        changes = list(
            compare(pair.base_state, pair.head_state, bodies=bodies, least=terms.least, moved=moved, rules=terms.rules)
        )
        if not pair.head.result.header.canon_declared and pair.base.session.loaded.declared and head.config is None:
            pair.notes.append("the canon itself is gone")
        notes = [*pair.notes]
    return judge(changes, head=names[1], base=names[0], allowed=terms.allowed, notes=notes, commit=commit)


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
    if against == "HEAD" and not git.output("rev-parse", "--verify", "--quiet", "HEAD", check=False):
        return git.output("hash-object", "-t", "tree", "--stdin").decode().strip()
    return base_commit(git, against, "HEAD", merge_base=False)


def _quiet(request: Request) -> Request:
    return msgspec.structs.replace(request, history=False)


def _reader(side: Side) -> Callable[[str], bytes | None]:
    return side.session.tree.read


def _moved(base: Side, head: Side) -> dict[str, str]:
    """Where contents of the base went that stand elsewhere in the head."""
    places: dict[bytes, list[str]] = {}
    for path, key in head.listing.live.items():
        if key is not None and path not in base.listing.live:
            places.setdefault(key, []).append(path)
    if not places:
        return {}
    found: dict[str, str] = {}
    for path, key in base.listing.live.items():
        if key is not None and path not in head.listing.live and (there := places.get(key)):
            found[path] = there.pop()
    return found


def _name(request: Request, git: Git) -> str:
    if request.revision is not None:
        return _shown(git, git.resolve(request.revision), request.revision)
    return "the index" if request.staged else "the working tree"


def _shown(git: Git, commit: str, said: str) -> str:
    short = commit[:10]
    return f"`{short}`" if commit.startswith(said) or said == short else f"`{said}` ({short})"
