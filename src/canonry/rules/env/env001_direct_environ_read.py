"""ENV001."""

from collections.abc import Iterator

from canonry.rules.rule import Example, Offence, Rule
from canonry.rules.view import FileView


class DirectEnvironRead(Rule):
    """A test that reads `os.environ` itself depends on whatever the process happens to hold.

    The canonical accessor says where a value came from and shows a test only its own environment. Aliases, `from os
    import environ` and `getenv` count; the words in strings do not. Only test code is meant, and the accessor's own
    home is free. A canon whose `environment` is an empty string demands no accessor, and nothing is reported.
    """

    code = "ENV001"
    name = "direct-environ-read"
    help = "read it through the canon's environment accessor"
    options = ("canon.environment", "tests")
    bad = (
        Example("import os\n\ndef test_url():\n    assert os.environ['URL']\n"),
        Example("from os import getenv as g\n\ndef test_url():\n    assert g('URL')\n"),
        Example("from os import environ\n\ndef test_url():\n    assert 'URL' in environ\n"),
        Example("import os\n\ndef env():\n    return dict(os.environ)\n", path="tests/support.py"),
    )
    good = (
        Example("import os\n\nURL = os.environ['URL']\n", path="shop/settings.py"),
        Example("def test_text():\n    assert 'os.environ[\"URL\"]'  # os.environ.get('URL')\n"),
        Example("def test_double(os):\n    assert os.environ['URL']\n"),
        Example(
            "import os\n\nclass Environment:\n    def get(self, name):\n        return os.environ.get(name)\n",
            path="tests/environment.py",
            canon="[canon]\nenvironment = 'tests.environment:Environment'\n",
        ),
        Example("import os\n\ndef test_url():\n    assert os.environ['URL']\n", canon="[canon]\nenvironment = ''\n"),
    )

    def check(self, file: FileView) -> Iterator[Offence]:
        """Every read in test code."""
        if not file.in_test_code or file.path == file.project.environment_home or not file.canon.environment:
            return
        for use in file.facts.environment:
            if use.kind == "read":
                yield Offence(site=use.site, message=f"`{use.expression}` is read past the environment accessor")
