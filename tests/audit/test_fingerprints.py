"""A fingerprint names an offence: it survives what does not touch the offence, and no change of it."""

from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from canonry.model.finding import Finding
from tests.workbench import Folder

PARTS = {
    "head": "import os\nimport sys\nimport subprocess\nimport unittest\n\nimport pytest\n\nfrom . import support\n",
    "path": "sys.path.insert(0, 'src')\n",
    "environment": "def test_url():\n    assert os.environ['URL'] == os.environ['URL']\n    os.environ['B'] = 'x'\n",
    "idle": "def test_idle():\n    print(sum([1, 2]))\n",
    "empty": "def test_empty():\n    'Orders arrive.'\n",
    "verdict": "def test_verdict():\n    return len('a') == 1\n",
    "swallowed": "def test_swallow():\n    try:\n        assert 1\n    except Exception:\n        pass\n",
    "case": "class TestOrder(unittest.TestCase):\n    async def test_a(self):\n        assert 1\n",
    "uncollected": "class TestInit:\n    def __init__(self):\n        self.a = 1\n\n    def test_a(self):\n        assert 1\n",
    "process": "def run_all():\n    subprocess.run(['pytest', '-q', 'tests'], check=True)\n",
    "main": "if __name__ == '__main__':\n    pytest.main(['-q', __file__])\n",
}
PATH = "tests/test_shop.py"
CODES = [
    "BAS001",
    "BAS002",
    "BAS003",
    "ENV001",
    "ENV002",
    "IMP001",
    "IMP002",
    "RUN001",
    "RUN002",
    "TST001",
    "TST002",
    "TST003",
    "TST004",
    "TST006",
]


def program(parts: dict[str, str]) -> str:
    return "\n\n".join(parts.values())


def marks(folder: Folder, code: str, path: str = PATH) -> Counter[tuple[str, str]]:
    """What the offences of a program are named, whatever file it stands in."""
    folder.write({path: code})
    found = Counter((finding.code, finding.fingerprint) for finding in folder.findings())
    (folder.root / path).unlink()
    return found


def lines_above(code: str) -> str:
    return '"""Notes."""\n\n# a comment\n\n\n' + code


def blank_lines(code: str) -> str:
    return code.replace("\n", "\n\n") if "\\\n" not in code else code


def other_quotes(code: str) -> str:
    return code.replace("'", '"')


def broken_lines(code: str) -> str:
    return code.replace("(0, 'src')", "(\n    0,\n    'src',\n)").replace("['URL']", "[\n        'URL'\n    ]")


def broken_calls(code: str) -> str:
    return code.replace(
        "['pytest', '-q', 'tests'], check=True", "\n        ['pytest', '-q', 'tests',],\n        check=True,\n    "
    )


def parentheses(code: str) -> str:
    return code.replace("assert 1", "assert (1)").replace("return len('a') == 1", "return (len('a') == 1)")


def carriage_returns(code: str) -> str:
    return code.replace("\n", "\r\n")


def tabs(code: str) -> str:
    return code.replace("    ", "\t")


def trailing_space(code: str) -> str:
    return code.replace("\n", "   \n").replace("   \n   \n", "\n\n")


def comments(code: str) -> str:
    return code.replace(")\n", ")  # why\n")


def functions_moved(code: str) -> str:
    head, *middle, main = code.split("\n\n\n") if "\n\n\n" in code else ("", code, "")
    return "\n\n\n".join([head, *reversed(middle), main])


HARMLESS: list[Callable[[str], str]] = [
    lines_above, blank_lines, other_quotes, broken_lines, broken_calls, parentheses, carriage_returns, tabs,
    trailing_space, comments, functions_moved,
]  # fmt: skip


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    return Folder(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def original(shop: Folder) -> Counter[tuple[str, str]]:
    return marks(shop, program(PARTS))


def test_the_program_holds_offences_of_many_rules(original: Counter[tuple[str, str]]) -> None:
    assert sorted({code for code, _ in original}) == CODES


@pytest.mark.parametrize("change", HARMLESS)
def test_what_does_not_touch_an_offence_keeps_its_name(
    shop: Folder, original: Counter[tuple[str, str]], change: Callable[[str], str]
) -> None:
    changed = change(program(PARTS))

    assert changed != program(PARTS)
    assert marks(shop, changed) == original


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(list(PARTS)[1:-1]), changes=st.lists(st.sampled_from(HARMLESS[:-1]), unique=True))
def test_moving_and_reformatting_keep_all_names(shop, original, order, changes) -> None:
    code = program({name: PARTS[name] for name in ("head", *order, "main")})
    for change in changes:
        code = change(code)

    assert marks(shop, code) == original


