"""Old runner scripts are read for what their options select, and their wrappers say the same to `canonry run`."""

import ast
import datetime as dt
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonry.audit.request import Request
from canonry.migrate.codemods.runner_scripts import _SCRIPT
from canonry.migrate.commands.terms import Terms
from canonry.migrate.engine import Wanted, migrate
from canonry.migrate.scripts.compare import compare_script
from canonry.migrate.scripts.interpret import Script
from canonry.migrate.scripts.learn import learn
from canonry.migrate.scripts.values import CannotReadError
from canonry.migrate.writing import write_migration
from canonry.model.edit import Grade
from canonry.model.errors import UserError
from canonry.run.retired import Old, Retired, Unless, map_arguments
from tests.workbench import Folder

TODAY = dt.date(2026, 1, 1)
FILES = {
    "requirements.txt": "canonry\n",
    "tests/unit/test_a.py": "def test_a():\n    assert 1\n",
    "tests/api/test_b.py": "def test_b():\n    assert 1\n",
}
UNRUN = "it was read, not run; `canonry migrate compare scripts/run_tests.py` runs it and its wrapper"
CLICK = """
import subprocess
import click

SUITES = {'unit': ['tests/unit'], 'api': ['tests/api']}


@click.command()
@click.option('--suite', type=click.Choice(list(SUITES)), default='unit')
@click.option('-k', 'pattern')
@click.option('--fail/--no-fail', default=False)
def main(suite, pattern, fail):
    command = ['pytest', *SUITES[suite]]
    if pattern:
        command.extend(['-k', pattern])
    if fail:
        command.append('-x')
    raise SystemExit(subprocess.run(command).returncode)


if __name__ == '__main__':
    main()
"""
OPTPARSE = """
import os, sys
from optparse import OptionParser


class Runner:
    def __init__(self, options):
        self.options = options
        self.root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

    def command(self):
        words = [sys.executable, '-m', 'pytest', os.path.join(self.root, 'tests')]
        if self.options.marker is not None:
            words += ['-m', self.options.marker]
        return words

    def run(self):
        return os.system(' '.join(self.command()))


parser = OptionParser()
parser.add_option('-m', '--marker')
parser.add_option('--jobs', type='int')
options, args = parser.parse_args()
if __name__ == '__main__':
    if options.jobs:
        print('jobs', options.jobs)
    sys.exit(Runner(options).run())
"""
ARGV = """
import sys
import pytest

if __name__ == '__main__':
    sys.exit(pytest.main(['tests/unit', *sys.argv[1:]]))
"""
APART = """
import argparse, subprocess
parser = argparse.ArgumentParser()
parser.add_argument('--unit', action='store_true')
parser.add_argument('--api', action='store_true')
args = parser.parse_args()
if __name__ == '__main__':
    paths = ['tests/unit'] if args.unit else ['tests/api'] if args.api else ['tests']
    subprocess.run(['pytest', *paths], check=True)
"""


def learned(source: str, path: str = "scripts/run.py") -> Retired:
    found = learn(Script(ast.parse(source), path, lambda _path: True), Terms(runner=("canonry", "run")))
    return found.retired


def said(source: str, *given: str) -> list[str]:
    return map_arguments(learned(source), given).words


@pytest.mark.parametrize(
    ("source", "given", "words"),
    [
        (_SCRIPT, "", "tests/unit"),
        (_SCRIPT, "--suite api", "tests/api"),
        (_SCRIPT, "--suite=api --fast", "tests/api --fail-fast -m|not slow"),
        (_SCRIPT, "--su unit", "tests/unit"),
        (CLICK, "", "tests/unit"),
        (CLICK, "--suite api -k x", "tests/api -k x"),
        (CLICK, "--fail -kx", "tests/unit --fail-fast -k x"),
        (OPTPARSE, "", "tests"),
        (OPTPARSE, "-m slow", "tests -m slow"),
        (ARGV, "tests/api", "tests/unit tests/api"),
        (ARGV, "--tb=short", "tests/unit -- --tb=short"),
        (APART, "--unit", "tests/unit"),
        (APART, "--api", "tests/api"),
    ],
)
def test_old_options_become_what_they_selected(source: str, given: str, words: str) -> None:
    wanted = [word for part in words.split() for word in [part]]
    if "|" in words:
        wanted = words.replace("-m|not slow", "-m not_slow").split()
        wanted = [word.replace("not_slow", "not slow") for word in wanted]
    assert said(source, *given.split()) == wanted


