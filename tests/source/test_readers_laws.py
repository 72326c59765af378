"""Laws of all readers: no input raises, and the place of a command holds the command."""

import re

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from canonry.source.documents.fragment import decode_document
from canonry.source.documents.readers.registry import read_document, readers
from canonry.source.documents.reading import Command, Reading, decode_reading, encode_reading

SAMPLES = {
    "github_workflow": "on: push\nenv: {P: pytest}\njobs:\n  a:\n    steps:\n      - run: |\n          cd x\n          pytest -q ${{ a }} || true\n      - &b\n        run: >-\n          $P\n          -q\n      - run: \"pytest \\\"a\\\" \\x41\"\n      - *b\n",
    "gitlab_ci": ".a: &a\n  - pytest a\nb:\n  extends: .c\n  script:\n    - *a\n    - 'pytest ''b'''\n    - !reference [.c, script]\n",
    "shell": "#!/bin/bash -e\nCMD=(python -m pytest)\nCMD+=(-q)\nif [ -f x ]; then \"${CMD[@]}\" \"a $B\" || true; fi\nbash <<'E'\npytest -q\nE\neval \"pytest $X\"\nfor t in a b; do $t; done\n",
    "batch": "@echo off\nset \"P=python -m pytest\"\nif exist a (%P% a) else (pytest b ^\n  -q)\nfor %%f in (a b) do call pytest %%f || exit /b 0\n",
    "powershell": "$c = \"pytest\"\nfunction T { & $c -q `\n  a }\nif ($x) { python -m pytest @a; exit 0 }\nInvoke-Expression 'pytest a'\n",
    "makefile": "P ?= $(PY) -m pytest\nt: d ; $(P)\n\t-@$(P) $(wildcard a (b)) \\\n\t  $$X\ndefine d\n\tpytest\nendef\n",
    "justfile": "p := 'pytest'\nt *a: b\n    -{{p}} {{a}}\nu:\n    #!/usr/bin/env bash\n    pytest -q\n",
    "dockerfile": "# escape=\\\nFROM a\nRUN a && \\\n  # b\n  pytest -q\nCMD [\"sh\", \"-c\", \"pytest \\\"a\\\"\"]\nRUN <<E\npytest x\nE\nHEALTHCHECK --a=b CMD pytest\n",
    "compose": "services:\n  a:\n    command: [\"pytest\", '-q']\n    entrypoint: sh -c \"pytest $$X\"\n    healthcheck: {test: [CMD-SHELL, pytest || exit 1]}\n",
    "tox_ini": "[testenv:{a,b}]\nchangedir = {toxinidir}/x\ncommands =\n    a: - pytest {posargs:x y} \\\n        -q\n    {[b]commands}\n",
    "tox_toml": "[tool.tox]\nlegacy_tox_ini = \"\"\"\n[testenv]\ncommands = pytest\n\"\"\"\n[env.a]\ncommands = [[\"pytest\", { replace = \"posargs\" }], ['-', 'pytest']]\n",
    "package_json": "{\"scripts\": {\"t\": \"jest && pytest \\\"a\\\" \\u0041\", \"u\": \"cd a; pytest\"}, \"x\": [1, {}]}\n",
    "pre_commit": "repos:\n  - repo: local\n    hooks:\n      - id: t\n        entry: bash -c 'pytest -q'\n        args: [-x, \"a b\"]\n",
    "other_ci": "version: 2\nworkflows: {}\njobs: {a: [pytest]}\n",
    "markdown": "# a\n```sh\npytest -q\n```\n> ~~~console\n> $ pytest \\\n>   a\n> out\n> ~~~\n\n    pytest tests/\n\n```\npytest -q\n```\n<!-- x -->\n",
}  # fmt: skip
PARTS = ["pytest", "pytest -q", "$X", "${{ a }}", "'", '"', "`", "\\", "|", "||", "&", ";", "(", ")", "{", "}", "[", "]", "<<E", "\nE\n", "$(", "%a%", "^", "#", "- ", ": ", "*a", "&a ", "\t", " ", "\n", "\r\n", "\r", "\0", "é", "日本", "\U0001d11e", "\ufeff", "\u2028", "```", "~~~\n", "<!--", "true", "exit 0", "cd ..", "=", "$$"]  # fmt: skip
LAWS = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, str]:
    """A reader, and its sample with some parts put in, taken out or repeated."""
    reader = draw(st.sampled_from(sorted(SAMPLES)))
    text = SAMPLES[reader]
    for _ in range(draw(st.integers(0, 6))):
        start = draw(st.integers(0, len(text)))
        stop = draw(st.integers(start, min(len(text), start + 20)))
        part = draw(st.one_of(st.sampled_from(PARTS), st.just(text[start:stop] * 2), st.just("")))
        text = text[:start] + part + text[stop:]
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    return reader, text.replace("\n", newline)


