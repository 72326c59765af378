"""What guides are made of: the canon, and what the files that it names say."""

import msgspec

from canonry.canon.options import Canon
from canonry.canon.selection import matches
from canonry.contract.load import LoadedContract
from canonry.model.migration import CodemodPage, Done, MigrationSummary, Shown
from canonry.report.guides.words import Style, style_of


class Migration(msgspec.Struct, frozen=True, kw_only=True):
    """What the codemods find in the tree, and what was done before: places of both."""

    summary: MigrationSummary
    planned: dict[str, Shown]
    done: Done


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """One tree. ``file`` holds its canon; ``wrapper``: its runner is a script that hands over to `canonry run`.

    ``contracts`` are those that flows name, or a sentence on why one could not be read. ``pages`` are all codemods.
    """

    canon: Canon
    file: str = "pyproject.toml"
    wrapper: bool = False
    contracts: dict[str, LoadedContract | str] = {}
    pages: tuple[CodemodPage, ...] = ()
    migration: Migration | None = None

    @property
    def runner(self) -> Style:
        """How tests are run here."""
        return style_of(self.canon, wrapper=self.wrapper)

    def flows_of(self, category: str) -> list[str]:
        """The flows whose tests a category holds some of, as far as their globs say."""
        paths = self.canon.categories[category].paths
        return [
            name
            for name, flow in self.canon.flows.items()
            if any(
                matches(test.rstrip("/*"), paths) or matches(path, flow.tests) for test in flow.tests for path in paths
            )
        ]
