"""rival-enum."""

import ast
from collections.abc import Iterator, Sequence

from canonry.migrate.answers import Change, Found, Splice, manual
from canonry.migrate.codemod import Codemod, Example
from canonry.migrate.homes import leads_back, module_name, statement_at
from canonry.migrate.module import Module
from canonry.model.edit import Grade

_STATES = "STATES = ('new', 'paid', 'sent', 'done')\n"
_FILES = {"shop/__init__.py": "", "shop/a.py": _STATES}
_STATEMENTS = (ast.Assign, ast.AnnAssign, ast.ClassDef)


class RivalEnum(Codemod):
    """Imports a closed set of words from its home instead of writing it down again.

    A copy is taken away where it is the same code as the home's: the same values in the same order in a constant, the
    same members in an enumeration. Its name stays. A reader is always asked: two sets may hold the same words and mean
    different things, a list that is changed is one list then, and members of two enumerations are equal then. Manual: sets
    that differ, those in a class, a home that imports the file.
    """

    name = "rival-enum"
    rules = ("DUP006",)
    order = 17
    elsewhere = True
    examples = (
        Example(
            f"{_STATES}\n\ndef known(state):\n    return state in STATES\n",
            "from shop.a import STATES\n\n\ndef known(state):\n    return state in STATES\n",
            grade=Grade.REVIEW,
            path="shop/jobs.py",
            files=_FILES,
        ),
        Example(
            "KINDS = ('new', 'paid', 'sent', 'done', 'lost')\n",
            grade=Grade.MANUAL,
            path="shop/jobs.py",
            files=_FILES,
        ),
    )

    def changes(self, module: Module, found: Sequence[Found]) -> Iterator[Change]:
        """One answer for the home, one for each other place."""
        for each in found:
            if each.home is None:
                yield Change(found=each, grade=Grade.SAFE, reason="this is the likely home; the others import it")
            else:
                yield _changed(module, each)


def _changed(module: Module, found: Found) -> Change:
    home = found.home
    assert home is not None
    line = found.offence.site.line
    statement = next(
        (
            node
            for node in module.tree.body
            if isinstance(node, _STATEMENTS) and node.lineno <= line <= (node.end_lineno or 0)
        ),
        None,
    )
    facts = module.file.index.facts(home.path)
    theirs = next((each for each in facts.constants if each.site.line == home.line), None) if facts else None
    ours = next((each for each in module.file.facts.constants if each.site.line == line), None)
    if statement is None or theirs is None or ours is None or "." in ours.site.symbol or "." in theirs.site.symbol:
        return manual(found, "it stands in a class, or is not found any more")
    if ours.kind != theirs.kind or ours.members != theirs.members:
        return manual(found, f"it is not the same as `{theirs.name}` in `{home.path}`; derive one from the other")
    if not _same_code(statement, statement_at(module, home.path, home.line)):
        return manual(found, f"`{theirs.name}` in `{home.path}` holds the same words in other code")
    if isinstance(statement, ast.Assign) and len(statement.targets) != 1:
        return manual(found, "one statement binds several names")
    if module.bound.get(ours.name, 0) != 1 or module.has_comment(module.start(statement), module.end(statement)):
        return manual(found, "it is bound again elsewhere, or a comment stands in it")
    if leads_back(module.file.index, home.path, module.path):
        return manual(found, f"`{home.path}` imports this file")
    dotted, doubt = module_name(module, home.path)
    if not dotted:
        return manual(found, f"`{home.path}` has no name by which this file can import it")
    said = theirs.name if theirs.name == ours.name else f"{theirs.name} as {ours.name}"
    reason = f"`{theirs.name}` of `{home.path}` has the same words; say whether it means the same"
    return Change(
        found=found,
        grade=Grade.REVIEW,
        reason="; ".join(part for part in (reason, doubt) if part),
        edits=(Splice(module.start(statement), module.end(statement), f"from {dotted} import {said}".encode()),),
    )


def _same_code(one: ast.stmt, other: ast.stmt | None) -> bool:
    """Whether two definitions say the same, whatever their names; docstrings may differ."""
    if isinstance(one, ast.ClassDef) and isinstance(other, ast.ClassDef):
        parts = [
            [ast.dump(each) for each in (*node.bases, *node.decorator_list, *(s for s in node.body if not _is_text(s)))]
            for node in (one, other)
        ]
        return parts[0] == parts[1]
    if isinstance(one, ast.Assign | ast.AnnAssign) and isinstance(other, ast.Assign | ast.AnnAssign):
        return one.value is not None and other.value is not None and ast.dump(one.value) == ast.dump(other.value)
    return False


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
