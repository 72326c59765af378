"""Whether a content is the wrapper of a retired runner script, and until when it is meant to stay."""

import ast

from canonry.source.facts import Retirement
from canonry.source.syntax.text import SourceText

_HINT = b"canonry.run.retired"
_ASKS = "arguments_of"


def read_retirement(tree: ast.Module, text: SourceText) -> Retirement | None:
    """The retirement that a module declares: it imports `canonry.run.retired`, and its call names an expiry date.

    ``expires`` is empty where no date in ISO form is given, by a literal or a name that the module sets once.
    """
    if _HINT not in text.content:
        return None
    bound = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "canonry.run.retired" and not node.level
        for alias in node.names
        if alias.name == _ASKS
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in bound:
            given = next((keyword.value for keyword in node.keywords if keyword.arg == "expires"), None)
            return Retirement(_date(tree, given), text.site(node, "<module>"))
    return None


def _date(tree: ast.Module, given: ast.expr | None) -> str:
    if isinstance(given, ast.Name):
        values = [
            statement.value
            for statement in tree.body
            if isinstance(statement, ast.Assign)
            and any(isinstance(target, ast.Name) and target.id == given.id for target in statement.targets)
        ]
        given = values[0] if len(values) == 1 else None
    text = given.value if isinstance(given, ast.Constant) and isinstance(given.value, str) else ""
    return text if len(text) == 10 and text[4] == text[7] == "-" and text.replace("-", "").isdigit() else ""
