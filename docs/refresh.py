"""Rewrites the generated parts of the documents: real output in the README, the configuration page, the schema, rules,
codemods.

``python docs/refresh.py`` writes, ``--check`` says which document is stale and exits 1; ``--rules`` stays within
docs/rules. A block in a Markdown document is generated where the line before it is ``<!-- output of: NAME -->``;
`OUTPUTS` says what each NAME runs. docs/rules holds one page per rule and an index, docs/codemods one per codemod,
docs/contracts one per shipped contract; pages of what is gone are stale, and are deleted.
"""

import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from canonry.contract.load import LoadedContract
    from canonry.contract.mutate.matrix import Matrix

ROOT = Path(__file__).resolve().parents[1]
RULES = ROOT / "docs" / "rules"
CODEMODS = ROOT / "docs" / "codemods"
CONTRACTS = ROOT / "docs" / "contracts"
_BLOCK = re.compile(r"(<!-- output of: ([\w -]+?) -->\n```\w*\n)(.*?)(^```$)", re.DOTALL | re.MULTILINE)
_RULES_DIGEST = re.compile(r"rules [0-9a-f]{12}")


def demo_statistics() -> str:
    """The statistics of the demo repository; the digest of the rules, which changes with every edit, is left out."""
    with tempfile.TemporaryDirectory() as folder:
        shop = Path(folder, "shop")
        _run("-m", "demo.make_repository", str(shop), at=ROOT)
        return _RULES_DIGEST.sub("rules ...", _run("-m", "canonry", "audit", "--statistics", "--exit-zero", at=shop))


def rule_list() -> str:
    """One line per rule, by family."""
    return _run("-m", "canonry", "explain", at=ROOT).rpartition("\n\n")[0] + "\n"


def fact_list() -> str:
    """One line per raw count."""
    from canonry.audit.counts import DESCRIPTIONS

    return "".join(f"{name}\n    {DESCRIPTIONS[name]}\n" for name in sorted(DESCRIPTIONS))


OUTPUTS: dict[str, Callable[[], str]] = {
    "canonry audit --statistics": demo_statistics,
    "canonry explain": rule_list,
    "facts": fact_list,
}


def fresh(document: str) -> str:
    """The document with its generated blocks made anew."""

    def renew(match: re.Match[str]) -> str:
        return match[1] + OUTPUTS[match[2]]() + match[4]

    return _BLOCK.sub(renew, document)


def rule_pages() -> dict[str, str]:
    """The files of docs/rules by name: the index and one page per rule."""
    from canonry.canon.reference import render_reference
    from canonry.report.explain import index, links_into, page
    from canonry.rules.registry import all_rules

    link = links_into(render_reference(), "../configuration.md")
    rules = all_rules()
    made = "<!-- Generated from the rules in src/canonry/rules by `python docs/refresh.py`. -->\n\n"
    pages = {f"{code}.md": made + page(rule, link=link) for code, rule in rules.items()}
    return {"README.md": made + index(rules.values())} | pages


def codemod_pages() -> dict[str, str]:
    """The files of docs/codemods by name: the index and one page per codemod."""
    from canonry.migrate.codemod import described
    from canonry.migrate.registry import all_codemods
    from canonry.report.codemods import index, page

    described_ones = [described(codemod) for codemod in all_codemods().values()]
    made = "<!-- Generated from the codemods in src/canonry/migrate/codemods by `python docs/refresh.py`. -->\n\n"
    pages = {f"{each.name}.md": made + page(each) for each in described_ones}
    return {"README.md": made + index(described_ones)} | pages


def contract_pages(proved: "Sequence[tuple[LoadedContract, Matrix]] | None" = None) -> dict[str, str]:
    """The files of docs/contracts by name: the index and one page per shipped contract, with its kill matrix."""
    from canonry.contract.load import load_contract, shipped
    from canonry.contract.mutate.matrix import kill_matrix
    from canonry.report.contract_page import index, page

    if proved is None:
        proved = [(contract, kill_matrix(contract.plan)) for contract in map(load_contract, shipped())]
    made = "<!-- Generated from src/canonry/contract/protocols by `python docs/refresh.py`. -->\n\n"
    pages = {f"{contract.file}.md": made + page(contract, matrix) for contract, matrix in proved}
    return {"README.md": made + index(proved)} | pages


PAGES: dict[Path, Callable[[], dict[str, str]]] = {
    RULES: rule_pages,
    CODEMODS: codemod_pages,
    CONTRACTS: contract_pages,
}


def main(arguments: list[str]) -> int:
    """Writes or checks every generated part."""
    check = "--check" in arguments
    stale = []
    for folder, pages in PAGES.items():
        if folder == RULES or "--rules" not in arguments:
            stale += renew_pages(folder, pages(), check=check)
    if "--rules" not in arguments:
        stale += renew_blocks(check=check)
        if not check:
            _run("-m", "canonry.canon.reference", "--write", at=ROOT)
            _run("-m", "canonry.contract.language.reference", "--write", at=ROOT)
    for name in stale:
        print(f"{name} is stale; `make docs` renews it" if check else f"renewed {name}")
    return 1 if check and stale else 0


def renew_blocks(*, check: bool) -> list[str]:
    """The documents with a stale block, which is made anew unless this is a check."""
    stale = []
    for path in (ROOT / "README.md", ROOT / "docs" / "facts.md"):
        old = path.read_text(encoding="utf-8")
        new = fresh(old)
        if new != old:
            stale.append(path.name)
            if not check:
                path.write_text(new, encoding="utf-8")
    return stale


def renew_pages(folder: Path, pages: dict[str, str], *, check: bool) -> list[str]:
    """The stale pages of a folder, which are written or deleted unless this is a check."""
    kept = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.md")}
    stale = sorted(name for name in pages.keys() | kept.keys() if pages.get(name) != kept.get(name))
    for name in () if check else stale:
        if name in pages:
            folder.mkdir(exist_ok=True)
            (folder / name).write_text(pages[name], encoding="utf-8")
        else:
            (folder / name).unlink()
    return [f"docs/{folder.name}/{name}" for name in stale]


def _run(*arguments: str, at: Path) -> str:
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=at, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
