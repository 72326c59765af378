"""Mistakes of a word, and sentences with the right number and the right reason."""

import json

import pytest

from tests.workbench import SOUND, Folder


@pytest.mark.parametrize("option", ["--select", "--ignore"])
@pytest.mark.parametrize("value", ["", " ", ","])
def test_an_empty_selection_is_refused(folder: Folder, option: str, value: str) -> None:
    folder.write({"tests/test_a.py": SOUND})
    done = folder.call("audit", option, value)

    assert (done.returncode, done.stderr) == (
        2,
        "canonry: an empty `--select` or `--ignore` names no rule; name one, or leave it out\n",
    )


@pytest.mark.parametrize("verb", ["audit", "repair"])
def test_an_empty_path_is_refused(folder: Folder, verb: str) -> None:
    folder.write({"tests/test_a.py": SOUND})
    done = folder.call(verb, "")

    assert (done.returncode, done.stderr) == (
        2,
        "canonry: a PATH is empty; name a folder, a file or a git directory\n",
    )


def test_the_only_test_file_stands_at_the_root(folder: Folder) -> None:
    folder.write({"test_a.py": SOUND})

    assert "`tests`: 1 of 1 file with tests stands at the root" in folder.call("init").stderr


def test_a_runner_is_proposed_for_a_reason_that_is_one(folder: Folder) -> None:
    folder.write({"tests/test_a.py": SOUND})
    entries = json.loads(folder.call("init", "--output-format", "json").stdout)["entries"]
    (runner,) = [each for each in entries if each["key"] == "canon.runner"]

    assert runner["value"] == "pytest"
    assert runner["why"] == (
        "no CI or task file starts tests; 1 test outside of any class, which pytest alone collects"
    )
