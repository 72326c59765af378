"""The documents say what the program says."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from canonry.rules.registry import all_rules
from docs import refresh
from tests.workbench import ROOT, call_canonry, copied, environment


# the pages of contracts are compared in tests/contract/test_mutants.py, where what they hold is found out anyway
@pytest.mark.parametrize("folder", sorted(refresh.PAGES.keys() - {refresh.CONTRACTS}), ids=lambda folder: folder.name)
def test_generated_pages_are_fresh(folder: Path) -> None:
    assert refresh.renew_pages(folder, refresh.PAGES[folder](), check=True) == []


def test_generated_blocks_are_fresh() -> None:
    assert refresh.renew_blocks(check=True) == []


def prose(document: Path) -> str:
    """The document without its blocks of code."""
    return re.sub(r"^(```+).*?^\1$", "", document.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


def anchors(document: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", prose(document), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_links_lead_somewhere() -> None:
    documents = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/*.md")]
    links = [
        (document, *link)
        for document in documents
        for link in re.findall(r"\]\(([^)#]*)(?:#([^)]*))?\)", prose(document))
        if "://" not in link[0]
    ]
    broken = [
        f"{document.relative_to(ROOT)}: {path}#{anchor}"
        for document, path, anchor in links
        if not (target := document.parent / path if path else document).exists()
        or (anchor and anchor not in anchors(target))
    ]
    assert broken == []


# docs/rules ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of what makes docs/rules, to change."""
    for folder in ("src/canonry", "docs/rules"):
        copied(folder, tmp_path)
    shutil.copy(ROOT / "docs" / "refresh.py", tmp_path / "docs")
    refreshed(tmp_path)
    return tmp_path


def refreshed(root: Path, *options: str) -> list[str]:
    """What `docs/refresh.py --rules` says in a copy."""
    process = subprocess.run(
        [sys.executable, "docs/refresh.py", "--rules", *options],
        cwd=root,
        env=environment(PYTHONPATH=str(root / "src"), PYTHONDONTWRITEBYTECODE="1"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.stderr == ""
    assert process.returncode == (1 if "--check" in options and process.stdout else 0)
    return process.stdout.splitlines()


def test_a_stale_page_is_named_and_renewed(copy: Path) -> None:
    rule = copy / "src/canonry/rules/tst/tst001_no_assertion.py"
    rule.write_text(rule.read_text().replace("TST001", "TST901").replace("no-assertion", "no-assertion-at-all"))

    assert refreshed(copy, "--check") == [
        f"docs/rules/{name}.md is stale; `make docs` renews it" for name in ("README", "TST001", "TST901")
    ]
    refreshed(copy)
    assert refreshed(copy, "--check") == []
    assert not (copy / "docs/rules/TST001.md").exists()
    assert "[TST901](TST901.md) | no-assertion-at-all" in (copy / "docs/rules/README.md").read_text()


@pytest.mark.parametrize(("name", "text"), [("TST999.md", "# A rule that is gone\n"), ("TST001.md", "by hand\n")])
def test_a_page_that_no_rule_made_is_stale(copy: Path, name: str, text: str) -> None:
    (copy / "docs/rules" / name).write_text(text)

    assert refreshed(copy, "--check") == [f"docs/rules/{name} is stale; `make docs` renews it"]


@pytest.mark.parametrize("code", all_rules())
def test_a_page_holds_its_rule(code: str) -> None:
    rule = all_rules()[code]
    page = (ROOT / "docs/rules" / f"{code}.md").read_text(encoding="utf-8")
    blocks = {token.content for token in MarkdownIt("commonmark").parse(page) if token.type == "fence"}

    for example in (*rule.bad, *rule.good):
        assert {text.replace("\r\n", "\n").rstrip() for text in (example.code, *example.files.values())} <= {
            text.rstrip() for text in blocks
        }
    assert f"- Severity: {rule.severity.value}\n- Confidence: {rule.confidence.value}" in page
    assert all(f"[`{option}`](../configuration.md" in page for option in rule.options)


def test_explain_prints_the_page(tmp_path: Path) -> None:
    page = (ROOT / "docs/rules/IMP001.md").read_text(encoding="utf-8")
    said = call_canonry("explain", "IMP001", cwd=tmp_path).stdout

    assert page.partition("\n\n")[2] == said


def test_every_family_has_a_title(tmp_path: Path) -> None:
    listed = call_canonry("explain", cwd=tmp_path).stdout.split("\n\n")
    families = {code[:3] for code in all_rules()}

    assert {block[:3] for block in listed[:-1]} == families
    assert all(re.match(r"[A-Z]{3}  [A-Z].+\n[A-Z]{3}[0-9]{3}  ", block) for block in listed[:-1])


# canonry's own canon ------------------------------------------------------------------------------------------------


def test_canonry_keeps_its_own_canon() -> None:
    report = json.loads(call_canonry("audit", "--no-cache", "--exit-zero", "--output-format", "json", cwd=ROOT).stdout)
    errors = [
        f"{each['path']}:{each['line']}: {each['code']}" for each in report["findings"] if each["severity"] == "error"
    ]

    assert report["compliance"]["total"] > 60
    assert errors == []
