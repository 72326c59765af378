"""`canonry report guides`: what a reader is told, which bytes are ours, and when a guide is stale."""

import re
import shlex
from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonry.canon.options import Canon, CanonicalThings, Category, Flow, Mocks, Priority, Profile, Service, ServiceKind
from canonry.cli import cli
from canonry.report.guides.contracts import contracts_of
from canonry.report.guides.marks import Block, Found, appended, fresh, look, renewed
from canonry.report.guides.pages import MIGRATION, PAGES, blocks
from canonry.report.guides.subject import Subject
from tests.workbench import Folder

CANON = """
[categories.unit]
paths = ["tests/unit"]
[categories.mission_critical]
paths = ["tests/mission_critical"]
priority = "critical"
needs = ["unit"]
services = ["store"]
mocks = "forbidden"
timeout = "10m"
share = 0.25
[services.store]
kind = "postgres"
[flows.checkout]
tests = ["tests/mission_critical"]
components = ["shop/**"]
contract = "agent-events"
reliability = 0.97
coverage = 0.8
weight = 3
value = "every paying customer <!-- x --> | more"
[profiles.staging]
url = "https://staging.shop.example"
credentials-env = "SHOP_TOKEN"
"""
FILES: dict[str, str | bytes] = {
    "canonry.toml": CANON,
    "requirements.txt": "canonry\n",
    "tests/unit/test_a.py": "def test_a():\n    assert sum([1]) == 1\n",
    "tests/mission_critical/test_b.py": "import unittest\n\n\nclass TestB(unittest.TestCase):\n"
    "    def test_b(self):\n        self.assertEqual(1, int('1'))\n",
    "Makefile": "test:\n\tpytest tests -x\n",
}
MARKED = b"# mine \xff\r\n<!-- canonry guides: begin a -->\r\nold\r\n<!-- canonry guides: end a -->\r\nmy \x00 end"


@pytest.fixture
def shop(tmp_path: Path) -> Folder:
    return Folder(tmp_path).start(FILES)


def guides(shop: Folder, *arguments: str) -> tuple[int, str, str]:
    done = shop.call("report", "guides", "--workers", "1", "--repo", shop.root, *arguments)
    return done.returncode, done.stdout, done.stderr


def test_all_guides_are_written_are_fresh_and_break_no_rule(shop: Folder) -> None:
    before = sorted((each.code, each.path) for each in shop.findings())
    assert guides(shop)[0] == 0
    written = {name: (shop.root / name).read_bytes() for name in PAGES}
    status, out, err = guides(shop, "--check")
    assert (status, out) == (0, ""), err
    assert "6 guides say" in err
    assert "nothing to change" in guides(shop)[2]
    assert {name: (shop.root / name).read_bytes() for name in PAGES} == written
    assert sorted((each.code, each.path) for each in shop.findings()) == before
    text = b"".join(written.values()).decode()
    assert str(shop.root) not in text
    assert "every paying customer &lt;!-- x --> \\| more" in text


def test_another_clone_of_the_tree_says_the_same(shop: Folder, tmp_path: Path) -> None:
    assert (
        shop.call(
            "migrate", "--workers", "1", "--codemod", "ci-commands", "--review", "--write", "--repo", shop.root
        ).returncode
        == 0
    )
    assert guides(shop)[0] == 0
    assert "-\tpytest tests -x\n+\tcanonry run tests --fail-fast" in (shop.root / MIGRATION).read_text()
    shop.commit()
    other = tmp_path / "other"
    shop.git("clone", "--quiet", str(shop.root), str(other))
    status, out, err = guides(Folder(other), "--check")
    assert (status, out) == (0, ""), err
    assert "nothing to change" in guides(Folder(other))[2]


