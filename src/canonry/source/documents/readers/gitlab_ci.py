"""GitLab's pipelines.

Source: docs.gitlab.com, "CI/CD YAML syntax reference": scripts of a job run in one shell that ends at the first
failing command; `after_script` runs in a shell of its own and cannot fail the job.
"""

from collections.abc import Iterable

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode

from canonry.source.documents.fragment import Document
from canonry.source.documents.languages.script import Finds, Setting
from canonry.source.documents.languages.shell import read_shell
from canonry.source.documents.languages.started import Alternatives
from canonry.source.documents.languages.yaml import compose, entries, fragment_of, get, items, text_of
from canonry.source.documents.reading import Reading

PATTERNS = (".gitlab-ci.yml", ".gitlab-ci.yaml", "*.gitlab-ci.yml", "*.gitlab-ci.yaml", ".gitlab/ci/**/*.yml")

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
        for name, job in jobs.items():
            if isinstance(job, MappingNode):
                _read_job(name, job, jobs, finds, seen)
            elif name in _SCRIPTS or name.startswith("."):
                _read_lines(items(job), finds, Setting(symbol=name, stops=True), {}, seen)
        if len(seen) == found and jobs.keys() & {"pool", "trigger", "pipelines", "workflows", "orbs"}:
            finds.pass_over(0, 1, "a configuration of another CI system")
    return finds.reading()


def _read_job(name: str, job: Node, jobs: dict[str, Node], finds: Finds, seen: set[int]) -> None:
    variables: dict[str, Alternatives] = {}
    for node in (jobs.get("variables"), get(job, "variables")):
        for variable, value in entries(node):
            text = text_of(value)
            variables[variable] = [tuple(text.split()) if isinstance(value, ScalarNode) and "$" not in text else None]
    folder = ""
    forgiven = "`allow_failure: true`" if _may_fail(job, jobs) else ""
    for key in _SCRIPTS:
        setting = Setting(
            symbol=f"{name}.{key}", folder=folder if key == "script" else "", forgiven=forgiven, stops=True
        )
        folder = _read_lines(items(get(job, key)), finds, setting, variables, seen)
    for hook in ("pre_get_sources_script",):
        _read_lines(items(get(job, "hooks", hook)), finds, Setting(symbol=f"{name}.{hook}", stops=True), {}, seen)


def _read_lines(
    nodes: Iterable[Node], finds: Finds, setting: Setting, variables: dict[str, Alternatives], seen: set[int]
) -> str:
    """Reads the lines of one script, which share a shell; returns the working directory at their end."""
    folder = setting.folder
    for node in nodes:
        if id(node) in seen or not isinstance(node, ScalarNode):
            continue
        seen.add(id(node))
        inside = Setting(symbol=setting.symbol, folder=folder, forgiven=setting.forgiven, stops=True)
        folder = read_shell(fragment_of(node, finds.document), finds, inside, variables=variables)
    return folder


def _may_fail(job: Node, jobs: dict[str, Node], depth: int = 0) -> bool:
    """Whether a job's failure is allowed, by itself or by what it extends in this file."""
    own = get(job, "allow_failure")
    if own is not None or depth > 10:
        return text_of(own) == "true"
    for parent in reversed(list(items(get(job, "extends")))):
        template = jobs.get(text_of(parent))
        if template is not None and get(template, "allow_failure") is not None:
            return _may_fail(template, jobs, depth + 1)
    return False
