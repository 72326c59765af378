"""Whether what the canon names is there: symbols that import, a runner that starts, services, the profile's place."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import msgspec

from canonry.model.errors import UserError
from canonry.run.profiles import ResolvedProfile, require_ready
from canonry.run.project import Project
from canonry.run.service_examinations import examine_services

_LIMIT = 60.0
"""Seconds that importing one symbol may take."""
_PROGRAM = """
import importlib, json, sys, time
module, name = sys.argv[1:3]
sys.path[:0] = json.loads(sys.argv[3])
began = time.perf_counter()
try:
    found = importlib.import_module(module)
except BaseException as error:
    cause = error
    print(json.dumps({"ok": False, "why": f"importing `{module}` raises {type(cause).__name__}: {cause}"}))
    raise SystemExit
took = time.perf_counter() - began
for part in name.split(".") if name else ():
    if not hasattr(found, part):
        print(json.dumps({"ok": False, "why": f"`{module}` has no `{name}`"}))
        raise SystemExit
    found = getattr(found, part)
print(json.dumps({"ok": True, "took": took, "file": getattr(sys.modules[module], "__file__", None) or ""}))
"""


class State(StrEnum):
    """How an examination ended."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


class Examination(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked at. ``next`` is what to do about it, empty where nothing is."""

    kind: str
    name: str
    state: State
    detail: str = ""
    next: str = ""


def examine(project: Project, profile: ResolvedProfile) -> Iterator[Examination]:
    """Looks at everything that runs of this profile stand on, one thing after the other."""
    yield from _configuration(project)
    yield from _runner(project)
    yield from _symbols(project)
    yield from _services(project)
    yield _profile(profile)


def _configuration(project: Project) -> Iterator[Examination]:
    loaded = project.session.loaded
    if loaded.declared:
        yield Examination(kind="configuration", name=loaded.file or "", state=State.OK, detail="the canon is declared")
    else:
        yield Examination(
            kind="configuration",
            name="canon",
            state=State.WARNING,
            detail="no canon is declared, so the defaults apply",
            next="`canonry init` proposes one",
        )
    tests = project.test_files()
    if tests:
        yield Examination(kind="tests", name="test files", state=State.OK, detail=f"{len(tests):,} found")
    else:
        yield Examination(
            kind="tests",
            name="test files",
            state=State.FAILED,
            detail="none is found",
            next="correct `tests` in the canon, or `testpaths` and `python_files` in pytest's configuration",
        )
    from canonry.canon.selection import matches

    for name, category in project.canon.categories.items():
        if category.paths and not category.markers and not any(matches(path, category.paths) for path in tests):
            yield Examination(
                kind="category",
                name=name,
                state=State.FAILED,
                detail="its paths hold no test file",
                next=f"correct `categories.{name}.paths`, or delete the category",
            )


def _runner(project: Project) -> Iterator[Examination]:
    command = project.canon.canon.runner
    try:
        words = shlex.split(command)
    except ValueError:
        words = command.split()
    program = next((word for word in words if "=" not in word), "")
    if program in ("python", "python3") or program.endswith(".py"):
        script = next((word for word in words if word.endswith(".py")), "")
        there = not script or (project.root / script).is_file()
        where = script or sys.executable
    else:
        beside = Path(sys.executable).with_name(program or "-")
        where = shutil.which(program) or (str(beside) if beside.exists() else "")
        there = bool(where) or (project.root / program).is_file()
    if there:
        yield Examination(kind="runner", name=command, state=State.OK, detail=f"`{where or program}` is there")
    else:
        yield Examination(
            kind="runner",
            name=command,
            state=State.FAILED,
            detail=f"`{program}` is not found",
            next="install it, or correct `canon.runner`",
        )


def _symbols(project: Project) -> Iterator[Examination]:
    things = project.canon.canon
    named = [("base-case", each) for each in things.base_cases]
    named += [("environment", things.environment), ("mock-factory", things.mock_factory)]
    named += [("symbol", f"{symbol.home}:{symbol.name}") for symbol in things.symbols]
    for kind, entry in named:
        if entry:
            yield _symbol(project, kind, entry)


def _symbol(project: Project, kind: str, entry: str) -> Examination:
    """Imports one symbol in a process of its own, as a test would."""
    module, _, name = entry.partition(":")
    paths = [str(project.root / each) for each in ("", "src", *project.settings.pythonpath)]
    command = [sys.executable, "-c", _PROGRAM, module, name, json.dumps(paths)]
    try:
        done = subprocess.run(
            command,
            cwd=project.root,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=_LIMIT,
            check=False,
        )
        answer = json.loads(done.stdout.splitlines()[-1]) if done.stdout.strip() else {}
        why = answer.get("why") or f"importing `{module}` ends the process with status {done.returncode}"
    except subprocess.TimeoutExpired:
        answer, why = {}, f"importing `{module}` takes more than {_LIMIT:.0f} seconds"
    except ValueError:
        answer, why = {}, f"importing `{module}` says something that cannot be read"
    if answer.get("ok"):
        detail = f"imports in {answer['took']:.2f} s from `{_shown(project, answer['file'])}`"
        return Examination(kind=kind, name=entry, state=State.OK, detail=detail)
    return Examination(
        kind=kind,
        name=entry,
        state=State.FAILED,
        detail=str(why),
        next="`canonry where` says where the name is defined; correct the module or the canon",
    )


def _shown(project: Project, place: str) -> str:
    prefix = f"{project.root.resolve()}/"
    return str(Path(place).resolve()).removeprefix(prefix) if place else "built in"


def _services(project: Project) -> Iterator[Examination]:
    for said in examine_services(project.canon, project.root):
        state = State.FAILED if said.then else State.OK
        yield Examination(kind="service", name=said.name, state=state, detail=said.detail, next=said.then)


def _profile(profile: ResolvedProfile) -> Examination:
    try:
        said = require_ready(profile, os.environ)
    except UserError as error:
        detail, _, then = str(error).rpartition("; ")
        return Examination(kind="profile", name=profile.name, state=State.FAILED, detail=detail, next=then)
    return Examination(
        kind="profile", name=profile.name, state=State.OK, detail=said or "it needs no deployed environment"
    )
