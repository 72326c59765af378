"""The state of a process that one test can leave to the next, with a fingerprint of each part.

It runs in the process of a user's tests, so it imports next to nothing of ours and calls nothing of theirs.
"""

import logging
import os
import signal
import sys
import threading
import warnings

from canonry.pytest_plugin.shapes import globals_of, project_modules


def take_state(root: str) -> dict[str, str]:
    """``kind name`` -> fingerprint: environment, cwd, import path, and every global of the modules below ``root``."""
    found = {f"environment {name}": value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    found["cwd"] = _cwd()
    found["import-path sys.path"] = repr(sys.path)
    found["warnings filters"] = str(len(warnings.filters))
    found["logging root"] = f"{logging.root.level} {len(logging.root.handlers)} {logging.root.manager.disable}"
    found |= {f"thread {each.name}": "" for each in threading.enumerate() if each is not threading.main_thread()}
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM):
        found[f"signal {number.name}"] = str(signal.getsignal(number))
    mask = os.umask(0)
    os.umask(mask)
    found["umask"] = oct(mask)
    for name, module in project_modules(root):
        for key, one in globals_of(name, module, _opens).items():
            found[f"global {key}"] = f"{one.identity} {one.shape}"
    return found


def _cwd() -> str:
    try:
        return os.getcwd()
    except OSError:
        return ""


def _opens(_class: type) -> bool:
    return True