@pytest.mark.parametrize(
    ("source", "given", "sentence"),
    [
        (_SCRIPT, "--suite e2e", "`--suite e2e` has no counterpart; it knew `unit`, `api`"),
        (_SCRIPT, "--zap", "`--zap` is no argument of this script"),
        (_SCRIPT, "--suite", "`--suite` has no value"),
        (OPTPARSE, "--jobs 4", "`--jobs` has no counterpart: it changes something else than which tests run"),
        (APART, "--unit --api", "`--unit` and `--api` together had a meaning of their own"),
    ],
)
def test_what_has_no_counterpart_is_refused_in_a_sentence(source: str, given: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence.replace("(", r"\(").replace("?", r"\?")):
        said(source, *given.split())


def test_an_option_that_nothing_reads_is_accepted_with_a_note() -> None:
    mapped = map_arguments(learned(_SCRIPT), ["--color", "red"])
    assert mapped.words == ["tests/unit"]
    assert mapped.notes == ["`--color` is accepted and does nothing, as before"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("subprocess.run(['pytest', open('list').read()])", "is known only when it runs"),
        ("subprocess.run(['pytest', 'tests'] if os.environ.get('A') else ['pytest', 'lib'])", "depends on"),
        ("argparse.ArgumentParser().add_subparsers()", "it has subcommands"),
        ("[subprocess.run(['pytest', each]) for each in glob.glob('x')]", "is known only when it runs|no test run"),
        ("exec('import pytest')", "no test run was found"),
        ("unittest.main()", "lets `unittest` choose"),
        ("while True: pass", "does not end|more than can be followed"),
        ("f = lambda: f()\nf()", "calls itself deeper"),
        ("subprocess.run('pytest tests | tee log', shell=True)", "is not followed"),
        ("subprocess.run(['pytest', 'x' * 10 ** 9])", "is known only when it runs"),
    ],
)
def test_what_is_known_only_when_it_runs_is_left_to_a_hand(body: str, reason: str) -> None:
    source = f"import argparse, glob, os, subprocess, unittest\n{body}\n"
    with pytest.raises(CannotReadError, match=reason):
        learned(source)


def test_reasons_speak_of_values_and_paths_as_people_write_them() -> None:
    source = "import argparse, subprocess\np = argparse.ArgumentParser()\np.add_argument('--zap')\n"
    source += "p.add_argument('--n', type=int)\na = p.parse_args()\ncmd = ['pytest', 'tests']\n"
    source += "if a.zap: cmd += ['--weird', a.zap]\nif a.n: cmd += ['-n', 'x' + str(a.n)]\nsubprocess.run(cmd)\n"
    zap, number = (old.refused for old in learned(source).options)
    assert zap == "line 9: nothing says whether `--weird` takes `VALUE` as its value"
    assert number == "line 9: `xNUMBER` is no number of workers"


