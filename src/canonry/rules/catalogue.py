"""The rules of one audit: the built-in ones, those that the canon declares, and those in Python of one's own."""

import contextlib
import hashlib
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, cached_property, partial
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from canonry.canon.check import Problem
from canonry.canon.keys import KeyPath, format_key
from canonry.canon.load import CanonError, LoadedCanon
from canonry.canon.options import Canon
from canonry.canon.rule_options import OwnRule, PathSuppression
from canonry.model.errors import UserError
from canonry.rules.own import KINDS, DeclaredRule, banned, declared_rule
from canonry.rules.registry import all_rules, ruleset
from canonry.rules.rule import Rule

GROUP = "canonry.rules"
"""The entry point group of installed rules: each entry names a rule, or a module with rules."""

UNCLOSABLE = "GOV004"
"""The rule that nothing suppresses: that exemptions grew is a finding because an exemption grew."""

_Entry = TypeVar("_Entry", OwnRule, PathSuppression)
_DOTTED = r"[^\W\d]\w*(\.[^\W\d]\w*)*"


class Catalogue:
    """All rules of an audit by code. ``digest`` changes with the code of those that are not built in."""

    def __init__(
        self,
        own: Iterable[Rule] = (),
        *,
        digest: str = "",
        left_out: bool = False,
        settled: Callable[[], bool] = lambda: True,
    ) -> None:
        self.own = {rule.code: rule for rule in own}
        self.left_out = left_out
        """Whether rules of one's own exist that were not loaded, so that an unknown code may be one of them."""
        self.rules: Mapping[str, Rule] = {**all_rules(), **self.own} if self.own else all_rules()
        self.digest = digest
        self.settled = settled
        """Whether, as far as is known by now, the digest holds all code of the rules: else no result may be kept."""

    @cached_property
    def ruleset(self) -> str:
        """12 hexadecimal digits over everything that decides about findings."""
        if not self.digest:
            return ruleset()
        return hashlib.sha256(f"{ruleset()}\0{self.digest}".encode()).hexdigest()[:12]

    def active(self, preview: frozenset[str]) -> list[Rule]:
        """The rules that judge: all but those in preview, and of these the ones with a code in ``preview``."""
        return [rule for rule in self.rules.values() if not rule.preview or rule.code in preview]

    def previewed(self, words: frozenset[str]) -> frozenset[str]:
        """The codes of the preview rules that words (codes and names in capitals, or ``ALL``) let judge."""
        return frozenset(
            code
            for code, rule in self.rules.items()
            if rule.preview and ("ALL" in words or code in words or rule.name.upper() in words)
        )

    def codes(self, word: str) -> frozenset[str]:
        """The codes that a word of a suppression means: a code, a family such as ``RUN``, a name; else none."""
        wanted = word.upper()
        return frozenset(
            code for code, rule in self.rules.items() if wanted in (code, _family(code)) or rule.name == word.lower()
        )

    def nearest(self, word: str) -> str:
        """The code, family or name that a word most likely stands for, empty where none is near."""
        import difflib

        names = {*self.rules, *map(_family, self.rules), *(rule.name for rule in self.rules.values())}
        near = difflib.get_close_matches(word.upper(), sorted(names), 1)
        near = near or difflib.get_close_matches(word.lower(), sorted(names), 1)
        return near[0] if near else ""

    @cached_property
    def wanted(self) -> frozenset[str]:
        """The dotted names whose uses some rule asks for."""
        return frozenset(
            name
            for rule in self.own.values()
            if isinstance(rule, DeclaredRule) and rule.kind in ("call", "mention")
            for name in rule.names
        )


def catalogue_of(loaded: LoadedCanon, *, root: Path | None) -> Catalogue:
    """The rules for a canon. ``root`` is the folder whose Python rules may be loaded, None where none may.

    Raises `CanonError` for entries of the canon that make no rule or name none, `UserError` for rule files.
    """
    canon = loaded.canon
    problems = [] if loaded.source is None else list(problems_of(loaded.source.table))
    if problems:
        raise _error(loaded, [(each.path, each.message) for each in problems])
    own: list[Rule] = [declared_rule(option) for option in canon.rules]
    digest = msgspec.json.encode(canon.rules).decode() if own else ""
    left_out = bool(canon.rules_from) and root is None
    for rule, said in _python_rules(canon, root):
        _refuse_second(rule, own, said)
        own.append(rule)
        digest += said
    settled = partial(_settled, digest, root if canon.rules_from else None)
    catalogue = Catalogue(own, digest=digest, left_out=left_out, settled=settled)
    unknown = list(_unknown(enumerate(canon.suppressions), catalogue))
    if unknown:
        raise _error(loaded, unknown)
    return catalogue


def problems_of(table: Any) -> Iterator[Problem]:
    """What is wrong with the rules and path suppressions of a canon, as far as their types can be read.

    Where the canon names rules in Python, which are not loaded here, no code is unknown yet.
    """
    if not isinstance(table, dict):
        return
    rules = list(_entries(table.get("rules"), OwnRule))
    wrong = list(_problems(rules))
    yield from (Problem(path, message) for path, message in wrong)
    without = {path[1] for path, _ in wrong}
    own = [declared_rule(option) for number, option in rules if number not in without]
    catalogue = Catalogue(own, left_out=bool(table.get("rules-from")) or _some_installed(tuple(sys.path)))
    declared = frozenset(_declared_words(table.get("rules")))
    suppressions = _entries(table.get("suppressions"), PathSuppression)
    yield from (Problem(path, message) for path, message in _unknown(suppressions, catalogue, declared))


