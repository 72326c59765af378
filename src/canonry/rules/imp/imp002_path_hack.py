"""IMP002."""

from collections.abc import Iterator

from canonry.rules.rule import Example, Offence, Rule
from canonry.rules.view import FileView

_UNDOING = frozenset(("sys.path.remove", "sys.path.pop"))


class PathHack(Rule):
    """Code that changes the import path makes the meaning of every later import depend on what ran before.

    Two files that insert different folders find different modules under one name; the order of collection decides
    which. Changes of `sys.path` under any alias, `site.addsitedir`, and setting `PYTHONPATH` in code count; reading
    them does not, nor does `monkeypatch.syspath_prepend`, which is undone, nor taking an entry away again.
    """

    code = "IMP002"
    name = "path-hack"
    help = "install the package, or declare `pythonpath` once in the configuration"
    bad = (
        Example("import sys\n\nsys.path.insert(0, '..')\n"),
        Example("from sys import path as p\n\np.append('..')\n"),
        Example("import sys\n\nsys.path = ['x'] + sys.path\n"),
        Example("import os\n\nos.environ['PYTHONPATH'] = 'src'\n", path="scripts/go.py"),
        Example("import subprocess\n\nsubprocess.run(['x'], env={'PYTHONPATH': 'src'})\n", path="scripts/go.py"),
    )
    good = (
        Example("import sys\n\ndef test_path():\n    assert sys.path and 'sys.path.insert(0, x)'\n"),
        Example("def test_path(monkeypatch):\n    monkeypatch.syspath_prepend('x')\n    assert 1\n"),
        Example("import os\n\nPATH = os.environ.get('PYTHONPATH')\n", path="scripts/go.py"),
    )

    def check(self, file: FileView) -> Iterator[Offence]:
        """Every change of the import path."""
        for hack in file.facts.path_hacks:
            if hack.expression == "PYTHONPATH":
                yield Offence(site=hack.site, message="`PYTHONPATH` is set in code")
            elif hack.expression not in _UNDOING:
                yield Offence(site=hack.site, message=f"`{hack.expression}` changes the import path")
