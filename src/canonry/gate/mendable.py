"""Whether the codemod that a refusal names would mend anything: it is asked before it is promised."""

import shlex
from pathlib import Path

import msgspec

from canonry.audit.request import Request
from canonry.model.errors import NothingValidatedError, UserError
from canonry.model.gate import Judgement, Reason

_SHOWN = 3
"""So many reasons are asked about: as many as a refusal shows."""


def with_true_mends(judgement: Judgement, root: Path, request: Request) -> Judgement:
    """The judgement, in which no codemod is named that would edit none of the files of its reason."""
    reasons = [
        _explained(each)
        if number < _SHOWN and each.mend.endswith("--fix --write") and not _edits(each, root, request)
        else each
        for number, each in enumerate(judgement.reasons)
    ]
    return msgspec.structs.replace(judgement, reasons=tuple(reasons))


def _explained(reason: Reason) -> Reason:
    return msgspec.structs.replace(reason, mend=f"canonry explain {reason.changes[0].rule}")


def _edits(reason: Reason, root: Path, request: Request) -> bool:
    """Whether `canonry audit FILES --select RULE --fix --write` edits one of the files that the command names."""
    from canonry.migrate.engine import Wanted, migrate

    words = shlex.split(reason.mend)
    paths = tuple(str(root / word) for word in words[2 : words.index("--select")])
    asked = msgspec.structs.replace(request, repository=None, paths=paths, workers=1, named=(), history=False)
    try:
        return bool(migrate(asked, Wanted(rules=frozenset((reason.changes[0].rule,)))).plan.files)
    except (UserError, NothingValidatedError):
        return False
