"""Every codemod's examples, through the real engine: they are its tests as well as its documentation."""

import ast
import datetime as dt
import sys
from pathlib import Path

import pytest

from canonry.audit.request import Request
from canonry.migrate.codemod import Codemod, Example
from canonry.migrate.engine import Migrated, Wanted, migrate
from canonry.migrate.registry import all_codemods
from canonry.migrate.writing import write_migration
from canonry.model.edit import Grade
from tests.workbench import Folder

_EXAMPLES = [
    pytest.param(codemod, example, id=f"{codemod.name}-{number}")
    for codemod in all_codemods().values()
    for number, example in enumerate(codemod.examples)
]


@pytest.mark.parametrize(("codemod", "example"), _EXAMPLES)
def test_an_example_becomes_what_it_says(codemod: Codemod, example: Example, tmp_path: Path) -> None:
    place = _written(example, tmp_path)
    found = _migrate(place, codemod, review=True)
    mine = [item for item in found.summary.items if item.path == example.path and item.codemod == codemod.name]
    assert mine, "the codemod says nothing of its example"
    assert max((item.grade for item in mine), key=lambda grade: grade.rank) is example.grade, mine
    assert all(item.reason for item in mine if item.grade is not Grade.SAFE)
    if not example.after:
        assert example.path not in found.after()
        return
    write_migration(found)
    after = (place.root / example.path).read_text()
    assert after == example.after
    assert not example.path.endswith(".py") or ast.parse(after)
    assert not _migrate(place, codemod, review=True).plan.files, "a second run is not empty"


@pytest.mark.parametrize(("codemod", "example"), _EXAMPLES)
def test_an_example_that_wants_a_reader_stays_without_one(codemod: Codemod, example: Example, tmp_path: Path) -> None:
    if example.grade is Grade.SAFE:
        pytest.skip("this one is safe")
    place = _written(example, tmp_path)
    items = [item for item in _migrate(place, codemod, review=False).summary.items if item.path == example.path]
    assert not any(item.planned for item in items if item.grade is not Grade.SAFE)


@pytest.mark.parametrize("codemod", all_codemods().values(), ids=lambda each: each.name)
def test_a_codemod_is_documented_and_shows_what_it_leaves(codemod: Codemod) -> None:
    assert sys.modules[type(codemod).__module__].__name__.endswith(codemod.name.replace("-", "_"))
    assert codemod.rules
    assert codemod.__doc__
    grades = {example.grade for example in codemod.examples}
    assert codemod.lists_only or Grade.SAFE in grades or Grade.REVIEW in grades
    assert any(not example.after for example in codemod.examples), "no example says what is left to a hand"


def _written(example: Example, place: Path) -> Folder:
    canon = {"canonry.toml": example.canon} if example.canon else {}
    return Folder(place).write({**example.files, **canon, example.path: example.before}).start()


def _migrate(place: Folder, codemod: Codemod, *, review: bool) -> Migrated:
    request = Request(repository=place.root, cache=False, workers=1, target="3.11", today=dt.date(2026, 1, 1))
    return migrate(request, Wanted(codemods=(codemod.name,), review=review))
