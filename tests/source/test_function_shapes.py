"""What of a function its shape says: the same code in other clothes is the same, other code is not."""

import textwrap
from array import array

import pytest

from canonry.source.functions.shapes import LEAST_NEAR, Shape, decode_shapes, read_shapes

FETCH = """
def fetch(client, path, *, tries=3):
    last = None
    for attempt in range(tries):
        answer = client.get(path, timeout=10)
        if answer.status == 200:
            return answer.json()
        last = answer
        client.wait(attempt)
    raise TimeoutError(f"{path}: {last}")
"""
INNER = """
def outer(log):
    first = log.start()
    second = log.look(first)
    third = log.look(second)
    def inner(value):
        log.note(1)
        log.put(value)
        log.note(2)
        log.put(value, 2)
        log.note(3, log)
        value.close()
        log.flush()
        log.look(value).close()
        return value.closed
    return inner
"""


def shapes_of(code: str | bytes) -> dict[str, Shape]:
    record = decode_shapes(read_shapes(code if isinstance(code, bytes) else code.encode(), (3, 11)))
    assert record is not None
    return {shape.qualname: shape for shape in record.functions}


def shape_of(code: str) -> Shape:
    (shape,) = shapes_of(code).values()
    return shape


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("last = None", "last = None  # nothing yet", id="comment"),
        pytest.param("    last = None", "    '''Gets it.'''\n    last = None", id="docstring"),
        pytest.param("    last = None", "    last = None\n    'a string as a comment'\n", id="string statement"),
        pytest.param("def fetch", "def load", id="own name"),
        pytest.param("get(path, timeout=10)", "get(\n            path,\n            timeout=10,\n        )", id="layout"),
        pytest.param("answer.status == 200", "(answer.status == (200))", id="parentheses"),
        pytest.param("200", "0xC8", id="notation of a number"),
        pytest.param('f"{path}: {last}"', "f'{path}: ' f'{last}'", id="notation of a string"),
        pytest.param("last = answer", "last = answer; pass", id="pass"),
    ],
)  # fmt: skip
def test_other_clothes_are_the_same(old: str, new: str) -> None:
    assert old in FETCH
    one, other = shape_of(FETCH), shape_of(FETCH.replace(old, new))

    assert (one.exact, one.renamed, one.elements) == (other.exact, other.renamed, other.elements)


@pytest.mark.parametrize("name", ["client", "path", "tries", "last", "attempt", "answer"])
def test_a_local_name_makes_no_clone_of_another_kind(name: str) -> None:
    one, other = shape_of(FETCH), shape_of(FETCH.replace(name, "renamed"))

    assert one.exact != other.exact
    assert one.renamed == other.renamed
    assert one.elements == other.elements
    assert [pair for pair in zip(one.names.split(), other.names.split(), strict=True) if len(set(pair)) > 1] == [
        (name, "renamed")
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("client.get", "client.post", id="attribute"),
        pytest.param("timeout=10", "limit=10", id="keyword"),
        pytest.param("TimeoutError", "OSError", id="global name"),
        pytest.param("range(tries)", "range(attempt)", id="another local name"),
        pytest.param("last = answer", "last = path", id="another variable"),
        pytest.param("10", "11", id="number"),
        pytest.param("10", "10.0", id="kind of number"),
        pytest.param("None", "'None'", id="kind of literal"),
        pytest.param("==", "!=", id="operator"),
        pytest.param("*, tries", "tries", id="signature"),
        pytest.param("def fetch", "@cache\ndef fetch", id="decorator"),
        pytest.param("def fetch", "async def fetch", id="async"),
        pytest.param("        last = answer\n", "            last = answer\n", id="block"),
        pytest.param("client, path,", "client: Client, path,", id="annotation"),
        pytest.param('f"{path}: {last}"', 'f"{path}: {last!r}"', id="conversion"),
    ],
)
def test_other_code_is_not_the_same(old: str, new: str) -> None:
    assert old in FETCH
    one, other = shape_of(FETCH), shape_of(FETCH.replace(old, new, 1))

    assert one.exact != other.exact
    assert one.renamed != other.renamed


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("from shop import Order as it", "from shop import Basket as it", id="import"),
        pytest.param("global it", "global that", id="global"),
        pytest.param("class It: pass", "class That: pass", id="class"),
        pytest.param("class C: it = 1", "class C: that = 1", id="member"),
        pytest.param("class C:\n        def it(self): pass", "class C:\n        def that(self): pass", id="method"),
        pytest.param("self.it = 1", "cls.it = 1", id="receiver"),
    ],
)
def test_names_that_mean_something_outside_are_not_local(one: str, other: str) -> None:
    code = "def f(self, cls, a):\n    STATEMENT\n    a = 1\n    a = a + 1\n    print(a)\n    a.b()\n    a.c()\n"

    assert shape_of(code.replace("STATEMENT", one)).renamed != shape_of(code.replace("STATEMENT", other)).renamed


