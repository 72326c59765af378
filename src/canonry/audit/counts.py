"""Raw counts that are no rule by themselves: what a report calls facts, so that rules can be checked against them."""

from canonry.rules.view import DocumentView, FileView
from canonry.source.commands import COLLECTING
from canonry.source.documents.reading import Command
from canonry.source.facts import FunctionFact
from canonry.source.trees.shadow import shadow_name

DESCRIPTIONS = {
    "root-files-named-like-copies": "live files at the root whose own name holds a word of `shadow-names`",
    "main-blocks": "main blocks",
    "mock-calls-NAME": "calls of `NAME` from `unittest.mock` or `mock`, decorators too; `patch.object`, `patch.dict`"
    " and `patch.multiple` count apart from `patch`",
    "exact-duplicate-files": "live files whose content, not empty, another live file has too (all but one of each)",
    "main-blocks-in-test-files": "main blocks in test files",
    "pytest-main-calls": "calls of `pytest.main`",
    "pytest-main-calls-in-main-blocks": "files whose main block calls `pytest.main`",
    "pytest-process-literals": "process calls with the word pytest in a literal argument",
    "pytest-list-literals": "list literals that hold the word pytest",
    "unittest-runner-calls": "calls of unittest's main, runner and loader",
    "scripts-that-start-pytest": "files other than tests with a main block that call pytest or list it in a command",
    "os-environ-uses": "uses of `os.environ`",
    "os-environ-uses-in-tests": "uses of `os.environ` in test code",
    "relative-imports": "relative imports",
    "relative-imports-in-tests": "relative imports in test code",
    "sys-path-insertions": "`sys.path.insert` and `append`",
    "sys-path-insertions-in-tests": "`sys.path.insert` and `append` in test code",
    "unawaited-async-tests-with-bases-in-test-folders": "async tests of plain unittest cases, in any file, whose"
    " base cases all live in folders named for tests",
    "classes-with-init-and-tests": "classes with an `__init__` and test methods",
    "tests-in-classes-with-init": "test methods in classes with an `__init__`",
    "tests-without-own-assertion": "tests without an assertion of their own, whatever they call",
    "tests-with-broad-handler-over-assertions": "tests whose broad handler stands around an assertion, does not raise"
    " and assigns nothing",
    "tests-with-all-assertions-in-broad-try": "tests whose every assertion stands in a try with a broad handler that"
    " neither raises, skips nor continues a loop",
    "tests-returning-a-value": "tests and fixtures named like tests that return a value and assert nothing",
    "commented-out-modules": "test files without a live test that are mostly comments, at least one a test function",
    "test-files-of-comments": "test files without a live test that are mostly comments",
    "workflow-lines-that-start-pytest": "lines of GitHub workflows on which a command begins that starts pytest",
    "workflow-lines-that-start-pytest-on-fixed-tests": "those of them that name what they run",
    "workflow-lines-that-mention-pytest": "other lines that hold the word pytest as a text, neither comment nor `echo`",
    "shell-lines-that-start-pytest": "lines of shell scripts on which a command begins that starts pytest",
    "shell-lines-that-start-pytest-on-fixed-tests": "those of them that name what they run",
    "shell-lines-that-mention-pytest": "other lines that hold the word pytest as a text, neither comment nor `echo`",
    "batch-lines-that-start-pytest": "lines of batch files on which a command begins that starts pytest",
    "batch-lines-that-start-pytest-on-fixed-tests": "those that do not begin with the caller's arguments (`%*`)",
    "batch-lines-that-mention-pytest": "other lines that hold the word pytest as a text, neither comment nor `echo`",
}
_KINDS = {"github_workflow": "workflow", "shell": "shell", "batch": "batch"}


