import pytest

from canonry.canon.options import Canon, Category
from canonry.model.finding import Confidence, Finding
from canonry.rules.view import Project
from canonry.source.index import Index
from canonry.source.pytest_settings import PytestSettings, read_pytest_settings
from tests.workbench import Folder


def socket(name: str, *methods: str, bases: str = "") -> str:
    body = "".join(f"    def {method}(self): ...\n" for method in methods or ("send", "receive", "close"))
    return f"class {name}{bases}:\n{body}"


def only(findings: list[Finding]) -> Finding:
    (finding,) = findings
    return finding


# the likely home -----------------------------------------------------------------------------------------------------


def test_the_home_has_most_importers_and_the_others_say_how_they_differ(folder: Folder) -> None:
    folder.write(
        {
            "a/deep/down.py": socket("FakeSocket"),
            "b.py": socket("MockSocket", "send", "receive", "close", "ping"),
            "c.py": socket("StubSocket", "send", "receive", "close"),
            "use1.py": "from a.deep.down import FakeSocket\n",
            "use2.py": "import os\nfrom a.deep import down\nfrom a.deep.down import FakeSocket as F\n",
            "use3.py": "from b import MockSocket\n",
        }
    )
    finding = only(folder.findings("DUP003"))

    assert (finding.path, finding.symbol) == ("a/deep/down.py", "FakeSocket")
    assert "3 classes in 3 files under 3 names (`FakeSocket`, `MockSocket`, `StubSocket`)" in finding.message
    assert [(each.path, each.note) for each in finding.related] == [
        ("b.py", "adds `ping`; imported by 1 file"),
        ("c.py", "same methods"),
    ]


def test_importers_are_counted_through_re_exports(folder: Folder) -> None:
    folder.write(
        {
            "pkg/__init__.py": "from .deep.real import Order\n",
            "pkg/deep/__init__.py": "",
            "pkg/deep/real.py": "class Order:\n    size = 1\n    def total(self): ...\n",
            "a.py": "class Order:\n    size = 2\n    def total(self): ...\n",
            "use1.py": "from pkg import Order\n",
            "use2.py": "from pkg import Order\n",
            "use3.py": "from a import Order\n",
        }
    )
    finding = only(folder.findings("DUP002"))

    assert finding.path == "pkg/deep/real.py"
    assert finding.confidence is Confidence.LIKELY
    assert finding.related[0].note == "same members, another body; imported by 1 file"


def test_without_importers_the_file_with_fewest_doubles_is_the_home(folder: Folder) -> None:
    folder.write(
        {
            "a.py": socket("FakeSocket") + socket("MockOther", "x"),
            "deep/down/b.py": socket("MockSocket"),
        }
    )

    assert only(folder.findings("DUP003")).path == "deep/down/b.py"


def test_a_home_speaks_of_the_role(folder: Folder) -> None:
    stores = {f"{name}.py": socket(f"{name}Redis", "get", "set", "delete") for name in ("Fake", "Mock", "Stub")}
    folder.write(
        stores | {"a.py": socket("SessionState", "get", "set", "delete"), "b.py": "from a import SessionState\n"}
    )

    assert only(folder.findings("DUP003")).symbol == "FakeRedis"


def test_a_double_may_have_two_methods_and_a_hierarchy_is_counted(folder: Folder) -> None:
    keys = ("get", "set", "delete")
    folder.write(
        {
            "shop/redis.py": socket("RedisStore", *keys),
            "tests/a.py": socket("MockRedis", *keys, "expire") + socket("MockSlowRedis", *keys, bases="(MockRedis)"),
            "tests/b.py": socket("FakeRedisClient", "get", "set"),
            "tests/c.py": socket("RedisSettings", "get", "set"),
            "tests/d.py": socket("StubQueue", "get", "put"),
        }
    )
    finding = only(folder.findings("DUP003"))

    assert (finding.path, finding.symbol) == ("shop/redis.py", "RedisStore")
    assert "4 classes, 1 of them by inheritance, in 3 files under 3 names" in finding.message
    assert [(each.symbol, each.note) for each in finding.related] == [
        ("FakeRedisClient", "lacks `delete`"),
        ("MockRedis", "adds `expire`; stands for 1 more of its hierarchy"),
    ]


