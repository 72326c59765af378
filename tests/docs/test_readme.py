"""What the README shows of tests runs as it stands there."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.workbench import ROOT, environment

EXAMPLES = re.findall(
    r"^```python\n(.*?)^```$", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
)


def test_there_is_an_example() -> None:
    assert EXAMPLES


@pytest.mark.parametrize("code", EXAMPLES, ids=range(len(EXAMPLES)))
@pytest.mark.parametrize("way", ["pytest", "canonry"])
def test_an_example_runs(tmp_path: Path, code: str, way: str) -> None:
    (tmp_path / "test_example.py").write_text(code, encoding="utf-8")
    command = [sys.executable, "-m", way, *(["run"] if way == "canonry" else [])]
    done = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout
