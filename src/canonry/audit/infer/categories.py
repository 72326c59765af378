"""Categories: folders named for a kind of test, and markers that are registered and used."""

import re
from collections import Counter
from typing import Any

import msgspec

from canonry.audit.infer import services
from canonry.audit.infer.proposal import Answer, Entry, Omission, plural
from canonry.audit.infer.survey import Survey, SurveyedFile

KINDS = {
    "unit": "unit units unit_tests unittests",
    "integration": "integration integrations integration_tests",
    "functional": "functional functional_tests",
    "e2e": "e2e end_to_end endtoend end2end e2e_tests",
    "acceptance": "acceptance acceptance_tests",
    "system": "system_tests systemtests",
    "smoke": "smoke smoke_tests",
    "regression": "regression regressions",
    "contract": "contract_tests pact",
    "performance": "performance perf benchmark benchmarks load_tests stress",
    "security": "security",
    "chaos": "chaos",
    "mission_critical": "mission_critical critical business_critical",
    "slow": "slow",
}
_KIND_OF = {word: kind for kind, words in KINDS.items() for word in words.split()}
_CRITICAL = frozenset(("mission_critical",))
_REAL = frozenset(("integration", "e2e", "acceptance", "system"))
_RARELY = 0.05
_MOST_PATHS = 12
_MOST_MARKERS = 12
"""A short list of markers is a list of categories; a longer one is a list of tags, of which only the kinds count."""
_LEAST_FILES = 2
_LEAST_MARKED = 2
_LEAST_COVER = 0.5
"""Of the test files: where categories select fewer, markers add none, for each brings CAT002 on all other files."""
_SWITCH = re.compile(r"(?:skip|no|keep|uses?|needs?|requires?|allow|without|with|enable|disable|ignore)_")
"""Markers that change how a test runs select nothing."""
_OF_PLUGINS = frozenset(
    "asyncio anyio trio tornado gen_test timeout parametrize skip skipif xfail usefixtures filterwarnings django_db"
    " urls flaky order dependency xdist_group benchmark vcr freeze_time celery respx httpx_mock no_cover hypothesis"
    " repeat retry rerun tryfirst trylast forked limit_memory".split()
)


class Gathered(msgspec.Struct):
    """What belongs to a category so far."""

    files: list[SurveyedFile]
    paths: Counter[str]
    markers: dict[str, int]


def propose(survey: Survey) -> list[Answer]:
    """A category per kind of folder and per registered marker that tests carry, and the services that they need."""
    gathered = _from_folders(survey)
    left_out = _add_markers(survey, gathered)
    gathered = {name: each for name, each in gathered.items() if each.markers or len(each.files) >= _LEAST_FILES}
    order = sorted(gathered, key=lambda name: (list(KINDS).index(name) if name in KINDS else len(KINDS), name))
    entries: list[Answer] = [_entry(survey, name, gathered[name]) for name in order]
    entries += services.propose({name: gathered[name].files for name in order if name in _REAL})
    none = [] if order else ["no test folder is named for a kind of test, no registered marker selects tests"]
    said = [*none, *([f"left out: {left_out}"] if left_out else [])]
    return [*entries, Omission("categories", "; ".join(said))] if said else entries


def _from_folders(survey: Survey) -> dict[str, Gathered]:
    found: dict[str, Gathered] = {}
    for file in survey.test_files:
        folders = file.path.split("/")[:-1]
        under = next((at for at, name in enumerate(folders) if "test" in name.lower()), None)
        if under is None or not file.path.isprintable():
            continue  # a package of that name that happens to hold tests, or a name that TOML cannot hold
        for at in range(under, len(folders)):
            kind = _KIND_OF.get(folders[at].lower().replace("-", "_"))
            if kind is not None:
                each = found.setdefault(kind, Gathered([], Counter(), {}))
                each.files.append(file)
                each.paths["/".join(folders[: at + 1])] += 1
                break
    return found