def test_doubles_with_two_methods_are_no_role_by_themselves(folder: Folder) -> None:
    folder.write({f"tests/{name}.py": socket(f"{name}Clock", "start", "stop") for name in ("Fake", "Mock", "Stub")})

    assert folder.findings("DUP003") == []


# what is no duplicate ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "files",
    [
        {"a.py": socket("Socket"), "b.py": "from a import Socket\n" + socket("Other", bases="(Socket)")},
        {
            "base.py": "class Base:\n    pass\n",
            "a.py": "from base import Base\n" + socket("One", bases="(Base)"),
            "b.py": "from base import Base\n" + socket("Two", bases="(Base)"),
        },
        {
            "a.py": "import somewhere\n" + socket("One", bases="(somewhere.Base)"),
            "b.py": "import somewhere\n" + socket("Two", bases="(somewhere.Base)"),
        },
        {"a.py": "from typing import Protocol\n" + socket("One", bases="(Protocol)"), "b.py": socket("Two")},
        {"a.py": socket("Session"), "b.py": socket("AsyncSession")},
        {
            "a.py": socket("One", "setUp", "tearDown", "_x", "__init__"),
            "b.py": socket("Two", "setUp", "tearDown", "_x", "__init__"),
        },
        {"a.py": socket("One", "test_a", "b", "c", "d"), "b.py": socket("Two", "test_b", "b", "c", "d")},
        {"examples/a.py": socket("One"), "docs/b.py": socket("Two")},
    ],
)
def test_what_is_no_role_duplicate(folder: Folder, files: dict[str, str | bytes]) -> None:
    assert folder.write(files).findings("DUP003") == []


@pytest.mark.parametrize(
    "files",
    [
        {"a.py": "class _Order:\n    x = 1\n", "b.py": "class _Order:\n    x = 2\n"},
        {"a.py": "def f():\n    class Order:\n        x = 1\n", "b.py": "class Order:\n    x = 2\n"},
        {"a.py": "class A:\n    class Meta:\n        x = 1\n", "b.py": "class A:\n    class Meta:\n        x = 1\n"},
        {
            "a.py": "from django.db import migrations\nclass Migration(migrations.Migration):\n    x = 1\n",
            "b.py": "from django.db import migrations\nclass Migration(migrations.Migration):\n    x = 2\n",
        },
        {
            "shop/page.py": "class Page:\n    def next(self): ...\n",
            "tests/models.py": "class Page:\n    title = 1\n",
            "tests/test_a.py": "from tests.models import Page\n",
        },
        {"a.py": "class Order:\n    x = 1\n", "b.py": "TEXT = '''\nclass Order:\n    x = 2\n'''\n"},
    ],
)
def test_what_is_no_rival_class(folder: Folder, files: dict[str, str | bytes]) -> None:
    assert folder.write(files).findings("DUP002") == []


def test_values_share_their_base_and_are_rivals_all_the_same(folder: Folder) -> None:
    folder.write(
        {
            "a.py": "from pydantic import BaseModel\nclass Order(BaseModel):\n    x: int = 1\n",
            "b.py": "from pydantic import BaseModel\nclass Order(BaseModel):\n    x: int = 2\n",
        }
    )

    assert only(folder.findings("DUP002")).confidence is Confidence.REVIEW


def test_a_canonical_symbol_is_the_business_of_another_rule(folder: Folder) -> None:
    folder.write(
        {
            "canonry.toml": "[[canon.symbols]]\nname = 'Order'\nhome = 'a'\n",
            "a.py": "class Order:\n    x = 1\n",
            "b.py": "class Order:\n    x = 2\n",
        }
    )

    assert [finding.code for finding in folder.findings("DUP001", "DUP002")] == ["DUP001"]


# the canon's own file ------------------------------------------------------------------------------------------------

PROJECT = """\
[project]
name = "shop"

[tool.canonry.canon]
base-cases = [
  "tests.cases:Case",
  "tests.cases:Gone",
]

[tool.canonry.categories.unit]
paths = ["tests"]

[tool.canonry.categories.slow]
paths = ["tests/slow"]
markers = ["slow"]
"""


