"""A judgement in every format."""

import io
import json
import xml.etree.ElementTree as ET

import pytest

from canonry.gate.judge import judge
from canonry.model.gate import Change, Direction, Judgement, Kind
from canonry.report.gate import Format, renderer

CHANGES = [
    Change(kind=Kind.PARSING, direction=Direction.WORSE, message="does not parse: {x}[y](z)", path="a b.py", line=3),
    Change(kind=Kind.VIOLATIONS, direction=Direction.WORSE, message="100 % of\x1b it", path="b.py", line=2, rule="RUN001", fingerprint="0" * 16),
    Change(kind=Kind.CANON, direction=Direction.WORSE, message="`tests`: less"),
    Change(kind=Kind.TESTS, direction=Direction.BETTER, message="new", count=2),
]  # fmt: skip
REFUSED = judge(CHANGES, head="the index", base="`abc`", commit="abc")
PASSED = judge(CHANGES[3:], head="the index", base="`abc`")


def rendered(name: str, judgement: Judgement = REFUSED) -> str:
    out = io.StringIO()
    renderer(name)(judgement, out, False, False)
    return out.getvalue()


def test_annotations_begin_with_the_reason_and_escape_what_github_would_read() -> None:
    first, second, third, last = rendered("github").splitlines()
    assert first.startswith("::error file=a b.py,line=3,title=canonry gate parsing::1 file that does not parse: ")
    assert "100 %25 of" in second
    assert third.startswith("::error title=canonry gate canon::")
    assert last.startswith("refused")


def test_machines_can_read_it() -> None:
    assert json.loads(rendered("json"))["verdict"] == "worse"
    issues = json.loads(rendered("gitlab"))
    assert len({issue["fingerprint"] for issue in issues}) == len(issues) == 3
    (run,) = json.loads(rendered("sarif"))["runs"]
    assert run["results"][0]["message"]["text"].startswith("does not parse: {{x}}[y] (z)")
    assert run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "a%20b.py"
    suite = ET.fromstring(rendered("junit"))
    assert (suite.get("tests"), suite.get("failures")) == (str(len(Kind)), "3")


@pytest.mark.parametrize("name", list(Format))
def test_what_passes_holds_no_failure(name: str) -> None:
    text = rendered(name, PASSED)
    assert not any(word in text for word in ("::error", "<failure", '"level"', "refused "))


def test_an_agreed_kind_is_told() -> None:
    agreed = judge(CHANGES[:1], head="x", base="y", allowed=[Kind.PARSING])
    assert not agreed.refused
    assert "agreed to: parsing (1)" in rendered("full", agreed)
