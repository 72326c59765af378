"""Rules of one's own: declared in the canon, or written in Python."""

import json
from pathlib import Path

import pytest

from canonry.canon.keys import to_toml
from tests.workbench import Folder

NET = "import requests\n\n\ndef fetch(url):\n    return requests.get(url)\n"


def rule(**keys: object) -> str:
    """An entry of canonry.toml."""
    return "\n".join(["[[rules]]", *(f"{key} = {to_toml(value)}" for key, value in keys.items())]) + "\n"


def found_by(folder: Folder, canon: str, files: dict[str, str | bytes], code: str = "OWN001") -> list[tuple[str, int]]:
    folder.write({"canonry.toml": canon, **files})
    return [(each.path, each.line) for each in folder.findings(code)]


# declared ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "name", "code"),
    [
        ("call", "requests.get", "import requests\nrequests.get(1)\n"),
        ("call", "requests.get", "from requests import get as g\ng(1)\n"),
        ("call", "requests.get", "from shop.net import old\nold.get(1)\n"),
        ("call", "requests.Session.get", "from requests import Session\nSession().get(1)\n"),
        ("call", "shop.net.fetch", "from shop.api import fetch\nfetch(1)\n"),
        ("call", "shop.net.fetch", "import shop.api\nshop.api.fetch(1)\n"),
        ("call", "shop.net.Client.get", "from shop.net import Client\nClient.get(1)\n"),
        ("call", "eval", "x = 1\neval(x)\n"),
        ("call", "builtins.eval", "x = 1\neval(x)\n"),
        ("mention", "requests.get", "import requests\nx = requests.get\n"),
        ("mention", "requests.codes", "import requests\nx = requests.codes.ok\n"),
        ("import", "requests", "x = 1\nimport requests.adapters\n"),
        ("import", "requests", "x = 1\nfrom requests import get\n"),
        ("import", "shop.net", "x = 1\nfrom shop import net\n"),
        ("import", "shop.net", "x = 1\nfrom shop.net import *\n"),
        ("import", "shop.net.fetch", "x = 1\nfrom shop.api import fetch\n"),
        ("base", "requests.Session", "from requests import Session as S\nclass A(S): ...\n"),
        ("base", "shop.net.Client", "from shop.api import Client\nclass A(Client): ...\n"),
        ("decorator", "unittest.skip", "from unittest import skip\n@skip('x')\ndef f(): ...\n"),
        ("decorator", "shop.net.cached", "from shop.net import cached\n@cached\nclass A: ...\n"),
    ],
)
def test_what_is_banned(folder: Folder, kind: str, name: str, code: str) -> None:
    files: dict[str, str | bytes] = {
        "shop/__init__.py": "",
        "shop/net.py": "import requests as old\n\n\ndef fetch(url): ...\ndef cached(x): ...\nclass Client:\n    def get(self): ...\n",
        "shop/api.py": "from shop.net import Client, fetch\n",
        "a.py": code,
    }
    found = found_by(folder, rule(code="OWN001", **{kind: name}, allow=["shop"]), files)

    assert found == [("a.py", 3 if kind == "decorator" else 2)]


@pytest.mark.parametrize(
    ("kind", "name", "code"),
    [
        ("call", "requests.get", "import requests\nx = requests.get\n"),
        ("call", "requests.get", "import requests\nrequests.post(1)\n"),
        ("call", "requests.get", "x = 'requests.get(1)'  # requests.get(1)\n"),
        ("call", "requests.get", "def f(requests):\n    requests.get(1)\n"),
        ("call", "get", "import requests\nrequests.get(1)\n"),
        ("import", "requests", "import requests_mock\nfrom . import requests\n"),
        ("import", "requests.get", "import requests\n"),
        ("base", "requests.Session", "class Session: ...\nclass A(Session): ...\n"),
        ("decorator", "unittest.skip", "from pytest import skip\n@skip\ndef f(): ...\n"),
        ("mention", "requests.get", "import other\nother.get\n"),
    ],
)
def test_what_is_not(folder: Folder, kind: str, name: str, code: str) -> None:
    assert found_by(folder, rule(code="OWN001", **{kind: name}), {"pkg/a.py": code}) == []


