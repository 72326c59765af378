"""Syntax is judged at the declared version, by the same verdict on every interpreter."""

import os
import stat
from pathlib import Path

import pytest

from canonry.model.errors import UserError
from canonry.source.interpreters import newer_names, newer_readers
from canonry.source.syntax.versions import RUNNING, Version
from canonry.source.target import choose_target
from tests.workbench import Folder, facts_of

WALRUS = "if (x := 1): pass\n"
POSITIONAL = "def f(a, /): pass\n"
MATCH = "match x:\n    case 1: pass\n"
GROUP = "try: pass\nexcept* ValueError: pass\n"
SAME_QUOTE = "x = f'{y['a']}'\n"
TYPE_ALIAS = "type X = int\n"

NEWER = {
    "except-star": (GROUP, (3, 10), "except* (PEP 654)"),
    "same-quote": (SAME_QUOTE, (3, 11), "f-string grammar (PEP 701)"),
    "same-quote-nested": ("x = f'{f'{1}'}'\n", (3, 11), "f-string grammar (PEP 701)"),
    "backslash": ("x = f'{'a\\n'}'\n", (3, 11), "f-string grammar (PEP 701)"),
    "backslash-other-quote": ("x = f'{\"\\n\".join(y)}'\n", (3, 11), "f-string grammar (PEP 701)"),
    "comment": ("x = f'''{\n1 # one\n}'''\n", (3, 11), "f-string grammar (PEP 701)"),
    "line-break": ("x = f'{\n1}'\n", (3, 11), "f-string grammar (PEP 701)"),
    "type-alias": (TYPE_ALIAS, (3, 11), "type parameters (PEP 695)"),
    "generic-function": ("def f[T](x: T) -> T: ...\n", (3, 11), "type parameters (PEP 695)"),
    "generic-class": ("class A[T]: ...\n", (3, 11), "type parameters (PEP 695)"),
    "well-indented": (
        "class A[T]:\n\tx = 1; y = 2\n\t@d\n\tdef f(self): pass\n\nx = 1\nif x: pass\n",
        (3, 11),
        "type parameters (PEP 695)",
    ),
}


@pytest.mark.parametrize(
    ("code", "since"),
    [(WALRUS, (3, 8)), (POSITIONAL, (3, 8)), (MATCH, (3, 10)), (GROUP, (3, 11)), ("x = 1\n", (3, 7))],
)
def test_a_construct_is_read_from_its_version_on(code: str, since: Version) -> None:
    verdicts = {minor: facts_of(code, (3, minor)).broken is None for minor in range(7, 12)}

    assert verdicts == {minor: (3, minor) >= since for minor in range(7, 12)}


@pytest.mark.parametrize(("code", "target", "construct"), NEWER.values(), ids=NEWER)
def test_a_newer_construct_is_named_and_is_no_damage(code: str, target: Version, construct: str) -> None:
    broken = facts_of(code, target).broken

    assert broken is not None
    assert (broken.kind, broken.constructs, broken.damage) == ("newer", (construct,), "newer-syntax")


@pytest.mark.parametrize(
    "code",
    [
        "x = f\"{y['a']}\"\n",
        "x = f'{y!r:>{width}}'\n",
        "x = f'''{y['a']}'''\n",
        "x = f'{{}}' f'{1}'\n",
        "x = f'\\n{1}'\n",
        "x = rf'\\{1}'\n",
        "x = f'{1}' 'a\\n'\n",
        "type = 1\ntype.x = 2\n",
        "match = 1\nmatch.x = 2\n",
        "x = 'f{'\n",
    ],
)
def test_what_the_target_reads_is_not_newer(code: str) -> None:
    assert facts_of(code, (3, 11)).broken is None


@pytest.mark.parametrize(
    "code",
    [
        "type X = int\ndef f(:\n",
        "x = f'{y['a']}'\nreturn (\n",
        "class A[T]:\nx = 1\n",
        "def f[T](): ...\n  x = 1\n",
        "def f[T]():\n    x = 1\n  y = 2\n",
        "type X = int\nif x:\n    # nothing\nelse:\n    pass\n",
    ],
)
def test_a_newer_construct_beside_damage_is_damage(code: str) -> None:
    broken = facts_of(code, (3, 11)).broken

    assert broken is not None
    assert broken.kind == "syntax"


@pytest.mark.requires("running python3.12")
@pytest.mark.parametrize("code", [SAME_QUOTE, TYPE_ALIAS])
def test_the_newer_target_reads_it(code: str) -> None:
    assert facts_of(code, (3, 12)).broken is None


@pytest.mark.parametrize(
    ("declared", "requires", "chosen", "origin"),
    [
        ("3.8", ">=3.10", (3, 8), "declared"),
        (" 3.11 ", None, (3, 11), "declared"),
        (None, ">=3.9", (3, 9), "requires-python = >=3.9"),
        (None, ">=3.8,<3.13", (3, 8), "requires-python = >=3.8,<3.13"),
        (None, "~=3.10", (3, 10), "requires-python = ~=3.10"),
        (None, "==3.9.*", (3, 9), "requires-python = ==3.9.*"),
        (None, ">=3.9, >=3.10", (3, 10), "requires-python = >=3.9, >=3.10"),
        (None, ">=3.99", RUNNING, "the running interpreter"),
        (None, "<3.12", RUNNING, "the running interpreter"),
        (None, ">=2.7", RUNNING, "the running interpreter"),
        (None, None, RUNNING, "the running interpreter"),
        (None, "", RUNNING, "the running interpreter"),
    ],
)
def test_the_target_is_chosen(declared: str | None, requires: str | None, chosen: Version, origin: str) -> None:
    assert choose_target(declared, requires) == (chosen, origin)


@pytest.mark.parametrize(
    ("declared", "said"), [("3.99", "cannot judge"), ("2.7", "no Python version"), ("latest", "no Python version")]
)
def test_a_target_that_cannot_be_judged_is_refused(declared: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        choose_target(declared, None)


def test_the_running_interpreter_reads_what_an_older_target_does_not(folder: Folder) -> None:
    folder.write({"shop.py": MATCH, "damaged.py": "match x:\n  case 1: pass\nx = (\n"})
    found = {finding.path: finding.code for finding in folder.findings(target="3.9")}

    assert found == {"shop.py": "SYN002", "damaged.py": "SYN001"}


def test_the_declared_version_of_the_project_decides(folder: Folder) -> None:
    folder.write({"shop.py": MATCH, "pyproject.toml": "[project]\nname = 'shop'\nrequires-python = '>=3.9'\n"})

    assert [finding.code for finding in folder.findings(target=None)] == ["SYN002"]
    assert folder.findings(target="3.10") == []


@pytest.mark.requires("python3.12")
def test_a_newer_interpreter_on_the_path_is_asked() -> None:
    contents = {"alias": TYPE_ALIAS.encode(), "damaged": b"x = (\n", "latin": b"# coding: latin-1\ntype X = '\xe9'\n"}

    assert newer_readers(contents, (3, 11)) == {"alias": "3.12", "latin": "3.12"}


@pytest.mark.parametrize("script", ["exit 127", "echo nonsense", "echo '[1'", "kill -9 $$"])
def test_an_interpreter_that_does_not_answer_reads_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    program = tmp_path / f"python3.{RUNNING[1] + 1}"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/bin{os.pathsep}/usr/bin")

    assert str(program) in newer_names((3, 11))
    assert newer_readers({"alias": TYPE_ALIAS.encode()}, RUNNING) == {}
