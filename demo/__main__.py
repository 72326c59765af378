"""`make demo`: makes a messy repository, audits, repairs, moves and runs it, keeps what was won, writes the report."""

import subprocess
import sys
import tempfile
from pathlib import Path

from demo import golden
from demo.chat import record
from demo.make_repository import make_repository
from demo.plant import plant, plant_regression
from demo.witness import passing


def main() -> int:
    """Runs the demo in a temporary folder; 0 where the audit found what was planted."""
    with tempfile.TemporaryDirectory(prefix="canonry-demo-") as folder:
        root = Path(folder, "shop")
        made = make_repository(root)
        print(f"A shop back end, {made.commits} commits by six hands: {made.python_files} Python files,")
        lost = f"{made.broken} broken by a mass edit, {made.commented_out} commented out"
        print(f"{made.test_files} of them tests, {lost}.\n")
        _show(root, "audit", "--statistics")
        _show(root, "audit", "--worst", "5", "-q")
        _show(root, "audit", "--select", "SYN001,BAS002,RUN005,MCK004,DUP003", "--sample", "1", "--seed", "4", "-q")
        _show(root, "where", "WebSocketManager")
        _show(root, "repair", "--explain")
        _show(root, "repair", "--write", "--review", "--output-format", "concise")
        _show(root, "audit", "--select", "SYN001,SYN003,SYN004", "--statistics", "-q")
        _show(root, "changes", "list")
        _migrate(root)
        plant(root)
        print("What is mended is run, and five faults that were planted are named for what they are:\n")
        _show(root, "run", "--plan")
        _show(root, "run")
        _show(root, "run", "--category", "mission_critical")
        _show(root, "run", "--order-check", "tests/planted/test_order_numbers.py")
        _show(root, "doctor")
        recording, sessions = record(root)
        print("Two users talk to the shop's agents at once, and one event of Ada's was sent to Bob:\n")
        _show(root, "contract", "check", "agent-events", recording, "--sessions", sessions)
        _golden_path(root, Path(folder))
        _keep(root)
        page = _report(root)
        print("Look at your own repository (nothing is run, imported or changed):\n")
        print(f"  {_program()} init PATH                proposes a canon by counting what is there")
        print(f"  {_program()} audit PATH               every finding, with code frames")
        print(f"  {_program()} audit PATH --statistics  counts per rule")
        print(f"  {_program()} explain BAS002           why a rule is there, with examples")
        print(f"  {_program()} repair PATH              what would be mended; --write mends it, with a way back")
        print(f"  {_program()} migrate PATH             what codemods would move to the canon")
        print("\nand, inside it, run its tests:\n")
        print(f"  {_program()} run                      all of them, by category; --list and --plan run nothing")
        print(f"  {_program()} run --flow NAME --cover  how far the tests of a flow cover its code and its events")
        print("\nand hold a recorded stream of events against a contract:\n")
        print(f"  {_program()} contract check agent-events RECORDING.jsonl")
        print("\nand keep what was won, and see where it stands:\n")
        print(f"  {_program()} gate --against main      refuses what is worse than another commit")
        print(f"  {_program()} report                   one page with all of it, every figure with its command")
        print(f"\nThis shop's page is there to look at: {page}")
    return 0


def _keep(root: Path) -> None:
    """Accepts the shop as it is, makes it worse in one place, and sees the gate refuse that."""
    print("What was won is kept: the shop as it is now is accepted. Then somebody adds one more private test runner:\n")
    print("$ canonry gate baseline", flush=True)
    accepting = [sys.executable, "-m", "canonry", "gate", "baseline"]
    if status := subprocess.run(accepting, cwd=root, check=False).returncode:
        raise SystemExit(status)
    planted = plant_regression(root)
    _show(root, "gate", exits=1)
    planted.unlink()
    _show(root, "gate", exits=0)


def _report(root: Path) -> Path:
    """Writes the report of the shop to where it outlives the demo."""
    print("And where the shop stands, in one page that needs nothing else:\n", flush=True)
    page = Path.cwd() / "demo-report.html"
    command = [sys.executable, "-m", "canonry", "report", "--output-file", str(page)]
    print(f"$ canonry report --output-file {page.name}", flush=True)
    status = subprocess.run(command, cwd=root, check=False).returncode
    if status:
        raise SystemExit(status)
    print(flush=True)
    return page


def _golden_path(root: Path, folder: Path) -> None:
    """A real service: healthy, with a fault planted, healthy again. Raises SystemExit where it is not found."""
    print("And the golden path, on a real service with a database: a user logs in and gets an answer.\n")
    with golden.service(folder) as url:
        for line in golden.conversation(url):
            print(line, flush=True)
        print("\nSix users do the same at once, each event judged, each user's data compared with the others':\n")
        users = ("load", "golden", "--url", url, "--users", "6", "--turns", "3", "--processes", "1", "-q")
        _show(root, *users, exits=0)
        print("Now what one user asked slips into what another is answered: every identifier is right, only the words")
        print("betray it. Then the service is whole again:\n")
        golden.plant(url, {"shared_state": {}})
        _show(root, *users, exits=1)
        golden.plant(url, {})
        _show(root, *users, exits=0)


def _migrate(root: Path) -> None:
    """Moves the tests to the canon in waves; what fails on the way is rolled back, and plain pytest is the witness."""
    before = passing(root)
    print(
        "The tests are moved to the canon in waves. Some are traps: two of the old WebSocket managers can do what the"
    )
    print("canonical one cannot, and a base case is mixed with another. Only running the tests shows it.\n")
    _show(root, "migrate", "plan", "tests", "--review", "-q")
    _show(root, "migrate", "next", "--write", "--all", "--repeat-before", "1", "--accept-slower", "-q")
    _show(root, "migrate", "status", "-q")
    _show(root, "audit", "--statistics", "-q")
    after = passing(root)
    print(
        f"Plain pytest, asked before and after: {len(before):,} tests passed, {len(before & after):,} of them pass.\n"
    )
    if not before or before - after:
        raise SystemExit(f"lost: {', '.join(sorted(before - after)[:5])}")


def _show(root: Path, *arguments: str, exits: int | None = None) -> None:
    print(f"$ canonry {' '.join(arguments)}", flush=True)
    color = "always" if sys.stdout.isatty() else "never"
    judging = ["--exit-zero"] if arguments[0] == "audit" else []
    command = [sys.executable, "-m", "canonry", *arguments, *judging, "--color", color]
    status = subprocess.run(command, cwd=root, check=False).returncode
    leaves = arguments[0] in ("repair", "migrate", "run", "doctor", "contract")  # 1: something is left to mend
    if status not in (((0, 1) if leaves else (0,)) if exits is None else (exits,)):
        raise SystemExit(status or 1)
    print(flush=True)


def _program() -> str:
    program = Path(sys.executable).with_name("canonry")
    try:
        return str(program.relative_to(Path.cwd()))
    except ValueError:
        return "canonry"


if __name__ == "__main__":
    sys.exit(main())