def test_several_names_places_and_words(folder: Folder) -> None:
    canon = rule(
        code="OWN001", name="direct-http", call=["requests.get", "requests.post"], use="shop.net.fetch",
        message="requests hang the suite", severity="error", paths=["tests/**", "shop/**"], allow=["shop/net.py"],
    )  # fmt: skip
    code = "import requests\nrequests.get(1)\nrequests.post(1)\n"
    files: dict[str, str | bytes] = dict.fromkeys(("tests/test_a.py", "shop/net.py", "shop/b.py", "tools/c.py"), code)

    assert found_by(folder, canon, files) == [
        (path, line) for path in ("shop/b.py", "tests/test_a.py") for line in (2, 3)
    ]
    (first, *_) = folder.findings("OWN001")
    assert first.message == "requests hang the suite; use `shop.net.fetch`"
    assert (first.severity.value, first.confidence.value, first.help) == (
        "error", "certain", "use `shop.net.fetch` instead"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("keys", "step"),
    [
        ({}, "do without it here, or name the file in the rule's `allow`"),
        ({"use": "shop.net.fetch"}, "use `shop.net.fetch` instead"),
        ({"replacement": "fetch(url)"}, "write `fetch(url)` in its place"),
        (
            {"use": "shop.net.fetch", "replacement": "fetch(url)"},
            "use `shop.net.fetch` instead; write `fetch(url)` in its place",
        ),
    ],
)
def test_the_next_step(folder: Folder, keys: dict[str, object], step: str) -> None:
    canon = rule(code="OWN001", call="requests.get", **keys)
    folder.write({"canonry.toml": canon, "a.py": "import requests\nrequests.get(1)\n"})

    assert step in folder.call("audit").stdout
    assert f"{step[0].upper()}{step[1:]}." in folder.call("explain", "OWN001").stdout


def test_it_is_a_rule_like_all_others(folder: Folder) -> None:
    canon = rule(code="OWN001", call="requests.get", use="shop.net.fetch", bad=["import requests\nrequests.get(1)\n"])
    folder.write({"canonry.toml": canon, "shop/a.py": "import requests\nrequests.get(1)\n", "shop/b.py": NET})
    whole, chosen = folder.report(), folder.report("--select", "OWN001")
    ignored, statistics = folder.report("--ignore", "banned-call-get"), folder.call("audit", "--statistics")
    explained, listed = folder.call("explain", "own001"), folder.call("explain")

    assert [each["code"] for each in whole["findings"]] == ["OWN001", "OWN001"]
    assert chosen["findings"] == whole["findings"]
    assert ignored["findings"] == []
    assert "OWN001  banned-call-get  warning            2         0         2" in statistics.stdout
    assert explained.stdout.startswith("# OWN001 banned-call-get\n")
    assert "import requests\nrequests.get(1)" in explained.stdout
    assert any(line.startswith("OWN001  banned-call-get") for line in listed.stdout.splitlines())


def test_it_is_suppressed_like_all_others(folder: Folder) -> None:
    code = "import requests\nrequests.get(1)  # canonry: ignore[OWN] it is the old gateway\n"
    result = folder.write({"canonry.toml": rule(code="OWN001", call="requests.get"), "a.py": code}).audit()

    assert list(result.findings()) == []
    assert [each.finding.code for each in result.closed()] == ["OWN001"]


def test_a_changed_definition_is_judged_anew(folder: Folder) -> None:
    folder.write({"a.py": "import requests\nrequests.get(1)\nrequests.post(1)\n"})
    found = []
    for name in ("requests.get", "requests.post", "requests.put", "requests.get"):
        folder.write({"canonry.toml": rule(code="OWN001", call=name)})
        found.append([each.line for each in folder.findings("OWN001", cache=True)])

    assert found == [[2], [3], [], [2]]


