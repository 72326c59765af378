"""A rule's page: what, why, examples; the same text that its tests check."""

import importlib
import inspect
import re
import textwrap
from collections.abc import Callable, Iterable
from typing import IO

from canonry.report.style import plural
from canonry.rules.registry import all_rules
from canonry.rules.rule import Example, Rule

_LANGUAGES = {".toml": "toml", ".ini": "ini", ".cfg": "ini", ".py": "python", ".yml": "yaml", ".yaml": "yaml"}
_LANGUAGES |= {".json": "json", ".sh": "sh", ".md": "markdown", ".ps1": "powershell", ".bat": "bat"}
_OWN_FAMILY = "Rules of one's own"
_WIDTH = 120
_INTRODUCTION = """\
Each page is made from the rule itself: its docstring, and the examples that are its tests. `canonry explain CODE` \
prints the same page.

An open error makes a test file non-compliant and the audit exit with 1. *Certain* follows from syntax and resolved \
names alone, *likely* rests on a name or a habit, *review* wants a reader. A rule in preview judges with `--preview`, \
or where it is selected by its own code."""
_CONFIDENCE = {
    "certain": "follows from syntax and resolved names alone",
    "likely": "rests on a name or a habit",
    "review": "wants a reader",
}


def render_rules(rules: Iterable[Rule], out: IO[str]) -> None:
    """Writes one line per rule, below the name of its family."""
    for prefix, family in families(rules).items():
        out.write(f"{prefix}  {family_title(prefix) or _OWN_FAMILY}\n")
        for rule in family:
            preview = " (preview)" if rule.preview else ""
            out.write(f"{rule.code}  {rule.name:<28} {rule.severity.value:<8} {summary(rule)}{preview}\n")
        out.write("\n")
    out.write("`canonry explain CODE` says more of one.\n")


def render_rule(rule: Rule, out: IO[str]) -> None:
    """Writes a rule's page as Markdown."""
    out.write(page(rule))


def families(rules: Iterable[Rule]) -> dict[str, list[Rule]]:
    """The rules by the letters of their code, in order of codes."""
    found: dict[str, list[Rule]] = {}
    for rule in sorted(rules, key=lambda each: each.code):
        found.setdefault(rule.code.rstrip("0123456789"), []).append(rule)
    return found


def family_title(prefix: str) -> str:
    """What the rules of a family look at: the docstring of its folder, empty where it has none."""
    try:
        module = importlib.import_module(f"canonry.rules.{prefix.lower()}")
    except ModuleNotFoundError:
        return ""
    return summary(module).rstrip(".") if hasattr(module, "__path__") else ""


Link = Callable[[str], str]
"""Where an option of the canon is described."""


def page(rule: Rule, *, link: Link | None = None) -> str:
    """A rule's page as Markdown; its options are links where ``link`` is given, commands elsewhere."""
    facts = [
        f"- Severity: {rule.severity.value}",
        f"- Confidence: {rule.confidence.value} ({_CONFIDENCE[rule.confidence.value]})",
    ]
    if rule.preview:
        facts.append(f"- In preview: it judges with `--preview`, or where `--select {rule.code}` names it")
    if rule.options:
        facts.append(f"- Options: {', '.join(_option(option, link) for option in rule.options)}")
    parts = [
        f"# {rule.code} {rule.name}",
        "\n".join(facts),
        inspect.cleandoc(rule.__doc__ or ""),
        f"## What to do\n\n{rule.help[:1].upper()}{rule.help[1:]}.",
    ]
    told: dict[str, str] = {}
    parts += [_examples("Bad", rule.bad, told), _examples("Good", rule.good, told), _commands(rule)]
    return "\n\n".join(part for part in parts if part) + "\n"


