"""The pages of codemods, from what each says of itself."""

import re
import textwrap
from collections.abc import Iterable

from canonry.model.migration import CodemodExample, CodemodPage

_WIDTH = 100
_LANGUAGES = {"py": "python", "toml": "toml", "yml": "yaml", "yaml": "yaml", "sh": "sh", "json": "json"}
_INTRODUCTION = (
    "A codemod answers each finding of its rules with a change and a grade: *safe* is applied by `canonry migrate "
    "--write`, *review* with `--review` too, *manual* is listed with the reason. Each page is made from the codemod "
    "itself, and its examples are its tests."
)


def page(codemod: CodemodPage) -> str:
    """The documentation of one codemod: what it does, the rules that it answers, examples before and after."""
    rules = ", ".join(f"[{code}](../rules/{code}.md)" for code in codemod.rules)
    paragraphs = [_filled(each) for each in codemod.text.split("\n\n")]
    parts = [f"# {codemod.name}", *paragraphs, f"Answers {rules}." if rules else ""]
    parts += ["## Run it", f"```\ncanonry migrate --codemod {codemod.name}    # a preview; --write applies it\n```"]
    parts.append("## Examples")
    parts.append("\n\n---\n\n".join(map(_example, codemod.examples)))
    return "\n\n".join(part for part in parts if part) + "\n"


def index(codemods: Iterable[CodemodPage]) -> str:
    """The page that lists all codemods."""
    rows = "\n".join(
        f"| [{each.name}]({each.name}.md) | {', '.join(each.rules)} | {_summary(each)} |" for each in codemods
    )
    head = "| codemod | rules | what it does |\n| -- | -- | -- |\n"
    return f"# Codemods\n\n{_filled(_INTRODUCTION)}\n\n{head}{rows}\n"


def _summary(codemod: CodemodPage) -> str:
    return " ".join(codemod.text.split("\n\n")[0].split()).replace("|", "\\|")


def _filled(paragraph: str) -> str:
    if paragraph.startswith(("- ", "    ", "```")):
        return paragraph
    return textwrap.fill(paragraph, _WIDTH, break_long_words=False, break_on_hyphens=False)


def _example(example: CodemodExample) -> str:
    files = {"canonry.toml": example.canon} if example.canon else {}
    blocks = [_block(path, code) for path, code in {**files, **example.files}.items() if code.strip()]
    blocks.append(_block(example.path, example.before))
    if example.after:
        blocks.append(f"Graded {example.grade.value}, it becomes")
        blocks.append(_block("", example.after, like=example.path))
    else:
        blocks.append("This is manual and stays as it is.")
    return "\n\n".join(blocks)


def _block(title: str, code: str, *, like: str = "") -> str:
    name = like or title
    language = _LANGUAGES.get(name.rpartition(".")[2] if "." in name else "", "")
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", code)), default=0))
    head = f"`{title}`\n\n" if title else ""
    return f"{head}{fence}{language}\n{code.rstrip()}\n{fence}"
