"""Nothing outside `changes/` writes a user's file: every call that could is looked at, and the few others are named."""

import ast
from pathlib import Path

import pytest

from tests.workbench import ROOT

PACKAGE = ROOT / "src" / "canonry"
OTHERS = {
    "audit/examples.py": "the examples of rules, in a temporary folder of their own",
    "gate/states.py": "the canon of one side, in a temporary folder",
    "contract/language/reference.py": "this project's own documents and schema, when it is called for that",
    "history/code_coverage.py": "a temporary folder of its own",
    "run/covering.py": "what workers measure, in a temporary folder of its own",
    "canon/reference.py": "this project's own documents, for `make docs`",
    "cli/__init__.py": "the null device, where nobody listens",
    "cli/_warm.py": "pipes and a socket of our own, in a temporary folder",
    "pytest_plugin/channel.py": "a worker's page, in its controller's temporary folder",
    "pytest_plugin/forking.py": "a worker's own output",
    "pytest_plugin/beside.py": "coverage of one worker, in the temporary folder of a run",
    "pytest_plugin/reporting.py": "the reports of a worker's plugins, and coverage's own data file, as pytest-cov writes it",
    "run/controller/plugin_reports.py": "the temporary folder of a run",
    "load/controller.py": "what processes of a run say, in its temporary folder",
    "load/trace.py": "what one process saw, in the run's temporary folder",
    "migrate/scripts/compare.py": "a copy of the tree, in a temporary folder of one comparison",
    "run/observed.py": "what a command says, in a temporary folder of its own",
    "run/probes/seen.py": "the file of an observation, in its temporary folder",
    "run/fingerprint.py": "the list of packages, in our own folder",
    "run/waiting.py": "how a waiting zygote began, in its temporary folder",
    "run/warden_process.py": "the temporary folder of a run whose controller was killed",
    "run/warm_zygotes.py": "the folders of zygotes, in a temporary folder",
    "run/zygote.py": "the process number of a zygote, in its temporary folder",
    "run/controller/hiring.py": "the folder of a zygote, in a temporary folder",
    "run/controller/host.py": "the folder of a worker, in a temporary folder",
    "run/controller/loop.py": "the temporary folder of a run",
    "run/warm.py": "the folder of a zygote",
    "run/worker/main.py": "a worker's stacks, in its controller's temporary folder",
    "cli/_run_call.py": "the report, into the file that `--output-file` names",
    "cli/_run_reports.py": "the reports, into the files that `--output-file` and `--report` name",
    "run/collect.py": "a damaged cache of collected tests, in our own folder",
    "standing/commits.py": "the canon of a commit, in a temporary folder",
    "run/tree_copy.py": "a copy of the tree, in a temporary folder",
    "cli/_run_compare.py": "two copies of the tree, in a temporary folder",
    "run/proving.py": "the rounds of a proof, in our own folder",
    "cli/_run_prove.py": "the recordings of clean rounds, in our own folder",
    "run/kept_bytecode.py": "byte code of files that are gone, in our own folder",
    "run/keeping.py": "a damaged history, moved aside in our own folder",
    "run/probes/plugin.py": "the answers of a probe, in a temporary folder of its own",
    "run/probes/probe.py": "the orders of a probe, in a temporary folder of its own",
    "run/recording.py": "recordings of runs, in our own folder",
    "migrate/equivalence/ground.py": "a copy of the tree, in a temporary folder",
    "migrate/waves/folder.py": "plans of waves and their logs, in our own folder",
    "run/scratch.py": "the temporary folder of a copy",
    "cli/_contract_tap.py": "the recording, into the file that `--record` names",
    "cli/_output.py": "the report, into the file that `--output-file` or `--output` names",
    "source/cache.py": "the cache, in our own folder",
    "model/state.py": "our own folder, which ignores itself in git",
    "testing/canary/__main__.py": "the canaries, in a temporary folder of their own",
    "testing/canary/ways.py": "the canaries, in a temporary folder of their own",
    "testing/events.py": "recordings of runs, in our own folder or where the runner says",
    "testing/http.py": "nothing: what it opens is an address",
    "testing/services/answers.py": "nothing: what it opens is an address",
    "testing/services/command.py": "a folder of the service's own, in its temporary folder",
    "testing/services/handover.py": "the run's own temporary folder, where its processes meet",
    "testing/services/place.py": "the temporary folder of one service",
    "testing/services/postgres.py": "the password, in the temporary folder of one service",
    "testing/services/redis.py": "the configuration and the leases, in the temporary folder of one service",
    "testing/services/running.py": "the FIFO of one service, to hold it",
    "testing/services/start.py": "logs of services, in our own folder",
    "testing/services/supervise.py": "the FIFO of one service",
    "testing/services/supervisor.py": "the state of one service, in its temporary folder, which it deletes at the end",
    "testing/temporary.py": "a temporary folder of one test",
}
"""What writes, too, and where to; none of it is a file of the user's that was there before."""
METHODS = frozenset(
    "write_text write_bytes touch mkdir rmdir unlink rename chmod lchmod symlink_to hardlink_to link_to".split()
)
SYSTEM = frozenset(
    "open replace rename renames remove removedirs unlink rmdir mkdir makedirs link symlink truncate ftruncate chmod fchmod "
    "chown fchown mkfifo mknod setxattr sendfile copy_file_range utime".split()
)
MODULES = frozenset("shutil tempfile mmap".split())
READING = frozenset(("which", "get_terminal_size", "disk_usage", "gettempdir"))


