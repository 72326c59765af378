"""What each reader finds: the words of every command that starts a test tool, where it stands, and what forgives it."""

import importlib
import textwrap

import pytest

from canonry.source.documents.readers.registry import read_document, reader_of, readers
from canonry.source.documents.reading import Command, Reading

WORKFLOW = ".github/workflows/ci.yml"


def read(path: str, text: str | bytes) -> Reading:
    reader = reader_of(path)
    assert reader, f"no reader for {path}"
    return read_document(reader, text.encode() if isinstance(text, str) else text)


def tools(path: str, text: str) -> list[Command]:
    return [command for command in read(path, textwrap.dedent(text)).commands if command.tool]


def lines(path: str, text: str) -> list[str]:
    """`line:column words`, and what forgives it in brackets."""
    return [
        f"{each.site.line}:{each.site.column} {' '.join(each.words)}" + (f" [{each.forgiven}]" if each.forgiven else "")
        for each in tools(path, text)
    ]


def step(run: str, *more: str, job: str = "") -> str:
    """A workflow with one step; the run key stands in line 6."""
    extra = "".join(f"        {line}\n" for line in more)
    return f"on: push\njobs:\n  test:\n    runs-on: ubuntu-latest{job}\n    steps:\n      - run: {run}\n{extra}"


# which reader reads what ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "reader"),
    [
        (".github/workflows/ci.yml", "github_workflow"),
        (".github/workflows/jobs/ci.yaml", "github_workflow"),
        (".github/actions/a/action.yml", "github_workflow"),
        (".github/dependabot.yml", ""),
        (".gitea/workflows/ci.yml", "github_workflow"),
        (".forgejo/workflows/ci.yaml", "github_workflow"),
        (".buildkite/pipeline.yml", "other_ci"),
        (".cirrus.yml", "other_ci"),
        (".gitlab-ci.yml", "gitlab_ci"),
        ("ci/build.gitlab-ci.yml", "gitlab_ci"),
        (".gitlab/ci/build.yml", "gitlab_ci"),
        ("a/b.sh", "shell"),
        ("scripts/check", "shell"),
        ("x/.githooks/pre-commit", "shell"),
        ("scripts/check.rb", ""),
        ("check", ""),
        ("a.bat", "batch"),
        ("a.ps1", "powershell"),
        ("x/Makefile", "makefile"),
        ("build/rules.mk", "makefile"),
        ("justfile", "justfile"),
        ("Dockerfile", "dockerfile"),
        ("docker/Dockerfile.test", "dockerfile"),
        ("docker/app.Dockerfile", "dockerfile"),
        ("docker-compose.test.yml", "compose"),
        ("compose.yaml", "compose"),
        ("tox.ini", "tox_ini"),
        ("setup.cfg", "tox_ini"),
        ("tox.toml", "tox_toml"),
        ("pyproject.toml", "tox_toml"),
        ("frontend/package.json", "package_json"),
        ("tsconfig.json", ""),
        (".pre-commit-config.yaml", "pre_commit"),
        ("docs/README.md", "markdown"),
        ("values.yaml", ""),
    ],
)
def test_a_path_has_its_reader(path: str, reader: str) -> None:
    assert reader_of(path) == reader


@pytest.mark.parametrize("reader", readers())
def test_a_reader_declares_what_it_reads(reader: str) -> None:
    module = importlib.import_module(f"canonry.source.documents.readers.{reader}")

    assert module.PATTERNS == readers()[reader] != ()