def _entries(listed: Any, kind: type[_Entry]) -> Iterator[tuple[int, _Entry]]:
    """The entries of a list that are of a type, each with its index."""
    for number, entry in enumerate(listed if isinstance(listed, list) else ()):
        with contextlib.suppress(msgspec.ValidationError):
            yield number, msgspec.convert(entry, kind)


def _declared_words(listed: Any) -> Iterator[str]:
    """The codes and names of declared rules, also of those with which something is wrong."""
    for entry in listed if isinstance(listed, list) else ():
        for key in ("code", "name"):
            if isinstance(entry, dict) and isinstance(entry.get(key), str):
                yield entry[key].upper()


def _python_rules(canon: Canon, root: Path | None) -> Iterator[tuple[Rule, str]]:
    if root is not None and canon.rules_from:
        from canonry.rules.python_rules import rules_below

        yield from rules_below(root, canon.rules_from)
    if _some_installed(tuple(sys.path)):
        from canonry.rules.python_rules import installed_rules

        yield from installed_rules(GROUP)


def _settled(digest: str, root: Path | None) -> bool:
    """Whether the digest of rules is that of all their code: none unknown, none imported since."""
    if "canonry.rules.python_rules" not in sys.modules:
        return True
    from canonry.rules.python_rules import UNKNOWN, imports_settled

    return not any(line.endswith(f"\0{UNKNOWN}") for line in digest.splitlines()) and (
        root is None or imports_settled(root)
    )


@cache
def _some_installed(folders: tuple[str, ...]) -> bool:
    """Whether a package names the group: told from its files, because asking properly costs more than an audit."""
    for folder in folders:
        try:
            entries = [entry.path for entry in os.scandir(folder or ".") if entry.name.endswith("-info")]
        except OSError:
            continue
        for entry in entries:
            with contextlib.suppress(OSError):
                if GROUP.encode() in Path(entry, "entry_points.txt").read_bytes():
                    return True
    return False


def _refuse_second(rule: Rule, own: list[Rule], said: str) -> None:
    from canonry.rules.python_rules import where_of

    taken = {each.code: each for each in own}
    reason = _code_taken(rule.code) or _name_taken(rule.name)
    if not reason and rule.code in taken:
        reason = f"another rule of your own has the code `{rule.code}`"
    if reason:
        raise UserError(f"{where_of(said)}: {reason}; give `{type(rule).__name__}` another")


def _problems(rules: Iterable[tuple[int, OwnRule]]) -> Iterator[tuple[KeyPath, str]]:
    """What is wrong with the declared rules, beyond what types say."""
    for number, option in rules:
        path: KeyPath = ("rules", number)
        kinds = banned(option)
        if len(kinds) != 1:
            said = " and ".join(f"`{kind}`" for kind in kinds) or "nothing"
            listed = ", ".join(f"`{kind}`" for kind in KINDS)
            yield path, f"`{format_key(path)}` bans {said}; expected exactly one of {listed}"
            continue
        ((kind, names),) = kinds.items()
        for name in names:
            if not re.fullmatch(_DOTTED, name):
                at = (*path, kind)
                yield at, f"`{format_key(at)}` names `{name}`; expected a dotted name such as `requests.get`"
        for key, reason in (("code", _code_taken(option.code)), ("name", _name_taken(option.name or ""))):
            if reason:
                at = (*path, key)
                yield at, f"`{format_key(at)}`: {reason}; choose another"


def _code_taken(code: str) -> str:
    """Why a code is not free, empty where it is."""
    builtin = all_rules()
    if code in builtin:
        return f"`{code}` is the built-in rule `{builtin[code].name}`"
    if _family(code) in map(_family, builtin):
        return f"`{code}` is of the built-in family `{_family(code)}`"
    return ""


def _name_taken(name: str) -> str:
    """Why a name is not free, empty where it is."""
    if any(name == rule.name for rule in all_rules().values()):
        return f"`{name}` is the name of a built-in rule"
    return ""


def _unknown(
    suppressions: Iterable[tuple[int, PathSuppression]], catalogue: Catalogue, declared: frozenset[str] = frozenset()
) -> Iterator[tuple[KeyPath, str]]:
    """The rules that path suppressions name and that there are not; ``declared`` are words that need no rule."""
    for number, entry in suppressions:
        at: KeyPath = ("suppressions", number, "rules")
        if not entry.rules:
            yield at, f"`{format_key(at)}` is empty; name the rules that it is about"
        if not entry.paths:
            paths = (*at[:-1], "paths")
            yield paths, f"`{format_key(paths)}` is empty; name the files that it covers"
        for index, word in enumerate(entry.rules):
            if word.upper() in declared:
                continue
            if not catalogue.codes(word) and not catalogue.left_out:
                near = catalogue.nearest(word)
                hint = f"did you mean `{near}`?" if near else "`canonry explain` lists all rules"
                yield (*at, index), f"`{format_key((*at, index))}` names `{word}`, which is no rule; {hint}"
            elif catalogue.codes(word) == {UNCLOSABLE}:
                said = f"`{format_key((*at, index))}` names `{word}`, which cannot be suppressed; leave it out"
                yield (*at, index), said


def _error(loaded: LoadedCanon, problems: list[tuple[KeyPath, str]]) -> CanonError:
    return CanonError(loaded.file or "canon", [(line_in(loaded, path), message) for path, message in problems])


def line_in(loaded: LoadedCanon, path: KeyPath) -> int:
    """The line of a key in the file that declares the canon, 1 where nobody can tell."""
    if loaded.source is None:
        return 1
    from canonry.canon.lines import line_of

    return line_of(loaded.source.contents, (*loaded.source.prefix, *path))


def _family(code: str) -> str:
    return code.rstrip("0123456789")
