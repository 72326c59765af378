"""What would run: `--list`, `--plan` and `--explain`, as text and as JSON."""

import json
from collections.abc import Iterable, Mapping
from typing import IO, Any

from canonry.model.run_plan import CategoryPlan, RunPlan
from canonry.report.run.words import legal
from canonry.report.style import plural, printable
from canonry.run.naming import as_pytest, of_tree
from canonry.run.plan import expected_total, waves
from canonry.run.prepare import Prepared, why
from canonry.run.shares import shares_of


def render_list(prepared: Prepared, known: Mapping[str, tuple[str, ...]], out: IO[str]) -> None:
    """Writes the selected tests by category: node ids where they are known (``known``: by path), else the file."""
    tests = _named(prepared, known)
    for category in prepared.plan.categories:
        out.write(f"{category.name or '(no category)'}\n")
        for work in category.work:
            for node in listed(category, work.path, work.nodes, tests):
                out.write(f"  {printable(node)}\n")
    lines = [
        node
        for category in prepared.plan.categories
        for work in category.work
        for node in listed(category, work.path, work.nodes, tests)
    ]
    count = sum("::" in line for line in lines)
    unknown = len(lines) - count
    if not unknown:
        out.write(f"{plural(count, 'test')} in {plural(len(prepared.selection.files), 'file')}\n")
        return
    told = f"{plural(count, 'test')} and " if count else ""
    out.write(f"{told}{plural(unknown, 'file')} whose tests are not known yet; `canonry run --collect` collects them\n")


def listed(
    category: CategoryPlan, path: str, nodes: tuple[str, ...], tests: Mapping[str, tuple[str, ...]]
) -> tuple[str, ...]:
    """What is known of a file's tests: the named ones, else those that were collected, else the file itself."""
    if nodes:
        return nodes
    if category.markers and path not in category.whole:
        return (path,)
    return tests.get(path) or (path,)


def list_json(prepared: Prepared, known: Mapping[str, tuple[str, ...]], out: IO[str]) -> None:
    """Writes the same as one object."""
    tests = _named(prepared, known)
    place = prepared.project.place
    categories = [
        {
            "name": category.name,
            "files": [
                {
                    "path": work.path,
                    "tests": list(work.nodes or tests.get(work.path, ())),
                    "known": bool(work.nodes) or work.path in tests,
                    "whole": work.path in category.whole,
                    "reasons": why(prepared, of_tree(work.path, place)),
                }
                for work in category.work
            ],
        }
        for category in prepared.plan.categories
    ]
    _write({"categories": categories, "empty": list(prepared.selection.empty), "notes": list(prepared.notes)}, out)


