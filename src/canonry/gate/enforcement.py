"""The enforcement tests that go into a user's suite: a file for each concern, with a test for each rule of it."""

from collections.abc import Iterable

from canonry.canon.options import Canon
from canonry.canon.selection import matches
from canonry.gate.writing import MARK
from canonry.model.finding import Severity
from canonry.rules.registry import all_rules

FOLDER = "enforcement"

_CONCERNS: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "test_ssot_test_runner_enforcement.py": ("No test is started past the one runner.", ("RUN",), ()),
    "test_ssot_base_case_enforcement.py": (
        "Test classes come from the canonical base cases, and are run.",
        ("BAS",),
        (),
    ),
    "test_ssot_mock_enforcement.py": (
        "Doubles come from the one factory, and none stands where the real thing is due.",
        ("MCK",),
        (),
    ),
    "test_ssot_environment_enforcement.py": (
        "The environment is read and written through the one accessor.",
        ("ENV",),
        (),
    ),
    "test_ssot_import_enforcement.py": (
        "Every canonical thing has one home, and is imported from there.",
        ("IMP", "DUP001", "DUP002", "DUP005"),
        (),
    ),
    "test_ssot_migration_safety.py": (
        "No file that parsed is broken, and no test or assertion gets lost.",
        ("SYN003", "SYN004"),
        ("parsing", "tests", "assertions"),
    ),
    "test_ssot_contract_enforcement.py": (
        "Flows hold to their contracts, and contracts demand no less.",
        ("FLW",),
        ("contracts",),
    ),
    "test_ssot_regressions.py": (
        "Tests can fail, and what is exempt, quarantined or demanded changes in the open.",
        ("TST", "CAT", "GOV001", "GOV002", "GOV003"),
        ("exemptions", "quarantine", "canon"),
    ),
}
"""File -> what it keeps, the rules (codes or families), the kinds of change.

No test is for a rule whose findings all want a reader (DUP003, DUP006, ISO001) or are information (RUN007): none of
them refuses anything, so that its test could not fail. Broken files and exemptions (SYN001, SYN002, GOV004) are kinds
of change."""


def enforcement_tests(folder: str) -> dict[str, bytes]:
    """The files by path below a folder of the tree; the same canonry gives the same bytes."""
    return {f"{folder}/{name}": _text(*parts).encode() for name, parts in _CONCERNS.items()}


def place_for(canon: Canon) -> str:
    """Where enforcement tests go by default: a folder of their own in the first folder of tests."""
    first = next((each.strip("./").rstrip("/") for each in canon.tests or () if "*" not in each), "")
    return f"{first or 'tests'}/{FOLDER}"


def uncovered(canon: Canon, files: Iterable[str]) -> str:
    """What to say where no category of the canon covers these files by their path; empty where one covers each."""
    paths = list(files)
    left = [path for path in paths if not any(matches(path, each.paths) for each in canon.categories.values())]
    if not canon.categories or not left:
        return ""
    folder = left[0].rpartition("/")[0]
    return (
        f"no category covers `{folder}`, so CAT002 refuses what is in it; add to the canon:\n"
        f'[categories.{FOLDER}]\npaths = ["{folder}"]'
    )


def is_enforcement(content: bytes) -> bool:
    """Whether a file holds enforcement tests: ours, or some that ask the same questions."""
    return f"{MARK} write-tests".encode() in content[:400] or b"canonry.testing.enforcement" in content


def _text(said: str, words: Iterable[str], kinds: tuple[str, ...]) -> str:
    codes = [
        code
        for code, rule in all_rules().items()
        if code.startswith(tuple(words)) and not rule.preview and rule.severity is not Severity.INFO
    ]
    names = ["violations"] if not kinds else ["violations", "worse"]
    rules = "".join(f'    "{code}",  # {all_rules()[code].name}\n' for code in codes)
    text = f'''# {MARK} write-tests`, which writes it again; the canon says what is right, not this file
"""{said}

Compared with `canonry-baseline.jsonl` where there is one; without it every open finding fails until it is mended.
"""

import pytest

from canonry.testing.enforcement import {", ".join(names)}

RULES = (
{rules})


@pytest.mark.parametrize("rule", RULES)
def test_no_violation_beyond_the_baseline(rule: str) -> None:
    found = violations(rule, __file__)
    assert not found, "\\n".join(found)
'''
    if kinds:
        listed = ", ".join(f'"{kind}"' for kind in kinds)
        text += f"""

@pytest.mark.parametrize("kind", ({listed}{"," if len(kinds) == 1 else ""}))
def test_nothing_is_worse_than_the_baseline(kind: str) -> None:
    found = worse(kind, __file__)
    assert not found, "\\n".join(found)
"""
    return text
