"""The examples of the guides are run as they stand there."""

import datetime as dt
import re
from pathlib import Path

from tests.workbench import Folder

DOCS = Path(__file__).resolve().parents[2] / "docs"


def blocks(page: str, language: str) -> list[str]:
    return re.findall(
        rf"^```{language}\n(.*?)^```$", (DOCS / page).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )


def test_the_suppressions_close_what_they_say(folder: Folder) -> None:
    (code,), (canon,) = blocks("suppressions.md", "python"), blocks("suppressions.md", "toml")
    opened = code.partition("  #")[0] + "\n"
    folder.write({"pyproject.toml": canon, "tests/test_a.py": code, "tests/legacy/test_b.py": opened})
    result = folder.audit(today=dt.date(2027, 1, 31))

    assert list(result.findings()) == []
    assert [each.reason for each in result.closed()] == [
        "goes with the old gateway",
        "the old gateway starts it this way",
    ]


def test_the_rules_of_the_guide_hold(folder: Folder) -> None:
    (code,), (canon,) = blocks("own-rules.md", "python"), blocks("own-rules.md", "toml")
    canon = f'[tool.canonry]\nrules-from = ["tools/canonry_rules"]\n\n{canon}'
    done = folder.write({"pyproject.toml": canon, "tools/canonry_rules/shouting.py": code}).call("rules", "test")

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("6 examples: 6 passed\n")