def _add_markers(survey: Survey, gathered: dict[str, Gathered]) -> str:
    """Adds the registered markers that tests carry; returns what was left out, in words."""
    used: Counter[str] = Counter()
    for file in survey.test_files:
        used.update(file.marks)
    registered = {name for line in _listed(survey.pytest_values.get("markers")) if (name := _registered(line))}
    alive = [name for name in sorted(registered) if used[name]]
    own = [name for name in alive if name not in _OF_PLUGINS and not _SWITCH.match(name)]
    kinds = [name for name in own if name in _KIND_OF]
    tags = [name for name in own if name not in _KIND_OF]
    short = len(own) <= _MOST_MARKERS
    selecting = [*kinds, *(name for name in tags if short and used[name] >= _LEAST_MARKED)]
    covered = _covered(survey, gathered, selecting)
    if covered < _LEAST_COVER:
        selecting = [name for name in selecting if _KIND_OF.get(name, name) in gathered]
    for name in selecting:
        each = gathered.setdefault(_KIND_OF.get(name, name), Gathered([], Counter(), {}))
        each.markers[name] = used[name]
    said = []
    if len(own) > len(selecting):
        few = covered < _LEAST_COVER or short
        what = "that select few tests" if few else "that read as tags"
        said.append(f"{plural(len(own) - len(selecting), 'registered marker')} {what}")
    if len(alive) > len(own):
        said.append(f"{plural(len(alive) - len(own), 'registered marker')} for how a test runs")
    if len(registered) > len(alive):
        said.append(f"{plural(len(registered) - len(alive), 'registered marker')} on no test")
    return ", ".join(said)


def _covered(survey: Survey, gathered: dict[str, Gathered], markers: list[str]) -> float:
    """Which part of the test files the folders and markers select."""
    wanted = set(markers)
    below = {file.path for each in gathered.values() for file in each.files}
    found = sum(file.path in below or not wanted.isdisjoint(file.marks) for file in survey.test_files)
    return found / max(1, len(survey.test_files))


def _listed(value: object) -> list[str]:
    if isinstance(value, str):
        return value.splitlines()
    return [str(each) for each in value] if isinstance(value, list) else []


def _registered(line: str) -> str:
    """The marker of a line `name: text`; empty where it takes arguments, for such select nothing."""
    name = line.partition(":")[0].strip()
    return name if name.isidentifier() else ""


def _entry(survey: Survey, name: str, each: Gathered) -> Entry:
    value: dict[str, Any] = {}
    paths = [path for path, _ in each.paths.most_common()]
    said = []
    evidence = {"files": len(each.files)}
    if paths:
        value["paths"] = sorted(paths[:_MOST_PATHS])
        held = sum(each.paths[path] for path in paths[:_MOST_PATHS])
        said.append(f"{plural(held, 'test file')} in {plural(len(value['paths']), 'folder')} of that kind")
        if len(paths) > _MOST_PATHS:
            more = len(paths) - _MOST_PATHS
            said.append(f"{plural(more, 'smaller folder')} with {plural(len(each.files) - held, 'file')} left out")
    if each.markers:
        value["markers"] = sorted(each.markers)
        counts = ", ".join(f"`{marker}` on {plural(count, 'test')}" for marker, count in sorted(each.markers.items()))
        said.append(f"registered marker{'s' * (len(each.markers) > 1)} {counts}")
        evidence["marked-tests"] = max(each.markers.values())
    if name in _REAL and (needed := services.needed(each.files)):
        value["services"] = sorted(needed)
        said += [f"{count:,} import a driver of {kind}" for kind, count in sorted(needed.items())]
    if name in _CRITICAL:
        value["priority"] = "critical"
    if name in _REAL and each.files:
        mocking = sum(bool(file.mocks) for file in each.files)
        evidence["mocking-files"] = mocking
        if mocking <= _RARELY * len(each.files):
            value["mocks"] = "forbidden"
            said.append(f"mocks in {mocking:,} of the files")
        else:
            said.append(f"mocks in {mocking:,} of the files, too many to forbid")
    return Entry(key=("categories", name), value=value, why="; ".join(said), evidence=evidence)