def at(text: str, command: Command) -> str:
    """The text from the place of a command to its end, found by line and column alone."""
    lines = re.split(r"(?<=\n)|(?<=\r)(?!\n)", text)
    starts = [sum(map(len, lines[:number])) for number in (command.site.line - 1, command.site.end_line - 1)]
    return text[starts[0] + command.site.column - 1 : starts[1] + command.site.end_column - 1]


def holds(text: str, command: Command) -> bool:
    """Whether the first word stands at the place: as it is, or written with quotes, escapes, `$$` or a variable."""
    written = at(text, command)
    if not written:
        return False
    plain = re.sub(r"\\u([0-9a-fA-F]{4})", lambda match: chr(int(match[1], 16)), written)
    plain = re.sub(r"[\"'\\^`\s]", "", plain).replace("$$", "$")
    first = re.sub(r"[\"'\\^`\s]", "", command.words[0])
    computed = re.match(r"[@\"'(]*\s*(?:\S*[$%!]|\S*\{\{|\\[xuU])", written) is not None
    return first in plain or computed


def test_every_reader_has_a_sample() -> None:
    assert sorted(SAMPLES) == sorted(readers())


@pytest.mark.parametrize("reader", sorted(SAMPLES.keys() - {"other_ci"}))  # it passes all over
def test_the_samples_hold_commands(reader: str) -> None:
    reading = read_document(reader, SAMPLES[reader].encode())

    assert any(command.tool for command in reading.commands)
    assert all(holds(SAMPLES[reader], command) for command in reading.commands)


@LAWS
@given(mutated())
def test_no_text_raises_and_every_place_holds_its_command(case: tuple[str, str]) -> None:
    reader, text = case
    reading = read_document(reader, text.encode())

    seen = decode_document(text.encode())
    for command in reading.commands:
        assert command.words
        assert holds(seen, command), (command, at(seen, command))
    for passed in reading.passed_over:
        assert passed.reason
        assert 1 <= passed.site.line <= seen.count("\n") + seen.count("\r") + 1
    assert decode_reading(encode_reading(reading)) == reading


@LAWS
@given(st.sampled_from(sorted(SAMPLES)), st.binary(max_size=200))
@example("shell", b"\xff\xfep\x00y")
@example("markdown", b"```\npytest \xff\n")
def test_no_bytes_raise(reader: str, content: bytes) -> None:
    assert isinstance(read_document(reader, content), Reading)


@LAWS
@given(
    st.sampled_from(["shell", "makefile", "github_workflow", "dockerfile", "gitlab_ci", "batch", "powershell", "markdown"]),
    st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp"), exclude_characters="\ufeff\ufffe\uffff"), max_size=30),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)  # fmt: skip
def test_a_command_behind_any_text_has_its_exact_place(reader: str, before: str, newline: str, encoding: str) -> None:
    around = {
        "shell": "# {}\n\tpytest -q\n",
        "makefile": "# {}\nt:\n\t@pytest -q\n",
        "github_workflow": "# {}\njobs:\n  a:\n    steps:\n      - run: |\n          pytest -q\n",
        "dockerfile": "FROM a\n# {}\nRUN \\\n  pytest -q\n",
        "gitlab_ci": "# {}\na: {{script: [ls, 'pytest -q']}}\n",
        "batch": "rem {}\n  @pytest -q\n",
        "powershell": "# {}\n\tpytest -q\n",
        "markdown": "{}\n\n> ```sh\n> pytest -q\n> ```\n",
    }
    if reader == "markdown":
        before = re.sub(r"[`~<>]|^\s+", "", before)
    text = around[reader].format(before.strip("\\^")).replace("\n", newline)
    (command,) = (each for each in read_document(reader, text.encode(encoding)).commands if each.tool)

    assert at(text, command) == "pytest -q"
