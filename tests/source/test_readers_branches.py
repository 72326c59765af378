"""Variables with several values: set in branches, or gone through by a loop."""

import pytest

from canonry.source.documents.readers.registry import read_document, reader_of


def found(path: str, text: str) -> list[tuple[str, str]]:
    """Place and words of each command that starts a test tool, and its doubt."""
    return [
        (f"{each.site.line}:{each.site.column} {' '.join(each.words)}", each.doubt)
        for each in read_document(reader_of(path), text.encode()).commands
        if each.tool
    ]


BRANCHES = {
    "shell-first": ("a.sh", "if x; then I=pytest; else I=tox; fi\n$I a\n", "2:1 pytest a", "`$I`"),
    "shell-last": ("a.sh", "if x; then I=tox; else I=pytest; fi\n$I a\n", "2:1 pytest a", "`$I`"),
    "shell-unknown": ("a.sh", "if x; then I=pytest; else I=$(pick); fi\n$I a\n", "2:1 pytest a", "`$I`"),
    "shell-before": ("a.sh", "I=pytest\nif x; then I=tox; fi\n$I a\n", "3:1 pytest a", "`$I`"),
    "shell-case": ("a.sh", "case $x in\n a) I='pytest -q';;\n *) I=tox;;\nesac\n$I a\n", "5:1 pytest -q a", "`$I`"),
    "shell-module": ("a.sh", "if x; then I=pytest; else I=mypy; fi\npython -m $I a\n", "2:1 python -m pytest a", "`$I`"),
    "batch-lines": ("a.bat", 'if "%1"=="a" set I=pytest\nif "%1"=="b" set I=tox\n%I% a\n', "3:1 pytest a", "`%I%`"),
    "batch-else": ("a.bat", "if exist a (set I=pytest) else (set I=tox)\r\n%I% a\r\n", "2:1 pytest a", "`%I%`"),
    "batch-blocks": ("a.bat", 'if exist a (\n  set "I=pytest"\n) else (\n  set "I=tox"\n)\n%I% a\n', "6:1 pytest a", "`%I%`"),
    "batch-labels": ("a.bat", "goto b\n:a\nset I=pytest\ngoto run\n:b\nset I=tox\n:run\n%I% a\n", "8:1 pytest a", "`%I%`"),
    "powershell-else": ("a.ps1", "if ($x) { $I = 'pytest' } else { $I = 'tox' }\n& $I a\n", "2:3 pytest a", "`$I`"),
    "powershell-switch": ("a.ps1", "switch ($x) {\n a { $I = 'pytest' }\n b { $I = 'tox' }\n}\n& $I a\n", "5:3 pytest a", "`$I`"),
    "shell-loop": ("a.sh", "for t in pytest mypy; do python -m $t; done\n", "1:26 python -m pytest", "`$t`"),
    "shell-loop-head": ("a.sh", "for c in 'pytest a' tox; do $c; done\n", "1:29 pytest a", "`$c`"),
    "batch-loop": ("a.bat", "for %%t in (pytest tox) do %%t -q\n", "1:28 pytest -q", "`%%t`"),
    "batch-loop-block": ("a.bat", "for %%T in (mypy, pytest) do (\r\n  python -m %%T\r\n)\r\n", "2:3 python -m pytest", "`%%T`"),
    "powershell-loop": ("a.ps1", "foreach ($t in 'mypy', 'pytest') { python -m $t }\n", "1:36 python -m pytest", "`$t`"),
}  # fmt: skip


@pytest.mark.parametrize(("path", "text", "words", "name"), BRANCHES.values(), ids=BRANCHES)
def test_several_values(path: str, text: str, words: str, name: str) -> None:
    assert found(path, text) == [(words, f"{name} has several values")]


@pytest.mark.parametrize(
    ("path", "text", "places"),
    [
        ("a.sh", "I=pytest\nI=tox\n$I a\n", []),
        ("a.sh", "I=tox\nI=pytest\n$I a\n", ["3:1 pytest a"]),
        ("a.sh", "for t in pytest; do $t -q; done\n", ["1:21 pytest -q"]),
        ("a.sh", "for t in pytest tox; do pip install $t; done\n", []),
        ("a.bat", "set I=pytest\nset I=tox\n%I% a\n", []),
        ("a.bat", "set C=python\nset C=%C% -m pytest\n%C% a\n", ["3:1 python -m pytest a"]),
        ("a.bat", "FOR /F \"tokens=*\" %%i IN ('pytest run') DO echo %%i\n", ["1:28 pytest run"]),
        ("a.bat", 'for /f "usebackq" %%i in (`pytest run`) do echo %%i\n', ["1:28 pytest run"]),
        ("a.bat", "set I=pytest& %I% a & pytest b\n", ["1:15 pytest a", "1:23 pytest b"]),
        ("a.bat", 'if exist a (set "I=x") else (pytest b)\n', ["1:30 pytest b"]),
        ("a.bat", "for /f %%i in (pytest.txt) do echo %%i\n", []),
        ("a.bat", "for %%f in (a b) do pytest %%f\n", ["1:21 pytest %%f"]),
        ("a.ps1", "$I = 'pytest'\n$I = 'tox'\n& $I a\n", []),
        ("a.ps1", "foreach ($t in 'pytest') { & $t -q }\n", ["1:30 pytest -q"]),
    ],
)
def test_one_value(path: str, text: str, places: list[str]) -> None:
    assert [words for words, _ in found(path, text)] == places
