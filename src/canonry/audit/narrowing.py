"""What an audit is narrowed to beside its paths: owners, categories, flows."""

from collections.abc import Callable, Iterable

from canonry.audit.breakdown import NOBODY, owner_names, read_owners
from canonry.audit.request import Request
from canonry.audit.result import Narrowing
from canonry.canon.keys import nearest
from canonry.canon.options import Canon
from canonry.canon.selection import categories_of, flows_of
from canonry.model.errors import UserError

Names = Callable[[str], Iterable[str]]
"""The owners, categories or flows of a path."""


def narrowing_of(request: Request, canon: Canon, codeowners: Callable[[], str]) -> Narrowing | None:
    """What a request narrows the audit to, None where it does not.

    A path belongs when it has one of the owners, lies in one of the categories (or carries a marker of one) and in one
    of the flows: any name of a kind, every kind that is asked for. Raises `UserError` for a name that nothing declares.
    """
    kinds: list[tuple[Names, frozenset[str]]] = []
    marked: dict[str, tuple[str, ...]] = {}
    if request.owners:
        kinds.append((_owners(request.owners, codeowners()), frozenset(request.owners)))
    if request.categories:
        _declared("category", "categories", request.categories, canon.categories)
        kinds.append((lambda path: (*categories_of(canon, path), *marked.get(path, ())), frozenset(request.categories)))
    if request.flows:
        _declared("flow", "flows", request.flows, canon.flows)
        kinds.append((lambda path: flows_of(canon, path), frozenset(request.flows)))
    if not kinds:
        return None
    known: dict[str, bool] = {}

    def holds(path: str) -> bool:
        answer = known.get(path)
        if answer is None:
            answer = known[path] = all(not wanted.isdisjoint(names(path)) for names, wanted in kinds)
        return answer

    return Narrowing(
        owners=request.owners, categories=request.categories, flows=request.flows, holds=holds, marked=marked
    )


def _owners(wanted: tuple[str, ...], codeowners: str) -> Names:
    if not codeowners:
        raise UserError("no CODEOWNERS file says who owns what; add one, or leave `--owner` out")
    known = owner_names(codeowners)
    for name in wanted:
        if name != NOBODY and name not in known:
            raise UserError(f"`{name}` is no owner in CODEOWNERS{_hint(name, [*known, NOBODY])}")
    owners = read_owners(codeowners)
    return lambda path: owners(path) or (NOBODY,)


def _declared(kind: str, key: str, wanted: tuple[str, ...], known: Iterable[str]) -> None:
    names = list(known)
    for name in wanted:
        if not names:
            raise UserError(f"the canon declares no {key}, so `{name}` is none; `canonry canon show` prints the canon")
        if name not in names:
            raise UserError(f"`{name}` is no {kind} of the canon{_hint(name, names)}")


def _hint(name: str, known: list[str]) -> str:
    near = nearest(name, known)
    return f"; did you mean `{near}`?" if near else f"; it has {', '.join(f'`{each}`' for each in known[:8])}"
