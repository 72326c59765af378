"""`canonry init`: count, propose a value per key, and set beside it what is declared already."""

from collections.abc import Mapping
from typing import Any

from canonry.audit.documents import Documents, origin_of
from canonry.audit.infer import base_cases, categories, commands, environment, layout, mock_factory, runner, symbols
from canonry.audit.infer.proposal import Answer, Entry, Kept, Omission, Proposal, plural
from canonry.audit.infer.survey import Survey
from canonry.audit.listing import Listing, list_files
from canonry.audit.run import read_facts
from canonry.audit.session import Progress, Session
from canonry.model.errors import NothingValidatedError
from canonry.source.documents.reading import Reading
from canonry.source.target import choose_target


def propose(session: Session, progress: Progress | None = None) -> Proposal:
    """The proposal for a session's tree. It depends on `exclude` and `shadow-names`, on no other declared key.

    Raises `NothingValidatedError` where the tree holds no test file.
    """
    python = layout.vendored_folders(path for path in session.tree.files if path.endswith(".py"))
    hidden = tuple(f"{folder}/" for folder in layout.vendored_folders(session.tree.files))
    if hidden:  # as a run with the proposed `exclude` would see it; what holds documents alone starts no test of ours
        session.tree.files = {path: key for path, key in session.tree.files.items() if not path.startswith(hidden)}
    listing = list_files(session)
    read = session.tree.read
    target = layout.propose_target(read, listing.documents, session.loaded)
    if isinstance(target, Entry) and session.loaded.canon.target_python is None:
        session.target = choose_target(target.value, None)[0]
    facts = read_facts(session, listing, progress)
    survey = Survey(facts, read, session.settings, session.target, _documents(session, listing, progress))
    if not survey.test_files:
        looked = plural(len(survey.files), "Python file")
        raise NothingValidatedError(
            f"no test file was found among {looked}, so there is nothing to propose a canon from"
        )
    answers: list[Answer] = [
        layout.propose_tests(survey),
        target,
        layout.propose_exclude(python),
        runner.propose(survey),
        base_cases.propose(survey),
        environment.propose(survey),
        mock_factory.propose(survey),
        symbols.propose(survey),
        *categories.propose(survey),
    ]
    return _beside(answers, _declared(session), survey)


def _documents(session: Session, listing: Listing, progress: Progress | None) -> list[tuple[str, Reading]]:
    """The documents whose commands are run, by path."""
    documents = Documents(session, listing.documents, origin_of(session))
    wanted = [path for path in listing.documents if commands.runs_commands(path)]
    return list(documents.read(wanted, told=progress or _silent))


def _silent(_what: str, _done: int, _total: int) -> None:
    pass


def _declared(session: Session) -> dict[str, Any]:
    source = session.loaded.source
    return source.table if source is not None and isinstance(source.table, dict) else {}


def _beside(answers: list[Answer], declared: dict[str, Any], survey: Survey) -> Proposal:
    entries, kept = [], []
    for entry in (answer for answer in answers if isinstance(answer, Entry)):
        value = _at(declared, [str(part) for part in entry.key])
        if value is None:
            entries.append(entry)
        else:
            kept.append(Kept(value, entry))
    omissions = tuple(
        answer
        for answer in answers
        if isinstance(answer, Omission) and (answer.key == "categories" or _at(declared, answer.key.split(".")) is None)
    )
    return Proposal(
        entries=tuple(entries),
        kept=tuple(kept),
        omissions=omissions,
        files=len(survey.files),
        test_files=len(survey.test_files),
        tests=survey.tests,
    )


def _at(table: Mapping[str, Any], names: list[str]) -> Any:
    value: Any = table
    for name in names:
        if not isinstance(value, Mapping) or name not in value:
            return None
        value = value[name]
    return value
