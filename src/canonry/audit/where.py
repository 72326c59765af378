"""Where a name is at home: as the canon declares it, else the likely home; its aliases, rivals and importers."""

import difflib
from collections.abc import Iterator

import msgspec

from canonry.audit.importing import Imports, Rename
from canonry.audit.request import Request
from canonry.audit.result import legible
from canonry.audit.run import read_tree
from canonry.audit.session import Progress, Session
from canonry.canon.keys import KeyPath
from canonry.model.errors import UserError
from canonry.rules.clusters import Home, difference, ranked
from canonry.rules.inventory import definition_of, module_of, take_inventory
from canonry.rules.roles import interface, role_clusters
from canonry.rules.view import TreeView
from canonry.source.facts import Facts, Site
from canonry.source.index import Definition

_NEAR = 3
_CUTOFF = 0.8  # below it stand `tests` for `pytest` and `open` for `Nope`


class Place(msgspec.Struct, frozen=True):
    """A definition: ``kind`` is class, function, method, value or alias (a name for something else).

    ``line`` is 0 where it is unknown. ``note`` says how the place differs from the home.
    """

    path: str
    line: int
    symbol: str
    kind: str
    importers: list[str]
    note: str = ""


class Declared(msgspec.Struct, frozen=True):
    """What the canon says of a name: its home, and the file and line that say so."""

    name: str
    module: str
    file: str
    line: int
    aliases: list[str]


class Whereabouts(msgspec.Struct, frozen=True):
    """What there is to say of a name.

    ``home`` is the declared one, else the likely one: a definition before an alias, a class before one that extends
    it, production code before test code, then most importers, fewest doubles around, the shortest path. It is None
    where the canon declares a home that does not define the name, and nothing else does. ``rivals`` are the other
    definitions of the name and of its aliases, ``renamed`` the assignments and re-exports that give it another name,
    ``roles`` the classes of other names that play its role (DUP003).
    """

    name: str
    declared: Declared | None
    at_home: bool
    home: Place | None
    rivals: list[Place]
    renamed: list[Place]
    roles: list[Place]
    commit: str | None
    notes: list[str]


def where(name: str, request: Request, *, progress: Progress | None = None) -> Whereabouts:
    """The whereabouts of ``Name``, ``Class.method``, ``module.Name`` or ``module:Name`` in the tree of a request.

    Raises `UserError` with near matches where nothing defines it and the canon does not declare it.
    """
    with read_tree(request, progress=progress) as (session, tree):
        declared = _declared(name, tree)
        wanted = [declared.name, *declared.aliases] if declared is not None else []
        search = _Search([name, *wanted])
        tree.inventory = take_inventory(search.watch(tree.facts()))
        search.prefer_names_of_modules()
        if not search.found:
            search.follow_owners(tree)
        if not search.found:
            search = search.of_what_is_imported(tree)
        if not search.found and (declared is None or "." in declared.name):
            raise UserError(_unknown(name, tree))
        renames = search.imports.renames(tree, _tops(search))
        homes = ranked(_with_importers(search, renames, tree, session), tree.inventory, tree.project.remoteness)
        at_home = [each for each in homes if declared is not None and _is_declared(each, declared, tree)]
        others = [each for each in homes if each not in at_home]
        homes = at_home + sorted(others, key=lambda each: _wraps(each, others, search, tree))
        first = homes[0] if homes else None
        return Whereabouts(
            declared.name if declared is not None else (first.site.symbol if first is not None else name),
            declared,
            bool(at_home),
            _place(first, search, first, tree) if first is not None else None,
            [_place(each, search, first, tree) for each in homes[1:]],
            list(_renamed(search, renames, name, tree)),
            _roles(homes, tree),
            session.tree.commit,
            [legible(note) for note in (*session.loaded.notes, *session.tree.notes, *session.cache.notes)],
        )