def test_a_warm_answer_is_the_cold_one(folder: Folder) -> None:
    folder.write(
        {"canonry.toml": rule(code="OWN001", call="requests.get"), "a.py": NET, "b.py": NET, "c.py": "x = 1\n"}
    )
    first = folder.findings("OWN001", cache=True)
    folder.write({"c.py": "import requests\nrequests.get(1)\n"})

    assert [each.path for each in first] == ["a.py", "b.py"]
    assert [each.path for each in folder.findings("OWN001", cache=True)] == ["a.py", "b.py", "c.py"]


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"code": "RUN001", "call": "a.b"}, "`RUN001` is the built-in rule `direct-pytest-call`; choose another"),
        ({"code": "RUN901", "call": "a.b"}, "`RUN901` is of the built-in family `RUN`; choose another"),
        ({"code": "own1", "call": "a.b"}, "expects capitals and digits such as `OWN001`"),
        ({"code": "OWN001"}, "bans nothing; expected exactly one of `call`, `import`, `base`, `decorator`, `mention`"),
        ({"code": "OWN001", "call": "a.b", "base": "c.d"}, "bans `call` and `base`; expected exactly one of"),
        ({"code": "OWN001", "call": "a-b"}, "canonry.toml:3: `rules[0].call` names `a-b`; expected a dotted name"),
        ({"code": "OWN001", "call": 3}, "`rules[0].call` expects a string or a list of strings, not the number 3"),
        ({"code": "OWN001", "call": ["a", 3]}, "`rules[0].call` expects a string or a list of strings, not a list"),
        (
            {"code": "OWN001", "call": "a.b", "name": "direct-pytest-call"},
            "canonry.toml:4: `rules[0].name`: `direct-pytest-call` is the name of a built-in rule; choose another",
        ),
        ({"code": "OWN001", "cal": "a.b"}, "unknown key `cal` in `rules[0]`; did you mean `call`?"),
        ({"code": "OWN001", "call": "a.b", "severity": "fatal"}, "expects one of `error`, `warning`, `info`"),
    ],
)
def test_what_makes_no_rule(folder: Folder, keys: dict[str, object], message: str) -> None:
    done = folder.write({"canonry.toml": rule(**keys), "a.py": "x = 1\n"}).call("audit")

    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_two_rules_of_one_code(folder: Folder) -> None:
    canon = rule(code="OWN001", call="a.b") + rule(code="OWN001", call="c.d")
    done = folder.write({"canonry.toml": canon, "a.py": "x = 1\n"}).call("audit")

    assert "`rules[1].code` is `OWN001`, which `rules[0]` declares already" in done.stderr


def test_an_unknown_rule_is_refused_before_anything_is_read(folder: Folder) -> None:
    folder.write({"canonry.toml": rule(code="OWN001", call="a.b"), "a.py": "x = 1\n"})
    done = folder.call("audit", "--select", "OWM001")

    assert (done.returncode, done.stdout) == (2, "")
    assert "`OWM001` is no rule; did you mean `OWN001`?" in done.stderr
    assert not (folder.root / ".canonry" / "cache.db").exists()


# in Python -----------------------------------------------------------------------------------------------------------

PYTHON = '''from collections.abc import Iterator

from canonry.rules.rule import Example, Offence, Rule
from canonry.rules.view import FileView


class ShoutingTest(Rule):
    """A test whose name is in capitals."""

    code = "TEAM001"
    name = "shouting-test"
    help = "whisper"
    bad = (Example("def test_A():\\n    assert 1\\n"),)
    good = (Example("def test_a():\\n    assert 1\\n"),)

    def check(self, file: FileView) -> Iterator[Offence]:
        for fact in file.facts.functions:
            if fact.name == "test_A":
                yield Offence(site=fact.site, message="it shouts")
'''
FROM = "rules-from = ['tools/rules']\n"
TREE: dict[str, str | bytes] = {
    "canonry.toml": FROM, "tools/rules/shout.py": PYTHON, "tests/test_a.py": "def test_A():\n    assert sum([1, 2]) == 3\n"
}  # fmt: skip


def test_a_rule_in_python(folder: Folder) -> None:
    folder.write(TREE)

    assert [(each.path, each.line) for each in folder.findings("TEAM001")] == [("tests/test_a.py", 1)]
    assert [each["code"] for each in folder.report("--select", "shouting-test")["findings"]] == ["TEAM001"]
    assert folder.call("explain", "TEAM001").stdout.startswith("# TEAM001 shouting-test\n")
    assert sorted(path.name for path in (folder.root / "tools" / "rules").iterdir()) == ["shout.py"]