def test_findings_about_the_canon_stand_at_its_lines(folder: Folder) -> None:
    folder.write(
        {
            "pyproject.toml": PROJECT,
            "tests/cases.py": "class Case:\n    pass\n",
            "tests/test_a.py": "def test_a():\n    assert 1\n",
        }
    )
    found = folder.findings("IMP004", "CAT001", "CAT003")

    assert [(each.code, each.path, each.line) for each in found] == [
        ("IMP004", "pyproject.toml", 7),
        ("CAT001", "pyproject.toml", 13),
        ("CAT003", "pyproject.toml", 15),
    ]


def test_a_moved_line_of_the_canon_is_noticed_by_a_second_audit(folder: Folder) -> None:
    folder.write(
        {
            "canonry.toml": "[categories.slow]\npaths = ['tests/slow']\n",
            "tests/test_a.py": "def test_a():\n    assert 1\n",
        }
    )
    before = only(folder.findings("CAT001", cache=True))
    folder.write({"canonry.toml": "# a comment\n[categories.slow]\npaths = ['tests/slow']\n"})
    after = only(folder.findings("CAT001", cache=True))

    assert (before.line, after.line) == (1, 2)
    assert before.fingerprint == after.fingerprint


def test_the_defaults_are_not_judged(folder: Folder) -> None:
    folder.write({"canonry/__init__.py": "", "canonry/testing.py": "x = 1\n"})

    assert folder.findings("IMP004") == []


def test_a_home_that_is_left_out_of_the_audit_is_there(folder: Folder) -> None:
    folder.write(
        {
            "canonry.toml": "exclude = ['shop/vendor']\n[canon]\nrunner = 'python run.py'\n"
            "[[canon.symbols]]\nname = 'Order'\nhome = 'shop.vendor.orders'\n",
            "run.py": "",
            "shop/vendor/orders.py": "class Order:\n    pass\n",
            "shop/other.py": "x = 1\n",
        }
    )

    assert folder.findings("IMP004") == []


@pytest.mark.parametrize(
    ("paths", "path", "selected"),
    [
        (["tests/unit"], "tests/unit/test_a.py", True),
        (["tests/unit/"], "tests/unit/deep/test_a.py", True),
        (["./tests/unit"], "tests/unit/test_a.py", True),
        (["tests/unit"], "tests/unity/test_a.py", False),
        (["tests/unit"], "shop/tests/unit/test_a.py", False),
        (["tests/unit/test_a.py"], "tests/unit/test_a.py", True),
        (["tests/**/test_slow_*.py"], "tests/a/b/test_slow_x.py", True),
        (["tests/*_slow"], "tests/db_slow/test_a.py", True),
        (["tests/*_slow"], "tests/db/test_a.py", False),
        (["."], "anything/test_a.py", True),
        ([], "tests/test_a.py", False),
    ],
)
def test_a_category_selects_by_folder_file_and_glob(paths: list[str], path: str, *, selected: bool) -> None:
    canon = Canon(categories={"unit": Category(paths=paths), "marked": Category(markers=["slow"])})
    project = Project(canon, PytestSettings(), Index([], lambda _: None), target=(3, 11))

    assert project.categories_of(path) == (("unit",) if selected else ())
    assert project.categories_of_marks(["slow", "fast"]) == ("marked",)


@pytest.mark.parametrize(
    ("name", "text", "markers"),
    [
        ("pytest.ini", "[pytest]\naddopts = -m slow\nmarkers =\n    slow: takes long\n    db(name): needs one\n", (("slow", 4), ("db", 5))),
        ("pyproject.toml", "[tool.pytest.ini_options]\nmarkers = [\n  \"slow: takes long\",\n  'db',\n]\n", (("slow", 3), ("db", 4))),
        ("pyproject.toml", "[tool.pytest.ini_options]\nmarkers = ['slow', 'slower']\n", (("slow", 2), ("slower", 2))),
        ("tox.ini", "[pytest]\nmarkers = slow\n", (("slow", 2),)),
        ("setup.cfg", "[tool:pytest]\nmarkers =\n  slower\n  slow\n", (("slower", 3), ("slow", 4))),
        ("pytest.ini", "[pytest]\naddopts = -q\n", ()),
    ],
)  # fmt: skip
def test_registered_markers_have_lines(name: str, text: str, markers: tuple[tuple[str, int], ...]) -> None:
    settings = read_pytest_settings(lambda path: text.encode() if path == name else None)

    assert settings.markers == markers