@pytest.mark.parametrize("head", ["def test_f(given):", "@pytest.fixture\ndef f(given):", "@fixture()\ndef f(given):"])
def test_parameters_of_tests_and_fixtures_name_fixtures(head: str) -> None:
    code = f"{head}\n    one = given\n    two = one.c\n    three = two.e\n    four = three.g\n    assert four\n"
    plain, fixture, local = (shape_of(code.replace(old, "other")) for old in ("nothing", "given", "four"))

    assert plain.renamed != fixture.renamed
    assert plain.renamed == local.renamed
    assert plain.names.split() == ["one", "two", "three", "four"]


def test_elements_are_distinct_and_know_their_lines() -> None:
    code = "def f(a):\n" + "    a.append(1)\n" * 12
    shape = shape_of(code)

    assert len(set(array("Q", shape.elements))) == 13
    assert list(array("I", shape.lines)) == list(range(1, 14))


def test_literals_are_open_once_and_then_tell_repeats_apart() -> None:
    def banner(*words: str) -> set[int]:
        lines = "".join(f"    print({word!r})\n" for word in words)
        return set(array("Q", shape_of("def f():\n" + lines).elements))

    one = [f"one {number}" for number in range(12)]
    other = [f"two {number}" for number in range(12)]

    assert len(banner(*one) & banner(*other)) == 2  # the signature, and the first statement
    assert banner(*one) == banner("other", *one[1:])


def test_inner_functions_are_shapes_of_their_own() -> None:
    found = shapes_of(INNER)

    assert list(found) == ["outer", "outer.inner"]
    assert (found["outer"].inside, found["outer.inner"].inside) == (0, 1)
    assert (
        shapes_of(textwrap.dedent(INNER.partition("third = log.look(second)\n")[2].partition("    return inner")[0]))[
            "inner"
        ].exact
        == found["outer.inner"].exact
    )


def test_functions_are_found_wherever_they_stand() -> None:
    body = textwrap.indent(FETCH.replace("fetch", "NAME").strip(), "    ")
    blocks = ["if x:", "try:", "with x:", "for x in y:", "while x:", "class A:", "class B:\n  class C:"]
    code = ""
    for number, block in enumerate(blocks):
        inside = body.replace("NAME", f"f{number}")
        code += f"{block}\n{inside}\n" + ("finally:\n    pass\n" if block == "try:" else "")
    names = list(shapes_of(code))

    assert names == ["f0", "f1", "f2", "f3", "f4", "A.f5", "B.C.f6"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"def broken(:\n",
        b"\xff\xfe",
        b"x = '\0'",
        b"# -*- coding: nothing -*-\n",
        b"# @generated by a tool\n" + FETCH.encode(),
        b"# Generated by the compiler.  DO NOT EDIT!\n" + FETCH.encode(),
        b"'''This file is automatically generated from a.py.\n\nDo not edit it.'''\n" + FETCH.encode(),
        ("def f():\n    return " + "-" * 90_000 + "1\n").encode(),
        ("def f():\n" + "    x = 1\n" * 9 + "    return " + "a." * 5_000 + "b\n").encode(),
        b"def small(self):\n    self.a = 1\n    self.b = 2\n    return self\n",
    ],
)
def test_some_contents_have_no_shapes(content: bytes) -> None:
    assert shapes_of(content) == {}


def test_places_count_characters() -> None:
    code = "class Ä:\n    ä = 'ä'; x = 1\n    async def größe(self):\n" + "        self.a()\n" * LEAST_NEAR
    shape = shapes_of(code)["Ä.größe"]

    assert (shape.line, shape.column, shape.end_column) == (3, 5, 20)


@pytest.mark.parametrize("code", ["match x:\n        case [a, *b]: a.c(b)\n        case {'k': k}: k.d()", "print(*x, **x)", "lambda x, *y: (x, y)"])  # fmt: skip
def test_uncommon_syntax_is_read(code: str) -> None:
    whole = f"def f(x):\n    {code}\n    x.a()\n    x.b()\n    x.c()\n    x.d()\n    x.e()\n"

    assert shape_of(whole).exact == shape_of(whole.replace("def f", "def g")).exact
    assert shape_of(whole).renamed == shape_of(whole.replace("x", "value")).renamed


def test_imports_are_kept_once() -> None:
    record = decode_shapes(
        read_shapes(
            b"import a.b, c as d\nfrom ..e import f\n"
            + FETCH.replace("    last = None", "    from ..e import f, g\n    last = None").encode(),
            (3, 11),
        )
    )
    assert record is not None

    assert record.imports.split("\n") == ["a.b:", "c:", "..e:f", "..e:g"]


def test_only_what_stands_above_the_code_says_that_it_is_generated() -> None:
    assert list(shapes_of("import a\n\n# do not edit this by hand\n" + FETCH)) == ["fetch"]
