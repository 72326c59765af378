"""`canonry report checkpoint`."""

import contextlib
import time
from collections import defaultdict
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from canonry.cli._output import config_option, report_options, show
from canonry.model.checkpoint import Checkpoint, Period
from canonry.model.errors import NothingValidatedError, UserError
from canonry.report.checkpoint import FORMATS, render

if TYPE_CHECKING:
    from canonry.audit.result import Result
    from canonry.canon.options import Canon
    from canonry.history.checkpoints import FlowRuns, TreeFigures
    from canonry.history.store import History
    from canonry.model.history import KeptRun


@click.command("checkpoint")
@click.argument("period", type=click.Choice([each.value for each in Period]))
@click.option("--repo", type=click.Path(exists=True, path_type=Path), default=".", metavar="PATH", help="The tree.")
@config_option
@click.option("--keep/--no-keep", default=True, show_default=True, help="Keep it, for the next one to compare with.")
@report_options(*FORMATS, workers=True)
def checkpoint(
    *,
    period: str,
    repo: Path,
    config: Path | None,
    keep: bool,
    output_format: str,
    output_file: Path | None,
    workers: int | None,
    color: str,
    quiet: bool,
) -> int:
    """Compare broken files, compliance, coverage and success of flows with the checkpoint before of this PERIOD.

    It keeps itself in the history. Runs of flows count since the checkpoint before, or over the period where that is
    longer. The first one has nothing to compare with, says so, and exits 0.

    Exits 0; 1 where something became worse, or is measured no longer; 5 where there is nothing to measure.
    """
    return take_checkpoint(
        Period(period), repo=repo, config=config, keep=keep, output_format=output_format, output_file=output_file,
        workers=workers, color=color, quiet=quiet,
    )  # fmt: skip


def take_checkpoint(
    period: Period,
    *,
    repo: Path = Path(),
    config: Path | None = None,
    keep: bool = True,
    output_format: str = "full",
    output_file: Path | None = None,
    workers: int | None = None,
    color: str = "auto",
    quiet: bool = False,
) -> int:
    """Takes a checkpoint, keeps it and prints it; the status to exit with."""
    found, notes = checkpoint_of(period, repo=repo, config=config, keep=keep, workers=workers, quiet=quiet)
    show(partial(_render, found, output_format), notes, output_file, color=color, quiet=quiet)
    return 1 if found.worse else 0


def checkpoint_of(
    period: Period, *, repo: Path, config: Path | None, keep: bool, workers: int | None, quiet: bool
) -> tuple[Checkpoint, list[str]]:
    """The checkpoint of a tree as it is now, kept where asked, and sentences for the user. Raises `UserError`."""
    from canonry.cli._history_of import audited, history_of
    from canonry.history.checkpoints import compare, measure, previous_of
    from canonry.model.history import Source

    now = time.time()
    with audited(repo, config, workers, quiet=quiet) as (project, result):
        figures = _figures(result)
        with history_of(project) as history:
            kept = history.measured(Source.AUDIT)
            before = previous_of(period, now, kept)
            since = min(now - period.seconds, before.at if before is not None else now)
            runs = [each for each in history.runs(since=since) if each.at <= now + 3600 and each.whole]
            measured = measure(period, now, figures, history.flows(runs), _flow_runs(project.canon, history, runs))
            git = project.session.tree.git

            def is_known(commit: str) -> bool:
                with contextlib.suppress(UserError):
                    return git is not None and bool(
                        git.output("rev-parse", "--quiet", "--verify", f"{commit}^{{commit}}")
                    )
                return False

            found = compare(project.canon, period, measured, kept, is_known=is_known)
            if keep:
                history.add_measured(measured)
        return found, list(project.notes)


def _figures(result: "Result") -> "TreeFigures":
    from canonry.audit.compliance import summarise
    from canonry.history.checkpoints import TreeFigures
    from canonry.model.finding import Severity
    from canonry.rules.registry import all_rules

    names = {code: (rule.name, rule.severity) for code, rule in all_rules().items()}
    names |= {code: (rule.name, rule.severity) for code, rule in result.header.own_rules.items()}
    summary = summarise(result, names, selected=None)
    if not summary.population.files and not summary.compliance.total:
        raise NothingValidatedError("there is no Python file here, so there is nothing to measure")
    return TreeFigures(
        commit=result.header.commit,
        dirty=result.header.dirty,
        files=summary.population.files,
        test_files=summary.compliance.total,
        compliant=summary.compliance.compliant,
        unparsable=summary.population.unparsable,
        errors=summary.severities.get(Severity.ERROR.value, 0),
    )


def _flow_runs(canon: "Canon", history: "History", runs: "list[KeptRun]") -> "dict[str, FlowRuns]":
    """How the flows of the canon fared in these runs; those of a changed tree, and those that left tests of
    a flow out, do not count for it."""
    from canonry.history.checkpoints import FlowRuns
    from canonry.history.reliability import FlowRun, Trial, tests_of, trial_of
    from canonry.run.flow_claims import flow_runs, is_of_flow

    known = history.tests() if canon.flows else {}
    found = {}
    for name, flow in canon.flows.items():
        tests = [node for node in known if is_of_flow(flow, node)]
        by_commit: dict[str | None, list[FlowRun]] = defaultdict(list)
        for each in flow_runs(history, runs, flow, tests) if tests else ():
            by_commit[each.run.commit].append(each)
        trials = [trial_of(each.firsts, tests_of(alike)) for alike in by_commit.values() for each in alike]
        good = trials.count(Trial.SUCCEEDED)
        found[name] = FlowRuns(good + trials.count(Trial.FAILED), good)
    return found


def _render(found: Checkpoint, output_format: str, out: IO[str], color: bool) -> None:
    render(found, out, output_format=output_format, color=color)
