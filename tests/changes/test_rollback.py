"""The way back: every byte, or a refusal that says which file is in the way."""

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canonry.changes.folder import ChangesFolder
from canonry.changes.history import read_history
from canonry.changes.rollback import roll_back
from canonry.changes.store import ContentStore
from canonry.model.errors import UserError
from tests.changes.trees import NEW, OLD, put, snapshot
from tests.workbench import Folder


def refused(root: Path, change: str, *, skip_edited: bool = False) -> str:
    before = snapshot(root)
    with pytest.raises(UserError) as caught:
        roll_back(root, change, skip_edited=skip_edited)
    assert snapshot(root) == before
    return str(caught.value)


def states(root: Path) -> list[str]:
    return [change.state for change in read_history(ChangesFolder(root))]


def test_a_file_that_was_edited_since_is_named(folder: Folder) -> None:
    root = folder.write(OLD).root
    put(root, NEW)
    folder.write({"shop/a.py": "mine = 1\n", "shop/gone.py": "mine = 2\n"})

    assert refused(root, "1") == (
        "`shop/a.py`, `shop/gone.py` were edited since change 0001; nothing was rolled back. Put them back first, "
        "as `canonry changes show 0001` prints them, or roll the others back with `--skip-edited`"
    )
    assert states(root) == ["sealed"]


def test_the_others_go_back_when_asked(folder: Folder) -> None:
    root = folder.write(OLD).root
    put(root, NEW)
    folder.write({"shop/a.py": "mine = 1\n"})
    outcome = roll_back(root, "1", skip_edited=True)

    assert outcome.left == ("shop/a.py",)
    assert outcome.notes == ("left as they are, because they were edited since: `shop/a.py`",)
    assert snapshot(root) == snapshot(Folder(root.parent / "same").write({**OLD, "shop/a.py": "mine = 1\n"}).root)
    assert states(root) == ["partly rolled back", "sealed"]
    assert refused(root, "1") == (
        "`shop/a.py` was edited since change 0001; nothing was rolled back. Put it back first, "
        "as `canonry changes show 0001` prints it"
    )
    folder.write({"shop/a.py": NEW["shop/a.py"] or b""})
    assert roll_back(root, "1").files == ("shop/a.py",)
    assert states(root) == ["rolled back", "sealed", "sealed"]
    assert (root / "shop/a.py").read_text() == OLD["shop/a.py"]


def test_later_changes_go_first(folder: Folder) -> None:
    root = folder.write(OLD).root
    put(root, {"shop/a.py": b"x = 2\n"})
    put(root, {"shop/a.py": b"x = 3\n"})
    assert (
        refused(root, "1") == "`shop/a.py` was edited since change 0001, by 0002; `canonry changes rollback 0002` first"
    )
    roll_back(root, "2")
    roll_back(root, "1")

    assert (root / "shop/a.py").read_text() == OLD["shop/a.py"]
    assert states(root) == ["rolled back", "rolled back", "sealed", "sealed"]


def test_a_rollback_is_rolled_back_like_any_change(folder: Folder) -> None:
    root = folder.write(OLD).root
    before = snapshot(root)
    put(root, NEW)
    after = snapshot(root)
    roll_back(root, "1")
    assert refused(root, "1") == "change 0001 is rolled back, so there is nothing to roll back"
    roll_back(root, "2")
    assert snapshot(root) == after
    assert states(root) == ["sealed", "rolled back", "sealed"]
    roll_back(root, "1")

    assert snapshot(root) == before
    assert states(root) == ["rolled back", "rolled back", "sealed", "sealed"]


def test_permissions_that_were_changed_since_are_the_user_s(folder: Folder) -> None:
    root = folder.write(OLD).root
    put(root, {"shop/a.py": b"x = 2\n"})
    (root / "shop/a.py").chmod(0o755)
    roll_back(root, "1")

    assert (root / "shop/a.py").stat().st_mode & 0o777 == 0o755
    assert (root / "shop/a.py").read_text() == OLD["shop/a.py"]


