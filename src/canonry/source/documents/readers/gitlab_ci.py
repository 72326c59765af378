"""GitLab's pipelines.

Source: docs.gitlab.com, "CI/CD YAML syntax reference": scripts of a job run in one shell that ends at the first
failing command; `after_script` runs in a shell of its own and cannot fail the job.
"""

import re
from collections.abc import Iterable

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from canonry.source.documents.fragment import Document
from canonry.source.documents.languages.script import Finds, Setting
from canonry.source.documents.languages.shell import read_shell
from canonry.source.documents.languages.started import Alternatives
from canonry.source.documents.languages.yaml import compose, entries, fragment_of, get, items, text_of
from canonry.source.documents.reading import Reading

PATTERNS = (".gitlab-ci.yml", ".gitlab-ci.yaml", "*.gitlab-ci.yml", "*.gitlab-ci.yaml", ".gitlab/ci/**/*.yml")

_NESTED = 4
"""How deep variables in variables are followed."""
_SCRIPTS = ("before_script", "script", "after_script")


def read(document: Document) -> Reading:
    """The commands of all jobs, hidden ones too; what an anchor or a template holds once, at its own place."""
    finds = Finds(document)
    seen: set[int] = set()
    for root in compose(finds):
        if not isinstance(root, MappingNode):
            finds.pass_over(0, min(1, len(document.text)), "no pipeline: its top is no mapping")
            continue
        jobs = dict(entries(root))
        found = len(seen)
        uses = _uses(jobs)
        _tell_includes(jobs.get("include"), finds)
        for name, job in jobs.items():
            if isinstance(job, MappingNode):
                _read_job(name, job, jobs, finds, seen, uses)
            elif name in _SCRIPTS or name.startswith("."):
                _read_lines(items(job), finds, Setting(symbol=name, stops=True), {}, seen, uses)
        if len(seen) == found and jobs.keys() & {"pool", "trigger", "pipelines", "workflows", "orbs"}:
            finds.pass_over(0, 1, "a configuration of another CI system")
    return finds.reading()


def _tell_includes(node: Node | None, finds: Finds) -> None:
    """Passes over what the pipeline includes and no reader reads: files of other names, and what lies elsewhere."""
    for each in node.value if isinstance(node, SequenceNode) else [node]:
        local = each if isinstance(each, ScalarNode) else get(each, "local")
        path = text_of(local).removeprefix("/")
        if local is not None and (re.search(r"\.gitlab-ci\.ya?ml$", path) or re.match(r"\.gitlab/ci/.*\.yml$", path)):
            continue
        kinds = ("remote", "project", "template", "component")
        other = next((get(each, kind) for kind in kinds if get(each, kind) is not None), None)
        what = local if local is not None else other
        if isinstance(what, ScalarNode):
            begin, end = what.start_mark.index, max(what.end_mark.index, what.start_mark.index + 1)
            finds.pass_over(begin, end, f"the included `{text_of(what)}` is not read", symbol="include")


def _uses(jobs: dict[str, Node]) -> dict[int, list[str]]:
    """Why the failure of each job is none that runs a line, by the line: anchors and templates serve several jobs."""
    found: dict[int, list[str]] = {}
    for name, job in jobs.items():
        if isinstance(job, MappingNode) and not name.startswith("."):
            forgiven = _may_fail(job, jobs)
            for key in _SCRIPTS:
                for line in items(_inherited(job, key, jobs)):
                    found.setdefault(id(line), []).append(forgiven)
    return found


def _inherited(job: Node | None, key: str, jobs: dict[str, Node], depth: int = 0) -> Node | None:
    """The value of a job's key, by itself or by what it extends in this file, the last of which counts most."""
    own = get(job, key)
    if own is not None or depth > 10:
        return own
    parents = [jobs.get(text_of(parent)) for parent in reversed(list(items(get(job, "extends"))))]
    found = (_inherited(parent, key, jobs, depth + 1) for parent in parents if parent is not None)
    return next((node for node in found if node is not None), None)


