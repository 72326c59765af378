import tomllib

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from canonry.canon.insert import Addition, insert
from canonry.model.errors import UserError

RUNNER = Addition(path=("tool", "canonry", "canon", "runner"), value="pytest", comment="12 commands start pytest")
TESTS = Addition(path=("tool", "canonry", "tests"), value=["tests"])
UNIT = Addition(path=("tool", "canonry", "categories", "unit"), value={"paths": ["tests/unit"]}, comment="3 files")
EXCLUDE = Addition(path=("exclude",), value=["vendor/**"])
FACTORY = Addition(path=("canon", "mock-factory"), value="a:B")
SYMBOLS = Addition(
    path=("tool", "canonry", "canon", "symbols"),
    value=[{"name": "A", "home": "a"}, {"name": "B", "home": "b"}],
    comment="2 names",
    items=("4 importers", "3 importers"),
)


def inserted(text: str, *additions: Addition) -> str:
    return insert(text.encode(), additions, file="pyproject.toml").decode()


def test_an_empty_document_becomes_the_canon() -> None:
    assert inserted("", TESTS, RUNNER, SYMBOLS, UNIT) == (
        '[tool.canonry]\ntests = ["tests"]\n\n'
        '[tool.canonry.canon]\n# 12 commands start pytest\nrunner = "pytest"\n\n'
        '# 2 names\n\n# 4 importers\n[[tool.canonry.canon.symbols]]\nname = "A"\nhome = "a"\n\n'
        '# 3 importers\n[[tool.canonry.canon.symbols]]\nname = "B"\nhome = "b"\n\n'
        '# 3 files\n[tool.canonry.categories.unit]\npaths = ["tests/unit"]\n'
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            "[project]\nname = 'a'\n",
            "[project]\nname = 'a'\n\n[tool.canonry]\ntests = [\"tests\"]\n",
            id="a table at the end",
        ),
        pytest.param("a = 1", 'a = 1\n\n[tool.canonry]\ntests = ["tests"]\n', id="no newline at the end"),
        pytest.param(
            "a = 1\r\n[b]\r\n", 'a = 1\r\n[b]\r\n\r\n[tool.canonry]\r\ntests = ["tests"]\r\n', id="Windows line ends"
        ),
        pytest.param(
            "\ufeffa = 1\n", '\ufeffa = 1\n\n[tool.canonry]\ntests = ["tests"]\n', id="a byte order mark stays first"
        ),
        pytest.param(
            "[tool.canonry] # ours\nexclude = [\n  'a', # b\n] # c\n\n# about d\n[d]\n",
            "[tool.canonry] # ours\nexclude = [\n  'a', # b\n] # c\ntests = [\"tests\"]\n\n# about d\n[d]\n",
            id="after the last key of its table",
        ),
        pytest.param(
            "[tool.canonry]\n\n# about d\n[d]\n",
            '[tool.canonry]\ntests = ["tests"]\n\n# about d\n[d]\n',
            id="an empty table",
        ),
        pytest.param(
            "[tool.canonry.canon]\nrunner = 'x'\n",
            "[tool.canonry.canon]\nrunner = 'x'\n\n[tool.canonry]\ntests = [\"tests\"]\n",
            id="only a table below is there",
        ),
        pytest.param(
            "[tool]\ncanonry.exclude = []\n",
            '[tool]\ncanonry.exclude = []\ncanonry.tests = ["tests"]\n',
            id="dotted keys go on as dotted keys",
        ),
        pytest.param(
            "[tool.'canonry']\nexclude = []",
            "[tool.'canonry']\nexclude = []\ntests = [\"tests\"]\n",
            id="a quoted header, no newline",
        ),
    ],
)
def test_a_key_goes_where_its_table_is(before: str, after: str) -> None:
    assert inserted(before, TESTS) == after


def test_keys_of_the_root_stand_before_the_first_table_and_its_comment() -> None:
    addition = Addition(path=("tests",), value=["tests"])

    after = insert(b"# ours\n\n# the canon\n[canon]\nrunner = 'x'\n", [addition], file="canonry.toml")

    assert after == b"# ours\n\ntests = [\"tests\"]\n\n# the canon\n[canon]\nrunner = 'x'\n"