def test_a_changed_rule_judges_anew(folder: Folder) -> None:
    first = [each.message for each in folder.write(TREE).findings("TEAM001", cache=True)]
    folder.write({"tools/rules/shout.py": PYTHON.replace("it shouts", "it SHOUTS")})

    assert (first, [each.message for each in folder.findings("TEAM001", cache=True)]) == (["it shouts"], ["it SHOUTS"])


SAYING = {
    "at the top": "import sys\nsys.path.insert(0, 'tools/lib')\nfrom spoken import WORDS\n",
    "while judging": "",
}


@pytest.mark.parametrize("where", SAYING)
def test_what_a_rule_imports_judges_anew(folder: Folder, where: str) -> None:
    late = "" if SAYING[where] else "import sys; sys.path.insert(0, 'tools/lib'); from spoken import WORDS; "
    code = SAYING[where] + PYTHON.replace("yield Offence(", f"{late}yield Offence(").replace('"it shouts"', "WORDS")
    found = []
    for words in ("it shouts", "it SHOUTS", "it shouts"):
        folder.write(TREE | {"tools/rules/shout.py": code, "tools/lib/spoken.py": f"WORDS = {words!r}\n"})
        for _ in range(2):
            report = folder.report("--select", "TEAM001", variables={"PYTHONDONTWRITEBYTECODE": "1"})
            found += [each["message"] for each in report["findings"]]

    assert found == ["it shouts"] * 2 + ["it SHOUTS"] * 2 + ["it shouts"] * 2


def test_a_rule_that_imports_is_kept(folder: Folder) -> None:
    code = SAYING["at the top"] + PYTHON
    folder.write(TREE | {"tools/rules/shout.py": code, "tools/lib/spoken.py": "WORDS = ''\n"})
    loud = code.replace("        for fact", "        print('judging')\n        for fact")
    folder.write({"tools/rules/shout.py": loud})
    first, second = folder.run("audit"), folder.run("audit")

    assert "judging" in first.stderr
    assert second.stdout == first.stdout
    assert "judging" not in second.stderr


def test_an_installed_package_judges_anew_when_any_of_its_files_changes(folder: Folder, tmp_path: Path) -> None:
    site = Folder(tmp_path / "site").write(
        {
            "shouting/__init__.py": "",
            "shouting/rules.py": "from shouting.spoken import WORDS\n" + PYTHON.replace('"it shouts"', "WORDS"),
            "shouting-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: shouting\nVersion: 1.0\n",
            "shouting-1.0.dist-info/entry_points.txt": "[canonry.rules]\nshout = shouting.rules\n",
        }
    )
    folder.write({"tests/test_a.py": TREE["tests/test_a.py"]})
    found = []
    for words in ("it shouts", "it SHOUTS"):
        site.write({"shouting/spoken.py": f"WORDS = {words!r}\n"})
        variables = {"PYTHONPATH": str(site.root), "PYTHONDONTWRITEBYTECODE": "1"}
        found += [each["message"] for each in folder.report(variables=variables)["findings"]]

    assert found == ["it shouts", "it SHOUTS"]


def test_a_preview_rule_waits_to_be_asked(folder: Folder) -> None:
    folder.write(TREE | {"tools/rules/shout.py": PYTHON.replace('    name = "s', '    preview = True\n    name = "s')})

    assert folder.report()["findings"] == []
    for asked in (["--preview"], ["--select", "TEAM001"], ["--select", "shouting-test"]):
        assert [each["code"] for each in folder.report(*asked)["findings"]] == ["TEAM001"]


def test_a_rule_of_the_tree_is_suppressed_where_it_points(folder: Folder) -> None:
    tree_rule = PYTHON.replace("def check(self, file: FileView)", "def check_tree(self, file)").replace(
        "for fact in file.facts.functions:", "for path, fact in [(p, f) for p, facts in file.facts() for f in facts.functions]:"
    ).replace("site=fact.site,", "site=fact.site, path=path,")  # fmt: skip
    folder.write(TREE | {"tools/rules/shout.py": tree_rule})
    assert [(each.path, each.line) for each in folder.findings("TEAM001")] == [("tests/test_a.py", 1)]

    folder.write({"tests/test_a.py": "def test_A():  # canonry: ignore[TEAM001] it may\n    assert sum([1, 2]) == 3\n"})
    result = folder.audit()
    assert list(result.findings()) == []
    assert [each.finding.code for each in result.closed()] == ["TEAM001"]