class _Search:
    """Notes the definitions of some names while the facts of all files pass by."""

    def __init__(self, names: list[str]) -> None:
        self.wanted = [_parts(name) for name in dict.fromkeys(names)]
        self.last = {parts[-1] for _, parts in self.wanted}
        self.found: dict[Definition, tuple[str, Site, frozenset[str]]] = {}
        """Definition -> its kind, its site, the methods of a class."""
        self.aliases: list[tuple[str, str, Site]] = []
        self.named: dict[Definition, str] = {}
        """The aliases of one of the names, or of the class of a wanted method -> what they stand for."""
        self.owners = {parts[-2] for _, parts in self.wanted if len(parts) > 1}
        self.imports = Imports()

    def watch(self, files: Iterator[tuple[str, Facts]]) -> Iterator[tuple[str, Facts]]:
        """Passes the files on."""
        for path, facts in files:
            self.imports.note(path, facts)
            for fact in facts.classes:
                if fact.name in self.last:
                    self._note(path, fact.qualname, "class", fact.site, interface(fact))
            for function in facts.functions:
                if function.name in self.last and (function.owner or not function.nested):
                    kind = "method" if function.owner else "function"
                    self._note(path, function.qualname, kind, function.site, frozenset())
            for alias in facts.aliases:
                if alias.site.symbol in self.last or alias.site.symbol in self.owners:
                    self.named[Definition(path, alias.site.symbol)] = alias.reference
                if alias.site.symbol in self.last:
                    self._note(path, alias.site.symbol, "alias", alias.site, frozenset())
            for name in self.last.intersection(facts.assigned):
                self._note(path, name, "value", Site(0, 0, 0, 0, 0, name), frozenset())
            for constant in facts.constants:
                if Definition(path, constant.name) in self.found:
                    self.found[Definition(path, constant.name)] = ("value", constant.site, frozenset(constant.members))
            self.aliases += [
                (path, alias.reference, alias.site)
                for alias in facts.aliases
                if alias.reference.rpartition(".")[2].lstrip(":") in self.last
            ]
            yield path, facts

    def prefer_names_of_modules(self) -> None:
        """Lets methods go where a bare name is something else too."""
        named = {definition: found for definition, found in self.found.items() if found[0] != "method"}
        if named and all(len(parts) == 1 for _, parts in self.wanted):
            self.found = named

    def follow_owners(self, tree: TreeView) -> None:
        """Finds methods of a class that is given by another name of it."""
        index = tree.project.index
        for alias, reference in self.named.items():
            owner = index.resolve(alias.path, reference)
            facts = index.facts(owner.path) if isinstance(owner, Definition) else None
            if facts is None or not isinstance(owner, Definition):
                continue
            for last in self.last:
                if not any(_matches(alias.path, f"{alias.qualname}.{last}", *wanted) for wanted in self.wanted):
                    continue
                for function in facts.functions:
                    if function.qualname == f"{owner.qualname}.{last}":
                        self.found[Definition(owner.path, function.qualname)] = ("method", function.site, frozenset())

    def of_what_is_imported(self, tree: TreeView) -> "_Search":
        """A search for what the names mean in the modules that import it from its home; itself where there is none."""
        found = {each for module, parts in self.wanted for each in _meant(module, parts, self.imports, tree)}
        if not found:
            return self
        search = _Search([f"{each.path.removesuffix('.py').replace('/', '.')}:{each.qualname}" for each in found])
        for _ in search.watch(tree.facts()):
            pass
        search.found = {definition: each for definition, each in search.found.items() if definition in found}
        return search if search.found else self

    def _note(self, path: str, qualname: str, kind: str, site: Site, words: frozenset[str]) -> None:
        if any(_matches(path, qualname, module, parts) for module, parts in self.wanted):
            self.found.setdefault(Definition(path, qualname), (kind, site, words))


def _parts(name: str) -> tuple[str, list[str]]:
    """The module (empty: any, or part of the name) and the parts of a name."""
    module, colon, symbol = name.rpartition(":")
    return (module, symbol.split(".")) if colon else ("", name.split("."))


def _matches(path: str, qualname: str, module: str, parts: list[str]) -> bool:
    """Whether a definition is meant: its qualified name, whole or the end of it, in a module that ends as was said."""
    own = qualname.split(".")
    if module:
        return own == parts and _in_module(path, module.split("."))
    shared = min(len(own), len(parts))
    if own[-shared:] != parts[-shared:]:
        return False
    return len(own) >= len(parts) if len(parts) <= shared else _in_module(path, parts[:-shared])


