"""Numbers of the reference repository that were counted independently: syntax trees, without shadow trees."""

from dataclasses import dataclass

REVISIONS = ("beta-14", "beta-16")


@dataclass(frozen=True, slots=True)
class Known:
    """One measure. ``sources`` are places of the JSON report that may hold it: the rule first, then raw counts.

    ``remark`` says why the report differs, or why it cannot say; it is printed only then.
    """

    measure: str
    beta14: int
    beta16: int
    sources: tuple[str, ...]
    remark: str = ""

    @property
    def numbers(self) -> dict[str, int]:
        """The number by revision."""
        return dict(zip(REVISIONS, (self.beta14, self.beta16), strict=True))


_OUT = "shadow trees are not read"
_BACKUP = "known counts two files at the root by their own name (`backup_*.py`, `*_backup_*.py`)"
_UNTESTED = "known counts five files of comments that hold no commented `def test_`"
_AWAITED = "known follows only base names that are unique in the tree; the rule follows imports"
_INIT = "known counts classes at module level that do not name `unittest.TestCase`"
_SMALL = "known counts contents of 200 bytes and more"
_TEXT = "known counts lines of text that is written or printed, `echo` and comments left out"
_ARGUMENTS = "known leaves out a line that only hands its own arguments on"
_MOCK = "known leaves out what MCK001 leaves out: the calls in the mock factory"
_HANDLER = "known leaves some handlers out"

KNOWN = (
    Known("Python files, all", 10_485, 25_059, ("population.files + population.shadow_files",)),
    Known(
        "Python files in shadow trees",
        136,
        13_947,
        ("population.shadow_files", "population.shadow_files + root-files-named-like-copies"),
        _BACKUP,
    ),
    Known("live test files", 6_241, 6_732, ("population.test_files",)),
    Known("broken, live", 20, 21, ("SYN001 + SYN002 + SYN004", "population.unparsable")),
    Known("broken for good", 2, 2, ("SYN001",)),
    Known("broken before a newer Python", 18, 19, ("SYN002",)),
    Known("broken, in shadow trees", 0, 24, (), _OUT),
    Known("commented-out shells", 324, 314, ("SYN003", "test-files-of-comments"), _UNTESTED),
    Known("`pytest.main` calls", 94, 245, ("RUN001", "pytest-main-calls")),
    Known("`pytest.main` calls, files", 89, 240, ("RUN001.files", "pytest-main-calls.files")),
    Known("`pytest.main` in main blocks, files", 76, 227, ("pytest-main-calls-in-main-blocks.files",)),
    Known("processes with a literal pytest", 111, 138, ("RUN002", "pytest-process-literals")),
    Known("processes with a literal pytest, files", 79, 96, ("RUN002.files", "pytest-process-literals.files")),
    Known("list literals with pytest", 271, 339, ("RUN002", "pytest-list-literals")),
    Known("list literals with pytest, files", 169, 208, ("RUN002.files", "pytest-list-literals.files")),
    Known("unittest runners", 502, 594, ("RUN003", "unittest-runner-calls")),
    Known("unittest runners, files", 465, 552, ("RUN003.files", "unittest-runner-calls.files")),
    Known("main blocks in test files", 3_072, 3_461, ("RUN003", "main-blocks-in-test-files")),
    Known("other files that start pytest in a main block", 93, 111, ("RUN004", "scripts-that-start-pytest")),
    Known("test functions", 48_285, 51_118, ("population.test_functions",)),
    Known("test functions, async", 27_077, 28_270, ("population.async_test_functions",)),
    Known(
        "async tests never awaited", 275, 293, ("BAS002", "unawaited-async-tests-with-bases-in-test-folders"), _AWAITED
    ),
    Known(
        "async tests never awaited, files",
        37,
        39,
        ("BAS002.files", "unawaited-async-tests-with-bases-in-test-folders.files"),
        _AWAITED,
    ),
    Known("test classes with `__init__`", 335, 344, ("BAS003", "classes-with-init-and-tests"), _INIT),
    Known("tests in classes with `__init__`", 979, 1_002, ("BAS003", "tests-in-classes-with-init"), _INIT),
    Known("`os.environ` in test code", 1_915, 2_011, ("ENV001 + ENV002", "os-environ-uses-in-tests")),
    Known("`os.environ` in test code, files", 356, 387, ("ENV002.files", "os-environ-uses-in-tests.files")),
    Known("relative imports", 161, 158, ("IMP001", "relative-imports")),
    Known("relative imports in tests", 84, 84, ("IMP001", "relative-imports-in-tests")),
    Known("`sys.path` changes", 1_076, 1_290, ("IMP002", "sys-path-insertions")),
    Known("`sys.path` changes in tests", 814, 956, ("IMP002", "sys-path-insertions-in-tests")),
    Known("tests without an assertion", 2_383, 2_708, ("TST001", "tests-without-own-assertion")),
    Known("tests that swallow failures", 2_481, 2_779, ("TST002", "tests-with-broad-handler-over-assertions")),
    Known("the same, all assertions inside", 243, 263, ("TST002", "tests-with-all-assertions-in-broad-try"), _HANDLER),
    Known("tests that return a value", 955, 1_185, ("TST003", "tests-returning-a-value")),
    Known("files with a `MockWebSocketConnection`", 53, 54, ("DUP002 of MockWebSocketConnection",)),
    Known("`Mock` calls", 7_465, 7_928, ("mock-calls-Mock", "MCK001 of Mock"), _MOCK),
    Known("`MagicMock` calls", 3_724, 3_877, ("mock-calls-MagicMock",)),
    Known("`AsyncMock` calls", 8_730, 9_081, ("mock-calls-AsyncMock",)),
    Known(
        "`patch` calls",
        9_847,
        10_361,
        (
            "mock-calls-patch",
            "mock-calls-patch + mock-calls-patch.object + mock-calls-patch.dict + mock-calls-patch.multiple",
        ),
    ),
    Known(
        "lines of workflows that call pytest",
        14,
        14,
        ("workflow-lines-that-start-pytest", "workflow-lines-that-start-pytest + workflow-lines-that-mention-pytest"),
        _TEXT,
    ),
    Known(
        "lines of workflows that call pytest, files",
        3,
        3,
        ("workflow-lines-that-start-pytest.files",),
    ),
    Known(
        "lines of shell scripts that call pytest",
        21,
        31,
        ("shell-lines-that-start-pytest", "shell-lines-that-start-pytest + shell-lines-that-mention-pytest"),
        _TEXT,
    ),
    Known(
        "lines of batch files that call pytest",
        1,
        6,
        ("batch-lines-that-start-pytest", "batch-lines-that-start-pytest-on-fixed-tests"),
        _ARGUMENTS,
    ),
    Known("exact copies of files", 22, 13_372, (), _OUT),
    Known("exact copies of files, live", 22, 25, ("exact-duplicate-files",), _SMALL),
)
