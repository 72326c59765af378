"""Old command lines and what becomes of them: words kept, options translated, grades with reasons."""

import posixpath
import shlex

import pytest

from canonry.canon.options import Category
from canonry.migrate.commands.mapping import map_command
from canonry.migrate.commands.terms import Terms
from canonry.migrate.commands.tokens import Mapped, new_words
from canonry.model.edit import Grade
from canonry.rules.invocation import Presence

THERE = {"tests", "tests/unit", "tests/e2e", "tests/unit/test_a.py", "tests/unit/test_b.py"}


def standing(path: str) -> Presence:
    return Presence.THERE if posixpath.normpath(path) in THERE else Presence.ABSENT


def terms(**changed: object) -> Terms:
    categories = {
        "unit": Category(paths=["tests/unit"]),
        "slow": Category(markers=["slow"]),
        "mixed": Category(paths=["tests/e2e"], markers=["e2e"]),
    }
    known: dict[str, object] = {"runner": ("canonry", "run"), "categories": categories, "standing": standing}
    return Terms(**(known | changed))  # type: ignore[arg-type]


def mapped(line: str, **changed: object) -> Mapped:
    return map_command(shlex.split(line), terms(**changed))


def shown(line: str, **changed: object) -> str:
    """The new command line, and its grade in front where it is not safe."""
    found = mapped(line, **changed)
    if found.grade is Grade.MANUAL:
        return f"manual: {found.reason}"
    text = shlex.join(word or "?" for word in new_words(shlex.split(line), found))
    return text if found.grade is Grade.SAFE else f"{found.grade.value}: {text}"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("pytest", "canonry run"),
        ("py.test -q", "canonry run -q"),
        ("python -m pytest", "python -m canonry run"),
        ("python3.11 -Wd -m pytest tests", "python3.11 -Wd -m canonry run tests"),
        (".venv/bin/pytest tests", ".venv/bin/canonry run tests"),
        ("poetry run pytest -x tests", "poetry run canonry run tests --fail-fast"),
        ("env CI=1 timeout 600 pytest tests", "env CI=1 timeout 600 canonry run tests"),
        ("pytest tests --maxfail=3", "canonry run tests --max-failures=3"),
        ("pytest tests --maxfail 3", "canonry run tests --max-failures 3"),
        ("pytest --maxfail 0 tests", "canonry run tests"),
        ("pytest -n 4 tests", "canonry run tests --workers 4"),
        ("pytest -n4 --timeout=60 tests", "canonry run tests --workers 4 --timeout=60"),
        ("pytest -n auto tests", "canonry run tests"),
        ("pytest -xvs tests", "canonry run tests --fail-fast -v -- -s"),
        ("pytest -vv tests", "canonry run tests -- -vv"),
        ("pytest -k 'a or b' tests", "canonry run tests -k 'a or b'"),
        ("pytest -xk a tests", "canonry run tests --fail-fast -k a"),
        ("pytest -ka tests", "canonry run tests -ka"),
        ("pytest -k=a tests", "canonry run tests -ka"),
        ("pytest -m 'not slow' tests", "canonry run tests -m 'not slow'"),
        ("pytest --cov=shop tests -ra --tb short", "canonry run tests -- --cov=shop -ra --tb short"),
        ("pytest --cov shop tests", "canonry run tests -- --cov shop"),
        ("pytest tests --junitxml=out/r.xml", "canonry run tests --report junit=out/r.xml"),
        ("pytest tests --junit-xml 'out/a b.xml'", "canonry run tests --report 'junit=out/a b.xml'"),
        ("pytest -W error -p no:cacheprovider tests", "canonry run tests -- -W error -p no:cacheprovider"),
        ("pytest -Werror tests", "canonry run tests -- -Werror"),
        ("pytest --ignore tests/e2e tests", "canonry run tests -- --ignore tests/e2e"),
        ("pytest tests/unit/test_a.py::TestA::test_b", "canonry run tests/unit/test_a.py::TestA::test_b"),
        ("pytest -- tests", "canonry run tests"),
        ("pytest --durations=10 tests", "canonry run tests --durations"),
        ("pytest --my-flag=1 tests", "canonry run tests -- --my-flag=1"),
    ],
)
def test_words_stay_options_are_translated(old: str, new: str) -> None:
    assert shown(old) == new


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("pytest tests/unit", "canonry run --category unit"),
        ("pytest ./tests/unit/ -x", "canonry run --category unit --fail-fast"),
        ("pytest -m slow", "canonry run --category slow"),
        ("pytest -q -m slow -x", "canonry run --category slow -q --fail-fast"),
        ("pytest -m slow tests", "canonry run tests -m slow"),
        ("pytest tests/unit tests/e2e", "canonry run tests/unit tests/e2e"),
        ("pytest tests/e2e", "canonry run tests/e2e"),
        ("pytest tests/unit -k a", "canonry run tests/unit -k a"),
        ("pytest tests/unit/test_a.py::test_b", "canonry run tests/unit/test_a.py::test_b"),
    ],
)
def test_a_category_where_the_selection_is_exactly_its(old: str, new: str) -> None:
    assert shown(old) == new


