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


HANDED_OVER = {
    "piped-document": ("cat <<EOF | bash\npytest x\nEOF\n", ["2:1 pytest x"]),
    "piped-on": ("cat <<EOF | bash -s a | tee log\npytest x\nEOF\n", ["2:1 pytest x"]),
    "piped-document-forgiven": ("cat <<EOF | sh || true\npytest x\nEOF\n", ["2:1 pytest x [`|| true`]"]),
    "piped-to-a-program": ("cat <<EOF | python\npytest x\nEOF\n", []),
    "document-beside": ("cat <<EOF && bash a.sh\npytest x\nEOF\n", []),
    "of-a-file": ("cat a.txt <<EOF | bash\npytest x\nEOF\n", []),
    "remote": ("ssh -p 22 host <<'EOF'\ncd a\npytest x\nEOF\n", ["3:1 pytest x"]),
    "remote-shell": ("ssh host bash -s <<EOF\npytest x\nEOF\n", ["2:1 pytest x"]),
    "remote-input": ("ssh host cat <<EOF\npytest x\nEOF\n", []),
    "script-with-input": ("bash a.sh <<EOF\npytest x\nEOF\n", []),
    "container": ("docker exec -i app bash <<EOF\npytest x\nEOF\n", ["2:1 pytest x"]),
    "echo": ('echo "pytest x" | sh\n', ["1:7 pytest x"]),
    "echo-words": ("echo -e pytest x | bash -e\n", ["1:9 pytest x"]),
    "printf": ("printf 'ls\\npytest x\\n' | sh\n", ["1:13 pytest x"]),
    "echo-to-a-program": ('echo "pytest x" | grep a\n', []),
    "echo-to-a-script": ('echo "pytest x" | sh a.sh\n', []),
    "string": ('bash <<< "pytest x"\n', ["1:11 pytest x"]),
    "string-for-a-program": ('cat <<< "pytest x"\n', []),
    "trap": ("trap 'pytest x' EXIT\n", ["1:7 pytest x"]),
    "no-trap": ("trap - EXIT pytest\n", []),
}


@pytest.mark.parametrize(("text", "found"), HANDED_OVER.values(), ids=HANDED_OVER)
def test_a_script_that_is_handed_over(text: str, found: list[str]) -> None:
    assert places("a.sh", text) == found


@pytest.mark.parametrize("text", ['echo "$X" | sh\n', 'bash <<< "$X"\n', "echo $X pytest | sh\n"])
def test_a_script_that_is_not_fixed(text: str) -> None:
    assert [each.partition(" ")[2] for each in reasons("a.sh", text)] == ["a script for a shell that is not fixed"]
    assert places("a.sh", text) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('"pytest -q" | iex\n', ["1:2 pytest -q"]),
        ("'pytest -q' | Invoke-Expression\n", ["1:2 pytest -q"]),
        ('"pytest -q" | Out-File a.txt\n', []),
    ],
)
def test_a_text_that_powershell_evaluates(text: str, found: list[str]) -> None:
    assert places("a.ps1", text) == found