def test_another_place_keeps_all_names(shop: Folder, original: Counter[tuple[str, str]]) -> None:
    assert marks(shop, program(PARTS), "tests/deep/er/test_other.py") == original


def test_a_renamed_file_keeps_its_names_in_git(repository: Folder) -> None:
    repository.commit({PATH: program(PARTS)})
    before = Counter(each.fingerprint for each in repository.findings(cache=True))
    repository.git("mv", PATH, "tests/test_renamed.py")
    repository.commit()
    after = repository.findings(cache=True)

    assert {finding.path for finding in after} == {"tests/test_renamed.py"}
    assert Counter(finding.fingerprint for finding in after) == before


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("(0, 'src')", "(0, 'lib')", "IMP002"),
        ("os.environ['B'] = 'x'", "os.environ['C'] = 'x'", "ENV002"),
        ("'-q', 'tests'", "'-q', 'tests/unit'", "RUN002"),
        ("['-q', __file__]", "['-x', __file__]", "RUN001"),
        ("return len('a') == 1", "return len('a') == 2", "TST003"),
        ("from . import support", "from . import other", "IMP001"),
        ("def test_idle", "def test_idler", "TST001"),
        ("class TestOrder", "class TestOrders", "BAS001"),
        ("async def test_a", "async def test_b", "BAS002"),
        ("class TestInit", "class TestInits", "BAS003"),
        ("def test_swallow", "def test_swallows", "TST002"),
        ("def test_url", "def test_uri", "ENV001"),
    ],
)
def test_an_edited_offence_gets_another_name(
    shop: Folder, original: Counter[tuple[str, str]], old: str, new: str, code: str
) -> None:
    changed = marks(shop, program(PARTS).replace(old, new))
    gone, come = original - changed, changed - original

    assert code in {name for name, _ in gone}
    assert sorted(name for name, _ in gone.elements()) == sorted(name for name, _ in come.elements())


@pytest.mark.parametrize("part", [name for name in PARTS if name != "head"])
def test_an_offence_that_is_mended_takes_only_its_own_name(
    shop: Folder, original: Counter[tuple[str, str]], part: str
) -> None:
    without = marks(shop, program({name: code for name, code in PARTS.items() if name != part}))

    assert without < original
    assert len(set(original - without)) >= 1


def findings(folder: Folder, code: str) -> list[Finding]:
    folder.write({PATH: code})
    return folder.findings()


def test_equal_offences_in_one_place_are_told_apart(folder: Folder) -> None:
    line = "    assert os.environ['A']\n"
    one = findings(folder, "import os\n\n\ndef test_a():\n" + line)
    three = findings(folder, "import os\n\n\ndef test_a():\n" + line * 3)

    assert len({finding.fingerprint for finding in three}) == 3
    assert three[0].fingerprint == one[0].fingerprint


def test_mending_one_of_three_equal_offences_leaves_two_of_the_names(folder: Folder) -> None:
    line = "    assert os.environ['A']\n"
    three = {finding.fingerprint for finding in findings(folder, "import os\n\n\ndef test_a():\n" + line * 3)}
    two = {finding.fingerprint for finding in findings(folder, "import os\n\n\ndef test_a():\n" + line * 2)}

    assert two < three


def test_equal_offences_in_two_functions_have_two_names(folder: Folder) -> None:
    body = "():\n    assert os.environ['A']\n\n\n"
    found = findings(folder, f"import os\n\n\ndef test_a{body}def test_b{body}")

    assert len({finding.fingerprint for finding in found}) == 2


def test_one_offence_in_two_files_has_one_name(folder: Folder) -> None:
    folder.write({"tests/test_a.py": PARTS["idle"], "tests/test_b.py": PARTS["idle"]})
    first, second = folder.findings("TST001")

    assert first.fingerprint == second.fingerprint
    assert first.path != second.path


def test_a_name_is_sixteen_hexadecimal_digits(shop: Folder, original: Counter[tuple[str, str]]) -> None:
    assert all(len(name) == 16 and int(name, 16) >= 0 for _, name in original)


def test_a_broken_file_is_one_offence_wherever_its_lines_move(folder: Folder) -> None:
    (first,) = findings(folder, "def test_a():\n    x = (1, 2]\n")
    (second,) = findings(folder, "# more\n\n\ndef test_a():\n    x = (1, 2]\n")

    assert first.code == second.code == "SYN001"
    assert first.fingerprint == second.fingerprint
