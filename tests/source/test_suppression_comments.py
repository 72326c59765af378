"""What comments ask to be closed, and which lines they cover; nothing but a comment asks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonry.source.documents.reading import Command, Reading
from canonry.source.facts import Site, Suppression
from canonry.source.suppressions import is_date
from tests.workbench import facts_of


def found_in(code: str) -> tuple[Suppression, ...]:
    return facts_of(code).suppressions


def covered(code: str) -> list[tuple[int, int]]:
    return [(each.first, each.last) for each in found_in(code)]


def test_everything_that_a_comment_may_say() -> None:
    (found,) = found_in("x = 1  # canonry: ignore[RUN001, TST] until=2027-01-31 owner=@team it is = fine\n")

    assert found.codes == ("RUN001", "TST")
    assert (found.until, found.owner, found.reason) == ("2027-01-31", "@team", "it is = fine")
    assert (found.site.line, found.site.column, found.site.end_column) == (1, 8, 80)
    assert not found.whole_file
    assert found.problems == ()


@pytest.mark.parametrize(
    ("comment", "reason"),
    [
        ("# canonry: ignore[RUN001] why", "why"),
        ("#canonry:ignore[RUN001]why", "why"),
        ("# canonry: ignore[RUN001] - why", "why"),
        ("# canonry: ignore[RUN001]: why", "why"),
        ("# noqa: E501  # canonry: ignore[RUN001] why", "why"),
        ("# canonry: ignore[RUN001] why  # noqa: E501", "why"),
        ("# canonry: ignore[RUN001] see #123", "see #123"),
        ("# canonry: ignore[RUN001] why until=2027-01-31", "why"),
    ],
)
def test_ways_to_write_it(comment: str, reason: str) -> None:
    (found,) = found_in(f"x = 1  {comment}\n")

    assert (found.codes, found.reason, found.problems) == (("RUN001",), reason, ())


def test_two_in_one_comment() -> None:
    first, second = found_in("x = 1  # canonry: ignore[RUN001] one # canonry: ignore-file[TST] two\n")

    assert (first.codes, first.reason, first.whole_file) == (("RUN001",), "one", False)
    assert (second.codes, second.reason, second.whole_file) == (("TST",), "two", True)


@pytest.mark.parametrize(
    "code",
    [
        "x = '# canonry: ignore[RUN001] text'\n",
        '"""\n# canonry: ignore[RUN001] text\n"""\n',
        "def f():\n    '''# canonry: ignore[RUN001] text'''\n",
        "x = f'''\n# canonry: ignore[RUN001] {1}\n'''\n",
        "x = 1  # pytest.main()  # canonry: ignore[RUN001] commented out\n",
        "# # canonry: ignore[RUN001] commented out\n",
        "# canonry: this is about the tool\n",
        "# see canonry: ignore[RUN001] in the manual\n",
        "x = (\n    '# canonry: ignore[RUN001] text'\n",
    ],
)
def test_what_is_no_suppression(code: str) -> None:
    assert found_in(code) == ()


@pytest.mark.parametrize(
    ("comment", "problem"),
    [
        ("ignore", "names no rule"),
        ("ignore[]", "names no rule"),
        ("ignore because I say so", "names no rule"),
        ("ignore[RUN001]", "gives no reason"),
        ("ignore[RUN001] owner=@team", "gives no reason"),
        ("ignore[RUN001] until=tomorrow why", "`tomorrow` is no date"),
        ("ignore[RUN001] until=2027-02-30 why", "`2027-02-30` is no date"),
        ("ignore[RUN001] until= why", "`` is no date"),
        ("ignore[RUN001] owner= why", "`owner` is empty"),
        ("ignore[RUN001] til=2027-01-31 why", "unknown key `til`"),
        ("ignore[RUN001] until=2027-01-31 until=2027-01-31 why", "stands twice"),
        ("ignore-line[RUN001] why", "`ignore-line` is no instruction"),
    ],
)
def test_what_is_malformed(comment: str, problem: str) -> None:
    (found,) = found_in(f"x = 1  # canonry: {comment}\n")

    assert problem in "; ".join(found.problems)


