"""MIGRATION_GUIDE.md: what was and what is in one repository, with before and after from its own files."""

import re
from collections.abc import Iterator, Sequence

from canonry.canon.options import Canon
from canonry.model.edit import Grade
from canonry.model.migration import CodemodPage, Done, MigrationSummary, Shown
from canonry.report.guides.subject import Migration, Subject
from canonry.report.guides.words import ABOUT, cell, code, codes, prose, table
from canonry.report.migration import grades
from canonry.report.style import plural

_MANUAL = 10


def migration_guide(subject: Subject, migration: Migration) -> str:
    """What is right and what is left. The same tree gives the same text; it names no time and no user."""
    return "\n".join(_lines(subject, migration))


def migration_done(subject: Subject, migration: Migration) -> str:
    """What was moved from this working tree, empty where nothing was: no other clone knows it."""
    return "\n".join(_done(subject, migration.done)) if migration.done.files else ""


def _lines(subject: Subject, migration: Migration) -> Iterator[str]:
    yield from ("# Migration guide", "", ABOUT, "")
    yield (
        "How the tests of this repository move to its canon. A codemod changes one pattern everywhere. `canonry "
        "migrate` "
        "shows what it would do and writes nothing; `--write` applies what is graded safe, `--review` adds what wants "
        "a "
        "reader; `canonry changes rollback ID` takes it back, byte for byte. `canonry migrate plan` and `canonry "
        "migrate "
        "next "
        "--write` do the same in waves, each of which stays only where no test is lost and none that passed fails."
    )
    yield ""
    yield from _canon(subject.canon)
    yield from _counts(subject, migration.summary)
    for page in subject.pages:
        yield from _codemod(migration, page)


def _canon(canon: Canon) -> Iterator[str]:
    rows = (
        ("runner", canon.canon.runner),
        ("base cases", ", ".join(canon.canon.base_cases)),
        ("environment", canon.canon.environment),
        ("mock factory", canon.canon.mock_factory),
        *((code(symbol.name), symbol.home) for symbol in canon.canon.symbols),
        *((f"category {name}", ", ".join((*each.paths, *each.markers))) for name, each in canon.categories.items()),
    )
    yield from ("## What is right", "")
    yield from table(("what", "where"), ((cell(what), codes((where,))) for what, where in rows if where))


def _counts(subject: Subject, summary: MigrationSummary) -> Iterator[str]:
    counts = grades(summary)
    yield from ("## What is left", "", "Places, as `canonry migrate --review` counts them.", "")
    rows = []
    for page in subject.pages:
        count = counts.get(page.name)
        if count is not None and any(count.values()):
            left = (f"{count[grade]:,}" for grade in (Grade.SAFE, Grade.REVIEW, Grade.MANUAL))
            rows.append((f"[{page.name}](#{page.name})", *left))
    yield from table(("codemod", "safe", "review", "by hand"), rows)
    if not rows:
        yield from ("Nothing: every place that a codemod knows is moved.", "")


def _codemod(migration: Migration, page: CodemodPage) -> Iterator[str]:
    mine = [item for item in migration.summary.items if item.codemod == page.name]
    if not mine:
        return
    yield from (f"## {page.name}", "", " ".join(page.text.split("\n\n")[0].split()), "")
    planned = migration.planned.get(page.name)
    if planned is not None:
        yield f"What is, and what it becomes, in {code(planned.path)} line {planned.line:,}:"
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
        yield from ("By hand:", "")
        yield from (f"- {code(f'{item.path}:{item.line}')}: {prose(item.reason)}" for item in manual[:_MANUAL])
        if len(manual) > _MANUAL:
            yield f"- {len(manual) - _MANUAL:,} more, which `canonry migrate --codemod {page.name}` lists"
        yield ""


def _done(subject: Subject, done: Done) -> Iterator[str]:
    yield from ("## What was moved", "", "As `canonry changes list` counts it where it was done.", "")
    yield from table(
        ("codemod", "files changed"),
        ((page.name, f"{done.files[page.name]:,}") for page in subject.pages if page.name in done.files),
    )
    for page in subject.pages:
        shown = done.shown.get(page.name)
        if shown is not None:
            yield f"{page.name}: what was, and what is now, in {code(shown.path)}:"
            yield from _difference(shown)


def _difference(shown: Shown) -> Iterator[str]:
    every: Sequence[str] = (*shown.lead, *shown.before, *shown.after, *shown.rest)
    fence = "`" * max(3, 1 + max((len(run) for line in every for run in re.findall("`+", line)), default=0))
    yield ""
    yield f"{fence}diff"
    for sign, lines in ((" ", shown.lead), ("-", shown.before), ("+", shown.after), (" ", shown.rest)):
        yield from (f"{sign}{line}".rstrip() for line in lines)
    yield fence
    yield ""
