"""Which files a table of the canon selects: the one place that reads `paths`, `tests` and `components`."""

from canonry.canon.options import Canon
from canonry.model.selection import matches as matches
from canonry.model.selection import plain as plain


def categories_of(canon: Canon, path: str) -> tuple[str, ...]:
    """The names of the categories that a path belongs to, in the order of the canon."""
    return tuple(name for name, category in canon.categories.items() if matches(path, category.paths))


def flows_of(canon: Canon, path: str) -> tuple[str, ...]:
    """The names of the flows that a path belongs to, as one of their tests or components, in the order of the canon."""
    return tuple(name for name, flow in canon.flows.items() if matches(path, (*flow.tests, *flow.components)))
