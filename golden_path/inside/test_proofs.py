"""Checks of checks, and of what is there once only: rows 21 and 31."""

import subprocess
import sys
from pathlib import Path

from canonry.contract.load import read_contract
from canonry.contract.mutate.judge import Judge
from canonry.contract.mutate.matrix import kill_matrix
from golden_path.matrix.cases import Case

ROOT = Path(__file__).parents[2]
SERVICE = ROOT / "reference_chat" / "src" / "reference_chat"
CANON = """
[canon]
base-cases = []
[[canon.symbols]]
name = "ConnectionRegistry"
home = "reference_chat.realtime.registry"
aliases = ["UnifiedConnectionRegistry"]
[[canon.symbols]]
name = "Emitter"
home = "reference_chat.realtime.emitter"
aliases = ["EventEmitter"]
[[canon.symbols]]
name = "Router"
home = "reference_chat.realtime.router"
aliases = ["MessageRouter"]
"""
SECOND = '''
"""Another registry, because the first one could not be found."""


class UnifiedConnectionRegistry:
    """Who is connected."""

    def __init__(self) -> None:
        self.users: dict[str, list[object]] = {}


class Emitter:
    """Sends events."""

    def emit(self, event: object) -> None:
        """Sends one."""
'''
CONTRACT = ROOT / "src" / "canonry" / "contract" / "protocols" / "agent-events.yaml"


def test_each_part_is_there_once(tmp_path: Path, planted: Case) -> None:
    for path in SERVICE.rglob("*.py"):
        target = tmp_path / "src" / "reference_chat" / path.relative_to(SERVICE)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    (tmp_path / "canonry.toml").write_text(CANON)
    if planted.key == "second-registry":
        (tmp_path / "src" / "reference_chat" / "realtime" / "unified.py").write_text(SECOND)
    command = [
        sys.executable,
        "-m",
        "canonry",
        "audit",
        str(tmp_path),
        "--select",
        "DUP001",
        "--output-format",
        "concise",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    assert done.returncode == 0, f"a second implementation: DUP001 {done.stdout.strip()[:300]}"


def test_every_rule_of_the_contract_can_be_broken(planted: Case) -> None:
    shipped = read_contract(CONTRACT.read_text()).plan
    text = CONTRACT.read_text()
    if planted.key == "toothless":
        text = text.replace("sequence: {field: seq, start: 0, step: 1, per: run}\n", "")
    matrix = kill_matrix(shipped)
    assert not matrix.unproven, f"nothing breaks: {', '.join(matrix.unproven)}"
    judge = Judge(read_contract(text).plan)
    streams = [(mutant.rule, mutant.stream, bool(mutant.way)) for mutant in matrix.mutants if mutant.stream]
    assert len(streams) >= len(matrix.rules), "mutants have no streams that could be judged"
    green = [rule for rule, stream, watched in streams if not judge(stream, watched=watched)]
    assert not green, f"a mutant stays green, for nothing refuses what breaks: {', '.join(green)}"
