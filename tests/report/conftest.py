"""What the tests of formats share: a repository with every awkward name, and one whose findings are clusters."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.workbench import IDLE, RUNNER, SOUND, Folder, copied, environment

NAMES = {
    "space": "tests/test_a b.py",
    "colon": "tests/test_a:b.py",
    "comma": "tests/test_a,b.py",
    "percent": "tests/test_100%25.py",
    "newline": "tests/test_a\n::error::b.py",
    "quote": "tests/test_a'\"b.py",
    "pipe": "tests/test_a|b`c.py",
    "markup": "tests/<b>&amp;/test_*_x_.py",
    "mention": "tests/@ada/test_#1.py",
    "bell": "tests/test_\x07.py",
    "accent": "tests/test_é日本.py",
    "no-utf-8": "tests/test_caf\udce9.py",
}
LEGIBLE = NAMES | {"no-utf-8": "tests/test_caf\\xe9.py"}
"""The names as every report holds them."""
BROKEN = "def test_a(:\n    x = [}\n"
CLUSTER = '''"""DBL001."""

from collections.abc import Iterator

from canonry.model.finding import Related
from canonry.rules.rule import Example, Offence, Rule
from canonry.rules.view import TreeView


class Doubles(Rule):
    """Classes that stand in for one thing."""

    code = "DBL001"
    name = "doubles"
    help = "keep one"
    bad = (Example("class FakeA: pass\\n", path="a.py"),)
    good = (Example("class A: pass\\n", path="a.py"),)

    def check_tree(self, tree: TreeView) -> Iterator[Offence]:
        """One offence for all classes named `Fake...`, at the first of them."""
        found = [(path, fact) for path, facts in tree.facts() for fact in facts.classes if fact.name.startswith("Fake")]
        if found:
            others = tuple(
                Related(path, fact.site.line, fact.site.column, fact.qualname, "differs in `send`") for path, fact in found[1:]
            )
            path, fact = found[0]
            yield Offence(site=fact.site, path=path, message=f"{len(found)} classes play one role", related=others)
'''


@pytest.fixture(scope="session")
def awkward(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """A repository with a finding in a file of each name, one that does not parse, and a folder that is a finding."""
    files: dict[str, str | bytes] = {name: f"{IDLE}# {key}\n" for key, name in NAMES.items()}
    files |= {"tests/test_broken.py": BROKEN, "tests/test_sound.py": SOUND, "tools/run.py": RUNNER}
    files |= {"tests_old/test_a.py": SOUND, "shop/a.py": "from . import b\n"}
    return Folder(tmp_path_factory.mktemp("awkward")).start(files)


@pytest.fixture(scope="session")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """A repository without a finding."""
    return Folder(tmp_path_factory.mktemp("sound")).start({"tests/test_a.py": SOUND})


@pytest.fixture(scope="session")
def clusters(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """`canonry audit ARGUMENTS` with one more rule, whose finding has six other places, on a tree of seven doubles."""
    root = tmp_path_factory.mktemp("clusters")
    copied("src/canonry", root)
    (root / "src" / "canonry" / "rules" / "dup" / "dbl001_doubles.py").write_text(CLUSTER)
    tree = Folder(root / "tree").write(
        {f"tests/{letter}/fake.py": f"class Fake{letter.upper()}:\n    pass\n" for letter in "abcdefg"}
    )
    tree.write(
        {"tests/e/test_e.py": SOUND, "tests/a/test_a.py": IDLE, "CODEOWNERS": "/tests/a/ @ada\n/tests/e/ @eve\n"}
    )
    tree.write({"canonry.toml": "[categories.late]\npaths = ['tests/e']\n\n[categories.empty]\npaths = ['tests/zz']\n"})

    def audit(*arguments: str | Path) -> str:
        variables = environment(PYTHONPATH=str(root / "src"), PYTHONDONTWRITEBYTECODE="1")
        command = [
            sys.executable,
            "-m",
            "canonry",
            "audit",
            "--no-cache",
            "--exit-zero",
            "--workers",
            "1",
            *map(str, arguments),
        ]
        done = subprocess.run(command, cwd=tree.root, env=variables, capture_output=True, encoding="utf-8", check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return audit