def test_a_folder_that_was_made_stays_where_somebody_put_more_into_it(folder: Folder) -> None:
    root = folder.write(OLD).root
    put(root, NEW)
    folder.write({"shop/new/mine.py": "x = 1\n"})
    roll_back(root, "1")

    assert (root / "shop/new/mine.py").exists()
    assert not (root / "shop/new/deep").exists()


def test_a_content_that_is_gone_or_damaged(folder: Folder) -> None:
    root = folder.write(OLD).root
    put(root, {"shop/a.py": b"x = 2\n"})
    store = ContentStore(ChangesFolder(root).store)
    for kept in store.place.rglob("*/*"):
        kept.chmod(0o644)
        kept.write_bytes(b"damaged")

    assert "is gone or damaged, so there is no way back to it" in refused(root, "1")
    put(root, {"shop/a.py": b"x = 1\n"})
    assert store.get(read_history(ChangesFolder(root))[1].header.files[0].before or "") == b"x = 2\n"
    assert (root / "shop/a.py").read_text() == OLD["shop/a.py"]


def test_a_damaged_journal(folder: Folder) -> None:
    root = folder.write(OLD).root
    put(root, {"shop/a.py": b"x = 2\n"})
    journal = ChangesFolder(root).journal / "0001.jsonl"
    journal.write_bytes(journal.read_bytes()[20:])

    assert refused(root, "1").startswith(f"`{journal}` is damaged; move it away")


def test_an_unknown_change(folder: Folder) -> None:
    root = folder.write(OLD).root
    assert refused(root, "1") == f"`1` is no change; none was ever made in `{root}`"
    put(root, NEW)

    assert refused(root, "2") == "`2` is no change; `canonry changes list` shows those that are"


# the law -------------------------------------------------------------------------------------------------------------

CONTENTS = st.one_of(
    st.binary(max_size=80),
    st.text("ab \n", max_size=60).map(str.encode),
    st.text("ab é\n", max_size=60).map(lambda text: text.replace("\n", "\r\n").encode("latin-1")),
    st.text("ab é\n", max_size=60).map(lambda text: b"\xef\xbb\xbf" + text.encode()),
)
NAMES = st.sampled_from(["a.txt", "b c.txt", "d/e.txt", "d/f/g.txt", "d/\u00e9.txt", "h/\udcff.txt"])
MODES = st.sampled_from([0o644, 0o755, 0o600, 0o664])


def write_tree(root: Path, files: dict[str, tuple[bytes, int]]) -> None:
    for name, (content, mode) in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
        (root / name).chmod(mode)


def results(root: Path, wanted: dict[str, bytes | None]) -> dict[str, bytes | None]:
    """Those that change something; a file that is there grows, which keeps its line ends and its mark."""
    found = {}
    for name, content in wanted.items():
        before = (root / name).read_bytes() if (root / name).exists() else None
        after = before + b"x" if before and content is not None else content
        if after != before:
            found[name] = after
    return found


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(NAMES, st.tuples(CONTENTS, MODES), max_size=5),
    st.lists(st.dictionaries(NAMES, CONTENTS | st.none(), min_size=1, max_size=5), min_size=1, max_size=3),
)
def test_rolling_everything_back_restores_every_byte(
    files: dict[str, tuple[bytes, int]], rounds: list[dict[str, bytes | None]]
) -> None:
    with tempfile.TemporaryDirectory() as place:
        root = Path(os.path.realpath(place))
        write_tree(root, files)
        seen = [snapshot(root)]
        for wanted in rounds:
            new = results(root, wanted)
            if new:
                put(root, new)
                seen.append(snapshot(root))
        for number in range(len(seen) - 1, 0, -1):
            assert snapshot(root) == seen[number]
            roll_back(root, str(number))
            assert snapshot(root) == seen[number - 1]
