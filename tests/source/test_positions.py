"""Lines and columns as people count them: from 1, in characters, whatever the bytes are."""

import codecs
import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from canonry.source.facts import Site, decode_facts, encode_facts
from canonry.source.python.extract import extract
from canonry.source.syntax.text import SourceText, decode_source
from tests.workbench import facts_of

LF = "import pytest\n{}pytest.main()\n"


def call_site(code: str | bytes) -> Site:
    (call,) = facts_of(code).calls
    return call.site


def place(site: Site) -> tuple[int, int, int, int]:
    return site.line, site.column, site.end_line, site.end_column


@pytest.mark.parametrize(
    ("before", "column"),
    [
        ("", 1),
        ("x = 1; ", 8),
        ("é = 1; ", 8),
        ("x = 'é€𝄞'; ", 12),
        ("x = '日本'; ", 11),
        ("x = 'e\u0301'; ", 11),  # a combining accent is a character of its own
        ("x =\t1;\t", 8),
        ("(1).real; ", 11),
    ],
)
def test_columns_count_characters(before: str, column: int) -> None:
    assert place(call_site(LF.format(before))) == (2, column, 2, column + 13)


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_lines_end_as_in_the_parser(newline: str) -> None:
    code = LF.format("# é\x0c\x0b\x1c\u2028\nx = 'é'; ").replace("\n", newline)

    assert place(call_site(code)) == (3, 10, 3, 23)


def test_a_form_feed_is_a_character_and_no_line() -> None:
    assert place(call_site("import pytest\n\x0c\nx = 1\x0c; pytest.main()\n")) == (3, 9, 3, 22)


def test_a_byte_order_mark_is_not_counted() -> None:
    code = codecs.BOM_UTF8 + b"import pytest; pytest.main()\n"

    assert place(call_site(code)) == (1, 16, 1, 29)


def test_a_declared_encoding_is_decoded() -> None:
    code = "# -*- coding: latin-1 -*-\nimport pytest\nx = 'éü'; pytest.main()\n".encode("latin-1")

    assert place(call_site(code)) == (3, 11, 3, 24)


def test_the_end_may_stand_lines_below() -> None:
    assert place(call_site("import pytest\nx = 'é'; pytest.main(\n    'ü',\n    'ü')\n")) == (2, 10, 4, 9)


def test_no_newline_at_the_end() -> None:
    assert place(call_site("import pytest; pytest.main()")) == (1, 16, 1, 29)


@pytest.mark.parametrize(
    ("code", "column", "end"),
    [
        ("x = 'é'; from . import a\n", 10, 25),
        ("x = 'é'; import a\n", 10, 18),
        ("from . import é\n", 1, 16),
        ("from . import (a,\n  é)\n", 1, 5),
    ],
)
def test_imports_stand_in_characters_too(code: str, column: int, end: int) -> None:
    (imported,) = facts_of(code).imports

    assert (imported.column, imported.end_column) == (column, end)


@pytest.mark.parametrize(
    ("code", "column", "end"),
    [
        ("class A:\n    def naïve(self): pass\n", 5, 14),
        ("class A:\n    async def naïve(self): pass\n", 5, 20),
        ("if 1: x = 'é'\nclass A:\n\tdef f(self): pass\n", 2, 7),
    ],
)
def test_headers_cover_the_words_and_the_name(code: str, column: int, end: int) -> None:
    (function,) = facts_of(code).functions

    assert (function.site.column, function.site.end_column) == (column, end)


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_facts_of_broken_sources_stand_in_characters_too(newline: str) -> None:
    code = "x = 'é'; from . import é\nx = 'é'; from .a import b\nclass A:\n    def f(self): pass\nx = (\n"
    facts = facts_of(code.replace("\n", newline))

    assert facts.broken
    assert [(each.line, each.column, each.end_column) for each in facts.imports] == [(1, 10, 25), (2, 10, 26)]
    assert (facts.classes[0].site.line, facts.classes[0].site.column) == (3, 1)
    assert (facts.functions[0].site.line, facts.functions[0].site.column) == (4, 5)


@pytest.mark.parametrize(
    ("code", "line", "column"),
    [
        ("x = 'é' y\n", 1, 9),
        ("\n\nx = )\n", 3, 5),
        ("x = 1\r\ny = )\r\n", 2, 5),
        ("x = 1\ry = )\r", 2, 5),
        ("def f(:\n", 1, 7),
    ],
)
def test_a_failure_stands_where_the_parser_stopped(code: str, line: int, column: int) -> None:
    broken = facts_of(code).broken

    assert broken is not None
    assert (broken.site.line, broken.site.column) == (line, column)


@given(st.text(alphabet="aé€𝄞 \t\n\r\x0c\u2028", min_size=1, max_size=40), st.data())
def test_a_position_is_found_from_its_offset(code: str, data: st.DataObject) -> None:
    before = code[: data.draw(st.integers(0, len(code) - 1))]
    assume(not (before.endswith("\r") and code[len(before)] == "\n"))
    lines = re.split(r"\r\n|\r|\n", before)

    assert SourceText(code.encode()).position(len(before.encode())) == (len(lines), len(lines[-1]) + 1)


@given(st.binary(max_size=60))
def test_any_bytes_give_facts_with_places_inside_the_text(content: bytes) -> None:
    facts = facts_of(content)

    if facts.broken is not None:
        site = facts.broken.site
        assert 1 <= site.line <= len(content) + 1
        assert 1 <= site.column <= site.end_column


@given(st.text(max_size=40))
def test_decoding_keeps_every_character(code: str) -> None:
    content = code.encode("utf-8", "surrogatepass")

    try:
        decoded = decode_source(codecs.BOM_UTF8 + content)
    except Exception as error:  # noqa: BLE001 - whatever is refused is refused with one exception
        assert type(error).__name__ == "EncodingError"  # noqa: PT017
    else:
        assert decoded == content


def test_words_that_are_no_text_end_no_audit() -> None:
    code = b"HALVES = ['\\ud800', '\\udc00', '\\ud801', '\\udc01', '\\ud802']\n"
    assert decode_facts(encode_facts(extract(code, (3, 11)))) is not None