def told(body: str) -> list[str]:
    """What is said of a script that does this, beside that its tests start."""
    source = f"import os, subprocess, sys\nPY = [sys.executable, '-m', 'pytest', 'tests']\n{body}\n"
    script = Script(ast.parse(source), "run.py", lambda path: path in ("tests", "run.py"))
    found = learn(script, Terms(runner=("canonry", "run")))
    assert map_arguments(found.retired, []).words == ["tests"]
    return list(found.aside)


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ("rc = subprocess.call(PY, env=dict(os.environ, CI='1'))\nsys.exit(rc)", "an environment of their own"),
        ("environ = dict(os.environ)\nenviron['CI'] = '1'\nsys.exit(subprocess.call(PY, env=environ))", "`CI`"),
        ("sys.exit(subprocess.call(PY, env={**os.environ, 'CI': '1'}))", "an environment of their own in line 3"),
        ("os.environ['APP_ENV'] = 'local'\nsys.exit(subprocess.call(PY))", "environment variable `APP_ENV`"),
        ("del os.environ['CI']\nsys.exit(subprocess.call(PY))", "environment variable `CI`"),
        ("os.environ |= {'A': '1'}\nsys.exit(subprocess.call(PY))", "environment variables"),
        ("os.environ.pop('A', None)\nsys.exit(subprocess.call(PY))", "environment variable `A`"),
        ("os.putenv('A', '1')\nsys.exit(subprocess.call(PY))", "environment variable `A`"),
        ("sys.exit(subprocess.call('CI=1 pytest tests', shell=True))", "behind `CI=1` in line 3"),
        ("sys.exit(subprocess.call(['timeout', '60', 'pytest', 'tests']))", "behind `timeout 60`"),
        ("sys.exit(subprocess.call(PY, timeout=60))", "`timeout=` in line 3"),
        ("sys.exit(subprocess.call(PY, **options()))", "`**`"),
        ("if not os.path.exists('ready'): sys.exit('not ready')\nsys.exit(subprocess.call(PY))", "'ready'"),
        ("assert os.environ.get('A')\nsys.exit(subprocess.call(PY))", "depends on `os.environ.get('A')`"),
        ("rc = subprocess.call(PY)\nsys.exit(0 if rc in (0, 5) else 3)", "ends with `3`"),
        ("subprocess.call(PY)\nsys.exit(0)", "ends with `0`"),
        ("subprocess.call(PY)", "ends with `0`"),
        ("sys.exit(os.system('pytest tests'))", "need not be the status"),
        ("sys.exit(subprocess.call(PY) != 0)", "ends with 1 for each status"),
        ("rc = subprocess.call(PY)\nif rc: raise RuntimeError('red')", "ends with 1 for each status"),
        ("try:\n    sys.exit(subprocess.call(PY))\nexcept BaseException:\n    sys.exit(0)", "where line 4 fails"),
        ("@retried\ndef go(): return subprocess.call(PY)\nsys.exit(go())", "decorates `go` with `retried`"),
        ("from shop import *\nprepare()\nsys.exit(subprocess.call(PY))", "calls `prepare`"),
        ("os.umask(0)\nsys.exit(subprocess.call(PY))", "calls `os.umask`"),
        ("import pytest\nsys.path.insert(0, 'src')\nsys.exit(pytest.main(['tests']))", "import path of the tests"),
        ("import pytest\nsys.argv = ['x']\nsys.exit(pytest.main(['tests']))", "changes `sys.argv`"),
        ("sys.exit(subprocess.run(PY, capture_output=True).returncode)", "`capture_output=`"),
        ("os.execve(sys.executable, PY, {'A': '1'})", "an environment of their own"),
    ],
)
def test_what_a_script_does_beside_its_tests_is_named(body: str, named: str) -> None:
    assert named in "; ".join(told(body))


@pytest.mark.parametrize(
    "body",
    [
        "sys.exit(subprocess.call(PY))",
        "sys.exit(subprocess.run(PY, check=False, cwd='.').returncode)",
        "subprocess.run(PY, check=True)",
        "subprocess.check_call(PY)",
        "done = subprocess.run(PY, env=os.environ)\nif done.returncode != 0:\n    sys.exit(done.returncode)",
        "rc = subprocess.call(PY)\nprint('red' if rc else 'green')\nraise SystemExit(rc)",
        "process = subprocess.Popen(PY)\nsys.exit(process.wait())",
        "import pytest\nsys.exit(int(pytest.main(['tests'])))",
        "sys.path.insert(0, 'src')\nsys.exit(subprocess.call(PY))",
        "os.execv(sys.executable, PY)",
        "print(PY, round(1.5), isinstance(PY, list))\nsys.exit(subprocess.call(PY))",
        "import logging\nlogging.getLogger().info('%s', PY)\nsys.exit(subprocess.call([*PY]))",
    ],
)
def test_of_a_script_that_only_starts_tests_nothing_is_said(body: str) -> None:
    assert told(body) == []