MARK = "# canonry: ignore[X] why"


@pytest.mark.parametrize(
    ("code", "lines"),
    [
        (f"x = 1  {MARK}\ny = 2\n", (1, 1)),
        (f"{MARK}\nx = 1\ny = 2\n", (2, 2)),
        (f"{MARK}\n\n# more\nx = f(\n    1)\ny = 2\n", (4, 5)),
        (f"x = f(\n    1)  {MARK}\n", (1, 2)),
        (f"x = f(  {MARK}\n    1)\n", (1, 2)),
        (f"x = f(\n    1,  {MARK}\n    2)\n", (2, 2)),
        (f"x = f(\n    {MARK}\n    1,\n    2)\n", (3, 3)),
        (f"{MARK}\n@a\n@b(\n  1)\ndef f(\n    x):\n    y = 1\n", (2, 6)),
        (f"@a  {MARK}\ndef f():\n    y = 1\n", (1, 2)),
        (f"@a\nasync def f():  {MARK}\n    y = 1\n", (1, 2)),
        (f"{MARK}\nclass A(\n        B):\n    x = 1\n", (2, 3)),
        (f"if a:\n    x = 1\n    {MARK}\ny = 1\n", (4, 4)),
        (f"try:\n    x = 1\n{MARK}\nexcept A:\n    y = 1\n", (4, 4)),
        (f"x = '''\n1\n'''  {MARK}\n", (1, 3)),
        (f"x = 1 \\\n    + 2  {MARK}\n", (1, 2)),
        (f"x = 1\n{MARK}\n", (0, 0)),
        (f"x = 1; y = 2  {MARK}\n", (1, 1)),
        (f"if a: x = 1  {MARK}\n", (1, 1)),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_what_a_comment_covers(code: str, lines: tuple[int, int], newline: str) -> None:
    assert covered(code.replace("\n", newline)) == [lines]


@pytest.mark.parametrize(
    ("code", "lines"),
    [
        (f"x = 1  {MARK}\ny = (\n", (1, 1)),
        (f"def f(:\n    pass\n{MARK}\n\nx = 1\n", (5, 5)),
        (f"x = 1\0  {MARK}\n", (1, 1)),
    ],
)
def test_files_that_do_not_parse(code: str, lines: tuple[int, int]) -> None:
    assert facts_of(code).broken is not None
    assert covered(code) == [lines]


def test_the_file_as_a_whole() -> None:
    (found,) = found_in("x = 1\n# canonry: ignore-file[RUN001] why\n")

    assert found.whole_file
    assert all(found.covers(line) for line in (1, 2, 99))


def in_document(text: str, *patterns: str, commands: tuple[int, ...] = ()) -> list[tuple[str, int, int]]:
    from canonry.source.documents.comments import suppressions_of_document

    site = [Site(line, 1, line, 1, 0, "<file>") for line in commands]
    reading = Reading(tuple(Command(("pytest",), each) for each in site))
    found = suppressions_of_document(text, patterns, reading)
    return [(each.reason, each.first, each.last) for each in found]


WORKFLOW = """\
name: "# canonry: ignore[A] text"
jobs:
  test:
    # canonry: ignore[A] job
    steps:
    - run: pytest  # canonry: ignore[A] line
    - run: |  # canonry: ignore[A] block
        # canonry: ignore[A] shell
        pytest \\
          -x
        echo "# canonry: ignore[A] text"
    - description: |
        # canonry: ignore[A] prose
  other: x
"""


def test_workflows() -> None:
    found = in_document(WORKFLOW, ".github/workflows/*.yml", "*.yaml", commands=(6, 9))

    assert found == [("job", 5, 13), ("line", 6, 6), ("block", 7, 11), ("shell", 9, 10)]


@pytest.mark.parametrize(
    ("patterns", "text", "found"),
    [
        (["*.sh"], "# canonry: ignore[A] own\npytest \\\n  -x\n", [("own", 2, 3)]),
        (["*.sh"], 'echo "# canonry: ignore[A] no" # canonry: ignore[A] yes\n', [("yes", 1, 1)]),
        (["*.sh"], "cat <<E\n# canonry: ignore[A] no\nE\n", []),
        (["Makefile", "*.mk"], "a:\n\tpytest # canonry: ignore[A] yes\n", [("yes", 2, 2)]),
        (["Makefile", "*.mk"], "a:\n\techo '# canonry: ignore[A] no'\n", []),
        (["*.bat", "*.cmd"], "@REM canonry: ignore[A] yes\r\npytest ^\r\n  -x\r\n", [("yes", 2, 3)]),
        (["*.bat", "*.cmd"], ":: canonry: ignore[A] yes\npytest\n", [("yes", 2, 2)]),
        (["*.bat", "*.cmd"], "echo REM canonry: ignore[A] no\n", []),
        (["*.ps1"], "pytest # canonry: ignore[A] yes\n", [("yes", 1, 1)]),
        (["Dockerfile", "Dockerfile.*"], "# canonry: ignore[A] yes\nRUN pytest\n", [("yes", 2, 2)]),
        (["Dockerfile"], "RUN pytest # canonry: ignore[A] no\n", []),
        (["tox.ini"], "; canonry: ignore[A] yes\ncommands = pytest\n", [("yes", 2, 2)]),
        (["pyproject.toml"], "x = '# canonry: ignore[A] no'  # canonry: ignore[A] yes\n", [("yes", 1, 1)]),
        (["*.md"], "<!-- canonry: ignore[A] yes -->\n\n```sh\npytest\n\nls\n```\n", [("yes", 3, 7)]),
        (["*.md"], "<!-- canonry: ignore[A] yes -->\nRun pytest\nnow.\n\nMore.\n", [("yes", 2, 3)]),
        (["*.md"], "```html\n<!-- canonry: ignore[A] no -->\n```\n", []),
        (["*.md"], "Write `<!-- canonry: ignore[A] no -->`.\n", []),
        (["package.json"], '{"a": "# canonry: ignore[A] no"}\n', []),
        (["*.yml"], 'a: "open\n# canonry: ignore[A] nobody can say\n', []),
    ],
)
def test_other_kinds_of_files(patterns: list[str], text: str, found: list[tuple[str, int, int]]) -> None:
    assert in_document(text, *patterns) == found


@given(st.text(alphabet="ca nory:#ignore[]RUN01=until2027-31@\n\t'\"()", max_size=120))
def test_no_text_is_too_much(text: str) -> None:
    for each in facts_of(f"x = 1  # canonry: {text}\n").suppressions:
        assert each.problems or (each.codes and each.reason)
        assert not each.until or is_date(each.until)


PIECES = [
    "# canonry: ignore[A] why",
    "\n",
    "  ",
    "- ",
    "a: ",
    "|",
    ">",
    "'",
    '"',
    "\\",
    "```",
    "<!--",
    "-->",
    "\r",
    "x",
    "{{",
    "é",
    "\u2028",
]


@pytest.mark.parametrize(
    "pattern", ["*.yml", "*.sh", "Makefile", "*.bat", "*.ps1", "Dockerfile", "*.ini", "*.toml", "*.md"]
)
@given(parts=st.lists(st.sampled_from(PIECES), max_size=25))
def test_no_document_is_too_much(pattern: str, parts: list[str]) -> None:
    text = "".join(parts)
    count = len(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))

    for _, first, last in in_document(text, pattern, commands=(1, 2, 3)):
        assert 0 <= first <= last <= count


@given(st.text(alphabet="ab# canonry: ignore[RUN001] why\n\\", max_size=200))
def test_strings_hold_no_suppression(text: str) -> None:
    assert found_in(f"x = {text!r}\n") == ()
