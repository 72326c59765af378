"""One damaged file: what is tried, what is proposed, and how far that can be trusted. Pure but for reading blobs."""

import hashlib
import re
import time
from collections.abc import Callable
from functools import cache

import msgspec

from canonry.model.repair import FileRepair, Method, Verdict
from canonry.repair.ancestors import AncestorVersion
from canonry.repair.damage import classes_of_damage
from canonry.repair.draft import Draft, draft_commented, draft_repair
from canonry.repair.grade import expected_f1, grade
from canonry.repair.measure import readable_tests
from canonry.repair.text import Text, decode, encode, with_declaration
from canonry.repair.verify import Verification, verify
from canonry.source.syntax.newer import is_python_2
from canonry.source.syntax.parse import tree_of
from canonry.source.syntax.versions import Version

Blob = Callable[[str], bytes | None]
"""A blob's bytes by its id, None where the store lacks it."""
_PYTHON = re.compile(
    r"^[ \t]*(?:(?:async[ \t]+)?(?:def|class|with|for)\b|from[ \t]+[\w.]+[ \t]+import\b|import[ \t]+\w|@\w|"
    r"(?:if|elif|else|try|except|finally|while|return|assert|raise|pass)\b|[\w.]+[ \t]*=[^=]|[\w.]+\()",
    re.MULTILINE,
)
_HTML = re.compile(r"\s*<(?:!|\?|html|svg|xml)", re.IGNORECASE)


class Case(msgspec.Struct, frozen=True, gc=False):
    """A damaged file with what was found out about it; ``newer`` says what reads it, ``versions`` is its history."""

    path: str
    key: bytes
    newer: str = ""
    commented_out: bool = False
    versions: tuple[AncestorVersion, ...] = ()
    priority: str = ""


class Proposal(msgspec.Struct, frozen=True, gc=False):
    """What is said of a file; ``after`` is None where nothing is proposed."""

    record: FileRepair
    before: bytes = b""
    after: bytes | None = None


def repair_case(case: Case, content: bytes | None, blob: Blob, target: Version) -> Proposal:
    """The proposal for one file, with its cost in CPU seconds."""
    started = time.process_time()
    proposal = _repair(case, content, blob, target)
    seconds = round(time.process_time() - started, 4)
    record = msgspec.structs.replace(
        proposal.record,
        priority=case.priority,
        cpu_seconds=seconds,
        digest=hashlib.sha256(content).hexdigest() if content is not None else "",
    )
    return msgspec.structs.replace(proposal, record=record, before=content or b"")


def _repair(case: Case, content: bytes | None, blob: Blob, target: Version) -> Proposal:
    if content is None:
        return _left(case, Verdict.NOT_PYTHON, "it cannot be read")
    if case.newer:
        return _left(case, Verdict.NEWER, case.newer)
    text = decode(content)
    if text is None:
        return _left(case, Verdict.NOT_PYTHON, "it is no text in an encoding that Python reads")
    if not case.commented_out and is_python_2(text.body.encode("utf-8", "surrogatepass")):
        return _left(case, Verdict.NOT_PYTHON, "it is written for Python 2")
    if not case.commented_out and (not _PYTHON.search(text.body) or _HTML.match(text.body)):
        return _left(case, Verdict.NOT_PYTHON, "no line of it reads as Python")
    verdict = Verdict.COMMENTED_OUT if case.commented_out else Verdict.BROKEN
    draft = _draft(case, text, blob, target)
    tests = sum(readable_tests(text.body).values())
    record = FileRepair(
        path=case.path, verdict=verdict, broken_by=draft.broken_by, lines=text.body.count("\n") + 1, tests_before=tests
    )
    if draft.text is None:
        return Proposal(msgspec.structs.replace(record, reason=draft.reason))
    after = encode(text, draft.text)
    if after is None:
        reason = f"the proposal needs characters that {text.encoding} lacks"
        return Proposal(msgspec.structs.replace(record, reason=reason))
    found = verify(text.body, draft.text, target, base=draft.base)
    return Proposal(_described(record, draft, found, text), after=after if found.parses else None)


def _draft(case: Case, text: Text, blob: Blob, target: Version) -> Draft:
    if not text.declared and tree_of(with_declaration(text.body), target) is not None:
        return Draft(text=text.body, method=Method.ENCODING)

    @cache
    def read(version: str) -> str | None:
        content = blob(version)
        earlier = None if content is None else decode(content)
        return None if earlier is None else earlier.body

    if case.commented_out:
        return draft_commented(text.body, case.versions, read, target)
    return draft_repair(text.body, case.versions, read, target, present=case.key.hex())


def _described(record: FileRepair, draft: Draft, found: Verification, text: Text) -> FileRepair:
    """The record with everything that was measured of a proposal, and its grade."""
    assert draft.text is not None
    level, reasons = grade(
        found,
        draft.method,
        cost=draft.cost,
        health=draft.source.health if draft.source else 0.0,
        refused=len(draft.refused),
        unsure=len(draft.unsure),
        past_history=draft.method is Method.LINES and bool(draft.base),
        guessed=not text.declared,
        commented_out=record.verdict is Verdict.COMMENTED_OUT,
    )
    return msgspec.structs.replace(
        record,
        method=draft.method if found.parses else Method.NONE,
        grade=level,
        grade_reasons=reasons,
        source=draft.source,
        damage=_damage(record, text.body.split("\n"), draft.text.split("\n")),
        tests_now=found.tests_now,
        tests_lost=found.tests_lost,
        words_kept=round(found.words_kept, 4),
        words_invented=round(found.words_invented, 4),
        lost=found.lost,
        marked=found.marked,
        refused=draft.refused,
        cost=draft.cost,
        expected_f1=expected_f1(draft.cost) if draft.cost is not None else None,
    )


def _damage(record: FileRepair, before: list[str], after: list[str]) -> dict[str, int]:
    if record.verdict is Verdict.COMMENTED_OUT:  # all of it is, and which comment was which line says nothing
        return {"code-commented-out": sum(line.lstrip().startswith("#") for line in before)}
    return dict(classes_of_damage(before, after).most_common())


def _left(case: Case, verdict: Verdict, reason: str) -> Proposal:
    return Proposal(FileRepair(path=case.path, verdict=verdict, reason=reason))