# production code is the home ------------------------------------------------------------------------------------------


def importing(statement: str, count: int) -> dict[str, str]:
    return {f"tests/use{number}.py": f"{statement}\n" for number in range(count)}


def test_a_definition_in_production_code_is_the_home_whoever_imports_the_one_in_a_test(folder: Folder) -> None:
    states = "STATES = ('new', 'paid', 'sent', 'done')\n"
    probe = "try:\n    import redis\n    HAS_REDIS = True\nexcept ImportError:\n    HAS_REDIS = False\n"
    folder.write(
        {
            "tests/doubles.py": states + probe + socket("MockSocket"),
            "tests/sockets.py": socket("ChatSocket") + socket("Pipe", "send", "flush"),
            "shop/deep/down.py": states + probe + socket("MockSocket", "send", "receive", "close", "ping"),
            "shop/pipes.py": socket("Pipe", "send"),
        }
        | importing("from tests.doubles import MockSocket, STATES, HAS_REDIS\nfrom tests.sockets import Pipe", 3)
    )
    found = {finding.code: finding for finding in folder.findings("DUP003", "DUP006", "IMP005")}
    names = {finding.symbol: finding.path for finding in folder.findings("DUP002")}

    assert names == {"MockSocket": "shop/deep/down.py", "Pipe": "shop/pipes.py"}
    assert found["DUP003"].path == found["DUP006"].path == "shop/deep/down.py"
    assert found["IMP005"].path == "tests/doubles.py"
    assert "the likely home is `HAS_REDIS` in `shop/deep/down.py`" in found["IMP005"].message


def test_classes_without_members_share_none(folder: Folder) -> None:
    folder.write(
        {
            "a.py": "class Order(Old):\n    _size = 1\n",
            "b.py": "class Order(New):\n    _size = 2\n",
            "c.py": "class Order(Other):\n    def total(self): ...\n",
            "use1.py": "from a import Order\n",
            "use2.py": "from b import Order\n",
        }
    )
    finding = only(folder.findings("DUP002"))

    assert finding.confidence is Confidence.REVIEW
    assert [each.note for each in finding.related] == ["another body; imported by 1 file", "adds `total`"]


def test_classes_of_tests_that_share_nothing_with_the_one_in_production_are_left_out(folder: Folder) -> None:
    folder.write(
        {
            "shop/pages.py": socket("Page", "turn", "read"),
            "tests/one/models.py": socket("Page", "title"),
            "tests/two/models.py": socket("Page", "title", "save"),
            "tests/one/test_a.py": "from tests.one.models import Page\n",
            "tests/two/test_b.py": "from tests.two.models import Page\n",
        }
    )

    assert folder.findings("DUP002") == []


# a role has one interface -------------------------------------------------------------------------------------------


def test_every_class_of_a_role_is_similar_to_the_class_that_the_message_names(folder: Folder) -> None:
    folder.write(
        {
            "hub.py": socket("Hub", "a", "b", "c", "d"),
            "one.py": socket("One", "a", "b", "c"),
            "two.py": socket("Two", "b", "c", "d"),
            "three.py": socket("Three", "a", "b", "c", "d", "e"),
            **{f"use{number}.py": "from one import One\n" for number in range(3)},
        }
    )
    finding = only(folder.findings("DUP003"))

    assert finding.symbol == "One"
    assert finding.message.endswith("have nearly the interface of `Hub`")
    assert {each.symbol: each.note for each in finding.related} == {
        "Hub": "same methods",
        "Two": "lacks `a`",
        "Three": "adds `e`",
    }


