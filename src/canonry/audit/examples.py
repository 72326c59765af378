"""A rule's examples, run through the real engine: every bad one must be found, every good one left alone."""

import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from canonry.audit.engine import audit
from canonry.audit.request import Request
from canonry.model.errors import UserError
from canonry.model.finding import Finding
from canonry.rules.catalogue import Catalogue
from canonry.rules.rule import Example, Rule
from canonry.source.trees.git import git_environment

_TARGET = "3.11"
_COMMIT = (
    "-c user.name=canonry -c user.email=canonry@localhost -c commit.gpgsign=false -c core.hooksPath=/dev/null".split()
)


class Proof(msgspec.Struct, frozen=True):
    """What became of one example. ``reason`` says why it failed; empty where it passed."""

    code: str
    kind: str
    number: int
    expected: int
    found: tuple[Finding, ...]
    reason: str


class Unproven(msgspec.Struct, frozen=True):
    """A rule without a bad example: nobody has shown that it can find anything."""

    code: str


def prove(rules: Iterable[Rule], catalogue: Catalogue) -> Iterator[Proof | Unproven]:
    """Runs all examples of these rules, which are in the catalogue; a rule without a bad example is unproven."""
    for rule in rules:
        if not rule.bad:
            yield Unproven(rule.code)
        for kind, examples in (("bad", rule.bad), ("good", rule.good)):
            for number, example in enumerate(examples, 1):
                yield prove_example(rule, kind, number, example, catalogue)


def prove_example(rule: Rule, kind: str, number: int, example: Example, catalogue: Catalogue) -> Proof:
    """Runs one example, ``bad`` or ``good``, in a folder of its own."""
    expected = example.findings if kind == "bad" else 0
    with tempfile.TemporaryDirectory(prefix="canonry-example-") as folder:
        root = Path(folder)
        try:
            write_example(root, example)
            found = tuple(found_in(root, rule.code, catalogue))
        except (UserError, OSError) as error:
            return Proof(rule.code, kind, number, expected, (), str(error))
    return Proof(rule.code, kind, number, expected, found, _reason(example, expected, found))


def found_in(root: Path, code: str, catalogue: Catalogue) -> list[Finding]:
    """The findings of one rule in a folder."""
    request = Request(repository=root, target=_TARGET, cache=False, workers=1, preview=frozenset((code,)))
    return [finding for finding in audit(request, catalogue=catalogue).findings() if finding.code == code]


def write_example(root: Path, example: Example) -> None:
    """Writes an example's files into an empty folder, on top of a commit where it has files of one before."""
    if example.before:
        _write(root, example.before)
        for arguments in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "before"]):
            command = ["git", "-C", str(root), *_COMMIT, *arguments]
            subprocess.run(command, check=True, capture_output=True, env=git_environment(), stdin=subprocess.DEVNULL)
    files = {**example.files, example.path: example.code}
    if example.canon:
        files["canonry.toml"] = example.canon
    _write(root, files)


def _write(root: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


def _reason(example: Example, expected: int, found: tuple[Finding, ...]) -> str:
    if len(found) != expected:
        return f"expected {_counted(expected)}, found {len(found)}"
    if found and not (found[0].path == example.path or example.path.startswith(found[0].path + "/")):
        return f"expected the finding in `{example.path}`, found it in `{found[0].path}`"
    return ""


def _counted(count: int) -> str:
    return "no finding" if not count else "1 finding" if count == 1 else f"{count} findings"
