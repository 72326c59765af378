"""The guides there are, by the name of their file."""

from collections.abc import Callable

from canonry.report.guides.compliance import compliance_checklist
from canonry.report.guides.done import done_checklist
from canonry.report.guides.events import event_guide
from canonry.report.guides.execution import execution_guide
from canonry.report.guides.flows import flow_guide
from canonry.report.guides.marks import Block
from canonry.report.guides.migration import migration_done, migration_guide
from canonry.report.guides.subject import Subject
from canonry.rules.registry import all_rules
from canonry.run.profiles import BUILT_IN

MIGRATION = "MIGRATION_GUIDE.md"
"""The one that needs a look at every file."""


def blocks(name: str, subject: Subject) -> tuple[Block, ...]:
    """The generated parts of a guide. The same tree gives the same bytes."""
    return PAGES[name](subject)


def _execution(subject: Subject) -> tuple[Block, ...]:
    declared = subject.canon.profiles
    profiles = {name: declared.get(name, BUILT_IN.get(name)) for name in {**BUILT_IN, **declared}}
    known = {name: profile for name, profile in profiles.items() if profile is not None}
    return (Block("test-execution", execution_guide(subject, known)),)


def _migration(subject: Subject) -> tuple[Block, ...]:
    if subject.migration is None:
        raise ValueError("the migration guide needs what codemods find")
    return (
        Block("migration", migration_guide(subject, subject.migration)),
        Block("migration-done", migration_done(subject, subject.migration), local=True),
    )


def _compliance(subject: Subject) -> tuple[Block, ...]:
    unasked = [rule for rule in all_rules().values() if not rule.preview]
    return (Block("ssot-compliance", compliance_checklist(subject, unasked)),)


PAGES: dict[str, Callable[[Subject], tuple[Block, ...]]] = {
    "TEST_EXECUTION_GUIDE.md": _execution,
    MIGRATION: _migration,
    "DEFINITION_OF_DONE_CHECKLIST.md": lambda subject: (Block("definition-of-done", done_checklist(subject)),),
    "SSOT_COMPLIANCE_CHECKLIST.md": _compliance,
    "EVENT_TESTING.md": lambda subject: (Block("event-testing", event_guide(subject)),),
    "FLOW_COVERAGE.md": lambda subject: (Block("flow-coverage", flow_guide(subject)),),
}