def _in_module(path: str, module: list[str]) -> bool:
    folders = path.removesuffix(".py").removesuffix("/__init__").split("/")
    return folders[-len(module) :] == module


def _meant(module: str, parts: list[str], imports: Imports, tree: TreeView) -> Iterator[Definition]:
    """What a name means in the modules that it may name, by what these import."""
    index = tree.project.index
    whole = [*module.split("."), *parts] if module else parts
    for cut in [len(whole) - len(parts)] if module else range(len(whole)):
        name, *rest = whole[cut:]
        found = imports.meant(tree, name) if not cut else set[Definition]()
        for path in tree.paths if cut else ():
            if _in_module(path, whole[:cut]) and (home := definition_of(index, path, name)) is not None:
                found.add(home)
        for home in found:
            member = index.resolve(home.path, ":" + ".".join([home.qualname, *rest])) if rest else home
            if isinstance(member, Definition) and member.qualname:
                yield member


def _declared(name: str, tree: TreeView) -> Declared | None:
    """What the canon's own file says of a name or of an alias."""
    canon = tree.project.canon.canon
    entries: list[tuple[KeyPath, str, str, list[str]]] = [
        (("canon", "symbols", number), symbol.home, symbol.name, symbol.aliases)
        for number, symbol in enumerate(canon.symbols)
    ]
    single = [(("canon", "base-cases", number), entry) for number, entry in enumerate(canon.base_cases)]
    others: list[tuple[KeyPath, str]] = [
        *single,
        (("canon", "environment"), canon.environment),
        (("canon", "mock-factory"), canon.mock_factory),
    ]
    entries += [(key, entry.partition(":")[0], entry.partition(":")[2], []) for key, entry in others if entry]
    dotted = name.replace(":", ".")
    for key, module, symbol, aliases in entries:
        place = tree.canon_place(key)
        if place is None:
            continue
        if dotted in (symbol, f"{module}.{symbol}", *aliases):
            return Declared(symbol, module, legible(place[0]), place[1], aliases)
        for owner in (symbol, f"{module}.{symbol}"):
            if dotted.startswith(f"{owner}."):  # a member of something canonical
                return Declared(symbol + dotted[len(owner) :], module, legible(place[0]), place[1], [])
    return None


def _is_declared(home: Home, declared: Declared, tree: TreeView) -> bool:
    index = tree.project.index
    if home.site.symbol == declared.name and home.path == index.module_path(declared.module, ""):
        return True
    found = index.resolve("", f"{declared.module}.{declared.name}")
    return isinstance(found, Definition) and home.definition == found


def _tops(search: _Search) -> set[Definition]:
    """What can be imported of the definitions: themselves, of a method its class."""
    return {Definition(each.path, each.qualname.partition(".")[0]) for each in search.found}


def _with_importers(
    search: _Search, renames: list[tuple[Rename, Definition]], tree: TreeView, session: Session
) -> list[Home]:
    homes = [
        Home(definition.path, msgspec.structs.replace(site, symbol=definition.qualname), definition.qualname, words)
        for definition, (_, site, words) in search.found.items()
    ]
    names = {each.qualname for each in _tops(search)} | {rename.bound for rename, _ in renames}
    plain = search.imports.importers(tree, names, {})
    providers = {home.path for home in homes}.union(*(plain.get(each, ()) for each in _tops(search)))
    uses = search.imports.uses(tree, names, providers, session.tree.read)
    importers = search.imports.importers(tree, names, uses)
    through = search.imports.importers(tree, names, uses, aliases=search.named)
    for definition, (kind, _, _) in search.found.items():
        if kind == "alias":  # who imports an alias imports what it stands for, too
            importers[definition] = through.get(definition, [])
    return [msgspec.structs.replace(home, importers=tuple(_importers_of(home, search, importers))) for home in homes]


