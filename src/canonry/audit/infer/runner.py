"""The runner: the repository's own script that CI calls, else the test tool that its commands start.

An environment manager (`tox`, `nox`, `hatch`, `make`) is never proposed. The rules about runners ask which test tool a
call starts, so a canon that names `tox` would make an offence of every `pytest`, tox.ini's own included; what the
manager starts is read from its file, and that is the runner.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from canonry.audit.infer.commands import CommandUse, commands
from canonry.audit.infer.proposal import Answer, Entry, Omission, Other, plural
from canonry.audit.infer.survey import Survey
from canonry.model.finding import Confidence
from canonry.source.documents.languages.script import UNKNOWN_FOLDER, join_folder

KEY = ("canon", "runner")
_STARTER = re.compile(r"python|pypy|^\W*py\W*$|^run$", re.IGNORECASE)
_FROM = re.compile(r"^(?:(?:\.|[{$%][^/]*)/)+")
"""What a path may start with that says nothing of it: `./`, `{toxinidir}/`."""
_COMMAND_OF = {"pytest": "pytest", "unittest": "python -m unittest", "trial": "trial", "nose": "nose2"}


def propose(survey: Survey) -> Answer:
    """The command that most CI and task commands mean; without any, what the test files are written for."""
    uses = list(commands(survey))
    scripts, tools = _scripts(uses, survey), _tools(uses)
    names = {**scripts, **{_COMMAND_OF[tool]: found for tool, found in tools.items()}}
    others = sorted((Other(name, len(found)) for name, found in names.items()), key=lambda other: -other.count)
    if scripts:
        name = max(scripts, key=lambda each: len(scripts[each]))
        elsewhere = sum(len(found) for found in tools.values())
        if len(scripts[name]) * 4 >= elsewhere:
            found = scripts[name]
            why = f"{_called(found)} call{'s' * (len(found) == 1)} this script, which starts the tests"
            if elsewhere:
                why += f"; {plural(elsewhere, 'other command')} start{'s' * (elsewhere == 1)} a test tool directly"
            return _entry(name, why, found, others)
    if tools:
        tool = max(tools, key=lambda each: len(tools[each]))
        found = tools[tool]
        return _entry(_COMMAND_OF[tool], f"{_called(found)} start{'s' * (len(found) == 1)} {tool}", found, others)
    return _from_tests(survey)


def _entry(value: str, why: str, found: list[CommandUse], others: list[Other]) -> Entry:
    rest = tuple(other for other in others if other.value != value)
    evidence = {"commands": len(found), "files": len({use.path for use in found})}
    confidence = Confidence.LIKELY if rest else Confidence.CERTAIN
    return Entry(key=KEY, value=value, why=why, evidence=evidence, others=rest, confidence=confidence)


def _called(found: Iterable[CommandUse]) -> str:
    files = Counter(use.path for use in found)
    named = ", ".join(f"`{path}`" for path, _ in files.most_common(2)) + (", ..." if len(files) > 2 else "")
    return f"{plural(sum(files.values()), 'command')} in {plural(len(files), 'file')} ({named})"


def _tools(uses: Iterable[CommandUse]) -> dict[str, list[CommandUse]]:
    found: dict[str, list[CommandUse]] = defaultdict(list)
    for use in uses:
        if use.command.tool in _COMMAND_OF:
            found[use.command.tool].append(use)
    return found


def _scripts(uses: Iterable[CommandUse], survey: Survey) -> dict[str, list[CommandUse]]:
    """The uses of scripts and modules of the tree that start tests, by the command that starts each from the root."""
    found: dict[str, list[CommandUse]] = defaultdict(list)
    for use in uses:
        if use.command.tool:
            continue
        command = _script_of(use, survey)
        if command:
            found[command].append(use)
    return found


def _script_of(use: CommandUse, survey: Survey) -> str:
    """The command with which this one starts a runner of the tree, empty where it starts none."""
    words = use.command.words
    for index, word in enumerate(words):
        if word == "-m" and index + 1 < len(words):
            return _module_command(words[index + 1], survey)
        if word.endswith(".py"):
            path = _file_of(word.replace("\\", "/"), use, survey) if _starts(words[:index]) else ""
            return f"python {path}" if path and _runs_tests(path, survey) else ""
    return ""


def _module_command(name: str, survey: Survey) -> str:
    """`python -m package` where the package's `__main__`, or the module itself, is of the tree and starts tests."""
    for module in (f"{name}.__main__", name):
        path = survey.index.module_path(module, "")
        if path and (_runs_tests(path, survey) or _hands_on(path, survey)):
            return f"python -m {name}"
    return ""


def _hands_on(path: str, survey: Survey) -> bool:
    """Whether a file imports from one that starts tests."""
    for dotted in survey.files[path].imports:
        module = survey.index.module_path(dotted.removeprefix(".").rpartition(".")[0], path)
        if module and _runs_tests(module, survey):
            return True
    return False


def _starts(before: Sequence[str]) -> bool:
    """Whether what stands before the name of a script runs it, and does not just name it (`git add run_tests.py`)."""
    return not before or any(_STARTER.search(word) for word in before)


def _file_of(word: str, use: CommandUse, survey: Survey) -> str:
    """The file of the tree that a word names: from the command's folder, from its file's, or the only one there is."""
    folder = use.command.folder
    beside = use.path.rpartition("/")[0]
    starts = () if folder == UNKNOWN_FOLDER else (folder, join_folder(beside, folder), "")
    ends = [path for start in starts if (path := join_folder(start, word)) in survey.files][:1]
    bare = _FROM.sub("", word)
    ends = ends or [path for path in survey.files if path == bare or path.endswith(f"/{bare}")]
    return ends[0] if len(ends) == 1 and ends[0].isprintable() and " " not in ends[0] else ""


def _runs_tests(path: str, survey: Survey) -> bool:
    if survey.files[path].is_test:
        return False
    name = path.rpartition("/")[2].removesuffix(".py").replace("_", "")
    return bool(survey.starts(path)) or ("test" in name and "run" in name)


def _from_tests(survey: Survey) -> Answer:
    """Without commands: pytest where its settings or imports say so, unittest where every test is a case."""
    importing = sum("pytest" in {name.partition(".")[0] for name in file.imports} for file in survey.test_files)
    of_pytest = sum(file.tests.get("", 0) for file in survey.test_files)
    if survey.settings.source or importing or of_pytest:
        reasons = [f"{plural(importing, 'test file')} with an import of pytest"] if importing else []
        if survey.settings.source:
            reasons.append(f"`{survey.settings.source}` configures pytest")
        elif not importing:
            reasons.append(f"{plural(of_pytest, 'test')} outside of any class, which pytest alone collects")
        why = f"no CI or task file starts tests; {', and '.join(reasons)}"
        return Entry(key=KEY, value="pytest", why=why, evidence={"files": importing})
    cases = sum(bool(survey.index.hierarchy(definition).case) for definition, _ in survey.test_classes)
    if cases:
        why = f"no CI or task file starts tests; {plural(cases, 'test class', 'test classes')} are unittest cases"
        return Entry(key=KEY, value="python -m unittest", why=why, evidence={"classes": cases})
    return Omission("canon.runner", "no CI or task file starts tests")
