"""Which history belongs to a repository, bare ones too."""

from pathlib import Path

from canonry.canon.load import load_canon
from canonry.canon.options import SharedHistory
from canonry.history.store import History, open_history
from canonry.model.errors import UserError
from canonry.model.state import make_state_folder
from canonry.run.keeping import has_shared, open_declared, open_for_reports
from canonry.source.cache import cache_path
from canonry.source.trees.git import find_repository
from canonry.source.trees.place import read_present


def open_for_repository(place: Path, config: Path | None, notes: list[str]) -> History:
    """The history that reports on a repository read and add to; of a bare one it lies in the user's cache folder.

    The shared one of the canon goes first. Raises `UserError` where it cannot be used.
    """
    found = find_repository(place.resolve())
    root = place.resolve() if found is None else found[1]
    shared = _shared(root, config)
    if root is not None:
        return open_for_reports(root, shared, notes)
    if has_shared(shared):
        return open_declared(shared)
    assert found is not None
    path = cache_path(found[0].directory, bare=True).with_name("history.db")
    try:
        make_state_folder(path.parent)
    except OSError as error:
        raise UserError(
            f"`{path.parent}` cannot be made ({(error.strerror or 'refused').lower()}); `--no-keep` does without"
        ) from error
    return open_history(path)


def _shared(root: Path | None, config: Path | None) -> SharedHistory:
    """What the canon of the tree, or the one that is named, says of a shared history."""
    if config is not None:
        try:
            explicit = (str(config), config.read_bytes())
        except OSError as error:
            raise UserError(f"`{config}` cannot be read ({error.strerror}); `--config` takes a canonry.toml") from error
        return load_canon(lambda _path: None, explicit=explicit).canon.history
    if root is None:
        return SharedHistory()
    return load_canon(lambda path: read_present(root / path, shown=path)).canon.history
