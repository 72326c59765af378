"""The checks that a planned result passes before a byte is written, in their order; the first objection ends it."""

import codecs
import tokenize

from canonry.changes.checks.commands import object_to_commands
from canonry.changes.checks.compiled import object_to_compiled
from canonry.changes.checks.edited import EditedSource
from canonry.changes.checks.layout import object_to_layout
from canonry.changes.checks.names import object_to_names
from canonry.changes.checks.parses import object_to_syntax
from canonry.changes.checks.same_text import object_to_text
from canonry.changes.checks.same_tree import object_to_tree
from canonry.changes.checks.settled import PlanAgain, object_to_second_run
from canonry.changes.parsed import ParsedText
from canonry.model.change_plan import FileChange
from canonry.model.edit import Grade
from canonry.source.facts import Break
from canonry.source.syntax.parse import parse_source
from canonry.source.syntax.text import EncodingError, SourceText, decode_source
from canonry.source.syntax.versions import Version


def check_result(
    change: FileChange,
    before: bytes | None,
    after: bytes,
    *,
    target: Version,
    plan_again: PlanAgain | None,
    own: bool,
    parsed: tuple[ParsedText, ParsedText] | None = None,
) -> str | None:
    """The first objection to what a file is to hold, None where there is none. ``before`` is None for a new file.

    ``own``: the planner verifies in the place of the checks that compare with the source (2, 3 and 5). ``parsed`` are
    both contents at the target, where somebody has parsed them; the first tree is used up.
    """
    if objection := object_to_grade(change):
        return objection
    if before is not None and (objection := object_to_layout(before, after)):
        return objection
    is_python = change.path.endswith((".py", ".pyi"))
    if is_python and parsed is None and (objection := object_to_syntax(after, target)):
        return objection
    if not own and before is not None:
        if is_python:
            objection = _check_python(change, before, after, target, parsed)
        else:
            objection = object_to_commands(change.path, before, after, change.edits)
        if objection:
            return objection
    return object_to_second_run(change.path, after, plan_again) if plan_again is not None else None


def object_to_grade(change: FileChange) -> str | None:
    """Objects to what nobody but a reader may decide."""
    if change.grade is Grade.MANUAL:
        return "it is graded manual: somebody has to make this change by hand"
    return None


def _check_python(
    change: FileChange, before: bytes, after: bytes, target: Version, parsed: tuple[ParsedText, ParsedText] | None
) -> str | None:
    try:
        text = decode_source(before)
    except EncodingError as error:
        return f"it is not text in its declared encoding ({error}); only UTF-8 is edited"
    if text != before.removeprefix(codecs.BOM_UTF8):
        return "its encoding is not UTF-8, and only that is edited; convert the file first"
    old, new, broken = _parsed(before, after, target) if parsed is None else (*parsed, None)
    if old is None or new is None:
        where = f" ({broken.message} in line {broken.site.line})" if broken is not None else ""
        return f"it does not parse{where}, so edits cannot be checked; `canonry repair` comes first"
    result = after.removeprefix(codecs.BOM_UTF8)
    if new.text.content != result:  # it declares another encoding now
        new = ParsedText(SourceText(result), new.tree)
    source = EditedSource(before, old, new, change.edits)
    mark = len(codecs.BOM_UTF8) if before.startswith(codecs.BOM_UTF8) else 0
    is_replaced = any(each.start <= mark and each.end == len(before) for each in change.edits)
    try:
        return (
            object_to_compiled(source)
            or object_to_text(source)
            or object_to_names(
                source, is_package=change.path.rpartition("/")[2] == "__init__.py", is_replaced=is_replaced
            )
            or object_to_tree(source, target)  # last: it changes the source's tree
        )
    except RecursionError:
        return "it is nested deeper than can be compared; make this change by hand"
    except (tokenize.TokenError, SyntaxError) as error:
        return f"it cannot be read token by token ({error}), so its strings and comments cannot be compared"


def _parsed(before: bytes, after: bytes, target: Version) -> tuple[ParsedText | None, ParsedText | None, Break | None]:
    old, text, broken = parse_source(before, target)
    new, its, _ = parse_source(after, target)
    return ParsedText(text, old) if old else None, ParsedText(its, new) if new else None, broken
