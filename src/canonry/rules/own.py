"""Rules that the canon declares: a call, import, base, decorator or name is banned here, another is to be used."""

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from canonry.canon.rule_options import OwnRule
from canonry.rules.rule import Example, Offence, Rule
from canonry.rules.view import FileView
from canonry.source.facts import Import, Site
from canonry.source.index import Definition, External

if TYPE_CHECKING:
    from pathspec import PathSpec, Pattern

KINDS = ("call", "import", "base", "decorator", "mention")
_SAYS = {
    "call": "is called",
    "import": "is imported",
    "base": "is a base class",
    "decorator": "decorates",
    "mention": "is used",
}


def banned(option: OwnRule) -> dict[str, tuple[str, ...]]:
    """What an entry of the canon bans: dotted names by kind, as far as they are given."""
    given = {kind: getattr(option, "import_" if kind == "import" else kind) for kind in KINDS}
    return {kind: (names,) if isinstance(names, str) else tuple(names) for kind, names in given.items() if names}


def declared_rule(option: OwnRule) -> Rule:
    """The rule of an entry that bans names of exactly one kind."""
    ((kind, names),) = banned(option).items()
    listed = ", ".join(f"`{name}`" for name in names)
    said = f"{option.message[:1].upper()}{option.message[1:]}." if option.message else ""
    about = f"{listed} {'are' if len(names) > 1 else 'is'} banned here ({kind})."
    path = _example_path(option)
    namespace = {
        "__doc__": "\n\n".join([*([said] if said else []), about, "The canon declares this rule."]),
        "code": option.code,
        "name": option.name or f"banned-{kind}-{names[0].rpartition('.')[2].replace('_', '-').lower()}",
        "severity": option.severity,
        "help": _advice(option),
        "options": ("rules",),
        "bad": tuple(Example(code, path=path) for code in _several(option.bad)),
        "good": tuple(Example(code, path=path) for code in _several(option.good)),
        "option": option,
        "kind": kind,
        "names": names,
    }
    made: Rule = type(f"Own{option.code}", (DeclaredRule,), namespace)()
    return made


def _advice(option: OwnRule) -> str:
    """The next step: what to use, and the text to write, as far as the canon says."""
    steps = [f"use `{option.use}` instead"] if option.use else []
    if option.replacement and (text := " ".join(option.replacement.split())):
        steps.append(f"write `{text}` in its place")
    return "; ".join(steps) or "do without it here, or name the file in the rule's `allow`"


class DeclaredRule(Rule):
    """A rule that the canon declares. Names are resolved through aliases and re-exports, as everywhere."""

    option: ClassVar[OwnRule]
    kind: ClassVar[str]
    names: ClassVar[tuple[str, ...]]

    def applies(self, path: str) -> bool:
        """Whether files at a path are judged: inside ``paths``, outside ``allow``."""
        judged, allowed = self._globs
        return (judged is None or judged.match_file(path)) and not (allowed is not None and allowed.match_file(path))

    @cached_property
    def _globs(self) -> "tuple[PathSpec[Pattern] | None, PathSpec[Pattern] | None]":
        from pathspec import PathSpec

        paths, allow = self.option.paths, self.option.allow
        return (
            None if paths is None else PathSpec.from_lines("gitignore", paths),
            PathSpec.from_lines("gitignore", allow) if allow else None,
        )

    def check(self, file: FileView) -> Iterator[Offence]:
        """Every place that names what is banned."""
        if not self.applies(file.path):
            return
        for name, site, identity in getattr(self, f"_{self.kind}_places")(file):
            usual = f"`{name}` {_SAYS[self.kind]}"
            message = self.option.message or usual
            if self.option.use:
                message += f"; use `{self.option.use}`"
            yield Offence(site=site, message=message, identity=identity)

    def _call_places(self, file: FileView) -> Iterator[tuple[str, Site, str]]:
        for mention in file.mentions:
            if mention.called and (name := self._banned(file, mention.reference)):
                yield name, mention.site, ""

    def _mention_places(self, file: FileView) -> Iterator[tuple[str, Site, str]]:
        for mention in file.mentions:
            if name := self._banned(file, mention.reference):
                yield name, mention.site, ""

    def _base_places(self, file: FileView) -> Iterator[tuple[str, Site, str]]:
        for fact in file.facts.classes:
            for base in fact.bases:
                if name := self._banned(file, base):
                    yield name, fact.site, name

    def _decorator_places(self, file: FileView) -> Iterator[tuple[str, Site, str]]:
        decorated = [(fact.decorators, fact.site) for fact in file.facts.classes]
        decorated += [(fact.decorators, fact.site) for fact in file.facts.functions]
        for decorators, site in decorated:
            for decorator in decorators:
                if name := self._banned(file, decorator):
                    yield name, site, name

    def _import_places(self, file: FileView) -> Iterator[tuple[str, Site, str]]:
        for fact in file.facts.imports:
            found: dict[str, None] = {}
            for reference in imported(fact):
                texts = _absolute(reference, file.path)
                inside = (name for name in self.names for text in texts if f"{text}.".startswith(f"{name}."))
                name = next(inside, "") or self._banned(file, reference)
                if name:
                    found[name] = None
            for name in found:
                site = Site(fact.line, fact.column, fact.end_line, fact.end_column, 0, fact.symbol)
                yield name, site, name

    def _banned(self, file: FileView, reference: str) -> str:
        """The banned name that a reference is, empty where it is none."""
        if reference in self.names:
            return reference
        found = file.index.resolve(file.path, reference)
        if isinstance(found, External):
            name = found.name.removeprefix("builtins.")
            return next((each for each in self.names if each.removeprefix("builtins.") == name), "")
        if isinstance(found, Definition):
            return next((each for each in self.names if file.index.resolve("", each) == found), "")
        return ""


def imported(fact: Import) -> list[str]:
    """The references of what an import names: ``from m import a, b`` names two, a star and ``import m`` the module."""
    module = "." * fact.level + fact.module
    joint = "" if module.endswith(".") else "."
    return [module if name == "*" else f"{module}{joint}{name}" for name, _ in fact.names] or [module]


def _absolute(reference: str, path: str) -> list[str]:
    """What a reference may be called from the root of imports, which may be any folder above the file."""
    rest = reference.lstrip(".")
    level = len(reference) - len(rest)
    if not level:
        return [reference]
    folders = path.split("/")[:-1]
    parts = [*folders[: max(0, len(folders) - (level - 1))], *(rest.split(".") if rest else ())]
    return [".".join(parts[start:]) for start in range(max(1, len(parts) - 1))]


def _several(code: str | list[str]) -> list[str]:
    return [code] if isinstance(code, str) else code


def _example_path(option: OwnRule) -> str:
    """A path that the rule judges, for its examples."""
    if not option.paths:
        return "example.py"
    first = next((each for each in option.paths if not each.startswith("!")), "example.py").strip("/")
    if first.endswith(".py") and "*" not in first:
        return first
    parts = [part for part in first.split("/") if part != "**"]
    if parts and parts[-1].endswith(".py"):
        return "/".join([*(part.replace("*", "x") for part in parts[:-1]), parts[-1].replace("*", "example")])
    if parts and parts[-1] == "*":
        parts.pop()
    return "/".join([*(part.replace("*", "x") for part in parts), "example.py"])
