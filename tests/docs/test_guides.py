"""The examples of the guides are run as they stand there."""

import datetime as dt
import re
from pathlib import Path

from canonry.changes.journal import ENDS
from tests.workbench import SOUND, Folder

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


def test_the_changes_are_as_the_guide_says(folder: Folder) -> None:
    (transcript,) = blocks("changes.md", "console")
    folder.write({"tests/unit/test_a.py": SOUND, "pyproject.toml": "[project]\n"})
    said = ""
    for line in transcript.splitlines():
        if line.startswith("$ canonry "):
            done = folder.call(*line.split()[2:])
            said += f"{line}\n{done.stdout}{done.stderr}"

    assert re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "2027-01-31 12:00:00", said) == transcript


def test_the_states_of_changes_are_all_told() -> None:
    page = (DOCS / "changes.md").read_text(encoding="utf-8")
    states = re.findall(r"^\| ([a-z ,]+) \| ", page.partition("| state |")[2], re.MULTILINE)

    assert {state for cell in states for state in cell.split(", ")} == {
        *ENDS,
        "rolled back",
        "partly rolled back",
        "unfinished",
    }
