"""One edit that must not be made leaves the other ones of its codemod in the file alone, and is named."""

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from canonry.audit.request import Request
from canonry.migrate import engine
from canonry.migrate.answers import Change, Found
from canonry.migrate.codemod import Codemod
from canonry.migrate.engine import Wanted, migrate
from canonry.migrate.module import Module
from canonry.model.edit import Grade
from tests.workbench import Folder

NAMES = [f"V{number}" for number in range(7)]


class Bad(Codemod):
    """Replaces what reads a variable by a word; for some of them one that does not parse."""

    name = "bad"
    rules = ("ENV001",)
    order = 1
    guilty: frozenset[str] = frozenset()

    def changes(self, module: Module, found: Sequence[Found]) -> Iterator[Change]:
        for each in found:
            for node in module.nodes_at(each.offence.site):
                if isinstance(node, ast.Call):
                    name = ast.literal_eval(node.args[0])
                    text = "1 +" if name in self.guilty else "None"
                    yield Change(found=each, grade=Grade.SAFE, edits=(module.replace(node, text),))
                    break


@pytest.mark.parametrize("guilty", [{"V3"}, {"V0", "V6"}, set(NAMES), set()])
def test_the_guilty_edits_alone_are_left_to_a_hand(
    guilty: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    codemod = Bad()
    codemod.guilty = frozenset(guilty)
    monkeypatch.setattr(engine, "chosen_codemods", lambda *_args, **_named: [codemod])
    body = "".join(f"\n\ndef test_{name}():\n    assert os.environ.get('{name}') is None\n" for name in NAMES)
    place = Folder(tmp_path).write({"tests/test_it.py": f"import os\n{body}"}).start()
    found = migrate(Request(repository=place.root, cache=False, workers=1), Wanted())
    assert len(found.summary.items) == len(NAMES)
    for item, name in zip(found.summary.items, NAMES, strict=True):
        assert item.planned is (name not in guilty), (name, item)
        if name in guilty:
            assert item.grade is Grade.MANUAL
            assert item.reason.startswith("not made: the result does not parse")
            assert item.reason.endswith("make this change by hand")
    after = found.after().get("tests/test_it.py", b"").decode()
    assert after.count("assert None is None") == (len(NAMES) - len(guilty) if len(guilty) < len(NAMES) else 0)
