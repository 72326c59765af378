import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonry.canon.keys import KeyPath, flatten
from canonry.canon.lines import line_of, locate
from canonry.canon.load import load_canon


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        ("a = 1", ("a",), 1),
        ("# c\n\na.b.c = 1", ("a", "b", "c"), 3),
        ("a.b.c = 1\na.b.d = 2", ("a", "b", "d"), 2),
        ("a.b.c = 1\na.b.d = 2", ("a", "b"), 1),
        ("[a]\n[ a . 'b.c' ]\n\"d e\" = 1", ("a", "b.c", "d e"), 3),
        ('"\\u00e4" = 1', ("ä",), 1),
        ("'' = 1", ("",), 1),
        ("a = { b = 1, c.d = { e = 2 } }", ("a", "c", "d", "e"), 1),
        ("a = [\n  { b = 1 },\n  # c\n  { c = 2 },\n]", ("a", 1, "c"), 4),
        ("a = [ # c\n1,\n\n2\n]", ("a", 1), 4),
        ("a = [\n[1,\n2],\n[3]]", ("a", 1, 0), 4),
        ('s = """\n[x]\ny = 1\n"""\n[x]\ny = 2', ("x", "y"), 6),
        ("s = '''\n\n'''\nt = 1", ("t",), 4),
        ("[[a]]\nb = 1\n[[a]]\nb = 2", ("a", 1, "b"), 4),
        ("[[a]]\nb = 1\n[[a]]\nb = 2", ("a", 1), 3),
        ("[[a]]\nb = 1\n[[a]]\nb = 2", ("a",), 1),
        ("[[a]]\n[[a.b]]\n[[a.b]]\n[[a]]\n[[a.b]]\nc = 1", ("a", 1, "b", 0, "c"), 6),
        ("[[a]]\n[a.b]\nc = 1\n[[a]]\n[a.b]\nc = 2", ("a", 1, "b", "c"), 6),
        ("[a.b]\n\n[a]\n", ("a",), 3),
        ("[a.b]\n[a.c]\n", ("a",), 1),
        ("a = 1\r\n\r\n[b]\r\nc = [\r\n1,\r\n]\r\n", ("b", "c", 0), 5),
        ("[b] # c\r\nc = 1 # d\r\n# e\r\nd = '''\r\n'''\r\ne = 2", ("b", "e"), 6),
        ("a = '\U0001f600' # \U0001f600\nb = 1", ("b",), 2),
        ("d = 1979-05-27T07:32:00Z\ne = 0x1F\nf = inf\ng = 1", ("g",), 4),
    ],
)
def test_a_key_stands_in_its_line(text: str, path: KeyPath, line: int) -> None:
    tomllib.loads(text)

    assert locate(text.encode())[path] == line


def test_a_path_that_is_not_written_stands_where_its_table_does() -> None:
    assert line_of(b"\n[a]\nb = 1\n", ("a", "c", "d")) == 2
    assert line_of(b"\n[a]\nb = 1\n", ("z",)) == 1


NAMES = st.sampled_from(["a", "b-c", "d.e", "ä", 'f"g', "", "h i"])
VALUES = st.sampled_from(
    ["1", '"x"', "true", "[]", "[1, 2]", "[\n  1, # c\n\n  2,\n]", '"""\n[a]\n"""', "{ y = [{}] }"]
)


@given(
    st.dictionaries(NAMES, st.dictionaries(NAMES, VALUES, max_size=3), max_size=4),
    st.sampled_from(["header", "dotted", "array"]),
    st.sampled_from(["\n", "\r\n"]),
    st.lists(st.sampled_from(["", "# comment", "  "]), max_size=3),
)
def test_every_key_that_the_parser_sees_has_its_line(
    tables: dict[str, dict[str, str]], style: str, end: str, between: list[str]
) -> None:
    lines: list[str] = []
    expected: dict[KeyPath, int] = {}
    for table, pairs in tables.items():
        lines += between
        if style == "header":
            lines.append(f"[{quoted(table)}]")
        elif style == "array":
            lines.append(f"[[{quoted(table)}]]")
        for name, value in pairs.items():
            key = f"{quoted(table)}.{quoted(name)}" if style == "dotted" else quoted(name)
            expected[(table, 0, name) if style == "array" else (table, name)] = len(lines) + 1
            lines += f"{key} = {value}".split("\n")
    text = end.join(lines)

    located = locate(text.encode())

    assert {path: located[path] for path in expected} == expected
    assert {path for path, _ in flatten(tomllib.loads(text)) if path} <= located.keys()


OPTIONS = {
    "tests": '["t"]',
    "target-python": '"3.12"',
    "exclude": '[\n  "a",\n  # c\n  "b",\n]',
    "shadow-names": "[]",
    "canon.runner": '"pytest"',
    "canon.base-cases": '["a.b:C"]',
    "canon.symbols": '[{ name = "A", home = "b" }]',
    "categories.unit.timeout": '"90s"',
    'categories."a b".share': "0.5",
    "services.pg.kind": '"postgres"',
    "flows.f.reliability": "1",
    "profiles.p.url": '"u"',
    "run.guard": '"warn"',
    "load.l.p95": "3",
}


@given(st.lists(st.sampled_from(sorted(OPTIONS)), unique=True), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_any_subset_of_valid_options_loads_and_knows_its_lines(keys: list[str], end: str, standalone: bool) -> None:
    lines = [] if standalone else ["[project]", "name = 'x'", "", "[tool.canonry]"]
    expected = {}
    for key in keys:
        expected[key] = len(lines) + 1
        lines += f"{key} = {OPTIONS[key]}".split("\n")
    file = "canonry.toml" if standalone else "pyproject.toml"

    loaded = load_canon({file: end.join(lines).encode()}.get)

    origins = {key: loaded.origin(key) for key in OPTIONS}
    assert origins == {key: f"{file}:{expected[key]}" if key in expected else "default" for key in OPTIONS}


def quoted(name: str) -> str:
    return name if name in ("a", "b-c") else '"' + name.replace('"', '\\"') + '"'
