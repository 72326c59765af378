"""Variables that hold commands, in the terms of each kind of file."""

import pytest

from canonry.source.documents.readers.registry import read_document, reader_of

HEAD = "jobs:\n  a:\n    env: {CMD: pytest -q}\n    steps:\n"
CALL = "on:\n  workflow_call:\n    inputs:\n      cmd: {default: pytest -q}\njobs:\n  a:\n    steps:\n"
EXPORT = "jobs:\n  a:\n    steps:\n      - run: echo CMD=pytest -q >> $GITHUB_ENV\n"
WORKFLOW = ".github/workflows/a.yml"
FILES = {
    "expression": (WORKFLOW, HEAD + "      - run: ${{ env.CMD }} x\n", "5:14 pytest -q x", ""),
    "expression-in-line": (WORKFLOW, HEAD + "      - run: |\n          ls; ${{env.CMD}} x; ls\n", "6:15 pytest -q x", ""),
    "cmd": (WORKFLOW, HEAD + "      - run: '%CMD% x'\n        shell: cmd\n", "5:15 pytest -q x", ""),
    "pwsh-call": (WORKFLOW, HEAD + "      - run: '& $env:CMD x'\n        shell: pwsh\n", "5:17 pytest -q x", ""),
    "pwsh-evaluated": (WORKFLOW, HEAD + "      - run: iex $env:CMD\n        shell: pwsh\n", "5:14 pytest -q", ""),
    "exported": (WORKFLOW, EXPORT + "      - run: $CMD x\n", "5:14 pytest -q x", ""),
    "exported-in-quotes": (WORKFLOW, EXPORT.replace("echo CMD=pytest -q >> $GITHUB_ENV", "echo \"CMD=pytest -q\" >> \"$GITHUB_ENV\"") + "      - run: ${{ env.CMD }} x\n", "5:14 pytest -q x", ""),
    "workflow-input": (WORKFLOW, CALL + "      - run: ${{ inputs.cmd }} x\n", "8:14 pytest -q x", "`inputs.cmd` may be something else"),
    "action-input": ("action.yml", "inputs:\n  cmd: {default: pytest}\nruns:\n  steps:\n    - shell: bash\n      run: |\n        ls\n        ${{ inputs.cmd }} x\n", "8:9 pytest x", "`inputs.cmd` may be something else"),
    "fallback": (WORKFLOW, "jobs:\n  a:\n    steps:\n      - run: ${{ inputs.r || 'pytest' }} x\n", "4:14 pytest x", "`inputs.r || 'pytest'` may be something else"),
    "gitlab-nested": (".gitlab-ci.yml", "variables:\n  RUNNER: pytest\n  NESTED: \"$RUNNER -q\"\na:\n  script: [$NESTED x]\n", "5:12 pytest -q x", ""),
    "gitlab-described": (".gitlab-ci.yml", "variables:\n  R: {value: pytest, description: a}\na:\n  script: [$R x]\n", "4:12 pytest x", ""),
    "gitlab-matrix": (".gitlab-ci.yml", "a:\n  parallel:\n    matrix:\n      - R: [mypy, pytest]\n  script: [$R x]\n", "5:12 pytest x", "`$R` has several values"),
    "tox-environment": ("tox.ini", "[testenv]\ncommands = {env:RUNNER:pytest -q} z\n", "2:24 pytest -q z", "`{env:RUNNER}` may be something else"),
    "tox-arguments": ("tox.ini", "[testenv]\ncommands = {posargs:pytest -q}\n", "2:21 pytest -q", "`{posargs}` may be something else"),
    "tox-toml": ("tox.toml", "[env.a]\ncommands = [[{ replace = \"env\", name = \"R\", default = \"pytest\" }, \"z\"]]\n", "2:56 pytest z", "what it replaces may be something else"),
    "tox-toml-arguments": ("tox.toml", "[env.a]\ncommands = [[{ replace = \"posargs\", default = [\"pytest\", \"z\"] }]]\n", "2:49 pytest z", "what it replaces may be something else"),
}  # fmt: skip


@pytest.mark.parametrize(("path", "text", "words", "doubt"), FILES.values(), ids=FILES)
def test_a_variable_that_holds_a_command(path: str, text: str, words: str, doubt: str) -> None:
    found = [
        (f"{each.site.line}:{each.site.column} {' '.join(each.words)}", each.doubt)
        for each in read_document(reader_of(path), text.encode()).commands
        if each.tool
    ]

    assert found == [(words, doubt)]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (WORKFLOW, "jobs:\n  a:\n    steps:\n      - run: $CMD x\n      - run: echo CMD=pytest >> $GITHUB_ENV\n"),
        (WORKFLOW, HEAD + "      - run: echo ${{ env.CMD }}\n"),
        (WORKFLOW, HEAD.replace("pytest -q", "${{ env.CMD }} pytest") + "      - run: ls ${{ env.CMD }}\n"),
        (".gitlab-ci.yml", "variables: {A: $B, B: $A pytest}\na:\n  script: [echo $A]\n"),
        ("tox.ini", "[testenv]\ncommands = pip install {env:RUNNER:pytest}\n"),
    ],
)
def test_a_variable_that_holds_none(path: str, text: str) -> None:
    assert [each for each in read_document(reader_of(path), text.encode()).commands if each.tool] == []
