"""What each format holds, to the character."""

import json
import re
from typing import Any

import jsonschema
import pytest

from canonry import __version__
from canonry.rules.registry import all_rules, ruleset
from tests.workbench import IDLE, RUNNER, SOUND, Folder

COUNTS = ("files", "test_files", "test_functions", "async_test_functions", "shadow_files", "unparsable", "missing", "documents", "commands", "passed_over")  # fmt: skip
COUNT = {"type": "integer", "minimum": 0}
TEXT = {"type": "string", "minLength": 1}
POSITION = {"type": "object", "required": ["line", "column"], "properties": {"line": COUNT, "column": COUNT}}
PLACE = {
    "type": "object",
    "required": ["path", "line", "column", "symbol", "note"],
    "additionalProperties": False,
    "properties": {"path": {"type": "string", "minLength": 1}, "line": COUNT, "column": COUNT, "symbol": {"type": "string"}, "note": {"type": "string"}},
}  # fmt: skip
FINDING = {
    "type": "object",
    "required": ["code", "path", "line", "column", "end", "message", "severity", "confidence", "fingerprint", "symbol", "help"],
    "additionalProperties": False,
    "properties": {
        "code": {"pattern": "^[A-Z]{3}[0-9]{3}$"},
        "path": {"type": "string", "minLength": 1},
        "line": {"type": "integer", "minimum": 1},
        "column": {"type": "integer", "minimum": 1},
        "end": POSITION,
        "message": {"type": "string", "minLength": 1},
        "severity": {"enum": ["error", "warning", "info"]},
        "confidence": {"enum": ["certain", "likely", "review"]},
        "fingerprint": {"pattern": "^[0-9a-f]{16}$"},
        "symbol": {"type": "string", "minLength": 1},
        "help": {"type": "string", "minLength": 1},
        "related": {"type": "array", "items": PLACE},
    },
}  # fmt: skip
REPORT = {
    "type": "object",
    "required": [
        "schema", "commit", "dirty", "version", "ruleset", "population", "compliance", "rules", "findings", "facts",
        "passed_over",
    ],
    "properties": {
        "schema": {"const": 1},
        "commit": {"type": ["string", "null"], "pattern": "^[0-9a-f]{40}$"},
        "dirty": {"type": "boolean"},
        "version": {"const": __version__},
        "ruleset": {"pattern": "^[0-9a-f]{12}$"},
        "population": {"type": "object", "required": list(COUNTS), "properties": dict.fromkeys(COUNTS, COUNT)},
        "compliance": {
            "type": "object",
            "required": ["compliant", "total", "percent"],
            "properties": {"compliant": COUNT, "total": COUNT, "percent": {"type": ["number", "null"], "maximum": 100}},
        },
        "rules": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["code", "name", "severity", "count", "files"],
                "properties": {"code": {"enum": list(all_rules())}, "count": COUNT, "files": COUNT},
            },
        },
        "findings": {"type": "array", "items": FINDING},
        "facts": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "count", "files"],
                "properties": {"name": {"pattern": "^[a-zA-Z-]+$"}, "count": COUNT, "files": COUNT},
            },
        },
        "passed_over": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["path", "line", "reason"],
                "additionalProperties": False,
                "properties": {"path": TEXT, "line": {"type": "integer", "minimum": 1}, "reason": TEXT},
            },
        },
    },
}  # fmt: skip
OFFENCES: dict[str, str | bytes] = {
    "tests/test_idle.py": IDLE,
    "tests/test_broken.py": "def test_a(:\n",
    "tests/test_é.py": "def test_ä():\n    print('日本 €')\n",
    "tests_old/test_a.py": SOUND,
    "tests/test_url.py": "import os\n\n\ndef test_url():\n    assert os.environ['URL'], 'é'\n",
    "tools/run.py": RUNNER,
    "tools/run.sh": "canonry run\nfor each in a b; do\n  $each\ndone\n",
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    return Folder(tmp_path_factory.mktemp("shop")).start(OFFENCES)


@pytest.fixture(scope="module")
def report(shop: Folder) -> dict[str, Any]:
    return shop.report()


# json ----------------------------------------------------------------------------------------------------------------


def test_the_report_holds_what_its_schema_promises(report: dict[str, Any]) -> None:
    jsonschema.validate(report, REPORT)


@pytest.mark.parametrize("key", REPORT["required"])
def test_the_schema_misses_what_is_missing(report: dict[str, Any], key: str) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({name: value for name, value in report.items() if name != key}, REPORT)


def test_a_report_without_a_finding_is_whole_too(folder: Folder) -> None:
    folder.write({"tests/test_a.py": SOUND})
    found = folder.report()

    jsonschema.validate(found, REPORT)
    assert (found["findings"], found["rules"], found["commit"]) == ([], [], None)


def test_the_report_says_where_its_numbers_come_from(shop: Folder, report: dict[str, Any]) -> None:
    assert report["commit"] == shop.git("rev-parse", "HEAD")
    assert report["ruleset"] == ruleset()
    assert (report["dirty"], report["source"]) == (False, "worktree")
    assert report["target_python"]["version"].startswith("3.")


def test_the_counts_of_rules_are_those_of_the_findings(report: dict[str, Any]) -> None:
    for rule in report["rules"]:
        found = [finding for finding in report["findings"] if finding["code"] == rule["code"]]
        assert (rule["count"], rule["files"]) == (len(found), len({finding["path"] for finding in found}))
        assert rule["name"] == all_rules()[rule["code"]].name
    assert sum(rule["count"] for rule in report["rules"]) == len(report["findings"])


def test_findings_stand_in_the_order_of_paths_and_lines(report: dict[str, Any]) -> None:
    places = [(finding["path"], finding["line"], finding["column"]) for finding in report["findings"]]

    assert places == sorted(places)


def test_a_finding_says_what_where_and_what_next(report: dict[str, Any]) -> None:
    (finding,) = (each for each in report["findings"] if each["path"] == "tests/test_url.py")

    assert finding | {"fingerprint": ""} == {
        "code": "ENV001",
        "path": "tests/test_url.py",
        "line": 5,
        "column": 12,
        "end": {"line": 5, "column": 29},
        "message": "`os.environ[...]` is read past the environment accessor",
        "severity": "warning",
        "confidence": "certain",
        "fingerprint": "",
        "symbol": "test_url",
        "help": "read it through the canon's environment accessor",
    }


def test_json_is_utf_8_and_one_object(shop: Folder) -> None:
    text = shop.call("audit", "--output-format", "json").stdout

    assert "test_é.py" in text
    assert text.endswith("\n}\n")
    assert json.loads(text)["findings"]


def test_what_was_passed_over_is_named(report: dict[str, Any]) -> None:
    assert report["passed_over"] == [{"path": "tools/run.sh", "line": 3, "reason": "a command that is built in a loop"}]
    assert (report["population"]["documents"], report["population"]["commands"]) == (1, 1)


# json lines ----------------------------------------------------------------------------------------------------------


def test_json_lines_are_a_header_findings_and_numbers(shop: Folder, report: dict[str, Any]) -> None:
    rows = [json.loads(line) for line in shop.call("audit", "--output-format", "jsonl").stdout.splitlines()]

    assert [row["kind"] for row in rows] == ["header", *["finding"] * len(report["findings"]), "summary"]
    assert [{key: row[key] for key in row if key != "kind"} for row in rows[1:-1]] == report["findings"]
    whole = {key: value for row in (rows[0], rows[-1]) for key, value in row.items() if key != "kind"}
    assert whole == {key: value for key, value in report.items() if key != "findings"}


# concise -------------------------------------------------------------------------------------------------------------


def test_concise_is_a_line_for_each_finding(shop: Folder, report: dict[str, Any]) -> None:
    lines = shop.call("audit", "--output-format", "concise").stdout.splitlines()
    found = len(report["findings"])

    for line, each in zip(lines[:found], report["findings"], strict=True):
        doubt = "" if each["confidence"] == "certain" else f" ({each['confidence']})"
        place = f"{each['path']}:{each['line']}:{each['column']}"
        assert line == f"{place}: {each['code']} {each['severity']}{doubt}: {each['message']}"
    assert any(line.startswith(f"{found} findings (") for line in lines[found:])
    assert any("compliance 25.0 %: 1 of 4 test files" in line for line in lines[found:])


# full ----------------------------------------------------------------------------------------------------------------


def frame_of(folder: Folder, code: str, path: str = "tools/run.py") -> tuple[str, str]:
    """The shown line of the first finding, and the part of it that the carets stand under (by terminal columns)."""
    folder.write({path: code})
    lines = folder.call("audit", "--no-cache", "--select", "RUN001,TST001,SYN001").stdout.splitlines()
    source, carets = lines[1].partition(" | ")[2], lines[2].partition("| ")[2]
    start = len(carets) - len(carets.lstrip(" "))
    cells = "".join(
        character + ("\0" if character in "日本語" else "") for character in source if character != "\u0301"
    )
    return source, cells[start : len(carets)].replace("\0", "")


@pytest.mark.parametrize(
    ("line", "marked"),
    [
        ("pytest.main()", "pytest.main()"),
        ("x = 1; pytest.main()", "pytest.main()"),
        ("x = 'é'; pytest.main()", "pytest.main()"),
        ("x = '€ 𝄞'; pytest.main()", "pytest.main()"),
        ("x = '日本語'; pytest.main()", "pytest.main()"),
        ("x = 'e\u0301'; pytest.main()", "pytest.main()"),
        ("pytest.main(['日本'])", "pytest.main(['日本'])"),
        ("x =\t1;\tpytest.main()", "pytest.main()"),
        ("x = '" + "é" * 300 + "'; pytest.main(['q']); y = '" + "é" * 300 + "'", "pytest.main(['q'])"),
        ("x = '" + "日" * 100 + "'; pytest.main(['q'])", "pytest.main(['q'])"),
        ("pytest.main(", "pytest.main("),
    ],
)
def test_the_carets_stand_under_the_offence(folder: Folder, line: str, marked: str) -> None:
    rest = "\n)" if line.endswith("(") else ""

    assert frame_of(folder, f"import pytest\n{line}{rest}\n")[1] == marked


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_frames_know_all_line_ends(folder: Folder, newline: str) -> None:
    code = "import pytest\n# \x0c\u2028 é\npytest.main()\n".replace("\n", newline)

    assert frame_of(folder, code) == ("pytest.main()", "pytest.main()")


def test_frames_know_the_declared_encoding(folder: Folder) -> None:
    folder.write({"tools/run.py": "# coding: latin-1\nimport pytest\nx = 'éü'; pytest.main()\n".encode("latin-1")})
    lines = folder.call("audit").stdout.splitlines()

    assert lines[1:3] == ["3 | x = 'éü'; pytest.main()", "  |           ^^^^^^^^^^^^^"]


def test_a_frame_shows_no_control_characters(folder: Folder) -> None:
    source, marked = frame_of(folder, "import pytest\nx = '\x1b[31m\x07'; pytest.main()\n")

    assert source.isprintable()
    assert marked == "pytest.main()"


@pytest.mark.parametrize("content", [b"x = '\xff'\n", b"x = 1\n\0\n", "x = (\n".encode("utf-16")])
def test_frames_of_what_cannot_be_read(folder: Folder, content: bytes) -> None:
    folder.write({"a.py": content})
    done = folder.call("audit")

    assert done.returncode == 1
    assert "= next: run `canonry repair`" in done.stdout


def test_full_ends_with_where_the_tests_stand(shop: Folder) -> None:
    text = shop.call("audit").stdout
    *_, found, compliance = text.splitlines()

    assert re.match(r"found      +7 findings: \d errors?, \d warnings?", found)
    assert compliance == "compliance 25.0 %  1 of 4 test files without an open error"
    assert f"at commit {shop.git('rev-parse', 'HEAD')[:10]}" in text
    assert ruleset() in text


def test_doubt_is_shown(folder: Folder) -> None:
    folder.write({"tests/test_a.py": "async def test_a():\n    assert 1\n"})

    assert "BAS002 warning (likely):" in folder.call("audit").stdout


# colour --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("output_format", ["full", "concise"])
def test_colours_only_where_they_are_wanted(shop: Folder, output_format: str) -> None:
    plain, never, always = (
        shop.call("audit", "--output-format", output_format, "--color", color).stdout
        for color in ("auto", "never", "always")
    )

    assert "\x1b" not in plain == never
    assert re.sub(r"\x1b\[[\d;]*m", "", always) == plain != always


def test_machine_formats_have_no_colour(shop: Folder) -> None:
    assert "\x1b" not in shop.call("audit", "--output-format", "json", "--color", "always").stdout


# explain -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", all_rules())
def test_every_rule_explains_itself(shop: Folder, code: str) -> None:
    done = shop.call("explain", code.lower())

    assert done.returncode == 0
    assert done.stdout.startswith(f"# {code} {all_rules()[code].name}\n")
    assert "## Bad" in done.stdout
    assert "## Good" in done.stdout


def test_all_rules_are_listed(shop: Folder) -> None:
    lines = shop.call("explain").stdout.splitlines()

    assert [line.split()[0] for line in lines if re.match(r"[A-Z]{3}\d{3} ", line)] == list(all_rules())


@pytest.mark.parametrize(
    ("given", "hint"),
    [("RUN01", "did you mean `RUN001`?"), ("no-asertion", "did you mean `no-assertion`?"), ("qqq", "lists all rules")],
)
def test_an_unknown_rule_is_answered_with_the_nearest(shop: Folder, given: str, hint: str) -> None:
    done = shop.call("explain", given)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"canonry: `{given}` is no rule; ")
    assert hint in done.stderr