def index(rules: Iterable[Rule]) -> str:
    """The page that lists all rules: one table per family, each rule with a link to its page beside this one."""
    parts = ["# Rules", *(textwrap.fill(paragraph, _WIDTH) for paragraph in _INTRODUCTION.split("\n\n"))]
    for prefix, family in families(rules).items():
        title = family_title(prefix)
        rows = "\n".join(_row(rule) for rule in family)
        parts.append(
            f"## {prefix}{': ' + title[:1].lower() + title[1:] if title else ''}\n\n"
            f"| code | name | severity | confidence | what is wrong |\n| -- | -- | -- | -- | -- |\n{rows}"
        )
    return "\n\n".join(parts) + "\n"


def links_into(reference: str, place: str) -> Link:
    """Links to the headings of the page of all options (its text, and where it lies); to its top for other keys."""
    anchors: dict[str, str] = {}
    for heading in re.findall(r"^#+ `(.+)`$", reference, re.MULTILINE):
        key = re.sub(r"\.NAME|\[\]", "", heading.strip("[]").removeprefix("tool.canonry.").removesuffix("[]"))
        anchors.setdefault(key, re.sub(r"[^\w-]", "", heading.lower()))

    def link(key: str) -> str:
        anchor = anchors.get(re.sub(r"\.NAME|\[\]", "", key))
        return f"{place}#{anchor}" if anchor else place

    return link


def summary(documented: object) -> str:
    """The first paragraph of a docstring, on one line."""
    return " ".join(inspect.cleandoc(documented.__doc__ or "").split("\n\n")[0].split())


def _row(rule: Rule) -> str:
    preview = " (preview)" if rule.preview else ""
    what = summary(rule).replace("|", "\\|")
    return (
        f"| [{rule.code}]({rule.code}.md) | {rule.name} | {rule.severity.value} | {rule.confidence.value}{preview} | "
        f"{what} |"
    )


def _option(key: str, link: Link | None) -> str:
    return f"`{key}` (`canonry canon show {key}`)" if link is None else f"[`{key}`]({link(key)})"


def _commands(rule: Rule) -> str:
    preview = " --preview" if rule.preview else ""
    alone = f"canonry audit --select {rule.code}{preview}    # this rule alone"
    without = f"canonry audit --ignore {rule.code}{preview}    # all but this rule"
    parts = ["## Select, leave out", f"```\n{alone}\n{without}\n```"]
    if "GOV001" in all_rules():  # the rules that watch over suppressions come with them
        parts.append(
            "A line that has to stay as it is says so, with a reason and a date:\n\n"
            f"```\n# canonry: ignore[{rule.code}] until=2027-01-31 owner=@team why it has to stay\n```"
        )
    return "\n\n".join(parts)


def _examples(title: str, examples: tuple[Example, ...], told: dict[str, str]) -> str:
    if not examples:
        return ""
    return f"## {title}\n\n" + "\n\n---\n\n".join(_example(example, told, bad=title == "Bad") for example in examples)


def _example(example: Example, told: dict[str, str], *, bad: bool) -> str:
    """An example with the files around it; one that stands as the page showed it last is named, not shown again."""
    files = {"canonry.toml": example.canon} if example.canon else {}
    files |= {f"{path} (in the commit before)": code for path, code in example.before.items()}
    files |= example.files
    blocks, again = [], []
    for path, code in files.items():
        block = _block(path, code)
        if told.get(path) == block:
            again.append(f"`{path}`")
        else:
            told[path] = block
            blocks.append(block)
    if again:
        blocks.append(f"With {', '.join(again)} as above:")
    count = f" ({plural(example.findings, 'finding')})" if bad and (files or example.findings > 1) else ""
    return "\n\n".join([*blocks, _block(example.path, "\n".join(example.code.splitlines()) + "\n", count)])


def _block(path: str, code: str, count: str = "") -> str:
    name = path.removesuffix(" (in the commit before)")
    suffix = "." + name.rpartition(".")[2] if "." in name else ""
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", code)), default=0))
    body = f"{code.rstrip()}\n" if code.strip() else ""
    return f"`{path}`{count}\n\n{fence}{_LANGUAGES.get(suffix, '')}\n{body}{fence}"
