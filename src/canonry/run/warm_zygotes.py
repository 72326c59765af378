"""The zygotes of a warm process: one as the newest run began, and some that are ahead in files that ran lately."""

import contextlib
import tempfile
from pathlib import Path

from canonry.pytest_plugin.top_imports import top_imports
from canonry.run.controller.host import write_start
from canonry.run.waiting import Ahead, Beginning, Wish, are_alike, tell
from canonry.run.zygote import Refused, Zygote

_AHEAD = 3
"""Files for which one is kept ahead."""


class Zygotes:
    """Each lies in a folder of its own below ``place``, where runs find it."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._base: tuple[Zygote, Beginning] | None = None
        self._ahead: dict[str, tuple[Zygote, Ahead]] = {}
        self._unfit: set[Ahead] = set()

    def refresh(self) -> None:
        """Those that have loaded something which has changed since are replaced, or gone."""
        for file, (zygote, _) in list(self._ahead.items()):
            if not _is_fresh(zygote):
                self._drop(file)
        if self._base is not None and not _is_fresh(self._base[0]):
            self._begin(self._base[1])

    def grant(self, wish: Wish) -> None:
        """What a run would have liked is there for the next."""
        if self._base is None or not are_alike(self._base[1], wish.beginning):
            self._begin(wish.beginning)
        if wish.file is not None:
            self._go_ahead(wish.beginning, wish.file)

    def release(self) -> None:
        """All leave, when the last run that uses them has ended."""
        for file in list(self._ahead):
            self._drop(file)
        if self._base is not None:
            self._leave(self._base[0])
            self._base = None

    def _begin(self, beginning: Beginning) -> None:
        self.release()
        self._unfit.clear()
        folder = Path(tempfile.mkdtemp(prefix="base-", dir=self._place))
        write_start(
            folder,
            root=beginning.root,
            paths=beginning.paths,
            arguments=beginning.arguments,
            workers=1,
            memory=None,
            environment=beginning.environment,
        )
        self._base = Zygote(folder), beginning
        tell(folder, beginning)

    def _go_ahead(self, beginning: Beginning, file: str) -> None:
        assert self._base is not None
        wanted = Ahead(file=file, imports=top_imports(Path(beginning.root, file)))
        if not wanted.imports or wanted in self._unfit:
            return
        if file in self._ahead:
            if self._ahead[file][1] == wanted:
                self._ahead[file] = self._ahead.pop(file)  # the newest last
                return
            self._drop(file)
        folder = Path(tempfile.mkdtemp(prefix="ahead-", dir=self._place))
        zygote = Zygote(folder, joins=True)
        with contextlib.suppress(Refused):
            self._base[0].go_ahead(folder, file)
            if zygote.is_fresh():
                self._ahead[file] = zygote, wanted
                tell(folder, beginning, wanted)
                while len(self._ahead) > _AHEAD:
                    self._drop(next(iter(self._ahead)))
                return
        self._unfit.add(wanted)

    def _drop(self, file: str) -> None:
        zygote, _ = self._ahead.pop(file)
        self._leave(zygote)

    def _leave(self, zygote: Zygote) -> None:
        (zygote.folder / "beginning.json").unlink(missing_ok=True)
        zygote.release()


def _is_fresh(zygote: Zygote) -> bool:
    try:
        return zygote.is_fresh()
    except Refused:
        return False