def count_facts(file: FileView) -> dict[str, int]:
    """The raw counts of one file, zeros left out."""
    facts, counts = file.facts, dict(file.facts.counts)
    counts["main-blocks"] = len(facts.main_blocks)
    counts["root-files-named-like-copies"] = int("/" not in file.path and _named_like_copy(file))
    calls = [call for call in facts.calls if call.target == "pytest.main"]
    counts["pytest-main-calls"] = len(calls)
    counts["pytest-main-calls-in-main-blocks"] = int(any(call.in_main for call in calls))
    if file.is_test_file:
        counts["main-blocks-in-test-files"] = len(facts.main_blocks)
        counts["commented-out-modules"] = int(facts.commented is not None and facts.commented.tests > 0)
        counts["test-files-of-comments"] = int(facts.commented is not None)
        _count_tests(file, counts)
    elif facts.main_blocks:
        started = calls or counts.get("pytest-process-literals") or counts.get("pytest-list-literals")
        counts["scripts-that-start-pytest"] = int(bool(started))
    if file.in_test_code:
        for name in ("os-environ-uses", "relative-imports", "sys-path-insertions"):
            counts[f"{name}-in-tests"] = counts.get(name, 0)
    counts["unawaited-async-tests-with-bases-in-test-folders"] = _unawaited_in_test_folders(file)
    for fact in facts.classes:
        tests = sum(name.startswith("test") for name in fact.methods)
        if tests and fact.init is not None and not fact.nested:
            counts["classes-with-init-and-tests"] = counts.get("classes-with-init-and-tests", 0) + 1
            counts["tests-in-classes-with-init"] = counts.get("tests-in-classes-with-init", 0) + tests
    return {name: count for name, count in counts.items() if count}


def count_document(document: DocumentView) -> dict[str, int]:
    """The raw counts of one file that is no Python, zeros left out. A line counts once, where its command begins."""
    kind = _KINDS.get(document.reader)
    if kind is None:
        return {}
    commands = [command for command in document.reading.commands if command.tool.removesuffix(COLLECTING) == "pytest"]
    counts = {
        f"{kind}-lines-that-start-pytest": len({command.site.line for command in commands}),
        f"{kind}-lines-that-start-pytest-on-fixed-tests": len(
            {command.site.line for command in commands if not _varies(command)}
        ),
        f"{kind}-lines-that-mention-pytest": len(document.reading.mentions),
    }
    return {name: count for name, count in counts.items() if count}


def _varies(command: Command) -> bool:
    """Whether the first word behind pytest is a batch file's own arguments."""
    place = command.words.index("pytest") if "pytest" in command.words else 0
    return command.words[place + 1 : place + 2] == ("%*",)


def _named_like_copy(file: FileView) -> bool:
    return shadow_name(file.path, file.project.canon.shadow_names)


def _unawaited_in_test_folders(file: FileView) -> int:
    """Async tests of plain unittest cases, in any file, whose base cases all live in folders named for tests."""
    found = 0
    for fact in file.facts.functions:
        if not fact.is_async or not fact.owner or not fact.name.startswith("test"):
            continue
        owner = file.classes.get(fact.owner)
        if owner is None or not owner.bases:
            continue
        hierarchy = file.hierarchy(owner)
        cases = [base for base in hierarchy.ancestors if file.index.hierarchy(base).case]
        at_home = all({"tests", "test"} & set(base.path.split("/")[:-1]) for base in cases)
        found += hierarchy.case == "sync" and not hierarchy.custom and at_home
    return found


def _count_tests(file: FileView, counts: dict[str, int]) -> None:
    named = [
        fact
        for fact in file.facts.functions
        if file.project.settings.is_test_function(fact.name) and not (fact.nested and not fact.owner)
    ]
    counts["tests-without-own-assertion"] = sum(not fact.asserts for fact in named)
    counts["tests-returning-a-value"] = sum(fact.returns is not None and not fact.asserts for fact in named)
    counts["tests-with-broad-handler-over-assertions"] = sum(map(_broad_over_assertions, named))
    counts["tests-with-all-assertions-in-broad-try"] = sum(map(_all_in_broad, named))


def _broad_over_assertions(fact: FunctionFact) -> bool:
    return any(swallow.asserts_inside and not swallow.assigns for swallow in fact.swallows)


def _all_in_broad(fact: FunctionFact) -> bool:
    return any(
        swallow.all_inside and not (swallow.skips or swallow.continues or swallow.inner) for swallow in fact.swallows
    )