def test_a_long_list_takes_a_line_per_item() -> None:
    addition = Addition(path=("tests",), value=[f"packages/component-{number}/tests" for number in range(4)])

    assert inserted("", addition).splitlines()[1] == '    "packages/component-0/tests",'


@pytest.mark.parametrize(
    "before",
    [
        "tool = { canonry = {} }\n",
        "[tool]\ncanonry = { exclude = [] }\n",
        "[[tool.canonry]]\n",
        "[tool]\ncanonry = 1\n",
    ],
)
def test_a_layout_that_cannot_take_the_key_is_refused(before: str) -> None:
    with pytest.raises(UserError, match=r"`pyproject\.toml` is laid out so that keys cannot be added"):
        inserted(before, TESTS)


def test_control_characters_never_reach_a_comment() -> None:
    after = inserted("", Addition(path=("tests",), value=["a"], comment="`a\nb = 1\x00\udcff` holds them"))

    assert tomllib.loads(after) == {"tests": ["a"]}


_NAMES = st.sampled_from(["a", "tool", "canonry", "canon", "runner", "tests", '"b c"', "'d.e'"])
_KEYS = st.lists(_NAMES, min_size=1, max_size=4).map(".".join)
_VALUES = st.sampled_from(
    [
        "1",
        "'x'",
        "nan",
        "[]",
        "[\n 'a', # b\n]",
        '"""\n[tool.canonry]\n"""',
        "{}",
        "{ a.b = 1 }",
        "1979-05-27",
        "'''\r\n'''",
    ]
)
_LINES = st.one_of(
    st.just(""),
    st.sampled_from(["# a comment", "  # [tool.canonry]"]),
    st.builds("{} = {}".format, _KEYS, _VALUES),
    st.builds("{}={} # why".format, _KEYS, _VALUES),
    st.builds("[{}]".format, _KEYS),
    st.builds("  [ {} ] # why".format, _KEYS),
    st.builds("[[{}]]".format, _KEYS),
)


@st.composite
def documents(draw: st.DrawFn) -> bytes:
    """Valid TOML of every layout, some of it with parts of a canon."""
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    lines: list[str] = []
    for line in draw(st.lists(_LINES, max_size=12)):
        try:
            tomllib.loads("\n".join([*lines, line]))
        except tomllib.TOMLDecodeError:
            continue
        lines.append(line)
    text = newline.join(lines) + draw(st.sampled_from(["", newline]))
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        assume(False)
    return draw(st.sampled_from([b"", b"\xef\xbb\xbf"])) + text.encode()


def is_kept(before: bytes, after: bytes) -> bool:
    """Whether `after` is `before` with whole lines added (and a newline where the last line had none)."""
    mark = b"\xef\xbb\xbf"
    if before.startswith(mark) != after.startswith(mark):
        return False
    rest = iter(after.removeprefix(mark).splitlines(keepends=True))
    lines = before.removeprefix(mark).splitlines(keepends=True)
    return all(any(line == other or (line is lines[-1] and other.startswith(line)) for other in rest) for line in lines)


def lookup(document: object, path: tuple[str, ...]) -> object:
    for name in path:
        document = document.get(name) if isinstance(document, dict) else None
    return document


@given(
    documents(),
    st.lists(st.sampled_from([TESTS, RUNNER, UNIT, SYMBOLS, EXCLUDE, FACTORY]), unique_by=lambda each: each.path),
)
def test_every_byte_stays_and_every_key_arrives(before: bytes, wanted: list[Addition]) -> None:
    parsed = tomllib.loads(before.decode("utf-8-sig"))
    missing = [each for each in wanted if lookup(parsed, each.path) is None]

    try:
        after = insert(before, missing, file="pyproject.toml")
    except UserError:
        assert {each.path[0] for each in missing} & parsed.keys()  # only a layout of the very tables may be refused
        return

    assert is_kept(before, after)
    result = tomllib.loads(after.decode("utf-8-sig"))
    assert all(lookup(result, each.path) == each.value for each in missing)
    assert insert(after, [], file="pyproject.toml") == after
