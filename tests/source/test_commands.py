"""Which command lines start a test tool, and which only name one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonry.source.commands import tool_of_argv, tool_of_shell
from tests.workbench import facts_of

STARTS = [
    ("pytest", "pytest"),
    ("pytest -q tests/unit", "pytest"),
    ("py.test", "pytest"),
    ("python -m pytest", "pytest"),
    ("python3.11 -m pytest -x", "pytest"),
    ("/usr/bin/python3 -m pytest", "pytest"),
    ("python -W error -m pytest tests", "pytest"),
    (".venv/bin/pytest", "pytest"),
    ("venv\\\\Scripts\\\\pytest.exe tests", "pytest"),
    ("py -m unittest discover", "unittest"),
    ("python -m unittest", "unittest"),
    ("python -m unittest.main", "unittest"),
    ("nosetests", "nose"),
    ("nose2 -v", "nose"),
    ("trial shop", "trial"),
    ("uv run pytest", "pytest"),
    ("poetry run pytest -x", "pytest"),
    ("coverage run -m pytest", "pytest"),
    ("timeout 60 pytest", "pytest"),
    ("sudo -u ci pytest", "pytest"),
    ("docker compose exec app pytest", "pytest"),
    ("CI=1 pytest", "pytest"),
    ("CI=1 LANG=C python -m pytest", "pytest"),
    ("env CI=1 pytest", "pytest"),
    ("cd backend && pytest", "pytest"),
    ("cd backend; pytest", "pytest"),
    ("false || pytest", "pytest"),
    ("pytest | tee log", "pytest"),
    ("set -e\npytest\n", "pytest"),
    ("bash -c 'pytest -q'", "pytest"),
    ('sh -c "cd app && python -m pytest"', "pytest"),
    ("cmd /c pytest", "pytest"),
    ("pytest \\\n  -q", "pytest"),
    ('echo "; pytest"; pytest', "pytest"),
    ("# it's\npytest\n# isn't it", "pytest"),
    ("pytest --version-check", "pytest"),
    ("xargs pytest", "pytest"),
    ("git ls-files | xargs -n 1 -P4 pytest -q", "pytest"),
    ("xargs -I {} sh -c 'pytest {}'", "pytest"),
    ("find . -name 'test_*.py' -exec pytest {} \\;", "pytest"),
    ("parallel -j 4 pytest ::: a b", "pytest"),
    ("parallel 'pytest {}' ::: a b", "pytest"),
    ("watch -n 5 pytest", "pytest"),
    ("ssh -p 22 host pytest -q", "pytest"),
    ("ssh host 'cd a && pytest'", "pytest"),
    ("gtimeout 60 pytest", "pytest"),
    ("kubectl exec pod -- pytest", "pytest"),
    ("kubectl -n x exec pod -c y -- python -m pytest", "pytest"),
    ("tox exec -e py -- pytest", "pytest"),
    ("python -mpytest", "pytest"),
    ("python -bb -mpytest -q", "pytest"),
    ("python -munittest.main", "unittest"),
    ("python -m twisted.trial shop", "trial"),
    ("coverage run -m twisted.trial shop", "trial"),
    ("ptw tests", "pytest"),
    ("pytest-watch", "pytest"),
    ("python -m coverage run -m pytest", "pytest"),
    ("python -m coverage run --source a,b -m pytest -q", "pytest"),
    ("python3 -X dev -m coverage run -p -m unittest discover", "unittest"),
    ("coverage run --rcfile .coveragerc .venv/bin/pytest", "pytest"),
    ("python -m pipenv run pytest", "pytest"),
    ("python -m poetry run pytest", "pytest"),
    ("python -m poetry -C back run python -m pytest", "pytest"),
    ("python -m cProfile -m pytest", "pytest"),
    ("python -m cProfile -o out.prof -m pytest -q", "pytest"),
    ("python -m debugpy --listen 5678 --wait-for-client -m pytest", "pytest"),
    ("kernprof -lm pytest", "pytest"),
    ("memray run -o a.bin -m pytest", "pytest"),
    ("pipx run pytest", "pytest"),
    ("pipx run --spec pytest==8 pytest -q", "pytest"),
    ("uvx --with pytest-cov pytest@8.3 -q", "pytest"),
    ("uv tool run pytest", "pytest"),
    ("uv run -p 3.12 --with pytest-xdist pytest -n 4", "pytest"),
    ("uv run -m pytest", "pytest"),
    ("uv run --with x python -m coverage run -m pytest", "pytest"),
    ("hatch run test:pytest -q", "pytest"),
    ("conda run -n base --no-capture-output pytest", "pytest"),
    ("docker run --rm -v $PWD:/app -w /app img:1 pytest -q", "pytest"),
    ("docker run -it --name pytest -e CI=1 img python -m pytest", "pytest"),
    ("docker run --entrypoint pytest img -q", "pytest"),
    ("docker run --entrypoint=sh img -c 'pytest -q'", "pytest"),
    ("docker container exec -u ci app pytest", "pytest"),
    ("docker --context x compose -f a.yml -f b.yml run --rm -T app pytest", "pytest"),
    ("docker-compose -p x exec -T app coverage run -m pytest", "pytest"),
    ("sudo -E docker exec app bash -lc 'cd /a && pytest'", "pytest"),
    ("sudo -u ci env A=1 timeout -k 5 60 nice -n 5 pytest", "pytest"),
    ('find . -name "*.py" -exec pytest {} \\;', "pytest"),
    ('find . -name "*.py" -exec ls {} + -o -name b.py -exec pytest {} +', "pytest"),
    ("env SETTINGS=conf/settings.py pytest", "pytest"),
    ("xvfb-run -s x.py pytest", "pytest"),
    ("flock /tmp/a.py pytest", "pytest"),
    ("npx cross-env CI=1 pytest", "pytest"),
]

STARTS_NOTHING = [
    "",
    "pip install pytest",
    "python -m pip install pytest",
    "uv add pytest",
    "poetry add --group dev pytest",
    "uv pip uninstall pytest",
    "grep -r pytest .",
    "echo pytest",
    "echo run pytest to test",
    "git commit -m pytest",
    "pytest --version",
    "pytest --help",
    "python -m pytest --version",
    "python run_pytest.py",
    "cat tests/pytest.ini",
    "ls pytest",
    "tox -e py311 -- pytest",
    "tox run -e py -- pytest",
    "nox -s tests -- pytest",
    "xargs grep pytest",
    "xargs echo pytest",
    "find . -name pytest",
    "ssh pytest",
    "ssh pytest ls",
    "watch ls pytest",
    "kubectl logs pytest",
    "kubectl exec pytest -- ls",
    "python a.py -mpytest",
    "git commit -mpytest",
    "my-pytest",
    "python -c 'import pytest'",
    "# pytest",
    "make test  # runs pytest",
    "black --exclude pytest .",
    "which pytest",
    "unittest",
    "python -m unittestish",
    "docker build -t pytest .",
    "bash run.sh pytest",
    "echo '; pytest'",
    'echo "a && pytest"',
    "true # ; pytest",
    "echo it\\'s \\; pytest",
    "docker rm pytest",
    "docker rm -f pytest",
    "docker stop pytest",
    "docker tag img pytest",
    "docker run --name pytest img",
    "docker run pytest",
    "docker run --network pytest -d img run.sh pytest",
    "docker exec pytest ls",
    "docker compose run pytest",
    "docker compose up pytest",
    "docker compose -p pytest down",
    "docker compose exec app grep pytest a",
    "docker network create pytest",
    "docker volume rm pytest",
    "podman rmi pytest",
    "sudo rm pytest",
    "sudo docker stop pytest",
    "time grep -r pytest .",
    "uv run grep pytest a",
    "uv run --with pytest tox",
    "uv tool install pytest",
    "poetry run pip install pytest",
    "poetry -C pytest check",
    "pipx install pytest",
    "coverage report -m pytest",
    "coverage run a.py pytest",
    "python -m coverage report pytest",
    "python -m cProfile a.py pytest",
    "python -m pip -m pytest",
    "python manage.py pytest",
    "find pytest -name '*.py' -exec cat {} +",
    "env -u PYTEST tox pytest",
    "xvfb-run -a make pytest",
    "timeout 60 ls pytest",
]


@pytest.mark.parametrize(("line", "tool"), STARTS)
def test_a_shell_line_that_starts_tests(line: str, tool: str) -> None:
    assert tool_of_shell(line) == tool


@pytest.mark.parametrize("line", STARTS_NOTHING)
def test_a_shell_line_that_starts_no_tests(line: str) -> None:
    assert tool_of_shell(line) == ""


@pytest.mark.parametrize(
    ("words", "tool"),
    [
        (["pytest"], "pytest"),
        (["python", "-m", "pytest", "-q"], "pytest"),
        ([None, "-m", "pytest"], "pytest"),  # sys.executable and the like
        ([None, "pytest"], "pytest"),
        (["bash", "-c", "pytest -q"], "pytest"),
        (["-m", "pytest"], "pytest"),  # the interpreter stands elsewhere
        (["pytest", None], "pytest"),
        ([], ""),
        ([None], ""),
        (["pip", "install", "pytest"], ""),
        ([None, "-m", "pip", "install", "pytest"], ""),
        (["pytest", "--version"], ""),
        (["git", "commit", "-m", "pytest"], ""),
        (["bash", "-c", None], ""),
        (["run", "tests/pytest"], ""),
        (["echo", "pytest"], ""),
    ],
)
def test_an_argument_vector(words: list[str | None], tool: str) -> None:
    assert tool_of_argv(words) == tool


@given(st.text(alphabet="pytes -m\"'&|;\n\\$(){}#=\0é"))
def test_any_text_can_be_asked_about(line: str) -> None:
    assert tool_of_shell(line) in ("", "pytest", "unittest", "nose", "trial")


@given(st.lists(st.none() | st.sampled_from(["pytest", "-m", "python", "sh", "-c", "run", "install", ""])))
def test_any_words_can_be_asked_about(words: list[str | None]) -> None:
    assert tool_of_argv(words) in ("", "pytest")


HEAD = "import subprocess, os, sys, asyncio, shlex\n"
BUILT = {
    "literal-list": "subprocess.run(['pytest', '-q'])",
    "tuple": "subprocess.run(('pytest',))",
    "args-keyword": "subprocess.run(args=['pytest'])",
    "popen": "subprocess.Popen(['pytest']).wait()",
    "shell-text": "subprocess.run('pytest -q', shell=True)",
    "f-string": "subprocess.run(f'pytest tests/{x}', shell=True)",
    "format": "os.system('cd {} && pytest'.format(x))",
    "joined-text": "os.system('pytest ' + x)",
    "coverage-as-module": "subprocess.run([sys.executable, '-m', 'coverage', 'run', '-m', 'pytest'])",
    "executable": "subprocess.run([sys.executable, '-m', 'pytest'])",
    "starred": "subprocess.run(['python', *['-m', 'pytest']])",
    "sum-of-lists": "subprocess.run(['pytest'] + x)",
    "variable": "command = ['pytest']\nsubprocess.run(command)",
    "appended": "command = ['python']\ncommand += ['-m', 'pytest']\nsubprocess.run(command)",
    "extended": "command = ['python']\ncommand.extend(['-m', 'pytest'])\nsubprocess.run(command)",
    "text-variable": "command = 'pytest -q'\nos.system(command)",
    "split": "subprocess.run(shlex.split('python -m pytest'))",
    "enclosing-scope": "COMMAND = ['pytest']\ndef go():\n    subprocess.run(COMMAND)",
    "exec": "os.execvp('pytest', ['pytest', '-q'])",
    "spawn": "os.spawnvp(os.P_WAIT, 'pytest', ['pytest'])",
    "asyncio-exec": "asyncio.create_subprocess_exec('pytest', '-q')",
    "asyncio-shell": "asyncio.create_subprocess_shell('pytest -q')",
    "from-import": "from subprocess import check_call as go\ngo(['pytest'])",
    "conditional": "subprocess.run(['pytest'] if x else ['true'])",
}


@pytest.mark.parametrize("code", BUILT.values(), ids=BUILT)
def test_a_command_that_is_built_in_code(code: str) -> None:
    assert [call.tool for call in facts_of(HEAD + code + "\n").calls] == ["pytest"]


@pytest.mark.parametrize(
    "code",
    [
        "subprocess.run(['pip', 'install', 'pytest'])",
        "subprocess.run(x)",
        "command = ['pytest']",
        "print(['pytest'])",
        "mine.run('pytest')",
        "os.path.join('pytest')",
        "os.system(f'{x} pytest.ini')",
        "subprocess.run(['git', 'commit', '-m', 'pytest'])",
        "'subprocess.run([\"pytest\"])'",
    ],
)
def test_code_that_starts_no_tests(code: str) -> None:
    assert [call.tool for call in facts_of(HEAD + code + "\n").calls if call.tool] == []


NOX = {
    "named": "@nox.session\ndef t(session):\n    session.run('pytest')",
    "decorated": "@nox.session\ndef t(s):\n    s.run('pytest', '-q')",
    "decorated-with-arguments": "@nox.session(python=['3.11'])\n@nox.parametrize('a', [1])\ndef t(s, a):\n    s.run('pytest')",
    "imported": "from nox import session as task\n@task\ndef t(s):\n    s.run('pytest')",
    "annotated": "def t(x: int, s: nox.Session) -> None:\n    s.run('python', '-m', 'coverage', 'run', '-m', 'pytest')",
    "annotated-by-text": "def t(s: 'nox.Session'):\n    s.run('pytest')",
    "of-a-plugin": "import nox_poetry\n@nox_poetry.session\ndef t(s):\n    s.run('pytest')",
    "always": "@nox.session\ndef t(s):\n    s.run_always('pytest')",
    "installing": "@nox.session\ndef t(session):\n    session.run_install('pytest')",
    "inside": "@nox.session\ndef t(s):\n    def go():\n        s.run('pytest')\n    go()",
}


@pytest.mark.parametrize("code", NOX.values(), ids=NOX)
def test_a_session_of_nox(code: str) -> None:
    assert [(call.how, call.tool) for call in facts_of(f"import nox\n{code}\n").calls] == [("session", "pytest")]


@pytest.mark.parametrize(
    "code",
    [
        "def t(s):\n    s.run('pytest')",
        "@nox.session\ndef t(s, other):\n    other.run('pytest')",
        "@nox.session\ndef t(s):\n    s.install('pytest')\n    s.run('pip', 'install', 'pytest')",
        "def t(s: mine.Thing):\n    s.run('pytest')",
        "@nox.session\ndef t(s):\n    def go(s):\n        s.run('pytest')",
    ],
)
def test_no_session_of_nox(code: str) -> None:
    assert [call.how for call in facts_of(f"import nox\n{code}\n").calls if call.how == "session"] == []
