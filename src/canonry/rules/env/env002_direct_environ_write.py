"""ENV002."""

from collections.abc import Iterator

from canonry.model.finding import Severity
from canonry.rules.rule import Example, Offence, Rule
from canonry.rules.view import FileView


class DirectEnvironWrite(Rule):
    """A test that writes `os.environ` itself leaks into every test that runs after it.

    Writes that nothing restores are errors. `patch.dict(os.environ, ...)` and `monkeypatch.setenv` are told apart:
    they restore what they change, so they are warnings, and a migration to the canonical accessor finds them here.
    """

    code = "ENV002"
    name = "direct-environ-write"
    severity = Severity.ERROR
    help = "write it through the canon's environment accessor, which restores it"
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
        Example("def test_url(monkeypatch):\n    monkeypatch.setenv('URL', 'x')\n    assert 1\n"),
    )
    good = (
        Example("def test_text():\n    assert \"os.environ['URL'] = 'x'\"\n"),
        Example("import os\n\nos.environ['URL'] = 'x'\n", path="shop/settings.py"),
        Example("environ = {}\n\ndef test_own():\n    environ['URL'] = 'x'\n    assert environ\n"),
    )

    def check(self, file: FileView) -> Iterator[Offence]:
        """Every write in test code, restored ones as warnings."""
        if not file.in_test_code or file.path == file.project.environment_home:
            return
        for use in file.facts.environment:
            if use.kind == "write":
                yield Offence(site=use.site, message=f"`{use.expression}` is written and never restored")
            elif use.kind in ("patch", "monkeypatch"):
                message = f"`{use.expression}` changes the environment past the accessor (and restores it)"
                yield Offence(site=use.site, message=message, severity=Severity.WARNING)
