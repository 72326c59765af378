"""Which tests can see a change: those in the changed files, those that import them, and all of declared flows."""

from collections.abc import Iterable

import msgspec

from canonry.canon.selection import matches
from canonry.run.changed import following, import_graph, reached
from canonry.run.project import Project


class Affected(msgspec.Struct, frozen=True, kw_only=True):
    """Test files -> why they are run. ``unproved`` are changed Python files that no test reaches."""

    tests: dict[str, str]
    unproved: tuple[str, ...] = ()


def affected(project: Project, changed: Iterable[str]) -> Affected:
    """The test files that these changed files reach, and those of flows, affected or not."""
    paths, every = list(changed), project.test_files()
    tests = dict(reached(project, paths, every).tests)
    python = [path for path in paths if path.endswith(".py")]
    others = [path for path in python if path not in tests]
    graph = import_graph(project) if others else {}
    unproved = [path for path in others if not any(each in tests for each in following(graph, [path]))]
    for name, flow in project.canon.flows.items():
        for path in every:
            if flow.tests and path not in tests and matches(path, flow.tests):
                tests[path] = f"it walks the flow `{name}`"
    return Affected(tests=dict(sorted(tests.items())), unproved=tuple(unproved))