def _importers_of(home: Home, search: _Search, importers: dict[Definition, list[str]]) -> list[str]:
    """Who imports a definition; for a method, who imports its class."""
    if search.found[home.definition][0] == "method":
        return importers.get(Definition(home.path, home.name.rpartition(".")[0]), [])
    return importers.get(home.definition, [])


def _place(home: Home, search: _Search, first: Home | None, tree: TreeView) -> Place:
    note = difference(first.words, home.words) if first is not None and first is not home else ""
    if first is not None and first is not home and first.words and first.words == home.words:
        note = "same methods" if search.found[home.definition][0] == "class" else "same words"
    if search.found[home.definition][0] == "alias":
        meant = tree.project.index.resolve(home.path, search.named[home.definition])
        if isinstance(meant, Definition):
            note = f"stands for `{meant.qualname}` of {legible(meant.path)}"
    return Place(
        legible(home.path),
        home.site.line,
        home.site.symbol,
        search.found[home.definition][0],
        [legible(path) for path in home.importers],
        note,
    )


def _renamed(search: _Search, renames: list[tuple[Rename, Definition]], asked: str, tree: TreeView) -> Iterator[Place]:
    """The assignments that give a definition another name, and the imports whose new name others can be told."""
    for path, reference, site in search.aliases:
        found = tree.project.index.resolve(path, reference)
        known = Definition(path, site.symbol) in search.found
        if isinstance(found, Definition) and found in search.found and not known:
            note = f"`{found.qualname}` of {legible(found.path)}"
            yield Place(legible(path), site.line, site.symbol, "alias", [], note)
    for rename, home in renames:
        if rename.bound == _parts(asked)[1][-1] or _is_passed_on(rename, tree):
            note = f"`{home.qualname}` of {legible(home.path)}"
            yield Place(legible(rename.path), rename.line, rename.bound, "alias", [], note)


def _is_passed_on(rename: Rename, tree: TreeView) -> bool:
    """Whether the new name is one of a package, or another file imports it: else it is a name for one file's use."""
    if rename.path.endswith("__init__.py"):
        return True
    index = tree.project.index
    users = tree.inventory.imports.get(rename.bound, ())
    return any(module_of(index, path, module, level) == rename.path for path, module, level in users)


def _roles(homes: list[Home], tree: TreeView) -> list[Place]:
    """The classes of other names in the roles that the definitions play, the roles of the home first."""
    own = {home.definition for home in homes}
    found: dict[Definition, Place] = {}
    names = {home.name for home in homes}
    for role in role_clusters(tree):
        place = next((home for home in homes if any(each.definition == home.definition for each in role.homes)), None)
        for each in role.homes if place is not None else ():
            if place is not None and each.definition not in own and each.name not in names:
                note = difference(place.words, each.words) or "same methods"
                found.setdefault(
                    each.definition,
                    Place(legible(each.path), each.site.line, each.site.symbol, "class", list(each.importers), note),
                )
    return list(found.values())


def _wraps(home: Home, others: list[Home], search: _Search, tree: TreeView) -> tuple[bool, int]:
    """Whether a place is an alias, and how many of the others a class extends: a wrapper is no home."""
    if search.found[home.definition][0] != "class":
        return search.found[home.definition][0] == "alias", 0
    ancestors = set(tree.project.index.hierarchy(home.definition).ancestors)
    return False, sum(each.definition in ancestors for each in others if each is not home)


def _unknown(name: str, tree: TreeView) -> str:
    """One sentence with the nearest names that the tree defines."""
    last = _parts(name)[1][-1]
    known: set[str] = set()
    for _, facts in tree.facts():
        known.update(fact.name for fact in facts.classes)
        known.update(fact.name for fact in facts.functions if not fact.nested)
        known.update(facts.assigned)
    near = sorted(each for each in known if each.lower() == last.lower())[:_NEAR]
    near = near or difflib.get_close_matches(last, sorted(known), _NEAR, cutoff=_CUTOFF)
    if last in known:
        return f"`{last}` is defined, but not as `{name}`; `canonry where {last}` lists its definitions"
    hint = " or ".join(f"`{each}`" for each in near)
    return f"nothing in the tree defines `{name}`" + (f"; did you mean {hint}?" if hint else "; check the spelling")
