"""A script in the language that its shell says."""

import re

from canonry.source.documents.fragment import Fragment
from canonry.source.documents.languages.batch import read_batch
from canonry.source.documents.languages.powershell import read_powershell
from canonry.source.documents.languages.script import Finds, Setting
from canonry.source.documents.languages.shell import read_shell
from canonry.source.documents.languages.started import Alternatives

_SHELL = re.compile(r"(?:ba|z|da|k|a)?sh(?:\.exe)?")


def read_script(
    fragment: Fragment,
    finds: Finds,
    setting: Setting,
    *,
    shell: str,
    variables: dict[str, Alternatives] | None = None,
    mask: str | None = None,
) -> str:
    """Adds what a script holds whose shell is called so; returns the working directory at its end.

    A shell that is none of those read here makes the script passed over.
    """
    name = shell.split()[0].replace("\\", "/").rpartition("/")[2].lower() if shell.split() else "sh"
    if _SHELL.fullmatch(name):
        return read_shell(fragment, finds, setting, variables=variables, mask=mask)
    if name in ("pwsh", "powershell", "pwsh.exe", "powershell.exe"):
        return read_powershell(fragment, finds, setting, environment=variables)
    if name in ("cmd", "cmd.exe"):
        return read_batch(fragment, finds, setting, variables=variables)
    if fragment.text.strip():
        start = len(fragment.text) - len(fragment.text.lstrip())
        begin, end = fragment.place(start, len(fragment.text.rstrip()))
        finds.pass_over(begin, end, f"a script for `{name}`", symbol=setting.symbol)
    return setting.folder