def test_a_path_is_seen_from_the_working_directory() -> None:
    def below(path: str) -> Presence:
        return standing(f"tests/{path}")

    assert shown("pytest unit", folder="tests", standing=below) == "canonry run --category unit"
    assert shown("pytest -x", folder="tests", standing=below) == "canonry run . --fail-fast"
    assert shown("pytest -x", folder=None) == "review: canonry run --fail-fast"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("python -m unittest tests/unit/test_a.py", "python -m canonry run tests/unit/test_a.py"),
        (
            "python -m unittest tests.unit.test_a.TestA.test_b -v",
            "python -m canonry run tests/unit/test_a.py::TestA::test_b -v",
        ),
        ("python -m unittest -f -b tests.unit.test_a", "python -m canonry run tests/unit/test_a.py --fail-fast"),
        ("python -m unittest discover -s tests", "review: python -m canonry run tests"),
        ("python -m unittest discover tests 'test_*.py'", "review: python -m canonry run tests"),
        (
            "python -m unittest discover -p 'check_*.py'",
            "manual: the runner selects files by pytest's patterns, not by `check_*.py`",
        ),
        ("python -m unittest tests.gone", "manual: `tests.gone` names no file here"),
        (
            "python -m unittest -k 'a*b' tests.unit.test_a",
            "manual: `-k a*b` of unittest is a pattern, that of pytest an expression",
        ),
    ],
)
def test_unittest(old: str, new: str) -> None:
    assert shown(old) == new


@pytest.mark.parametrize(
    ("old", "reason"),
    [
        ("pytest tests/gone.py", "`tests/gone.py` does not exist"),
        ("xargs pytest", "`xargs` hands it arguments"),
        ("uvx pytest tests", "an environment of its own"),
        ("nosetests tests", "no counterpart"),
        ("ptw tests", "`canonry run --watch`"),
        ("pytest --my-option tests", "nothing says whether `--my-option` takes `tests`"),
        ("pytest -Z tests", "`-Z` is no option"),
        ("pytest -n $N tests", "the number of workers is computed"),
        ("pytest tests -k", "`-k` has no value"),
        ("pytest --maxfail=many", "which is no number"),
    ],
)
def test_what_is_done_by_hand(old: str, reason: str) -> None:
    assert shown(old).startswith("manual: ")
    assert reason in shown(old)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("pytest $ARGS", "canonry run $ARGS", "`$ARGS` may stand for options"),
        ("pytest {posargs:tests}", "canonry run {posargs:tests}", "may stand for options"),
        ("pytest $@ --cov", "canonry run $@ -- --cov", "may stand for options"),
        ("coverage run -m pytest tests", "coverage run -m canonry run tests", "measures the process that it starts"),
        (
            "docker run --rm image pytest tests",
            "docker run --rm image canonry run tests",
            "`docker` starts it elsewhere",
        ),
        ("pytest --lf tests", "canonry run tests --failed", "the runner's recordings"),
        ("pytest --dist loadfile -n 2 tests", "canonry run tests --workers 2", "`--dist` is left out"),
        ("pytest --reruns 2 tests", "canonry run tests -- --reruns 2", "`--retries` counts them"),
    ],
)
def test_what_a_reader_has_to_look_at(old: str, new: str, reason: str) -> None:
    found = mapped(old)

    assert " ".join(word or "?" for word in new_words(old.split(), found)) == new
    assert found.grade is Grade.REVIEW
    assert reason in found.reason


def test_a_path_with_a_variable_in_it_is_a_path() -> None:
    found = mapped("pytest tests/${{matrix.suite}}", standing=lambda _: Presence.UNSAID)

    assert found.grade is Grade.SAFE


def test_the_import_path_and_the_installation_are_looked_at() -> None:
    assert "import path" in mapped("python -m pytest tests", imports_from_folder=True).reason
    assert mapped("pytest tests", imports_from_folder=True).grade is Grade.SAFE
    assert "installed" in mapped("pytest tests", installed=False).reason


def test_a_runner_with_options_of_its_own() -> None:
    mine = {"runner": ("python", "tools/run.py"), "speaks": False}

    assert shown("pytest", **mine) == "python tools/run.py"
    assert shown("python3 -m pytest", **mine) == "python3 tools/run.py"
    assert shown("pytest -x", **mine) == "manual: what `python tools/run.py` calls these options and paths is not known"
    assert shown("pytest", folder="sub", **mine).startswith("manual: ")


def test_a_wrapper_of_the_runner_takes_its_options() -> None:
    mine = {"runner": ("python", "tests/run.py"), "speaks": True}

    assert shown("poetry run python3 -m pytest tests -x", **mine) == "poetry run python3 tests/run.py tests --fail-fast"
