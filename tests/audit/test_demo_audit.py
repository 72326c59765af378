"""The sample repository: what was planted is found, what only looks like it is left alone."""

import pytest

from canonry.audit.result import Result
from canonry.model.finding import Finding
from canonry.rules.registry import all_rules
from demo.make_repository import DemoSummary, make_repository
from tests.workbench import Folder, summary_of

CODES = list(all_rules())


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> DemoSummary:
    return make_repository(tmp_path_factory.mktemp("demo") / "shop")


@pytest.fixture(scope="module")
def result(shop: DemoSummary) -> Result:
    return Folder(shop.path).audit(workers=0, target=None, preview=frozenset(CODES))


@pytest.fixture(scope="module")
def findings(result: Result) -> list[Finding]:
    return list(result.findings())


def test_every_rule_is_planted(shop: DemoSummary) -> None:
    assert set(CODES) <= set(shop.planted)
    assert len(CODES) >= 23


@pytest.mark.parametrize("code", CODES)
def test_what_was_planted_is_found(shop: DemoSummary, findings: list[Finding], code: str) -> None:
    found = {each.path for finding in findings if finding.code == code for each in (finding, *finding.related)}
    missed = [
        path
        for path in shop.planted[code]
        if path not in found and not (code == "DUP005" and any(path.startswith(f"{folder}/") for folder in found))
    ]

    assert missed == []


@pytest.mark.parametrize("code", CODES)
def test_what_only_looks_like_it_is_left_alone(shop: DemoSummary, findings: list[Finding], code: str) -> None:
    innocent = set(shop.innocent.get(code, []))

    assert [finding for finding in findings if finding.code == code and finding.path in innocent] == []


def test_the_numbers_are_those_of_what_was_made(shop: DemoSummary, result: Result) -> None:
    population = summary_of(result).population

    assert population.files == shop.python_files - shop.copies
    assert population.shadow_files == shop.copies
    assert population.test_files == shop.test_files
    assert population.unparsable == shop.broken + len(shop.planted["SYN002"])
    assert population.missing == 0


def test_a_healthy_folder_has_no_error(shop: DemoSummary, result: Result, findings: list[Finding]) -> None:
    errors = [finding for finding in findings if finding.severity == "error" and finding.path.startswith(shop.healthy)]
    planted = {path for paths in shop.planted.values() for path in paths}

    assert {finding.path for finding in errors} <= planted


def test_most_breakage_is_blamed_on_one_commit(shop: DemoSummary, findings: list[Finding]) -> None:
    guilty = Folder(shop.path).git("log", "--format=%h", "--abbrev=7", "--grep=repair syntax")
    blamed = [finding for finding in findings if finding.code == "SYN001" and f"broken by {guilty}" in finding.message]

    assert len(blamed) >= 15


def test_the_dirty_tree_is_called_dirty(shop: DemoSummary, result: Result) -> None:
    assert result.header.dirty
    assert result.header.commit == Folder(shop.path).git("rev-parse", "HEAD")