# shell ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("pytest -q", ["1:1 pytest -q"]),
        ("X=1 pytest 'a b' \"c\"", ["1:5 pytest a b c"]),
        ("cd a && python -m pytest; ls", ["1:9 python -m pytest"]),
        ("pytest \\\n  -q", ["1:1 pytest -q"]),
        ("CMD='python -m pytest'\n$CMD -q", ["2:1 python -m pytest -q"]),
        ('A=(python -m pytest)\nA+=(-q)\n"${A[@]}" b', ["3:1 python -m pytest -q b"]),
        ('X=-q\nCMD="pytest $X"\nCMD="$CMD $Y"\n$CMD', ["4:1 pytest -q $Y"]),
        ('eval "pytest -q"', ["1:7 pytest -q"]),
        ("bash -c 'cd a; pytest -q'", ["1:16 pytest -q"]),
        ('docker exec -i c sh -c "pytest \\"a b\\""', ["1:25 pytest a b"]),
        ("bash <<'EOF'\npytest -q\nEOF", ["2:1 pytest -q"]),
        ("cat > a.sh <<EOF\npytest -q\nEOF", []),
        ("cat <<EOF> a.txt\npytest -q\nEOF\npytest b", ["4:1 pytest b"]),
        ("cat <<'EOF'>a.txt\npytest -q\nEOF\npytest b", ["4:1 pytest b"]),
        ("out=$(pytest -q)", ["1:7 pytest -q"]),
        ("f() { pytest -q; }", ["1:7 pytest -q"]),
        ("(cd a; pytest) | tee log", ["1:8 pytest"]),
        ("for t in a b; do pytest $t; done", ["1:18 pytest $t"]),
        ("if pytest -q; then echo pytest; fi", ["1:4 pytest -q"]),
        ("timeout 5 pytest -q", ["1:1 timeout 5 pytest -q"]),
        ("${PYTEST:-pytest} -q", ["1:1 pytest -q"]),
        ("$VENV/bin/pytest -q", ["1:1 $VENV/bin/pytest -q"]),
        ("echo pytest; pip install pytest; which pytest; pytest --version # pytest", []),
    ],
)
def test_shell(script: str, found: list[str]) -> None:
    assert lines("a.sh", script) == found


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("pytest || true", "`|| true`"),
        ("pytest || :", "`|| :`"),
        ("pytest > log 2>&1 || echo failed", "`|| echo failed`"),
        ("pytest && ls || true", "`|| true`"),
        ("pytest || { echo no; exit 0; }", "`|| { echo no; exit 0; }`"),
        ("(pytest) || true", "`|| true`"),
        ("bash -c 'pytest' || true", "`|| true`"),
        ("pytest\nexit 0", "`exit 0` at the end"),
        ("pytest || { echo no; exit 1; }", ""),
        ("pytest || exit 1", ""),
        ("pytest || FAILED=1", ""),
        ("pytest || echo no && exit 1", ""),
        ("set -e\npytest\nexit 0", ""),
        ("pytest\necho $?\nexit 0", ""),
        ("if pytest; then ls; fi || true", ""),
        ("ls || pytest", ""),
    ],
)
def test_what_forgives_a_command(script: str, why: str) -> None:
    assert [each.forgiven for each in tools("a.sh", script)] == [why]


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ('for t in a b; do CMD="$CMD $t"; done\n$CMD', "a command that is built in a loop"),
        ("for c in $ALL; do $c; done", "a command that is built in a loop"),
        ("eval $CMD", "`eval` of a text that is not fixed"),
    ],
)
def test_what_varies_is_passed_over(script: str, reason: str) -> None:
    reading = read("a.sh", script)

    assert [each.reason for each in reading.passed_over] == [reason]
    assert not [each for each in reading.commands if each.tool]


def test_a_tool_behind_an_unknown_variable_is_doubted() -> None:
    (command,) = tools("a.sh", "$RUN pytest -q")

    assert command.doubt == "`$RUN` is not set in the file"


@pytest.mark.parametrize(
    ("script", "folder"),
    [
        ("cd a/b && pytest", "a/b"),
        ("cd a; cd ..; pytest", ""),
        ("(cd a); pytest", ""),
        ("cd $X && pytest", "?"),
        ("if ls; then cd a; fi; pytest", "?"),
        ("cd ..; pytest", "?"),
    ],
)
def test_the_working_directory_is_followed(script: str, folder: str) -> None:
    assert [each.folder for each in tools("a.sh", script)] == [folder]


def test_scripts_of_other_interpreters_are_left() -> None:
    assert read("bin/check", "#!/usr/bin/env ruby\npytest\n") == Reading()
    assert [each.words for each in read("bin/check", "#!/usr/bin/env bash\npytest\n").commands] == [("pytest",)]


# workflows -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("run", "found"),
    [
        ("pytest -q", ["6:14 pytest -q"]),
        ("|\n          ls\n          pytest -q", ["8:11 pytest -q"]),
        ("|-\n            pytest ${{ matrix.x }} \\\n              -q", ["7:13 pytest ${{ matrix.x }} -q"]),
        (">\n          pytest\n          -q", ["7:11 pytest -q"]),
        (">-\n          pytest -q\n\n          pytest -x", ["7:11 pytest -q", "9:11 pytest -x"]),
        ('"pytest \\"a b\\" \\\n          -q"', ["6:15 pytest a b -q"]),
        ("'pytest ''a'' b'", ["6:15 pytest a b"]),
        ("pytest\n          -q", ["6:14 pytest -q"]),
        ("|2\n          ls", []),
    ],
)
def test_every_style_of_yaml_has_exact_places(run: str, found: list[str]) -> None:
    assert lines(WORKFLOW, step(run)) == found


