"""Small files that stand for a lot are read in bounded time: what is too much is passed over with the reason."""

import time

import pytest

from canonry.source.documents.readers.registry import read_document, reader_of
from canonry.source.documents.reading import Reading

SECONDS = 20.0
"""CPU time that one file may take on a busy machine: all are done in 5 at most on an idle one, and took minutes or had no end."""


def read(path: str, text: str) -> Reading:
    begin = time.process_time()
    found = read_document(reader_of(path), text.encode())
    assert time.process_time() - begin < SECONDS
    return found


def reasons(reading: Reading) -> str:
    return "; ".join(each.reason for each in reading.passed_over)


def aliases(levels: int, width: int, form: str, first: str) -> str:
    lines = [f"a0: &a0 {first}"]
    lines += [f"a{n}: &a{n} " + form.format(", ".join([f"*a{n - 1}"] * width)) for n in range(1, levels + 1)]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    "text",
    [
        aliases(8, 10, "[{}]", '["echo x", "echo y"]') + "job: {script: *a8}\n",
        aliases(19, 4, "{{<<: [{}]}}", "{x: y}") + "job: {<<: *a19, script: [pytest]}\n",
        "a: &a [*a, *a, pytest]\njob: {script: *a}\n",
        "a: &a {<<: [*a, *a], x: y}\njob: {<<: *a, script: [pytest]}\n",
    ],
    ids=["lists", "merge-keys", "list-in-itself", "mapping-in-itself"],
)
@pytest.mark.parametrize(
    "path", [".gitlab-ci.yml", ".github/workflows/a.yml", "compose.yml", ".pre-commit-config.yaml"]
)
def test_anchors_that_stand_for_too_much(path: str, text: str) -> None:
    assert "anchors stand for more than 100,000 values" in reasons(read(path, text))


def test_anchors_that_are_used_often_are_read() -> None:
    text = "a: &a\n  - pytest a\n" + "".join(f"job{n}: {{script: [*a, pytest {n}]}}\n" for n in range(200))

    assert len(read(".gitlab-ci.yml", text).commands) == 201


def test_large_yaml_is_passed_over() -> None:
    job = "job{}:\n  script:\n    - echo one\n    - pytest a\n"
    text = "".join(job.format(n) for n in range(10_000))

    assert reasons(read(".gitlab-ci.yml", text)) == "YAML of more than 200,000 characters"


def test_a_root_with_many_keys_is_looked_up_once() -> None:
    keys = "".join(f"k{n}: 1\n" for n in range(8_000))
    text = keys + "jobs:\n  a:\n    steps:\n" + "      - run: pytest\n" * 2_000

    assert len(read(".github/workflows/a.yml", text).commands) == 2_000


MAKE = "A0 = pytest\n" + "".join(f"A{n} = {f'$(A{n - 1}) ' * 5}\n" for n in range(1, 13))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.sh", "A=x\n" + "A=$A$A$A$A\n" * 40 + "$A pytest\n"),
        ("a.sh", "A=$A$A$A$A\n" * 40 + "$A pytest\n"),
        ("a.sh", "A=(x)\n" + 'A+=("${A[@]}" "${A[@]}")\n' * 40 + '"${A[@]}" pytest\n'),
        ("a.sh", f"A={'x' * 9_000}\n" + "echo " + "$A " * 20_000 + "\n"),
        ("Makefile", MAKE + "t:\n\t$(A12) pytest\n"),
        ("Makefile", f"A = {'x' * 9_000}\nt:\n\t" + "$(A) " * 20_000 + "\n"),
        ("a.bat", "set A=x\n" + "set A=%A%%A%%A%%A%\n" * 40 + "%A% pytest\n"),
        ("justfile", f"a := '{'x' * 9_000}'\nt:\n    " + "{{a}} " * 20_000 + "\n"),
    ],
    ids=["text", "unset", "array", "often", "make", "make-often", "batch", "just-often"],
)
def test_variables_that_hold_variables(path: str, text: str) -> None:
    assert "stand" in reasons(read(path, text))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("justfile", "t:\n    " + "{{" * 20_000 + "\n    pytest\n"),
        ("justfile", "t:\n    " + "{{ " * 20_000 + "\n    pytest\n"),
        (".github/workflows/a.yml", "jobs:\n  a:\n    steps:\n      - run: |\n          " + "${{" * 20_000 + "\n"),
        ("a.sh", "A='x y'\n" + 'A="$A $A $A $A"\n' * 40 + "$A pytest\n"),
        ("a.sh", "A='echo x; eval $A; eval $A'\n" + "eval $A\n" * 1_000 + f"B={'y' * 20_000}\n"),
        ("a.sh", "${{ " * 20_000 + "\n$[[ " + "$[[ " * 20_000),
    ],
)
def test_what_costs_little(path: str, text: str) -> None:
    read(path, text)
