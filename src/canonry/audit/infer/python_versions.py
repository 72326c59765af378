"""The Python versions that workflows set up: keys that no reader gives, for they are no commands.

A plain reading, line by line: a proposal may rest on it, a finding never does.
"""

import re
from collections import Counter
from collections.abc import Iterable

from canonry.audit.infer.survey import Read
from canonry.source.documents.readers.registry import reader_of

_KEYS = frozenset(("python-version", "python", "python_version", "PYTHON_VERSION"))
_VERSION = re.compile(r"(?<![\d.])3\.\d+(?![\d.]*\w*[-.]?\d*\.\d)")


def python_versions(read: Read, documents: Iterable[str]) -> Counter[str]:
    """The versions that the workflows among these paths set up, such as ``3.11``; expressions are passed over."""
    found: Counter[str] = Counter()
    for path in documents:
        content = (read(path) or b"") if reader_of(path) == "github_workflow" else b""
        for line in content.decode("utf-8", "replace").splitlines():
            key, _, value = line.strip().removeprefix("- ").partition(":")
            if key in _KEYS:
                found.update(_VERSION.findall(value.split("#")[0]))
    return found
