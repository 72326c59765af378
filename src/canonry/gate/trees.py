"""A tree against another: what `canonry gate --against` does."""

from collections.abc import Callable

import msgspec

from canonry.audit.request import Request
from canonry.audit.session import Progress
from canonry.gate.commits import base_commit, repository
from canonry.gate.compare import compare
from canonry.gate.judge import judge
from canonry.gate.mendable import with_true_mends
from canonry.gate.renamed import Bodies
from canonry.gate.states import Side, open_pair
from canonry.gate.terms import Terms
from canonry.model.gate import Judgement
from canonry.source.trees.git import Git


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
        notes, root = [*pair.notes], pair.head.session.tree.root
        on_disk = not pair.head.session.tree.by_blob
    found = judge(
        changes,
        head=names[1],
        base=names[0],
        allowed=terms.allowed,
        notes=notes,
        commit=commit,
        at=_elsewhere(git, head),
        staged=head.staged,
    )
    return with_true_mends(found, root, head) if on_disk else found


def _elsewhere(git: Git, request: Request) -> str:
    """The id of the commit that is judged, empty where a working tree stands on it."""
    if request.revision is None:
        return ""
    commit = git.resolve(request.revision)
    on_it = git.output("rev-parse", "--is-bare-repository", "HEAD", check=False).decode().split()
    return "" if on_it == ["false", commit] else commit


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
