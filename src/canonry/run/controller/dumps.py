"""What faulthandler writes of a worker's threads, cut to what its tests do."""

import re

_FATAL = re.compile(r"^Fatal Python error: ", re.MULTILINE)
_FRAME = re.compile(r'^ +File "(?P<path>.*)", line \d+ in ')
_STARTED = re.compile(r'^ +File ".*[/\\\\]threading\.py", line \d+ in _bootstrap$')
_MACHINERY = re.compile(r"[/\\](?:_pytest|pluggy|canonry[/\\](?:pytest_plugin|run))[/\\]|<frozen runpy>")


def last_words(text: str) -> str:
    """What a dying process wrote, from the interpreter's own report on, where there is one."""
    fatal = _FATAL.search(text)
    return from_the_test(text[fatal.start() :]) if fatal else text


def fault_beside_the_test(text: str) -> bool:
    """Whether the interpreter's own report says that another thread than the main one, where tests run, did it.

    It calls the thread at fault the current one. One that `threading` started has its frame at the bottom; of a thread
    whose bottom is not shown, or of another kind, nothing is known.
    """
    fatal = _FATAL.search(text)
    blocks = text[fatal.start() :].split("\n\n") if fatal else []
    for block in blocks:
        if block.startswith("Current thread "):
            lines = [line for line in block.split("\n")[1:] if line.startswith("  ")]
            return bool(lines) and _STARTED.match(lines[-1]) is not None
    return False


def from_the_test(dump: str) -> str:
    """Every thread's frames without those of pytest and of ours below the test; a thread of nothing else stays whole.

    Frames come most recent first, as faulthandler writes them.
    """
    return "\n\n".join(_shown(thread) for thread in dump.split("\n\n"))


def _shown(thread: str) -> str:
    lines = thread.split("\n")
    for place, line in enumerate(lines):
        frame = _FRAME.match(line)
        if frame is not None and _MACHINERY.search(frame["path"]):
            above = [each for each in lines[:place] if _FRAME.match(each)]
            return "\n".join(lines[:place]) if above else thread
    return thread