@given(st.lists(st.sampled_from(["--suite", "api", "unit", "--fast", "--color", "red", "-x", "--", "", "--suite=api"])))
def test_any_command_line_is_mapped_or_refused(given: list[str]) -> None:
    retired = Retired(
        (),
        (
            Old(("--suite",), "one", {"unit": (), "api": ("tests/api",)}),
            Old(("--fast",), becomes={"*": ("--fail-fast",)}),
            Old(("--color",), "one", unread=True),
        ),
        (Unless(("tests/unit",), ("--suite=api",)),),
    )
    try:
        words = map_arguments(retired, given).words
    except UserError:
        return
    assert words.count("tests/unit") + words.count("tests/api") >= 1
    assert set(words) <= {"tests/unit", "tests/api", "--fail-fast"}


def test_comments_go_with_a_script_where_a_reader_is_asked(tmp_path: Path) -> None:
    place = Folder(tmp_path).write({**FILES, "scripts/run_tests.py": f"# our runner\n{_SCRIPT}"}).start()
    found = planned(place)
    assert [(item.grade, item.reason, item.planned) for item in found.summary.items] == [
        (
            Grade.REVIEW,
            f"{UNRUN}; its comments go with it",
            True,
        )
    ]
    write_migration(found)
    assert "# our runner" not in (place.root / "scripts/run_tests.py").read_text()


def test_a_script_that_others_import_stays(tmp_path: Path) -> None:
    place = (
        Folder(tmp_path)
        .write({**FILES, "scripts/run_tests.py": _SCRIPT, "scripts/all.py": "from scripts.run_tests import main\n"})
        .start()
    )
    items = planned(place).summary.items
    assert [(item.grade, item.reason) for item in items] == [
        (Grade.MANUAL, "`scripts/all.py` imports it, so it is more than a script")
    ]


def test_an_expired_wrapper_goes_once_nothing_names_it(tmp_path: Path) -> None:
    place = Folder(tmp_path).write({**FILES, "scripts/run_tests.py": _SCRIPT}).start()
    write_migration(planned(place))
    assert not planned(place, today=TODAY + dt.timedelta(days=90)).summary.items
    late = TODAY + dt.timedelta(days=91)
    for day, count in ((TODAY, 0), (late, 1), (TODAY, 0)):  # through the cache, whose answers hold until the day
        assert len(place.findings("RUN004", today=day, cache=True)) == count
    place.write({"Makefile": "test:\n\tpython scripts/run_tests.py\n"})
    (item,) = planned(place, today=late).summary.items
    assert (item.grade, item.rule) == (Grade.MANUAL, "RUN004")
    assert "`Makefile` still names it" in item.reason
    place.write({"Makefile": "test:\n\tcanonry run\n"})
    write_migration(planned(place, today=late))
    assert not (place.root / "scripts/run_tests.py").exists()


def test_both_run_and_differ_where_the_wrapper_is_wrong(tmp_path: Path) -> None:
    """One pair of processes each: the wrapper runs what the script ran; a changed one is told apart."""
    place = Folder(tmp_path).write({**FILES, "scripts/run_tests.py": _SCRIPT}).start()
    place.commit()
    write_migration(planned(place))
    script = place.root / "scripts/run_tests.py"
    found = compare_script(script, ["--suite", "api"], limit=120)
    assert found.same, (found.old, found.new)
    assert list(found.old.outcomes) == ["tests/api/test_b.py::test_b"]
    script.write_text(script.read_text().replace('("tests/api",)', '("tests/unit",)'))
    found = compare_script(script, ["--suite", "api"], limit=120)
    assert (found.lost, found.come) == (["tests/api/test_b.py::test_b"], ["tests/unit/test_a.py::test_a"])
    refused = subprocess.run(
        [sys.executable, script, "--zap"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert refused.returncode == 2
    assert "no argument of this script" in refused.stderr
    assert "Traceback" not in refused.stderr


def planned(place: Folder, *, today: dt.date = TODAY):  # type: ignore[no-untyped-def]
    request = Request(repository=place.root, cache=False, workers=1, today=today)
    return migrate(request, Wanted(codemods=("runner-scripts",), review=True))
