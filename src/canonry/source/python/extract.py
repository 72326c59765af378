"""Content -> facts. The one place where a content is parsed."""

import ast
import re

import msgspec

from canonry.source.facts import Break, Commented, Facts
from canonry.source.python.broken import read_broken
from canonry.source.python.instances import may_keep, read_keepers
from canonry.source.python.marks import other_marks
from canonry.source.python.retired import read_retirement
from canonry.source.python.walk import Walk
from canonry.source.suppressions import suppressions_of_broken, suppressions_of_python
from canonry.source.syntax.parse import parse_source
from canonry.source.syntax.text import SourceText
from canonry.source.syntax.versions import Version

_PROCESSES = (b"subprocess", b"os.system", b"popen", b"pexpect", b"os.exec", b"os.spawn", b"run_process")
_TOOLS = (b"'pytest'", b'"pytest"', b"'unittest'", b'"unittest"', b"'py.test'", b'"py.test"', b"nosetests", b"nose2")
_COMMENTED_TEST = re.compile(rb"^[ \t]*#.*\bdef test_", re.MULTILINE)
_SHELL_SHARE = 0.8


Parsed = tuple[ast.Module | None, SourceText, Break | None]


def extract(content: bytes, target: Version, *, parsed: Parsed | None = None) -> Facts:
    """The facts of a content, judged at a Python version. Deterministic; raises for no input.

    ``parsed`` is what `parse_source` says of the content, where it has been asked already.
    """
    tree, text, broken = parsed or parse_source(content, target)
    if broken is not None or tree is None:
        assert broken is not None
        return _with_suppressions(read_broken(text, broken), text)
    walk = Walk(text, hints=_may_start_processes(text.content))
    try:
        walk.module(tree)
    except RecursionError:  # the parser of a newer Python goes deeper than this one's stack
        reason = Break("nesting", "nested deeper than can be followed", text.at(1, 1), "nesting")
        return _with_suppressions(read_broken(text, reason), text)
    functions = tuple(walk.functions_found())
    shared, attaching = walk.shared_found(tree), walk.attaching_found()
    keepers = tuple(read_keepers(walk.class_nodes)) if may_keep(text.content) else ()
    walk.release()
    live = any(function.name.startswith("test") for function in functions)
    return Facts(
        None,
        tuple(walk.imports),
        tuple(walk.classes),
        functions,
        walk.bindings,
        tuple(walk.calls),
        tuple(walk.environment),
        tuple(walk.path_hacks),
        tuple(walk.main_blocks),
        walk.marks,
        None if live else _commented(text),
        walk.counts,
        tuple(walk.assigned),
        tuple(walk.aliases),
        constants=tuple(walk.constants),
        flags=tuple(walk.flags),
        other_marks=other_marks(text.content, tree, functions, walk.classes, walk.marks),
        suppressions=suppressions_of_python(text),
        doubles=tuple(walk.doubles.found),
        fallbacks=tuple(walk.fallbacks.found),
        tautologies=tuple(walk.verdicts.tautologies),
        skips=tuple(walk.verdicts.skips),
        waits=tuple(walk.verdicts.waits),
        retired=read_retirement(tree, text),
        shared=shared,
        keepers=keepers,
        attaching=attaching,
    )


def _with_suppressions(facts: Facts, text: SourceText) -> Facts:
    found = suppressions_of_broken(text)
    return msgspec.structs.replace(facts, suppressions=found) if found else facts


def _may_start_processes(source: bytes) -> bool:
    """Rules a source out that names neither a way to start a process nor a test tool; never rules one in."""
    return any(word in source for word in _PROCESSES) or any(word in source for word in _TOOLS)


def _commented(text: SourceText) -> Commented | None:
    """The share of comments in a content without a live test, where it is high."""
    if text.content.count(b"#") < text.content.count(b"\n") / 2:
        return None
    tests = len(_COMMENTED_TEST.findall(text.content))
    lines = [line for line in text.content.splitlines() if line.strip()]
    if not lines:
        return None
    comments = sum(line.lstrip().startswith(b"#") for line in lines)
    share = comments / len(lines)
    return Commented(share, tests, text.at(1, 1)) if share >= _SHELL_SHARE else None
