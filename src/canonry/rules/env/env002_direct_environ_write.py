"""ENV002."""

from collections.abc import Iterator

from canonry.model.finding import Confidence, Severity
from canonry.rules.rule import Example, Offence, Rule
from canonry.rules.view import FileView
from canonry.source.facts import EnvironmentUse


class DirectEnvironWrite(Rule):
    """A test that writes `os.environ` itself leaks into every test that runs after it.

    Writes that nothing restores are errors. Told apart, as warnings, because they bypass the canonical accessor but do
    not leak: `patch.dict(os.environ, ...)` and `monkeypatch.setenv`, which restore what they change; writes in a
    `finally`, in a tear-down or after a fixture's `yield`, which are restores; and writes where the same function, the
    class, a base of it or a fixture of the file restores something by hand (likely: which keys is not compared). A canon
    whose `environment` is an empty string demands no accessor, and only writes that nothing restores are reported.

    Measured: of 25 likely findings in the reference repository 24 are right and one arguable (`python
    benchmarks/draw.py GIT_DIR --rev beta-16 --config docs/evidence/reference-canon.toml --select ENV002 --sample 25
    --seed 7`); of 22 in four packages 20 are right and two arguable.
    """

    code = "ENV002"
    name = "direct-environ-write"
    severity = Severity.ERROR
    help = "write it through the canon's environment accessor, or where none is demanded with `monkeypatch.setenv`"
    options = ("canon.environment", "tests")
    bad = (
        Example("import os\n\ndef test_url():\n    os.environ['URL'] = 'x'\n    assert 1\n"),
        Example("import os\n\ndef test_url():\n    del os.environ['URL']\n    assert 1\n"),
        Example("import os as system\n\ndef test_url():\n    system.environ.update(URL='x')\n    assert 1\n"),
        Example("import os\n\ndef test_url():\n    os.putenv('URL', 'x')\n    assert 1\n"),
        Example(
            "import os\nfrom unittest.mock import patch\n\ndef test_url():\n"
            "    with patch.dict(os.environ, {'URL': 'x'}):\n        assert 1\n"
        ),
        Example(
            "import os\n\ndef test_url():\n    old = os.environ['URL']\n    try:\n        os.environ['URL'] = 'x'\n"
            "        assert 1\n    finally:\n        os.environ['URL'] = old\n",
            findings=2,
        ),
        Example("def test_url(monkeypatch):\n    monkeypatch.setenv('URL', 'x')\n    assert 1\n"),
        Example(
            "import os\n\ndef test_url():\n    os.environ['URL'] = 'x'\n    assert 1\n",
            canon="[canon]\nenvironment = ''\n",
        ),
    )
    good = (
        Example("def test_text():\n    assert \"os.environ['URL'] = 'x'\"\n"),
        Example("import os\n\nos.environ['URL'] = 'x'\n", path="shop/settings.py"),
        Example("environ = {}\n\ndef test_own():\n    environ['URL'] = 'x'\n    assert environ\n"),
        Example(
            "def test_url(monkeypatch):\n    monkeypatch.setenv('URL', 'x')\n    assert 1\n",
            canon="[canon]\nenvironment = ''\n",
        ),
        Example(
            "import os\n\ndef test_url():\n    old = os.environ['URL']\n    try:\n        os.environ['URL'] = 'x'\n"
            "        assert 1\n    finally:\n        os.environ['URL'] = old\n",
            canon="[canon]\nenvironment = ''\n",
        ),
    )

    def check(self, file: FileView) -> Iterator[Offence]:
        """Every write in test code, restored ones as warnings where an accessor is demanded."""
        if not file.in_test_code or file.path == file.project.environment_home:
            return
        for use in file.facts.environment:
            if use.kind == "write" and not _restored(file, use):
                yield Offence(
                    site=use.site, message=f"`{use.expression}` changes the environment, and nothing here restores it"
                )
            elif not file.canon.environment:
                continue
            elif use.kind == "write":
                message = f"`{use.expression}` changes the environment by hand; code around it undoes changes, perhaps this one"
                yield Offence(site=use.site, message=message, severity=Severity.WARNING, confidence=Confidence.LIKELY)
            elif use.kind == "restore":
                message = f"`{use.expression}` restores the environment by hand"
                yield Offence(site=use.site, message=message, severity=Severity.WARNING)
            elif use.kind in ("patch", "monkeypatch"):
                message = f"`{use.expression}` changes the environment past the accessor (and restores it)"
                yield Offence(site=use.site, message=message, severity=Severity.WARNING)


def _restored(file: FileView, use: EnvironmentUse) -> bool:
    """Whether the function, its class, a base of it or a fixture of the file restores the environment."""
    uses = file.facts.environment
    here = use.site.symbol
    cleared = any(each.expression == "os.environ.clear" for each in uses if each.site.symbol == here)
    if cleared and use.expression in ("os.environ.update", "os.environ.clear"):
        return True
    restoring = {each.site.symbol for each in uses if each.kind == "restore"}
    if here in restoring or any(here.startswith(f"{symbol}.") for symbol in restoring):
        return True
    owner = here.rpartition(".")[0]
    if owner and any(symbol.startswith(f"{owner}.") for symbol in restoring):
        return True
    fixtures = {fact.qualname for fact in file.facts.functions if fact.generator and not fact.owner}
    if restoring & fixtures:
        return True
    fact = file.classes.get(owner)
    return fact is not None and any(
        each.kind == "restore" and each.site.symbol.startswith(f"{ancestor.qualname}.")
        for ancestor in file.hierarchy(fact).ancestors
        if (facts := file.index.facts(ancestor.path)) is not None
        for each in facts.environment
    )