def test_the_code_of_a_commit_is_never_run(repository: Folder, tmp_path: Path) -> None:
    traps: dict[str, str | bytes] = {
        "tools/rules/shout.py": f"import pathlib\npathlib.Path({str(tmp_path / 'ran')!r}).touch()\n{PYTHON}"
    }
    repository.start(TREE | traps | {"tests/test_b.py": "# canonry: ignore-file[TEAM001] who knows\n"})
    bare = repository.clone_bare(tmp_path / "bare.git")
    done = repository.call("audit", "--rev", "HEAD", "--output-format", "concise")
    of_bare = repository.call("audit", "--repo", bare, "--output-format", "concise")

    assert not (tmp_path / "ran").exists()
    for each in (done, of_bare):
        assert "the rules in `tools/rules` are left out: an audit of a commit runs none of its code" in each.stderr
        assert each.stdout.startswith("0 findings")
    assert repository.findings("TEAM001") != []
    assert (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("x = (\n", "tools/rules/shout.py:1: the rule file cannot be loaded: SyntaxError: '(' was never closed; mend it"),
        ("\nimport nowhere_at_all\n", "tools/rules/shout.py:2: the rule file cannot be loaded: ModuleNotFoundError"),
        ("\n\n1 / 0\n", "tools/rules/shout.py:3: the rule file cannot be loaded: ZeroDivisionError: division by zero"),
        ("raise SystemExit(0)\n", "tools/rules/shout.py:1: the rule file cannot be loaded: SystemExit"),
        ("x = 1\n", "tools/rules/shout.py:1: no rule is defined here; subclass `canonry.rules.rule.Rule`"),
        (PYTHON.replace('"TEAM001"', '"team"'), "shout.py:7: the rule `ShoutingTest` has no usable `code`; expected capitals"),
        (PYTHON.replace('help = "whisper"', ""), "has no usable `help`; expected a sentence: the next step"),
        (PYTHON.replace('"""A test whose name is in capitals."""', ""), "has no usable `__doc__`"),
        *(
            (
                PYTHON.replace("\n    def check(", f"    {line}\n\n    def check("),
                f"shout.py:7: the rule `ShoutingTest` has no usable `{line.partition(' ')[0]}`; expected {expected}",
            )
            for line, expected in [
                ("severity = 'x'", "a member of `Severity`"), ("severity = 3", "a member of `Severity`"),
                ("confidence = 'sure'", "a member of `Confidence`"), ("bad = 'x'", "a tuple of `Example`"),
                ("bad = (3,)", "a tuple of `Example`"), ("bad = (Example(3),)", "a tuple of `Example`"),
                ("options = 3", "a tuple of keys"), ("preview = 'no'", "True or False"),
            ]
        ),
        (PYTHON.replace("def check(", "def look("), "the rule `ShoutingTest` checks nothing; implement `check`"),
        (PYTHON.replace("TEAM001", "RUN001"), "`RUN001` is the built-in rule `direct-pytest-call`; give `ShoutingTest` another"),
        (PYTHON.replace("TEAM001", "RUN777"), "`RUN777` is of the built-in family `RUN`"),
        (PYTHON + PYTHON.replace("ShoutingTest", "Second"), "another rule of your own has the code `TEAM001`"),
    ],
)  # fmt: skip
def test_files_that_hold_no_rule(folder: Folder, content: str, message: str) -> None:
    done = folder.write(TREE | {"tools/rules/shout.py": content}).call("audit")

    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("nowhere", "`rules-from` names `nowhere`, which does not exist; name a Python file or a folder"),
        ("../elsewhere", "which lies outside the repository"),
        ("tests/empty", "which holds no Python file"),
    ],
)
def test_places_without_rules(folder: Folder, place: str, message: str) -> None:
    folder.write({"canonry.toml": f"rules-from = ['{place}']\n", "a.py": "x = 1\n", "tests/empty/x.txt": ""})
    done = folder.call("audit")

    assert done.returncode == 2
    assert message in done.stderr


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('yield Offence(site=fact.site, message="it shouts")', "1 / 0", "ZeroDivisionError: division by zero"),
        (
            'yield Offence(site=fact.site, message="it shouts")',
            "yield 1",
            "TypeError: `check` yields int, not `Offence`",
        ),
        (
            'site=fact.site, message="it shouts"',
            "site=fact.site, message=None",
            "TypeError: `check` yields an offence with an unusable `message`; expected a sentence",
        ),
        (
            'site=fact.site, message="it shouts"',
            'site=None, message="x"',
            "TypeError: `check` yields an offence with an unusable `site`; expected a `Site` of facts",
        ),
        (
            'site=fact.site, message="it shouts"',
            'site=type(fact.site)(None, 1, 1, 1, 0, ""), message="x"',
            "TypeError: `check` yields an offence with an unusable `site`; expected a `Site` of facts",
        ),
        (
            'site=fact.site, message="it shouts"',
            'site=fact.site, message="x", severity="error"',
            "TypeError: `check` yields an offence with an unusable `severity`; expected a member of `Severity`, or None",
        ),
        (
            'site=fact.site, message="it shouts"',
            'site=fact.site, message="x", related=(3,)',
            "TypeError: `check` yields an offence with an unusable `related`; expected a tuple of `Related`",
        ),
        ('yield Offence(site=fact.site, message="it shouts")', "raise SystemExit(0)", "SystemExit: 0"),
        ('yield Offence(site=fact.site, message="it shouts")', "raise GeneratorExit", "GeneratorExit"),
        ("        for fact in file.facts.functions:", "        return\n        for fact in 1:", ""),
    ],
)
def test_a_rule_that_raises(folder: Folder, old: str, new: str, reason: str) -> None:
    folder.write(TREE | {"tools/rules/shout.py": PYTHON.replace(old, new)})
    done, loud = folder.call("audit"), folder.call("audit", "-v")

    assert done.returncode == (2 if reason else 0)
    assert "Traceback" not in done.stderr
    if reason:
        assert "tools/rules/shout.py:19: " in done.stderr
        assert f"the rule `TEAM001` fails on `tests/test_a.py`: {reason}; mend it" in done.stderr
        assert "Traceback" in loud.stderr


