"""MIGRATION_GUIDE.md: what was and what is in one repository, with before and after from its own files."""

import re
from collections.abc import Iterator, Sequence

import msgspec

from canonry.canon.options import Canon
from canonry.model.edit import Grade
from canonry.model.migration import CodemodPage, Done, MigrationSummary, Shown
from canonry.report.migration import grades
from canonry.report.style import plural

MARK = "<!-- Written by `canonry report guides`"
_MANUAL = 10


class Guide(msgspec.Struct, frozen=True, kw_only=True):
    """What a guide is made of: the canon, what the codemods find in the tree, what was done, places of both."""

    canon: Canon
    summary: MigrationSummary
    pages: tuple[CodemodPage, ...]
    planned: dict[str, Shown]
    done: Done


def render(guide: Guide) -> str:
    """The text of the guide. The same tree gives the same text; it names no time and no user."""
    return "\n".join(_lines(guide)).rstrip() + "\n"


def _lines(guide: Guide) -> Iterator[str]:
    yield f"{MARK}; run it again instead of editing this file. -->"
    yield ""
    yield "# Migration guide"
    yield ""
    yield "How the tests of this repository move to its canon."
    yield ""
    yield from _canon(guide.canon)
    yield from _counts(guide)
    for page in guide.pages:
        yield from _codemod(guide, page)


def _canon(canon: Canon) -> Iterator[str]:
    rows = (
        ("runner", canon.canon.runner),
        ("base cases", ", ".join(canon.canon.base_cases)),
        ("environment", canon.canon.environment),
        ("mock factory", canon.canon.mock_factory),
        *((f"`{symbol.name}`", symbol.home) for symbol in canon.canon.symbols),
        *((f"category {name}", ", ".join((*each.paths, *each.markers))) for name, each in canon.categories.items()),
    )
    yield "## What is right"
    yield ""
    yield "| what | where |"
    yield "| -- | -- |"
    yield from (f"| {what} | `{_cell(where)}` |" for what, where in rows if where)
    yield ""


def _counts(guide: Guide) -> Iterator[str]:
    counts = grades(guide.summary)
    yield "## What was, and what is left"
    yield ""
    yield "Files that were changed are counted by `canonry changes list`, the rest by `canonry migrate --review`."
    yield ""
    yield "| codemod | files changed | safe | review | by hand |"
    yield "| -- | --: | --: | --: | --: |"
    for page in guide.pages:
        count, done = counts.get(page.name), guide.done.files.get(page.name, 0)
        if count is None and not done:
            continue
        left = [count[grade] if count is not None else 0 for grade in (Grade.SAFE, Grade.REVIEW, Grade.MANUAL)]
        yield f"| [{page.name}](#{page.name}) | {done:,} | {' | '.join(f'{each:,}' for each in left)} |"
    yield ""


def _codemod(guide: Guide, page: CodemodPage) -> Iterator[str]:
    mine = [item for item in guide.summary.items if item.codemod == page.name]
    done = guide.done.shown.get(page.name)
    if not mine and not guide.done.files.get(page.name):
        return
    yield f"## {page.name}"
    yield ""
    yield " ".join(page.text.split("\n\n")[0].split())
    yield ""
    if done is not None:
        yield f"What was, and what is now, in `{done.path}`:"
        yield from _difference(done)
    planned = guide.planned.get(page.name)
    if planned is not None:
        yield f"What is, and what it becomes, in `{planned.path}` line {planned.line:,}:"
        yield from _difference(planned)
    left = [item for item in mine if item.planned]
    if left:
        option = " --review" if any(item.grade is Grade.REVIEW for item in left) else ""
        verb = "is" if len(left) == 1 else "are"
        command = f"canonry migrate --codemod {page.name}{option} --write"
        yield f"`{command}` makes {plural(len(left), 'change')} that {verb} left."
        yield ""
    manual = [item for item in mine if item.grade is Grade.MANUAL]
    if manual:
        yield "By hand:"
        yield ""
        yield from (f"- `{item.path}:{item.line}`: {_cell(item.reason)}" for item in manual[:_MANUAL])
        if len(manual) > _MANUAL:
            yield f"- {len(manual) - _MANUAL:,} more, which `canonry migrate --codemod {page.name}` lists"
        yield ""


def _difference(shown: Shown) -> Iterator[str]:
    every: Sequence[str] = (*shown.lead, *shown.before, *shown.after, *shown.rest)
    fence = "`" * max(3, 1 + max((len(run) for line in every for run in re.findall("`+", line)), default=0))
    yield ""
    yield f"{fence}diff"
    for sign, lines in ((" ", shown.lead), ("-", shown.before), ("+", shown.after), (" ", shown.rest)):
        yield from (f"{sign}{line}".rstrip() for line in lines)
    yield fence
    yield ""


def _cell(text: str) -> str:
    return "".join(each if each.isprintable() else "?" for each in text).replace("|", "\\|")
