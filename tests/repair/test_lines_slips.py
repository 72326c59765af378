"""Single characters that are missing: what comes back, and what is told to be unsure."""

import pytest

from canonry.repair.lines.mend import mend

CONTEXT = """\
import httpx


class Tags:
    def add_test(self, f, name):
        return self.add(f, name=name)

    def add(self, f, name=None):
        return route("/", methods=("GET", "POST"))


def route(path, methods=()):
    assert "some option" == path["some_option"]
    assert path.json() == {"a": "b", "c": "d"}
    headers = httpx.Headers([("a", "1"), ("b", "2")])
    tags = Tags()
    tags.add_test(headers, name=path)
    return headers, tags


"""
SLIPS = [
    ('x = route("/a", methods="GET", "POST"))', 'x = route("/a", methods=("GET", "POST"))'),
    ("tags.add_testf, name=name)", "tags.add_test(f, name=name)"),
    ("tags = Tags)", "tags = Tags()"),
    ('assert path.json) == {"e": "f"}', 'assert path.json() == {"e": "f"}'),
    ('assert "other option == path["other_option"]', 'assert "other option" == path["other_option"]'),
    ('x = [b\\r\\n", b"x"]', 'x = [b"\\r\\n", b"x"]'),
    ("x = route(path=path methods=tags)", "x = route(path=path, methods=tags)"),
    ('x = httpx.Headers(("a", "1"), ("b", "2")])', 'x = httpx.Headers([("a", "1"), ("b", "2")])'),
    ("if path", "if path:"),
]


@pytest.mark.parametrize(("broken", "whole"), SLIPS)
def test_a_missing_character_comes_back(broken: str, whole: str) -> None:
    tail = "\n    x = 1\n" if whole.endswith(":") else "\n"

    mended = mend(CONTEXT + broken + tail)

    assert mended.text == CONTEXT + whole + tail


def test_a_likely_reading_is_sure() -> None:
    assert mend(CONTEXT + "tags = Tags)\n").unsure == ()


@pytest.mark.parametrize("broken", ["x = route(path))", 'x = path + (tags)"', "x = path + tags]"])
def test_what_is_taken_away_is_unsure(broken: str) -> None:
    assert mend(CONTEXT + broken + "\n").unsure != ()


def test_a_mended_text_is_left_alone() -> None:
    once = mend(CONTEXT + "tags = Tags)\n").text

    assert mend(once).text == once