def test_flow_style_and_anchors() -> None:
    text = "on: push\njobs: {a: {steps: [{run: pytest -q}, &s {run: 'pytest -x'}, *s]}, b: {steps: [*s]}}\n"

    assert lines(WORKFLOW, text) == ["2:26 pytest -q", "2:48 pytest -x"]


def test_windows_line_ends_a_mark_and_letters_before() -> None:
    content = b"\xef\xbb\xbf" + step("|\n          echo '\u65e5\u672c'; pytest -q").replace("\n", "\r\n").encode()
    (command,) = (each for each in read(WORKFLOW, content).commands if each.tool)

    assert (command.site.line, command.site.column, command.site.end_line, command.site.end_column) == (7, 22, 7, 31)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        (["continue-on-error: true"], "`continue-on-error: true`"),
        (["continue-on-error: false"], ""),
        (["continue-on-error: ${{ matrix.x }}"], ""),
        (["continue-on-error: true", "id: t", "# steps.t.outcome"], ""),
    ],
)
def test_steps_that_cannot_fail(more: list[str], why: str) -> None:
    assert [each.forgiven for each in tools(WORKFLOW, step("pytest", *more))] == [why]


def test_a_job_that_cannot_fail() -> None:
    text = step("pytest", job="\n    continue-on-error: true")

    assert [each.forgiven for each in tools(WORKFLOW, text)] == ["`continue-on-error: true` of the job"]


def test_the_first_failure_ends_a_step() -> None:
    assert [each.forgiven for each in tools(WORKFLOW, step("|\n          pytest\n          exit 0"))] == [""]
    forgiven = tools(WORKFLOW, step("|\n          set +e\n          pytest\n          exit 0"))
    assert [each.forgiven for each in forgiven] == ["`exit 0` at the end"]


@pytest.mark.parametrize(
    ("more", "folder"),
    [
        (["working-directory: a/b"], "a/b"),
        (["working-directory: ./a"], "a"),
        (["working-directory: ${{ env.X }}"], "?"),
        ([], ""),
    ],
)
def test_the_folder_of_a_step(more: list[str], folder: str) -> None:
    assert [each.folder for each in tools(WORKFLOW, step("pytest", *more))] == [folder]


@pytest.mark.parametrize(
    ("shell", "run", "found"),
    [
        ("pwsh", "'& python -m pytest'", ["6:17 python -m pytest"]),
        ("cmd", "call pytest -q", ["6:19 pytest -q"]),
        ("bash -el {0}", "pytest", ["6:14 pytest"]),
        ("python", "import pytest", []),
    ],
)
def test_the_shell_of_a_step(shell: str, run: str, found: list[str]) -> None:
    assert lines(WORKFLOW, step(run, f"shell: {shell}")) == found


def test_environment_matrix_and_handed_over_commands() -> None:
    text = """\
        on: push
        env:
          PYTEST: python -m pytest
        jobs:
          test:
            strategy:
              matrix:
                command: [pytest a]
            steps:
              - run: $PYTEST tests
              - run: ${{ matrix.command }}
              - uses: some/retry@v1
                with:
                  command: pytest b
        """
    found = tools(WORKFLOW, text)

    assert [" ".join(each.words) for each in found] == ["pytest a", "python -m pytest tests", "pytest b"]
    assert [each.doubt for each in found] == ["", "", "`some/retry` is handed it as `command`"]


def test_a_composite_action() -> None:
    text = "runs:\n  using: composite\n  steps:\n    - shell: bash\n      run: pytest -q\n"

    assert lines("a/action.yml", text) == ["5:12 pytest -q"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("on: push\njobs:\n\t- a: b\n", "broken: "),
        ("a: [\n", "broken: "),
        ("{% if x %}\non: [push\n{% endif %}\n", "templated YAML, which is none before it is rendered"),
        ("{{- if .Values.ci }}\njobs:\n{{- end }}\n", "templated YAML, which is none before it is rendered"),
        ("version: 2.1\nworkflows: {}\njobs: {a: {steps: [{run: pytest}]}}\n", "a configuration of CircleCI"),
        ("trigger: [main]\nsteps:\n  - script: pytest\n", "a configuration of Azure Pipelines"),
        ("pipelines: {default: []}\n", "a configuration of Bitbucket Pipelines"),
        ("just: text\n", "no workflow: `jobs` is missing"),
    ],
)
def test_what_is_no_workflow_is_passed_over(text: str, reason: str) -> None:
    (passed,) = read(WORKFLOW, text).passed_over

    assert passed.reason.startswith(reason)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"pytest\0", "not text"),
        (b"#" * 2_000_001, "larger than 2,000,000 bytes"),
        (b"a: " + b"[" * 5_000, "nested deeper than can be followed"),
    ],
)
def test_what_cannot_be_read_is_passed_over(content: bytes, reason: str) -> None:
    assert [each.reason for each in read(WORKFLOW, content).passed_over] == [reason]


