"""GitHub's workflows, reusable ones too, and composite actions; Gitea and Forgejo read the same.

Source: docs.github.com, "Workflow syntax for GitHub Actions" (default shells, `defaults`, `continue-on-error`) and
"Metadata syntax for GitHub Actions".
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from canonry.source.documents.fragment import Document, Fragment, Piece
from canonry.source.documents.languages.arguments import read_arguments
from canonry.source.documents.languages.dispatch import read_script
from canonry.source.documents.languages.script import UNKNOWN_FOLDER, Finds, Setting, join_folder
from canonry.source.documents.languages.started import Alternatives, mentions_tool
from canonry.source.documents.languages.yaml import compose, entries, fragment_of, get, items, text_of
from canonry.source.documents.reading import ANYTHING, Reading

PATTERNS = (
    ".github/workflows/**/*.yml",
    ".github/workflows/**/*.yaml",
    ".gitea/workflows/**/*.yml",
    ".gitea/workflows/**/*.yaml",
    ".forgejo/workflows/**/*.yml",
    ".forgejo/workflows/**/*.yaml",
    "action.yml",
    "action.yaml",
)

_TAKES_COMMAND = re.compile(r"(?:.*[-_])?(?:run|command|cmd|script|commands)", re.IGNORECASE)
_LEADING = re.compile(r"^[ \t]*\$\{\{\s*(matrix|inputs)\.([\w-]+)\s*\}\}", re.MULTILINE)
_EXPRESSION = re.compile(r"\$\{\{((?:(?!\$\{\{|\}\}).)*)\}\}")
_FALLBACK = re.compile(r".*\|\|\s*'([^']*)'")
_EXPORTED = re.compile(r"(\w+)=(.*)", re.DOTALL)
_OTHERS = {
    "pipelines": "a configuration of Bitbucket Pipelines",
    "pool": "a configuration of Azure Pipelines",
    "trigger": "a configuration of Azure Pipelines",
    "workflows": "a configuration of CircleCI",
    "orbs": "a configuration of CircleCI",
    "stages": "a configuration of another CI system",
    "apiVersion": "a manifest for Kubernetes",
}


def read(document: Document) -> Reading:
    """The commands of all steps."""
    finds = Finds(document)
    for root in compose(finds)[:1]:
        names = {name for name, _ in entries(root)}
        jobs, runs = get(root, "jobs"), get(root, "runs")
        if "workflows" in names and "on" not in names:
            finds.pass_over(0, 1, _OTHERS["workflows"])
        elif isinstance(jobs, MappingNode):
            for name, job in entries(jobs):
                _Job(name, job, root, finds).read()
        elif isinstance(runs, MappingNode):
            _Job("", runs, root, finds).read()
            _read_container(runs, finds)
        else:
            other = next((what for key, what in _OTHERS.items() if key in names), "no workflow: `jobs` is missing")
            finds.pass_over(0, min(1, len(document.text)), other)
    return finds.reading()


def _read_container(runs: Node, finds: Finds) -> None:
    """The programs that an action in a container starts, each with the action's arguments."""
    arguments = get(runs, "args")
    more = (
        [each for each in arguments.value if isinstance(each, ScalarNode)]
        if isinstance(arguments, SequenceNode)
        else []
    )
    for key in ("pre-entrypoint", "entrypoint", "post-entrypoint"):
        program = get(runs, key)
        if isinstance(program, ScalarNode) and program.value:
            nodes = [program, *more] if key == "entrypoint" else [program]
            words = [fragment_of(node, finds.document) for node in nodes]
            read_arguments(words, finds, Setting(symbol=f"runs.{key}", folder=UNKNOWN_FOLDER))


