"""Whether a repository's own enforcement tests can fail: violations are planted in a copy, one rule at a time."""

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from canonry.audit.engine import audit
from canonry.audit.request import Request
from canonry.canon.options import Canon
from canonry.changes.splice import replace_file
from canonry.gate.enforcement import is_enforcement
from canonry.gate.plant import Plant, plants
from canonry.migrate.equivalence.ground import Copy, copied
from canonry.model.change_plan import FileChange
from canonry.model.errors import NothingValidatedError, UserError
from canonry.model.finding import Confidence, Finding, Severity
from canonry.model.gate import Planted, Proving
from canonry.rules.registry import all_rules
from canonry.rules.rule import Rule
from canonry.run.observed import observe
from canonry.run.scratch import held_scratch, sweep
from canonry.source.trees.tree import read_file

_RED = frozenset(("error", "failed", "xpassed"))
_LIMIT = 600.0
_PREFIX = "canonry-prove-"
_TRIES = 4
"""So many ways to plant a violation are tried where the tree takes the first ones otherwise."""

Told = Callable[[str, int, int], None]


def prove(
    root: Path, canon: Canon, rules: Sequence[Rule], tests: Sequence[str], *, told: Told = lambda *_: None
) -> Proving:
    """What each rule's violation turns red. ``tests`` are files of the tree; without any those that enforce are found.

    Raises `NothingValidatedError` where there are none.
    """
    files = list(tests) or list(enforcement_files(root))
    if not files:
        raise NothingValidatedError(
            "no enforcement test is there, so nothing was proved; `canonry gate write-tests` writes some, and "
            "`--tests` names your own"
        )
    for file in files:
        if not (root / file).exists():
            raise UserError(f"`{file}` is no file of `{root}`; name tests from its top")
    sweep(root, _PREFIX)
    with held_scratch(root, _PREFIX) as place, copied(root, place / "tree") as copy:
        before = _run(copy, files)
        if not before:
            raise NothingValidatedError(f"`{files[0]}` runs no test in a copy of the tree, so nothing was proved")
        red_before = {node for node, outcome in before.items() if outcome in _RED}
        found = Counter(map(_identity, _findings(copy.root)))
        planted = []
        for number, rule in enumerate(rules, 1):
            told("planting", number, len(rules))
            planted.append(_planted(rule, canon, copy, files, found, red_before))
    return Proving(tests=tuple(sorted(before)), red_before=tuple(sorted(red_before)), planted=tuple(planted))


def enforcement_files(root: Path) -> Iterator[str]:
    """The test files of a tree that enforce, as far as they say so."""
    for path in sorted(root.rglob("test_*.py")):
        relative = path.relative_to(root)
        if not any(part.startswith(".") for part in relative.parts) and is_enforcement(read_file(path) or b""):
            yield relative.as_posix()


def _planted(
    rule: Rule, canon: Canon, copy: Copy, files: Sequence[str], found: Counter[tuple[str, str, str]], before: set[str]
) -> Planted:
    reason = "no example of it stands without a canon of its own"
    open_to_doubt: Planted | None = None
    for number, plant in enumerate(plants(rule, canon, lambda path: (copy.root / path).exists())):
        if number >= _TRIES:
            break
        changes = _changes(copy, plant)

        def seen() -> tuple[Finding, dict[str, str]] | None:
            now = _findings(copy.root)
            new = Counter(map(_identity, now)) - found
            mine = [each for each in now if each.code == rule.code and _identity(each) in new]
            mine.sort(key=lambda each: each.confidence is Confidence.REVIEW)
            return (mine[0], _run(copy, files)) if mine else None

        answer = copy.trial(changes, seen)
        if answer is None:
            reason = f"`{next(iter(plant))}` is no violation of it in this tree"
            continue
        finding, outcomes = answer
        turned = (node for node, outcome in outcomes.items() if outcome in _RED and node not in before)
        red = tuple(sorted(node for node in turned if not _is_of_another(node, rule.code)))
        if not red and (said := _refuses_nothing(finding)):
            open_to_doubt = Planted(rule=rule.code, name=rule.name, reason=said)
            continue
        return Planted(rule=rule.code, name=rule.name, place=finding.path, red=red)
    return open_to_doubt or Planted(rule=rule.code, name=rule.name, reason=reason)


def _is_of_another(node: str, code: str) -> bool:
    """Whether a test is for another rule alone, as generated ones are: what a plant breaks besides proves nothing."""
    parameter = node.rpartition("[")[2].removesuffix("]")
    return parameter in all_rules() and parameter != code


def _refuses_nothing(finding: Finding) -> str:
    """Why no gate refuses a finding like this one, empty where one does."""
    if finding.confidence is Confidence.REVIEW:
        return "its findings want a reader (confidence review), and refuse nothing"
    return "its findings are information, and refuse nothing" if finding.severity is Severity.INFO else ""


def _changes(copy: Copy, plant: Plant) -> list[FileChange]:
    return [
        replace_file(path, read_file(copy.root / path), content, rule="gate-prove") for path, content in plant.items()
    ]


def _findings(root: Path) -> list[Finding]:
    """The open findings of a copy."""
    return list(audit(Request(repository=root, workers=1, history=False)).findings())


def _identity(finding: Finding) -> tuple[str, str, str]:
    return finding.code, finding.path, finding.fingerprint


def _run(copy: Copy, files: Iterable[str]) -> dict[str, str]:
    """The outcomes of these test files in the copy, by node id."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files]
    return observe(command, copy.root, limit=_LIMIT, variables=copy.surroundings()).outcomes