# GitLab --------------------------------------------------------------------------------------------------------------


def test_gitlab() -> None:
    text = """\
        .shared: &shared
          - pytest shared
        default:
          before_script:
            - CMD="python -m pytest"
        unit:
          before_script:
            - CMD="python -m pytest"
          script:
            - cd back
            - $CMD tests
            - |
              pytest block
        docs:
          script: *shared
        flaky:
          extends: .may
          script: pytest once
          after_script: [!reference [.other, script], pytest late]
        .may:
          allow_failure: true
        """

    assert lines(".gitlab-ci.yml", text) == [
        "2:5 pytest shared",
        "11:7 python -m pytest tests",
        "13:7 pytest block",
        "18:11 pytest once [`allow_failure: true`]",
        "19:47 pytest late [`allow_failure: true`]",
    ]
    assert [each.folder for each in tools(".gitlab-ci.yml", text)] == ["", "back", "back", "", ""]


# the others ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "text", "found"),
    [
        ("a.bat", "@echo off\r\nrem pytest\r\n:: pytest\r\n@python -m pytest %* > log\r\n", ["4:2 python -m pytest %*"]),
        ("a.bat", "set PY=python\nset \"CMD=%PY% -m pytest\"\n%CMD% -q\n", ["3:1 python -m pytest -q"]),
        ("a.cmd", "if exist a (pytest a) else (pytest b)\n", ["1:13 pytest a", "1:29 pytest b"]),
        ("a.cmd", "if \"%1\"==\"x\" pytest ^\n  -q\n", ["1:14 pytest -q"]),
        ("a.cmd", "for %%f in (a b) do call pytest %%f\n", ["1:26 pytest %%f"]),
        ("a.cmd", "pytest || exit /b 1\npytest || echo no\n", ["1:1 pytest", "2:1 pytest [`|| echo no`]"]),
        ("a.cmd", "wsl bash -c \"pytest -q\"\n", ["1:14 pytest -q"]),
        ("a.ps1", "# pytest\n$cmd = 'pytest'\n& $cmd -q\n", ["3:3 pytest -q"]),
        ("a.ps1", "Invoke-Expression \"pytest -q\"\nWrite-Host pytest\n", ["1:20 pytest -q"]),
        ("a.ps1", "if ($x) { python -m pytest }\n", ["1:11 python -m pytest"]),
        ("a.ps1", "pytest --cov=\"a b\" -q\n", ["1:1 pytest --cov=a b -q"]),
        ("a.ps1", "Start-Process pytest -Wait\n", ["1:1 pytest"]),
        ("Makefile", "P = $(PY) -m pytest\nPY := python\nt:\n\t-@$(P) $(A)\n", ["4:4 python -m pytest $(A) [make's `-`]"]),
        ("Makefile", "t: ; pytest $$X\n# pytest\n", ["1:6 pytest $X"]),
        ("Makefile", "t:\n\tcd a && \\\n\t  pytest\n", ["3:4 pytest"]),
        ("Makefile", ".ONESHELL:\nt:\n\tcd a\n\tpytest\n", ["4:2 pytest"]),
        ("Makefile", "ifdef X\nP = pytest\nelse\nP = tox\nendif\nt:\n\t$(P)\n", []),
        ("justfile", "p := 'pytest'\nt *a:\n    -{{p}} {{a}}\n", ["3:6 pytest {{a}} [just's `-`]"]),
        ("justfile", "t:\n    #!/usr/bin/env bash\n    set -e\n    pytest\n", ["4:5 pytest"]),
        ("Dockerfile", "RUN a && \\\n# pytest\n  pytest -q\n", ["3:3 pytest -q"]),
        ("Dockerfile", "CMD [\"sh\", \"-c\", \"pytest || true\"]\n", ["1:19 pytest [`|| true`]"]),
        ("Dockerfile", "ENTRYPOINT [\"pytest\", \"a b\"]\n", ["1:14 pytest a b"]),
        ("Dockerfile", "RUN --mount=type=bind pytest\nRUN <<E\npytest -x\nE\n", ["1:23 pytest", "3:1 pytest -x"]),
        ("Dockerfile", "RUN pip install pytest\nHEALTHCHECK CMD pytest -q\n", ["2:17 pytest -q"]),
        ("compose.yml", "services:\n  a:\n    command: pytest $$X\n", ["3:14 pytest $X"]),
        ("compose.yml", "services:\n  a:\n    command: [sh, -c, 'pytest -q']\n", ["3:24 pytest -q"]),
        ("compose.yml", "services: {a: {healthcheck: {test: [CMD-SHELL, pytest -q]}}}\n", ["1:48 pytest -q"]),
        ("tox.ini", "[testenv]\ncommands =\n  py3: pytest {posargs:a b} \\\n    -q\n", ["3:8 pytest {posargs:a b} -q"]),
        ("tox.ini", "[testenv:x]\ncommands = - {envpython} -m pytest\n", ["2:14 {envpython} -m pytest [tox's `-`]"]),
        ("setup.cfg", "[testenv]\nignore_outcome = true\ncommands = pytest\n", ["3:12 pytest [tox's `ignore_outcome`]"]),
        ("tox.ini", "[pytest]\ncommands = pytest\n[testenv]\n# pytest\ncommands = {[base]commands}\n", []),
        ("tox.toml", "[env_run_base]\ncommands = [['pytest', '-q'], [\"tox\"]]\n", ["2:15 pytest -q"]),
        ("pyproject.toml", "[tool.tox.env.a]\ncommands = [[\"-\", \"pytest\"]]\n", ["2:20 pytest [tox's `-`]"]),
        ("pyproject.toml", "[tool.tox]\nlegacy_tox_ini = '''\n[testenv]\ncommands = pytest\n'''\n", ["4:12 pytest"]),
        ("pyproject.toml", "[tool.other]\ncommands = [['pytest']]\n", []),
        ("package.json", "{\"scripts\": {\"t\": \"jest && pytest \\\"a\\\"\"}, \"x\": \"pytest\"}", ["1:28 pytest a"]),
        (".pre-commit-config.yaml", "repos: [{hooks: [{id: t, entry: pytest, args: [-q, a b]}]}]\n", ["1:33 pytest -q a b"]),
        (".pre-commit-config.yaml", "repos: [{hooks: [{id: t, entry: pytest, language: pygrep}]}]\n", []),
        ("a.md", "```sh\npytest -q # all\n```\n```python\npytest\n```\npytest\n", ["2:1 pytest -q"]),
        ("a.md", "> ```console\n> $ pytest \\\n>   -q\n> pytest 8\n> ```\n", ["2:5 pytest -q"]),
        ("a.md", "1. a\n\n   ~~~bash\n   pytest\n   ~~~\n", ["4:4 pytest"]),
        ("a.md", "```\npytest -q\npytest is slow\n=== pytest ===\n```\n", ["2:1 pytest -q"]),
        ("a.md", "a\n\n    pytest tests/\n\n- b\n\n    pytest tests/\n", ["3:5 pytest tests/"]),
        ("a.md", "```\npytest\npytest-cov\n```\n\n```\n# all\npytest\n```\n", ["8:1 pytest"]),
        ("a.md", "<!--\n```sh\npytest\n```\n-->\n", []),
        ("a.md", "````md\n```sh\npytest\n```\n````\n", []),
    ],
)  # fmt: skip
def test_other_files(path: str, text: str, found: list[str]) -> None:
    assert lines(path, text) == found


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "utf-8"])
def test_scripts_of_windows_in_their_encodings(encoding: str) -> None:
    (command,) = read("a.ps1", "# é\r\npytest '日本'\r\n".encode(encoding)).commands

    assert (command.words, command.site.line, command.site.column, command.site.end_column) == (
        ("pytest", "日本"),
        2,
        1,
        12,
    )


@pytest.mark.parametrize(
    ("path", "text", "reason"),
    [
        ("package.json", '{"scripts": ', "broken: expecting value"),
        ("compose.yml", "a: b\n", "no compose file: `services` is missing"),
        (".pre-commit-config.yaml", "a: b\n", "no configuration of pre-commit: `repos` is missing"),
        ("a.sh", "if ; then (\n", "shell syntax that is not understood"),
        (".gitlab-ci.yml", "- a\n", "no pipeline: its top is no mapping"),
        ("justfile", "t:\n    #!/usr/bin/env python\n    import pytest\n", "a script for `python`"),
    ],
)
def test_other_files_that_are_passed_over(path: str, text: str, reason: str) -> None:
    assert [each.reason for each in read(path, text).passed_over] == [reason]


def test_what_a_script_makes_is_known() -> None:
    reading = read("a.sh", "cat > run_tests.sh <<EOF\nEOF\n[ -f a/b.py ] && python a/b.py\n")

    assert set(reading.provided) == {"run_tests.sh", "a/b.py"}