def _read_job(
    name: str, job: Node, jobs: dict[str, Node], finds: Finds, seen: set[int], uses: dict[int, list[str]]
) -> None:
    variables = _variables(job, jobs, finds, name)
    folder = ""
    forgiven = _may_fail(job, jobs)
    for key in _SCRIPTS:
        setting = Setting(
            symbol=f"{name}.{key}", folder=folder if key == "script" else "", forgiven=forgiven, stops=True
        )
        folder = _read_lines(items(get(job, key)), finds, setting, variables, seen, uses)
    for hook in ("pre_get_sources_script",):
        _read_lines(items(get(job, "hooks", hook)), finds, Setting(symbol=f"{name}.{hook}", stops=True), {}, seen, uses)


def _variables(job: Node, jobs: dict[str, Node], finds: Finds, symbol: str) -> dict[str, Alternatives]:
    """The variables of a job, those in them replaced; of ``parallel: matrix`` all values."""
    found: dict[str, Alternatives] = {}
    for node in (jobs.get("variables"), get(job, "variables")):
        for name, value in entries(node):
            found[name] = [_fixed(get(value, "value") if isinstance(value, MappingNode) else value)]
    matrix = get(job, "parallel", "matrix")
    for row in matrix.value if isinstance(matrix, SequenceNode) else ():
        for name, value in entries(row):
            found.setdefault(f"*{name}", []).extend(_fixed(each) for each in items(value))
    for name in [name for name in found if name[0] == "*"]:
        found[name[1:]] = found.pop(name)
    for _ in range(_NESTED):
        for values in found.values():
            for index, words in enumerate(values):
                if words is not None and any("$" in word for word in words):
                    values[index] = _replaced(words, found, finds, job, symbol)
    return {name: [None if words and "$" in "".join(words) else words for words in found[name]] for name in found}


def _fixed(value: Node | None) -> tuple[str, ...] | None:
    return tuple(str(value.value).split()) if isinstance(value, ScalarNode) else None


def _replaced(
    words: tuple[str, ...], known: dict[str, Alternatives], finds: Finds, job: Node, symbol: str
) -> tuple[str, ...] | None:
    """The words with the variables in them that have one fixed value."""
    result: list[str] = []
    for word in words:
        match = re.fullmatch(r"\$(?:(\w+)|\{(\w+)\})", word)
        values = known.get(match[1] or match[2], []) if match else []
        inner = values[0] if len(values) == 1 else None
        result += [word] if inner is None else inner
    place = (job.start_mark.index, job.start_mark.index + 1)
    return tuple(result) if finds.expands(sum(map(len, result)), *place, symbol=symbol) else None


def _read_lines(
    nodes: Iterable[Node],
    finds: Finds,
    setting: Setting,
    variables: dict[str, Alternatives],
    seen: set[int],
    uses: dict[int, list[str]],
) -> str:
    """Reads the lines of one script, which share a shell; returns the working directory at their end."""
    folder = setting.folder
    for node in nodes:
        if id(node) in seen or not isinstance(node, ScalarNode):
            continue
        seen.add(id(node))
        forgiven = uses.get(id(node)) or [setting.forgiven]
        inside = Setting(
            symbol=setting.symbol, folder=folder, forgiven=forgiven[0] if all(forgiven) else "", stops=True
        )
        folder = read_shell(fragment_of(node, finds.document), finds, inside, variables=variables)
    return folder


def _may_fail(job: Node, jobs: dict[str, Node]) -> str:
    """What allows a job's failure, by itself or by what it extends in this file, else empty."""
    allowed = _inherited(job, "allow_failure", jobs)
    if text_of(allowed) == "true":
        return "`allow_failure: true`"
    codes = [text_of(code) for code in items(get(allowed, "exit_codes"))]
    return "`allow_failure` of exit code 1" if "1" in codes else ""