def test_a_changed_canon_makes_guides_stale_and_only_marked_lines_change(shop: Folder) -> None:
    guides(shop, "--folder", "docs/testing")
    guide = shop.root / "docs/testing/TEST_EXECUTION_GUIDE.md"
    guide.write_bytes(b"# Ours\r\n\r\n" + guide.read_bytes() + b"our end, without a line end")
    assert guides(shop, "--folder", "docs/testing", "--check")[0] == 0
    shop.write({"canonry.toml": CANON.replace('"10m"', '"12m"')})
    status, out, _ = guides(shop, "--folder", "docs/testing", "--check")
    assert status == 1
    assert out.count("stale:") == 1
    assert "`docs/testing/TEST_EXECUTION_GUIDE.md` does not say what the tree and its canon say" in out
    assert guides(shop, "--folder", "docs/testing")[0] == 0
    after = guide.read_bytes()
    assert after.startswith(b"# Ours\r\n\r\n<!-- canonry guides: begin test-execution -->\n")
    assert after.endswith(b"end test-execution -->\nour end, without a line end")
    assert b"at most 12m" in after
    assert b"at most 10m" not in after
    guide.unlink()
    assert "is not there" in guides(shop, "--folder", "docs/testing", "--check")[1]


def test_a_file_of_somebody_else_is_left_alone_unless_asked(shop: Folder) -> None:
    shop.write(
        {"FLOW_COVERAGE.md": "mine\r\n", "EVENT_TESTING.md": "<!-- canonry guides: begin event-testing -->\nx\n"}
    )
    status, _, err = guides(shop, "FLOW_COVERAGE.md", "EVENT_TESTING.md", "DEFINITION_OF_DONE_CHECKLIST.md")
    assert status == 2
    assert "`FLOW_COVERAGE.md` is there already" in err
    assert "`EVENT_TESTING.md` has marks that do not pair" in err
    assert (shop.root / "FLOW_COVERAGE.md").read_bytes() == b"mine\r\n"
    assert (shop.root / "DEFINITION_OF_DONE_CHECKLIST.md").exists()
    assert guides(shop, "FLOW_COVERAGE.md", "--check")[0] == 5
    assert guides(shop, "EVENT_TESTING.md", "--check")[0] == 1
    assert guides(shop, "FLOW_COVERAGE.md", "--append")[0] == 0
    assert (shop.root / "FLOW_COVERAGE.md").read_bytes().startswith(b"mine\r\n\r\n<!-- canonry guides: begin")
    assert guides(shop, "FLOW_COVERAGE.md", "--check")[0] == 0
    assert guides(shop, "EVENT_TESTING.md", "--append")[0] == 2
    assert guides(shop, "EVENT_TESTING.md", "--overwrite")[0] == 0
    assert guides(shop, "EVENT_TESTING.md", "--check")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("FLOW_COVERAGE",), "did you mean `FLOW_COVERAGE.md`"),
        (("--folder", ".."), "no folder of this tree"),
        (("--folder", "canonry.toml"), "no folder of this tree"),
        (("--check", "--overwrite"), "writes nothing"),
    ],
)
def test_a_mistake_is_one_sentence(shop: Folder, arguments: tuple[str, ...], said: str) -> None:
    status, _, err = guides(shop, *arguments)
    assert status == 2
    assert said in err
    assert "Traceback" not in err


def test_what_is_not_ours_stays_byte_for_byte() -> None:
    parts = (Block("a", "new\nlines"),)
    assert look(MARKED, parts) is Found.MARKED
    assert renewed(MARKED, parts) == MARKED.replace(b"old\r\n", b"\r\nnew\r\nlines\r\n\r\n")


@pytest.mark.parametrize(
    ("contents", "found"),
    [
        (None, Found.MISSING),
        (b"", Found.FOREIGN),
        (b"<!-- Written by `canonry report guides`; run it again -->\nold", Found.MARKED),
        (b"<!-- canonry guides: begin b -->\n<!-- canonry guides: end b -->\n", Found.FOREIGN),
        (b"<!-- canonry guides: begin a -->\n", Found.DAMAGED),
        (b"<!-- canonry guides: end a -->\n<!-- canonry guides: begin a -->\n", Found.DAMAGED),
        (b"<!-- canonry guides: begin a -->\n<!-- canonry guides: begin b -->\n" * 2, Found.DAMAGED),
        (b"<!-- canonry guides: begin a -->\n<!-- canonry guides: end a -->\n" * 2, Found.DAMAGED),
        (b" <!-- canonry guides: begin a -->\n", Found.FOREIGN),
    ],
)
def test_how_a_file_stands_to_its_block(contents: bytes | None, found: Found) -> None:
    assert look(contents, (Block("a", "x"),)) is found


