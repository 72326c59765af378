"""Where a name is at home, for people and for programs."""

from typing import IO

import msgspec

from canonry.audit.where import Place, Whereabouts
from canonry.report.style import paint, plural, printable

_SCHEMA = 1
_ARTICLES = {"alias": "an alias", "function": "a function", "method": "a method", "value": "a value"}
_FEW = 5
_SHOWN = 12


def render_full(found: Whereabouts, out: IO[str], *, verbose: bool, color: bool) -> None:
    """Writes the home, then its aliases, rivals and doubles, then who imports which."""
    page = _Page(out, color=color)
    _write_home(found, page)
    if found.declared is not None and found.declared.aliases:
        page.row("aliases", ", ".join(found.declared.aliases))
    page.section("renamed", "", found.renamed, verbose=verbose)
    rivals = plural(len(found.rivals), "more definition")
    page.section("rivals", rivals, found.rivals, verbose=verbose)
    page.section("role", f"{plural(len(found.roles), 'class', 'classes')} of other names", found.roles, verbose=verbose)
    imported = [place for place in (found.home, *found.rivals) if place is not None and place.importers]
    if imported:
        page.row("importers", "")
        for place in imported[: None if verbose else _SHOWN]:
            named = "" if all(each.symbol == place.symbol for each in imported) else f" {place.symbol}"
            page.importers(place, named, verbose=verbose)
        page.more(len(imported) - (len(imported) if verbose else _SHOWN), "definition")


def render_concise(found: Whereabouts, out: IO[str]) -> None:
    """Writes one line per place: path, line, what it is to the name."""
    rows = [("home", found.home)] if found.home is not None else []
    rows += [("rival", place) for place in found.rivals]
    rows += [("renamed", place) for place in found.renamed]
    rows += [("role", place) for place in found.roles]
    for what, place in rows:
        imported = f", imported by {plural(len(place.importers), 'file')}" if place.importers else ""
        out.write(f"{_location(place)}: {what} {place.symbol} ({place.kind}){imported}\n")


def render_json(found: Whereabouts, out: IO[str]) -> None:
    """Writes one JSON object (schema 1)."""
    described = {"schema": _SCHEMA} | msgspec.to_builtins(found)
    out.write(msgspec.json.format(msgspec.json.encode(described), indent=2).decode() + "\n")


def _write_home(found: Whereabouts, page: "_Page") -> None:
    declared, home = found.declared, found.home
    kind = f" {home.kind}" if home is not None else ""
    page.title(found.name, kind)
    if declared is not None and not found.at_home:
        page.row("home", f"{declared.module}, says {declared.file}:{declared.line}; nothing there defines it", "red")
    if home is not None:
        label = "home" if found.at_home or declared is None else "likely"
        page.row(label, _location(home), "bold")
        page.row("", f"{_reason(found)}; imported by {_files(home)}", "dim")


def _reason(found: Whereabouts) -> str:
    """Why the home is the home."""
    if found.at_home and found.declared is not None:
        return f"declared in {found.declared.file}:{found.declared.line}"
    if not found.rivals:
        return "its only definition"
    if any(len(place.importers) > len(found.home.importers) for place in found.rivals if found.home is not None):
        return "production code comes before test code, a definition before an alias"
    return "the most importers" if found.home is not None and found.home.importers else "the likeliest by its path"


def _files(place: Place) -> str:
    return plural(len(place.importers), "file") if place.importers else "no file"


def _location(place: Place) -> str:
    return printable(place.path) + (f":{place.line}" if place.line else "")


class _Page:
    """Lines with a label on the left."""

    def __init__(self, out: IO[str], *, color: bool) -> None:
        self.out = out
        self.color = color

    def title(self, name: str, rest: str) -> None:
        self.out.write(f"{paint(printable(name), 'bold', color=self.color)}{rest}\n")

    def row(self, label: str, text: str, *styles: str) -> None:
        head = paint(f"{label:<11}", "bold", color=self.color)
        self.out.write(f"{head}{paint(text, *styles, color=self.color)}".rstrip() + "\n")

    def section(self, label: str, head: str, places: list[Place], *, verbose: bool) -> None:
        """The places in columns, the first of many; nothing for none."""
        if not places:
            return
        shown = places if verbose else places[:_SHOWN]
        first, *rest = shown
        if head:
            self.row(label, head)
            rest, label = shown, ""
        else:
            self.row(label, self._place(first, shown))
        for place in rest:
            self.row("", self._place(place, shown))
        self.more(len(places) - len(shown), "place")

    def importers(self, place: Place, named: str, *, verbose: bool) -> None:
        """Who imports one definition."""
        shown = place.importers if verbose else place.importers[:_FEW]
        self.row("", f"{printable(place.path)}{named}: {plural(len(place.importers), 'file')}")
        for path in shown:
            self.row("", paint(f"  {printable(path)}", "dim", color=self.color))
        if len(shown) < len(place.importers):
            self.row(
                "", paint(f"  and {len(place.importers) - len(shown):,} more (all with -v)", "dim", color=self.color)
            )

    def more(self, count: int, noun: str) -> None:
        if count > 0:
            self.row("", paint(f"and {plural(count, 'more ' + noun)} (all with -v)", "dim", color=self.color))

    def _place(self, place: Place, others: list[Place]) -> str:
        width = min(90, max(len(_location(each)) for each in others))
        where = _location(place)
        named = "" if all(each.symbol == place.symbol for each in others) and len(others) > 1 else place.symbol
        imported = f"imported by {plural(len(place.importers), 'file')}" if place.importers else ""
        kind = (
            ""
            if all(each.kind == place.kind for each in others) or place.kind == "class"
            else f"{_ARTICLES[place.kind]}"
        )
        said = "; ".join(part for part in (named, kind, imported, place.note) if part)
        return f"{where:<{width}}  {paint(said, 'dim', color=self.color)}".rstrip()