def test_what_a_rule_prints_stands_in_no_report(folder: Folder) -> None:
    loud = PYTHON.replace("    def check(", "    print('loaded')\n\n    def check(").replace(
        "        for fact in", "        print('judging')\n        for fact in"
    )
    done = folder.write(TREE | {"tools/rules/shout.py": loud}).call("audit", "--output-format", "json")

    assert [each["code"] for each in json.loads(done.stdout)["findings"]] == ["TEAM001"]
    assert {"loaded", "judging"} <= set(done.stderr.splitlines())


def test_an_installed_rule(folder: Folder, tmp_path: Path) -> None:
    """A package on the path of the interpreter, as pip leaves it there; it judges commits too."""
    site = Folder(tmp_path / "site").write(
        {
            "shouting.py": PYTHON,
            "shouting-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: shouting\nVersion: 1.0\n",
            "shouting-1.0.dist-info/entry_points.txt": "[canonry.rules]\nshout = shouting:ShoutingTest\n",
        }
    )
    path = {"PYTHONPATH": str(site.root)}
    folder.start({"tests/test_a.py": TREE["tests/test_a.py"]})
    for arguments in ([], ["--rev", "HEAD"]):
        report = folder.report(*arguments, variables=path)
        assert [each["code"] for each in report["findings"]] == ["TEAM001"]

    site.write({"shouting-1.0.dist-info/entry_points.txt": "[canonry.rules]\nshout = shouting:nothing\n"})
    done = folder.run("audit", variables=path)
    assert done.returncode == 2
    assert "entry point `shout` (shouting:nothing) cannot be loaded: AttributeError" in done.stderr


# canonry rules test --------------------------------------------------------------------------------------------------


def test_examples_that_hold(folder: Folder) -> None:
    canon = FROM + rule(
        code="OWN001", call="requests.get", paths=["tests/**"],
        bad="import requests\nrequests.get(1)\n", good=["x = 1\n", "import requests\n"],
    )  # fmt: skip
    done = folder.write(TREE | {"canonry.toml": canon}).call("rules", "test")

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "passed    OWN001 bad 1", "passed    OWN001 good 1", "passed    OWN001 good 2",
        "passed    TEAM001 bad 1", "passed    TEAM001 good 1", "5 examples: 5 passed",
    ]  # fmt: skip