def _named(prepared: Prepared, known: Mapping[str, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
    place = prepared.project.place
    if not place:
        return known
    return {as_pytest(path, place): tuple(as_pytest(node, place) for node in nodes) for path, nodes in known.items()}


def render_plan(prepared: Prepared, out: IO[str]) -> None:
    """Writes the waves, the workers and how long it is expected to take."""
    plan = prepared.plan
    for number, wave in enumerate(waves(plan.categories), 1):
        out.write(f"wave {number}\n")
        for category in wave:
            out.write(
                f"  {category.name or '(no category)'}: {plural(len(category.work), 'file')}, {_expected(category)}\n"
            )
            for line in _policy(category):
                out.write(f"    {line}\n")
    total = expected_total(plan)
    out.write(f"{plural(plan.workers, 'worker')}; expected {total:.1f} s of work, about {total / plan.workers:.1f} s\n")
    for name in prepared.selection.empty:
        out.write(f"category {name} selects nothing\n")
    if plan.shuffle is not None:
        out.write(f"shuffled with seed {plan.shuffle} (`--shuffle {plan.shuffle}` repeats the order)\n")
    chain = " <- ".join(prepared.profile.chain)
    out.write(f"profile {chain}\n")
    for each in shares_of(prepared.project):
        wanted = f", {each.declared:.0%} intended" if each.declared is not None else ""
        name = each.name or "(no category)"
        out.write(f"share {printable(name)}: {each.tests:,} of {each.whole:,} tests, {each.actual:.1%}{wanted}\n")


def plan_json(prepared: Prepared, out: IO[str]) -> None:
    """Writes the same as one object."""
    plan = prepared.plan
    document = {
        "profile": list(prepared.profile.chain),
        "workers": plan.workers,
        "expected": expected_total(plan),
        "shuffle": plan.shuffle,
        "repeat": plan.repeat,
        "pytest-arguments": list(plan.pytest_arguments),
        "waves": [[_category(category) for category in wave] for wave in waves(plan.categories)],
        "empty": list(prepared.selection.empty),
        "shares": [
            {"category": each.name, "intended": each.declared, "tests": each.tests, "of": each.whole}
            for each in shares_of(prepared.project)
        ],
    }
    _write(document, out)


def render_explained(
    node: str, reasons: Iterable[str], places: list[CategoryPlan], plan: RunPlan, out: IO[str]
) -> None:
    """Writes why a test is selected and where it would run."""
    out.write(f"{printable(node)}\n")
    for reason in reasons:
        out.write(f"  {printable(reason)}\n")
    for category in places:
        wave = next(number for number, each in enumerate(waves(plan.categories), 1) if category in each)
        out.write(f"  it would run in {_name(category)}, wave {wave} of {len(waves(plan.categories))}\n")
        for line in _policy(category):
            out.write(f"    {line}\n")


def explained_json(node: str, reasons: Iterable[str], places: list[CategoryPlan], plan: RunPlan, out: IO[str]) -> None:
    """Writes the same as one object."""
    found = [
        {**_category(category), "wave": next(i for i, each in enumerate(waves(plan.categories), 1) if category in each)}
        for category in places
    ]
    _write({"node": node, "reasons": list(reasons), "runs-in": found}, out)


def _name(category: CategoryPlan) -> str:
    return f"category `{category.name}`" if category.name else "no category"


def _expected(category: CategoryPlan) -> str:
    seconds = sum(work.expected for work in category.work)
    unknown = sum(not work.expected for work in category.work)
    said = f"expected {seconds:.1f} s" if seconds else "never measured"
    return f"{said} ({plural(unknown, 'file')} never measured)" if seconds and unknown else said


def _policy(category: CategoryPlan) -> list[str]:
    policy = category.policy
    lines = []
    if category.needs:
        lines.append(f"needs {', '.join(category.needs)}")
    if category.conflicts:
        lines.append(f"never beside {', '.join(category.conflicts)}")
    if category.markers:
        lines.append(
            f"tests with the marker {' or '.join(category.markers)}; all of {plural(len(category.whole), 'file')}"
        )
    if policy.services:
        lines.append(f"services {', '.join(policy.services)}")
    words = []
    if policy.serial:
        words.append("one after the other")
    elif policy.workers:
        words.append(f"at most {plural(policy.workers, 'worker')}")
    if policy.timeout:
        words.append(f"{policy.timeout:g} s for all")
    if policy.hard_limit:
        words.append(f"{policy.hard_limit:g} s a test")
    if policy.retries:
        words.append(plural(policy.retries, "retry", "retries"))
    if policy.mocks != "allowed":
        words.append(f"mocks {policy.mocks}")
    if policy.leaks != "warn":
        words.append(f"leaks {policy.leaks}")
    if policy.global_leaks and policy.leaks != "off":
        words.append("leaks of globals")
    return lines + ([", ".join(words)] if words else [])


def _category(category: CategoryPlan) -> dict[str, Any]:
    policy = category.policy
    return {
        "name": category.name,
        "priority": f"P{category.priority}",
        "files": len(category.work),
        "expected": sum(work.expected for work in category.work),
        "needs": list(category.needs),
        "conflicts": list(category.conflicts),
        "markers": list(category.markers),
        "services": list(policy.services),
        "workers": policy.workers,
        "serial": policy.serial,
        "timeout": policy.timeout,
        "test-timeout": policy.hard_limit,
        "slow": policy.soft_limit,
        "retries": policy.retries,
        "flaky-fails": policy.flaky_fails,
        "mocks": policy.mocks,
        "leaks": policy.leaks,
        "global-leaks": policy.global_leaks,
    }


def _write(document: object, out: IO[str]) -> None:
    out.write(legal(json.dumps(document, indent=2, ensure_ascii=False)) + "\n")
