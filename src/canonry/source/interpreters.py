"""Newer interpreters on the PATH, asked whether they read what the target version does not."""

import json
import shutil
import subprocess
from collections.abc import Mapping

from canonry.source.syntax.versions import RUNNING, Version

_NEWEST = 19
_PROGRAM = """
import json, sys, warnings
warnings.simplefilter("ignore")
read = []
for name, text in json.load(sys.stdin).items():
    try:
        compile(text.encode("latin-1"), name, "exec", dont_inherit=True, flags=0x400)
        read.append(name)
    except Exception:  # whatever it says, this Python does not read the text
        pass
json.dump(read, sys.stdout)
"""


def newer_readers(contents: Mapping[str, bytes], target: Version) -> dict[str, str]:
    """For each named content that some newer Python parses, the version of the first that does."""
    found: dict[str, str] = {}
    if target < RUNNING:
        from canonry.source.syntax.parse import parse_source

        for name, content in contents.items():
            if parse_source(content, RUNNING)[2] is None:
                found[name] = f"{RUNNING[0]}.{RUNNING[1]}"
    for minor in range(max(target, RUNNING)[1] + 1, _NEWEST + 1):
        left = {name: content for name, content in contents.items() if name not in found}
        program = shutil.which(f"python3.{minor}") if left else None
        if program is not None:
            found.update(dict.fromkeys(_ask(program, left), f"3.{minor}"))
    return found


def newer_names(target: Version) -> str:
    """The newer interpreters that would be asked, as part of a result's identity."""
    minors = range(max(target, RUNNING)[1] + 1, _NEWEST + 1)
    return ",".join(path for minor in minors if (path := shutil.which(f"python3.{minor}")))


def _ask(program: str, contents: Mapping[str, bytes]) -> list[str]:
    given = json.dumps({name: content.decode("latin-1") for name, content in contents.items()})
    try:
        process = subprocess.run(
            [program, "-I", "-S", "-c", _PROGRAM], input=given, capture_output=True, text=True, check=False, timeout=120
        )
        answer = json.loads(process.stdout) if process.returncode == 0 else []
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return []
    return [name for name in answer if name in contents]