def writers(source: str) -> list[str]:
    """The calls in a source that can change a file, as text."""
    tree = ast.parse(source)
    return [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Call) and writes(node)]


def writes(call: ast.Call) -> bool:
    match call.func:
        case ast.Name("open"):
            return opens_to_write(call, 1)
        case ast.Attribute(ast.Name("os" | "io"), "open" | "fdopen"):
            return not_only_reading(call)
        case ast.Attribute(ast.Name("os"), name):
            return name in SYSTEM
        case ast.Attribute(ast.Name(module), name) if module in MODULES:
            return name not in READING
        case ast.Attribute(_, "open"):
            return opens_to_write(call, 0)
        case ast.Attribute(_, "replace"):  # of a path: text has two arguments
            return len(call.args) == 1 and not call.keywords
        case ast.Attribute(_, name):
            return name in METHODS
    return False


def opens_to_write(call: ast.Call, position: int) -> bool:
    mode = call.args[position] if len(call.args) > position else None
    mode = next((keyword.value for keyword in call.keywords if keyword.arg == "mode"), mode)
    if mode is None:
        return False
    return not (isinstance(mode, ast.Constant) and set(str(mode.value)) <= set("rbtU"))


def not_only_reading(call: ast.Call) -> bool:
    """Whether a call of `os.open` has other flags than those that read, or those that it was given."""
    names = {node.attr for node in ast.walk(call) if isinstance(node, ast.Attribute) and node.attr.startswith("O_")}
    return not names or any(name in ("O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_APPEND") for name in names)


def test_only_changes_writes() -> None:
    found = {
        path.relative_to(PACKAGE).as_posix(): calls
        for path in sorted(PACKAGE.rglob("*.py"))
        if not path.is_relative_to(PACKAGE / "changes") and (calls := writers(path.read_text(encoding="utf-8")))
    }

    assert found.keys() == OTHERS.keys(), found


def test_within_changes_one_module_touches_the_tree() -> None:
    found = {path.name for path in (PACKAGE / "changes").rglob("*.py") if writers(path.read_text(encoding="utf-8"))}

    assert found == {"files.py", "folder.py", "journal.py", "store.py"} | {"export.py"}  # a folder beside the tree


@pytest.mark.parametrize(
    "planted",
    [
        "open(path, 'w')",
        "open(path, mode='ab')",
        "open(path, mode)",
        "path.open('r+')",
        "path.write_text('x')",
        "path.write_bytes(b'x')",
        "staged.replace(path)",
        "path.rename(other)",
        "path.unlink()",
        "os.replace(a, b)",
        "os.open(path, os.O_WRONLY)",
        "os.open(path, flags)",
        "shutil.copy(a, b)",
        "tempfile.mkstemp()",
        "path.chmod(0o644)",
    ],
)
def test_every_way_to_write_is_noticed(planted: str) -> None:
    assert writers(planted) == [ast.unparse(ast.parse(planted, mode="eval"))]


@pytest.mark.parametrize(
    "harmless",
    [
        "open(path)",
        "open(path, 'rb')",
        "text.replace('a', 'b')",
        "path.read_text()",
        "os.stat(path)",
        "shutil.which(name)",
    ],
)
def test_reading_is_no_writing(harmless: str) -> None:
    assert writers(harmless) == []


def test_the_list_of_others_names_files_that_are_there() -> None:
    assert [name for name in OTHERS if not Path(PACKAGE, name).is_file()] == []
