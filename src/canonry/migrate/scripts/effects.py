"""What a script does beside starting tests, in the words for a reader: a wrapper does none of it.

Only what is known to have no effect outside of the script is silent. Everything else is named, so that a script of
which nothing is said here does nothing but to start its tests, in the environment that it was given, and ends with
their status.
"""

import builtins
from collections.abc import Mapping
from typing import Any

from canonry.migrate.scripts.values import External, Reading, Status, Unknown

_SILENT = frozenset(
    "print logging logger log time datetime json textwrap traceback warnings platform typing dataclasses enum"
    " collections functools itertools argparse optparse click pathlib re shlex uuid math string asyncio statistics"
    " colorama rich tabulate __future__ abc".split()
)
"""Roots of which a call is nothing that a reader has to be told of, unless `_TOLD` says so."""
_ACTING = frozenset(
    "breakpoint compile delattr eval exec exit globals input locals open quit setattr __import__".split()
)
_HARMLESS = frozenset(each for each in dir(builtins) if each not in _ACTING) | frozenset(
    "os.getenv os.environ.get os.environ.copy os.environ.keys os.environ.items os.getcwd os.getcwdb os.cpu_count"
    " os.listdir os.walk os.scandir os.getpid os.getppid os.stat os.access os.isatty os.get_terminal_size os.fspath"
    " os.uname os.times os.getuid os.geteuid os.getlogin os.fsdecode os.fsencode os.sched_getaffinity"
    " os.WEXITSTATUS os.waitstatus_to_exitcode sys.stdout.write sys.stdout.flush"
    " sys.stderr.write sys.stderr.flush sys.stdout.reconfigure sys.stderr.reconfigure sys.stdout.isatty"
    " sys.stderr.isatty sys.stdin.isatty sys.exc_info sys.getsizeof sys.getdefaultencoding sys.getrecursionlimit"
    " shutil.which shutil.get_terminal_size subprocess.list2cmdline CalledProcessError subprocess.CalledProcessError"
    " random.randint random.choice random.random".split()
)
_PATH_CHANGES = frozenset(f"sys.path.{name}" for name in "insert append extend remove pop clear".split())
_TOLD = {
    "open": "it opens files",
    "input": "it asks questions",
    "exec": "it runs code that it computes",
    "eval": "it runs code that it computes",
    "shutil.rmtree": "it deletes folders",
    "os.remove": "it deletes files",
    "os.unlink": "it deletes files",
    "os.makedirs": "it makes folders",
    "os.mkdir": "it makes folders",
    "logging.FileHandler": "it writes files",
    "__import__": "it imports a module by its name",
}
METHODS_TOLD = {
    "write_text": "it writes files",
    "write_bytes": "it writes files",
    "unlink": "it deletes files",
    "rmdir": "it deletes folders",
    "mkdir": "it makes folders",
    "touch": "it writes files",
    "symlink_to": "it writes files",
    "hardlink_to": "it writes files",
    "chmod": "it changes files",
    "rename": "it moves files",
    "open": "it opens files",
    "kill": "it ends processes",
    "terminate": "it ends processes",
    "send_signal": "it ends processes",
}
_CHANGES = frozenset("update setdefault pop popitem clear __setitem__ __delitem__ __ior__".split())
_ENVIRONMENT_CALLS = frozenset(("os.putenv", "os.unsetenv"))
_OF_PROCESSES = frozenset(
    "args cmd command program cwd check shell text universal_newlines encoding errors close_fds bufsize env".split()
)
"""Arguments of a process call that say nothing of the tests, or are looked at by themselves."""


def tell_of_call(run: Reading, name: str, written: str, arguments: list[Any]) -> bool:
    """Notes what a call of something from elsewhere does; whether nothing is known of it."""
    last = name.rpartition(".")[2]
    if name in _TOLD:
        run.note(_TOLD[name])
    elif name in _ENVIRONMENT_CALLS or (name.startswith("os.environ.") and last in _CHANGES):
        key = arguments[0] if arguments and isinstance(arguments[0], str) and last != "update" else ""
        tell_of_environment(run, key)
    elif name in _PATH_CHANGES:
        run.path_changed = True
    elif not (name in _HARMLESS or name.startswith("os.path.") or name.partition(".")[0] in _SILENT):
        run.note(f"it calls `{name.lstrip('.') or written}`")
        return True
    return False


def tell_of_unknown_call(run: Reading, target: Any, written: str) -> None:
    """Notes what a call of something unknown does, as far as its name says it; of a bare name nothing is known."""
    owner, _, last = written.rpartition(".")
    if last in METHODS_TOLD and owner:
        run.note(METHODS_TOLD[last])
    elif "environ" in written and last in _CHANGES:
        tell_of_environment(run, "")
    elif not owner and isinstance(target, Unknown) and written not in _HARMLESS:
        run.note(f"it calls `{written}`")


def tell_of_environment(run: Reading, key: Any) -> None:
    """Notes that a variable of the environment is set or taken away."""
    named = f" `{key}`" if isinstance(key, str) and key else "s"
    run.note(f"it changes the environment variable{named}")


def tell_of_change(run: Reading, owner: Any, key: Any, written: str) -> None:
    """Notes that something that is not the script's own is given another value."""
    if is_environment(owner):
        tell_of_environment(run, key)
    elif isinstance(owner, External):
        run.note(f"it changes `{written}`")


def is_environment(owner: Any) -> bool:
    """Whether a value is the environment, or a copy of it."""
    if isinstance(owner, External):
        return owner.name in ("os.environ", "os.environb")
    return isinstance(owner, Unknown) and "environ" in owner.what


def tell_of_start(run: Reading, name: str, named: Mapping[str, Any], line: int) -> None:
    """Notes what the tests are given beside their arguments: an environment, a time limit, redirected output."""
    for key, value in named.items():
        if key == "env" and value is not None and value != External("os.environ"):
            shown = value.what if isinstance(value, Unknown) else "..."
            run.note(f"it gives the tests an environment of their own in line {line} (`env={shown}`)")
        elif key == "capture_output" and value is False:
            continue
        elif key not in _OF_PROCESSES and value is not None:
            run.note(f"it starts the tests with `{key if key == '**' else f'{key}='}` in line {line}")
    if name.endswith(("check_output", "getoutput", "getstatusoutput", "popen")):
        run.note(f"it reads what the tests print in line {line}")
    if name.startswith("pytest.") and run.path_changed:
        run.note("it changes the import path of the tests")


def tell_of_end(run: Reading, value: Any, *, fails: bool = False) -> None:
    """Notes where a script that has started tests ends with another status than theirs.

    ``value`` is what it hands to `sys.exit`, None where it runs to its end; ``fails``: it ends with an exception.
    """
    if not run.started or (isinstance(value, Status) and not (value.encoded or value.flat)):
        return
    if fails or (isinstance(value, Status) and value.flat) or (run.passed is False and value not in (None, 0)):
        run.note("it ends with 1 for each status of the tests but 0")
    elif value in (None, 0) and (run.passed or (run.passed is None and run.started[-1].checked)):
        return
    else:
        shown = value.what if isinstance(value, Unknown) else repr(value or 0)
        run.note(f"it ends with `{shown}`, which need not be the status of the tests")