def test_examples_that_fail(folder: Folder) -> None:
    canon = rule(code="OWN001", call="requests.get", bad="x = 1\n", good="import requests\nrequests.get(1)\n")
    done = folder.write({"canonry.toml": canon}).call("rules", "test")

    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "failed    OWN001 bad 1: expected 1 finding, found 0",
        "failed    OWN001 good 1: expected no finding, found 1",
        "          example.py:2:1: `requests.get` is called",
        "2 examples: 0 passed, 2 failed",
    ]


def test_a_rule_that_nothing_turns_red_is_unproven(folder: Folder) -> None:
    done = folder.write({"canonry.toml": rule(code="OWN001", call="requests.get", good="x = 1\n")}).call(
        "rules", "test"
    )

    assert done.returncode == 1
    assert "unproven  OWN001 has no bad example, so nothing turns it red" in done.stdout
    assert done.stdout.endswith("1 example: 1 passed, 1 rule unproven\n")


@pytest.mark.parametrize("raising", ["1 / 0", "raise SystemExit(0)"])
def test_an_example_in_which_the_rule_raises(folder: Folder, raising: str) -> None:
    broken = PYTHON.replace('yield Offence(site=fact.site, message="it shouts")', raising)
    done = folder.write(TREE | {"tools/rules/shout.py": broken}).call("rules", "test")

    assert done.returncode == 1
    assert "failed    TEAM001 bad 1: tools/rules/shout.py:19: the rule `TEAM001` fails" in done.stdout


def test_without_own_rules_nothing_is_validated(folder: Folder) -> None:
    done = folder.write({"a.py": "x = 1\n"}).call("rules", "test")

    assert done.returncode == 5
    assert "nothing was validated" in done.stderr


def test_the_built_in_rules_hold(folder: Folder) -> None:
    done = folder.run("rules", "test", "--builtin")

    assert done.returncode == 0, done.stdout
    assert "passed    GOV004 bad 1" in done.stdout.splitlines()


@pytest.mark.parametrize(
    ("paths", "path"),
    [
        (["shop/**"], "shop/example.py"),
        (["shop"], "shop/example.py"),
        (["tests/**/test_*.py"], "tests/test_example.py"),
        (["shop/net.py"], "shop/net.py"),
        (["/tests/*/unit"], "tests/x/unit/example.py"),
        (["*.py"], "example.py"),
        (["shop/*"], "shop/example.py"),
    ],
)
def test_examples_stand_where_the_rule_looks(folder: Folder, paths: list[str], path: str) -> None:
    canon = rule(code="OWN001", call="eval", paths=paths, bad="eval(1)\n")
    done = folder.write({"canonry.toml": canon}).call("rules", "test")

    assert done.returncode == 0, done.stdout
    assert f"`{path}`" in folder.call("explain", "OWN001").stdout


def test_mistakes_of_rules_and_suppressions_are_told_with_all_others(folder: Folder) -> None:
    folder.write(
        {
            "tests/test_a.py": "",
            "pyproject.toml": '[tool.canonry]\ntests = ["tset"]\ntarget-python = 3\n'
            '[[tool.canonry.rules]]\ncode = "RUN077"\ncall = "a.b"\n'
            '[[tool.canonry.rules]]\ncode = "OWN001"\ncall = 3\n'
            '[[tool.canonry.suppressions]]\nrules = ["RUN999", "OWN001"]\npaths = ["a"]\nreason = "x"\n',
        }
    )
    done = folder.call("audit")

    assert done.returncode == 2
    assert [line.split(":")[2] for line in done.stderr.splitlines()] == ["2", "3", "5", "9", "11"]
    assert "`tests` names `tset`" in done.stderr
    assert "`RUN077` is of the built-in family `RUN`" in done.stderr
    assert "names `RUN999`, which is no rule" in done.stderr


def test_mistakes_of_rules_and_suppressions_come_together(folder: Folder) -> None:
    folder.write(
        {
            "canonry.toml": '[[rules]]\ncode = "RUN077"\ncall = "a.b"\n'
            '[[suppressions]]\nrules = ["RUN999"]\npaths = ["a"]\nreason = "x"\n'
        }
    )

    assert [line.split(":")[2] for line in folder.call("audit").stderr.splitlines()] == ["2", "5"]
