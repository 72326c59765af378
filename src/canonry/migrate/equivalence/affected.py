"""Which tests can see a change: those in the changed files, those that import them, and all of declared flows."""

from collections.abc import Iterable

import msgspec

from canonry.canon.selection import matches
from canonry.run.changed import following, import_graph, reached
from canonry.run.project import Project


class Affected(msgspec.Struct, frozen=True, kw_only=True):
    """Test files -> why they are run, and which of them each changed file reaches, as far as imports say it."""

    tests: dict[str, str]
    reach: dict[str, frozenset[str]] = {}

    @property
    def unproved(self) -> tuple[str, ...]:
        """The changed Python files that no test reaches."""
        return tuple(path for path, tests in self.reach.items() if not tests and path.endswith(".py"))


def affected(project: Project, changed: Iterable[str]) -> Affected:
    """The test files that these changed files reach, and those of flows, affected or not."""
    paths, every = list(changed), project.test_files()
    tests = dict(reached(project, paths, every).tests)
    graph = import_graph(project)
    reach = {
        path: frozenset(tests).intersection({path, *following(graph, [path])} if path.endswith(".py") else tests)
        for path in paths
    }
    for name, flow in project.canon.flows.items():
        for path in every:
            if flow.tests and path not in tests and matches(path, flow.tests):
                tests[path] = f"it walks the flow `{name}`"
    return Affected(tests=dict(sorted(tests.items())), reach=reach)
