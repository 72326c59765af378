"""Workers that measure what tests reach of some files, and what came of it."""

import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from canonry.model.errors import UserError
from canonry.pytest_plugin.covering import REQUEST


@contextmanager
def covering(files: Sequence[Path]) -> Iterator[Path]:
    """Lets the workers that start in the block measure these files; the folder into which they write.

    Raises `UserError` where coverage.py is not installed.
    """
    with tempfile.TemporaryDirectory(prefix="canonry-cover-") as folder:
        request = Path(folder, "request.json")
        asked = {"folder": folder, "include": [str(each) for each in files], "core": core(sys.version_info[:2])}
        request.write_text(json.dumps(asked), encoding="utf-8")
        before = os.environ.get(REQUEST)
        os.environ[REQUEST] = str(request)
        try:
            yield Path(folder)
        finally:
            if before is None:
                del os.environ[REQUEST]
            else:
                os.environ[REQUEST] = before


def core(version: tuple[int, int]) -> str:
    """The core of coverage.py that knows contexts: the C tracer, where it is built, else the one in Python.

    `sys.monitoring`, the usual one from Python 3.14 on, tells a line once and so gives it to the first test alone.
    Raises `UserError` where coverage.py is not installed.
    """
    try:
        import coverage
    except ImportError as error:
        raise UserError("`--cover` measures with coverage.py; install it: `pip install 'canonry[cover]'`") from error
    if version >= (3, 12) and coverage.version_info < (7, 6):
        raise UserError(
            f"`--cover` wants coverage.py 7.6 or newer on this Python, and {coverage.__version__} is installed"
        )
    try:
        import coverage.tracer
    except ImportError:
        return "pytrace"
    return "ctrace"