class _Job:
    """One job, or the one part of a composite action that runs (its name is empty)."""

    def __init__(self, name: str, node: Node, root: Node, finds: Finds) -> None:
        self.node, self.root, self.finds = node, root, finds
        self.where = f"jobs.{name}" if name else "runs"
        self.name = name
        self.exported: dict[str, Alternatives] = {}
        self.checkouts = [
            text_of(get(step, "with", "path"))
            for step in _steps(node)
            if text_of(get(step, "uses")).startswith("actions/checkout@")
            and not text_of(get(step, "with", "repository"))
        ]

    def _fetches(self) -> bool:
        """Whether steps bring what is not in the repository: another one, or an artifact."""
        return any(
            text_of(get(step, "with", "repository")) or text_of(get(step, "uses")).startswith("actions/download-")
            for step in _steps(self.node)
        )

    def read(self) -> None:
        """All steps; the inputs of a reusable workflow that are named like commands."""
        if self._fetches():
            self.finds.provided[ANYTHING] = None
        self._handed_over(self.node, self.where)
        for number, step in enumerate(_steps(self.node)):
            where = f"{self.where}.steps[{number}]"
            run = get(step, "run")
            if isinstance(run, ScalarNode):
                self._run(step, run, where)
            else:
                self._handed_over(step, where)

    def _run(self, step: Node, run: ScalarNode, where: str) -> None:
        folder = self._default(step, "working-directory", "working-directory")
        shell = self._default(step, "shell", "shell") or self._system_shell()
        setting = Setting(
            symbol=where,
            folder=self._folder(folder),
            forgiven=self._forgiven(step),
            stops=_stops(shell),
            pipes=_pipes(shell),
        )
        variables = self._variables(step)
        fragment = self._expanded(fragment_of(run, self.finds.document), variables, where)
        before = len(self.finds.commands)
        read_script(fragment, self.finds, setting, shell=shell, variables=dict(variables))
        self._export(before)
        for line, doubt in self._guesses(fragment):
            read_script(line, self.finds, replace(setting, doubt=doubt), shell=shell, variables=dict(variables))
        for match in _LEADING.finditer(text_of(run)):
            for node in self._values(match[1], match[2]):
                fragment = fragment_of(node, self.finds.document)
                read_script(fragment, self.finds, setting, shell=shell, variables=dict(variables))

    def _expanded(self, script: Fragment, variables: dict[str, Alternatives], where: str) -> Fragment:
        """The script with the text of ``${{ env.NAME }}`` where the file says it."""
        pieces: list[Piece] = []
        at = 0
        for match in _EXPRESSION.finditer(script.text):
            said = match[1].strip()
            words = (variables.get(said[4:]) or [None])[-1] if said.startswith("env.") else None
            place = script.place(match.start(), match.end())
            text = " ".join(words or ())
            if text and self.finds.expands(len(text), *place, symbol=where):
                pieces += [*script.cut(at, match.start()), Piece(text, *place)]
                at = match.end()
        return Fragment(script.document, [*pieces, *script.cut(at, len(script.text))]) if at else script

    def _guesses(self, script: Fragment) -> Iterator[tuple[Fragment, str]]:
        """The lines with what an expression stands for where nobody says otherwise, and why that is not certain."""
        for match in _EXPRESSION.finditer(script.text):
            said = match[1].strip()
            fallback = _FALLBACK.fullmatch(said)
            text = fallback[1] if fallback else self._input_default(said)
            if not mentions_tool([text]):
                continue
            start = script.text.rfind("\n", 0, match.start()) + 1
            stop = script.text.find("\n", match.end())
            stop = len(script.text) if stop < 0 else stop
            filled = Piece(text, *script.place(match.start(), match.end()))
            pieces = [*script.cut(start, match.start()), filled, *script.cut(match.end(), stop)]
            yield Fragment(script.document, pieces), f"`{said}` may be something else"

    def _input_default(self, expression: str) -> str:
        """The default of an input of the workflow or action, empty where the expression is none."""
        match = re.fullmatch(r"(?:github\.event\.)?inputs\.([\w-]+)", expression)
        if match is None:
            return ""
        triggers = [get(self.root, "on", name, "inputs") for name in ("workflow_call", "workflow_dispatch")]
        found = (text_of(get(inputs, match[1], "default")) for inputs in (get(self.root, "inputs"), *triggers))
        return next((text for text in found if text), "")

    def _export(self, before: int) -> None:
        """Keeps what a script writes for later steps: ``echo NAME=value >> $GITHUB_ENV``."""
        if not any("GITHUB_ENV" in path for path in self.finds.provided):
            return
        for command in self.finds.commands[before:]:
            words = command.words[1:] if command.words[0].lower() in ("echo", "printf", "write-output") else ()
            match = _EXPORTED.fullmatch(" ".join(words))
            if match is not None:
                values = self.exported.setdefault(match[1], [])
                values.append(None if "$" in match[2] or command.doubt else tuple(match[2].split()))
                if len(values) > 1 and not any(mentions_tool(words or ()) for words in values):
                    values.append(None)  # which one holds is decided by conditions

    def _values(self, kind: str, name: str) -> Iterator[ScalarNode]:
        """The fixed texts of ``matrix.NAME``; what somebody else hands in as an input is not in the file."""
        if kind != "matrix":
            return
        matrix = get(self.node, "strategy", "matrix")
        yield from items(get(matrix, name))
        included = get(matrix, "include")
        for each in included.value if isinstance(included, SequenceNode) else ():
            yield from items(get(each, name))

    def _handed_over(self, node: Node, where: str) -> None:
        """What a step hands to an action, or a job to a workflow, under a name that says it is a command."""
        uses = text_of(get(node, "uses"))
        if not uses:
            return
        for name, value in entries(get(node, "with")):
            if isinstance(value, ScalarNode) and _TAKES_COMMAND.fullmatch(name) and "github-script" not in uses:
                setting = Setting(
                    symbol=f"{where}.with.{name}",
                    folder=UNKNOWN_FOLDER,
                    forgiven=self._forgiven(node),
                    doubt=f"`{uses.partition('@')[0]}` is handed it as `{name}`",
                )
                read_script(fragment_of(value, self.finds.document), self.finds, setting, shell="bash")

    def _default(self, step: Node, key: str, name: str) -> str:
        for node in (get(step, key), get(self.node, "defaults", "run", name), get(self.root, "defaults", "run", name)):
            if text_of(node):
                return text_of(node)
        return ""

    def _system_shell(self) -> str:
        systems = " ".join(text_of(node) for node in items(get(self.node, "runs-on")))
        return "pwsh" if "windows" in systems.lower() else "bash -e {0}"

    def _folder(self, folder: str) -> str:
        found = join_folder("", folder) if folder else ""
        if not any(self.checkouts) or "" in self.checkouts:
            return found
        for checkout in self.checkouts:
            root = join_folder("", checkout)
            if found == root or found.startswith(root + "/"):
                return found[len(root) :].lstrip("/")
        return UNKNOWN_FOLDER

    def _forgiven(self, step: Node) -> str:
        text = self.finds.document.text
        if text_of(get(step, "continue-on-error")) == "true" and step is not self.node:
            name = text_of(get(step, "id"))
            if not name or not re.search(rf"steps\.{re.escape(name)}\.(?:outcome|conclusion)", text):
                return "`continue-on-error: true`"
        if not self.name or text_of(get(self.node, "continue-on-error")) != "true":
            return ""
        asked = re.search(rf"needs\.{re.escape(self.name)}\.result", text)
        return "" if asked else "`continue-on-error: true` of the job"

    def _variables(self, step: Node) -> dict[str, Alternatives]:
        found: dict[str, Alternatives] = {}
        for node in (self.root, self.node, step):
            if node is step:
                found |= self.exported
            for name, value in entries(get(node, "env")):
                text = text_of(value)
                found[name] = [None if "${{" in text else tuple(text.split())]
        return found


def _steps(node: Node) -> list[Node]:
    steps = get(node, "steps")
    return [step for step in steps.value if isinstance(step, MappingNode)] if isinstance(steps, SequenceNode) else []


def _pipes(shell: str) -> bool:
    """Whether a pipeline fails with any of its commands: where `bash` is asked for by name, GitHub sets `pipefail`."""
    return shell == "bash" or "pipefail" in shell


def _stops(shell: str) -> bool:
    return shell in ("bash", "sh") or re.search(r"\s-\w*e", shell) is not None