@given(
    st.binary().filter(lambda each: b"canonry guides" not in each),
    st.text().filter(lambda each: "canonry guides" not in each),
    st.text(),
)
def test_a_block_can_be_renewed_in_any_file(around: bytes, first: str, second: str) -> None:
    old, new = (Block("a", first.replace("\r", "")),), (Block("a", second.replace("\r", "").replace("canonry", "")),)
    whole = appended(around, old)
    assert whole.startswith(around)
    assert look(whole, old) is Found.MARKED
    assert renewed(whole, old) == whole
    changed = renewed(whole, new)
    assert changed.startswith(around)
    assert renewed(renewed(changed, old), new) == changed
    assert renewed(changed, old) == whole


def test_a_local_block_is_kept_where_nothing_is_known() -> None:
    parts = (Block("a", "x"), Block("b", "done here", local=True))
    elsewhere = (Block("a", "x"), Block("b", "", local=True))
    whole = fresh(parts)
    assert renewed(whole, elsewhere) == whole
    assert renewed(whole, (parts[0], Block("b", "more", local=True)), judged_only=True) == whole


_CANONS = {
    "empty": Canon(),
    "full": Canon(
        categories={
            "a b": Category(paths=["tests/`odd`|x"], priority=Priority.CRITICAL, mocks=Mocks.FORBIDDEN, serial=True),
            "late": Category(markers=["late"], needs=["a b"], retries=2, share=0.5, workers=2, conflicts=["a b"]),
        },
        services={
            "s": Service(kind=ServiceKind.COMMAND, command="python -m shop"),
            "c": Service(kind=ServiceKind.CONTAINER),
        },
        flows={
            "f": Flow(tests=["tests"], contract="mcp", coverage=0.5, reliability=0.9, event_success=0.99),
            "lost": Flow(contract="contracts/none.yaml"),
        },
        profiles={"pair": Profile(inherits="ci", instead={"s": "c"}, env={"A": "1"}, url="http://x", retries=1)},
    ),
    "pytest": Canon(
        canon=CanonicalThings(runner="pytest", environment="", mock_factory="", base_cases=[]),
        categories={"u": Category(paths=["tests/u"])},
    ),
    "script": Canon(canon=CanonicalThings(runner="python tests/run.py"), categories={"u": Category(paths=["tests/u"])}),
}


@pytest.mark.parametrize("name", _CANONS)
def test_every_command_in_the_guides_is_one_that_canonry_takes(name: str, tmp_path: Path) -> None:
    subject = Subject(canon=_CANONS[name], contracts=contracts_of(_CANONS[name], tmp_path))
    commands = set()
    for page in PAGES:
        if page != MIGRATION:
            text = "".join(part.text for part in blocks(page, subject))
            commands |= set(re.findall(r"`(canonry [a-z][^`]*)`", text.replace("\\|", "|")))
            commands |= set(re.findall(r"(?m)^(canonry .*?)(?: +#.*)?$", text))
    assert len(commands) > 20
    for command in commands:
        _parsed(command)
    with pytest.raises(click.UsageError):
        _parsed("canonry audit --selekt TST")


def _parsed(command: str) -> None:
    """Parses a command as the program does, without running it. Raises `UsageError`."""
    verb: click.Command = cli
    context = click.Context(cli)
    rest = shlex.split(command)[1:]
    while isinstance(verb, click.Group):
        context = verb.make_context(verb.name, rest, parent=context)
        _, found, rest = verb.resolve_command(context, [*context._protected_args, *context.args])
        assert found is not None, command
        verb = found
    verb.make_context(verb.name, rest, parent=context)


def test_a_runner_that_is_a_wrapper_takes_the_options(tmp_path: Path) -> None:
    subject = Subject(canon=_CANONS["script"], wrapper=True)
    text = blocks("TEST_EXECUTION_GUIDE.md", subject)[0].text
    assert "`python tests/run.py --category u`" in text
    assert "`canonry run --category u`" in blocks("TEST_EXECUTION_GUIDE.md", Subject(canon=_CANONS["script"]))[0].text
    assert "`pytest tests/u`" in blocks("TEST_EXECUTION_GUIDE.md", Subject(canon=_CANONS["pytest"]))[0].text