def test_the_home_can_be_imported_and_is_no_double_in_production_code(folder: Folder) -> None:
    inside = "def build():\n" + "".join(f"    {line}\n" for line in socket("MockSocket").splitlines())
    folder.write(
        {
            "shop/engine.py": inside,
            "shop/mocks.py": socket("FakeSocket"),
            "shop/net.py": socket("ChatSocket", "send", "receive", "close", "ping"),
            "tests/sockets.py": socket("StubSocket"),
            **importing("from tests.sockets import StubSocket", 3),
        }
    )

    assert only(folder.findings("DUP003")).symbol == "ChatSocket"


def test_a_test_file_is_no_home_where_there_is_support_code(folder: Folder) -> None:
    folder.write(
        {
            "tests/test_a.py": socket("MockSocket"),
            "tests/deep/doubles.py": socket("MockSocket", "send", "receive"),
            **importing("from tests.test_a import MockSocket", 3),
        }
    )

    assert only(folder.findings("DUP002")).path == "tests/deep/doubles.py"


def test_an_interface_of_zope_and_what_implements_it_are_no_duplicates(folder: Folder) -> None:
    folder.write(
        {
            "interfaces.py": "from zope.interface import Interface\n\n"
            + socket("ISocket", bases="(Interface)")
            + socket("IChat", bases="(ISocket)"),
            "net.py": socket("Socket"),
            "chat.py": "from interfaces import ISocket\n\n" + socket("ILoud", bases="(ISocket)"),
        }
    )

    assert folder.findings("DUP003") == []


def test_a_base_that_no_import_leads_to_is_known_by_its_name(folder: Folder) -> None:
    folder.write(
        {
            "base.py": socket("Transport"),
            "empty.py": "",
            "pipe.py": "from empty import Transport\n\n" + socket("PipeTransport", bases="(Transport)"),
        }
    )

    assert folder.findings("DUP003") == []


def test_a_home_in_production_code_is_told_beside_the_hub_that_a_test_holds(folder: Folder) -> None:
    folder.write(
        {
            "tests/hub.py": socket("MockHub", "a", "b", "c", "d"),
            "tests/two.py": socket("MockTwo", "b", "c", "d"),
            "shop/one.py": socket("One", "a", "b", "c"),
        }
    )
    finding = only(folder.findings("DUP003"))

    assert finding.path == "shop/one.py"
    assert finding.message.endswith("have nearly the interface of `MockHub`")
    assert {each.symbol: each.note for each in finding.related} == {"MockHub": "same methods", "MockTwo": "lacks `a`"}


def test_the_tests_of_one_file_are_judged_one_by_one(folder: Folder) -> None:
    folder.write(
        {
            "canonry.toml": "[categories.unit]\nmarkers = ['unit']\n",
            "tests/marks.py": "import pytest\n\nfast = pytest.mark.unit\n",
            "tests/test_some.py": (
                "import pytest\nfrom tests.marks import fast\n\n"
                "@pytest.mark.unit\ndef test_c():\n    assert 1\n\n"
                "def test_b():\n    assert 1\n\n"
                "@fast\ndef test_d():\n    assert 1\n\n"
                "@pytest.mark.unit\nclass TestE:\n    def test_e(self):\n        assert 1\n\n"
                "class TestF:\n    pytestmark = [pytest.mark.unit]\n\n    def test_f(self):\n        assert 1\n"
            ),
            "tests/test_whole.py": "def test_a():\n    assert 1\n\ndef test_b():\n    assert 1\n",
            "tests/test_params.py": (
                "import pytest\n\n@pytest.mark.parametrize('x', [pytest.param(1, marks=pytest.mark.unit)])\n"
                "def test_a(x):\n    assert x\n\n@pytest.mark.unit\ndef test_b():\n    assert 1\n"
            ),
            "tests/test_other_way.py": (
                "import pytest\n\n@pytest.mark.parametrize('x', [pytest.param(1, marks=pytest.mark.unit)])\n"
                "def test_a(x):\n    assert x\n"
            ),
        }
    )
    found = folder.findings("CAT002")

    assert [(each.path, each.line, each.symbol, each.confidence.value) for each in found] == [
        ("tests/test_params.py", 4, "test_a", "likely"),
        ("tests/test_some.py", 8, "test_b", "certain"),
        ("tests/test_some.py", 12, "test_d", "likely"),
        ("tests/test_whole.py", 1, "<module>", "certain"),
    ]
