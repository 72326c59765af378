"""Scripts and texts that a command takes from a here-document, a string or another command."""

import pytest

from canonry.source.documents.readers.registry import read_document, reader_of
from canonry.source.documents.reading import Reading


def read(path: str, text: str) -> Reading:
    return read_document(reader_of(path), text.encode())


def places(path: str, text: str) -> list[str]:
    return [
        f"{each.site.line}:{each.site.column} {' '.join(each.words)}" + (f" [{each.forgiven}]" if each.forgiven else "")
        for each in read(path, text).commands
        if each.tool
    ]


def reasons(path: str, text: str) -> list[str]:
    return [f"{each.site.line}:{each.site.column} {each.reason}" for each in read(path, text).passed_over]


IN_FRONT = {
    "<<EOF cat > f\npytest x\nEOF\n": [],
    "<<EOF cat > f\npytest x\nEOF\npytest y\n": ["4:1 pytest y"],
    "<<'EOF' python\npytest x\nEOF\n": [],
    "<<-EOF bash -s a\n\tpytest x\n\tEOF\n": ["2:2 pytest x"],
    "<<EOF bash && pytest y\npytest x\nEOF\n": ["1:15 pytest y", "2:1 pytest x"],
    "true; <<EOF cat > 'a b' 2>&1\npytest x\nEOF\n": [],
}


@pytest.mark.parametrize(("text", "found"), IN_FRONT.items())
def test_a_document_in_front_of_its_command(text: str, found: list[str]) -> None:
    assert places("a.sh", text) == found


@pytest.mark.parametrize(("text", "found"), IN_FRONT.items())
def test_a_document_in_front_of_the_command_of_an_instruction(text: str, found: list[str]) -> None:
    own = [place for place in found if place.startswith(("1", "2"))]
    shifted = [place.replace("1:15", "1:19") for place in own]
    assert places("Dockerfile", f"RUN {text}") == shifted


def test_an_instruction_that_is_a_document() -> None:
    assert places("Dockerfile", "RUN <<EOF\npytest x\nEOF\n") == ["2:1 pytest x"]
    assert places("Dockerfile", "RUN <<-'EOF' \n\tpytest x\n\tEOF\n") == ["2:2 pytest x"]
    assert places("Dockerfile", "RUN <<EOF\n#!/usr/bin/env python\npytest x\nEOF\n") == []
