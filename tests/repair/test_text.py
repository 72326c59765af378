"""A file's form survives a repair: byte order mark, encoding, line ends."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonry.repair.text import decode, encode, with_declaration

LINES = st.lists(
    st.tuples(
        st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"])),
        st.sampled_from(["\n", "\r\n", "\r"]),
    )
)


@given(LINES, st.booleans())
def test_an_unchanged_body_gives_back_every_byte(lines: list[tuple[str, str]], mark: bool) -> None:
    # a lone `\r` before a `\n` of the next, empty line would be one line end
    body = "".join(line + end for line, end in lines if not (line == "" and end == "\n"))
    content = (codecs.BOM_UTF8 if mark else b"") + body.encode()
    text = decode(content)
    if text is None:  # the words of a UTF-16 mark
        return

    assert encode(text, text.body) == content


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_new_lines_end_as_the_others_do(end: str) -> None:
    text = decode(f"a = 1{end}b = 2{end}".encode())
    assert text is not None

    assert encode(text, "a = 1\nnew = 3\nb = 2\n") == f"a = 1{end}new = 3{end}b = 2{end}".encode()


def test_mixed_line_ends_stay_where_lines_stay() -> None:
    text = decode(b"a = 1\r\nb = (2\nc = 3\r\nd = 4\r\n")
    assert text is not None

    assert encode(text, "a = 1\nb = (2)\nc = 3\nd = 4\n") == b"a = 1\r\nb = (2)\nc = 3\r\nd = 4\r\n"


def test_a_form_feed_is_no_line_end() -> None:
    text = decode(b"a = 1\x0c\nb = 2\r\n\xe2\x80\xa8")
    assert text is not None

    assert (text.body, text.ends) == ("a = 1\x0c\nb = 2\n\u2028", ("\n", "\r\n"))


def test_a_declared_encoding_is_kept() -> None:
    content = "# -*- coding: latin-1 -*-\nname = 'Andr\xe9\n".encode("latin-1")
    text = decode(content)
    assert text is not None

    assert encode(text, text.body.replace("\xe9\n", "\xe9'\n")) == content.replace(b"\xe9\n", b"\xe9'\n")


def test_a_character_that_the_encoding_lacks_is_no_proposal() -> None:
    text = decode("# -*- coding: latin-1 -*-\nname = 'Andr\xe9'\n".encode("latin-1"))
    assert text is not None

    assert encode(text, text.body + "price = '\u20ac'\n") is None


def test_bytes_that_are_no_utf_8_get_a_declaration() -> None:
    text = decode(b"#!/usr/bin/env python\nname = 'Andr\xe9'\n")
    assert text is not None
    encoded = encode(text, text.body)

    assert encoded == b"#!/usr/bin/env python\n# -*- coding: latin-1 -*-\nname = 'Andr\xe9'\n"
    compile(encoded, "x", "exec")


def test_a_declaration_stands_on_the_first_line_of_a_module() -> None:
    assert with_declaration("a = 1\n").startswith("# -*- coding: latin-1 -*-\na")


@pytest.mark.parametrize("content", [b"a = 1\0", "a = 1\n".encode("utf-16"), b"\x7fELF\0\0"])
def test_what_is_no_text_is_none(content: bytes) -> None:
    assert decode(content) is None
