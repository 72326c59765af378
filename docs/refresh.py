"""Rewrites the generated parts of the documents: real output in the README, the configuration page, the schema.

``python docs/refresh.py`` writes, ``--check`` says which document is stale and exits 1. A block in a Markdown document
is generated where the line before it is ``<!-- output of: NAME -->``; `OUTPUTS` says what each NAME runs.
"""

import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_BLOCK = re.compile(r"(<!-- output of: ([\w -]+?) -->\n```\w*\n)(.*?)(^```$)", re.DOTALL | re.MULTILINE)
_RULES_DIGEST = re.compile(r"rules [0-9a-f]{12}")


def demo_statistics() -> str:
    """The statistics of the demo repository; the digest of the rules, which changes with every edit, is left out."""
    with tempfile.TemporaryDirectory() as folder:
        shop = Path(folder, "shop")
        _run("-m", "demo.make_repository", str(shop), at=ROOT)
        return _RULES_DIGEST.sub("rules ...", _run("-m", "canonry", "audit", "--statistics", "--exit-zero", at=shop))


def rule_list() -> str:
    """One line per rule."""
    return _run("-m", "canonry", "explain", at=ROOT).split("\n\n")[0] + "\n"


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


def main(arguments: list[str]) -> int:
    """Writes or checks every generated part."""
    check = "--check" in arguments
    stale = []
    for path in (ROOT / "README.md", ROOT / "docs" / "facts.md"):
        old = path.read_text(encoding="utf-8")
        new = fresh(old)
        if new != old:
            stale.append(path.name)
            if not check:
                path.write_text(new, encoding="utf-8")
    if not check:
        _run("-m", "canonry.canon.reference", "--write", at=ROOT)
    for name in stale:
        print(f"{name} is stale; `make docs` renews it" if check else f"renewed {name}")
    return 1 if check and stale else 0


def _run(*arguments: str, at: Path) -> str:
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=at, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
