"""`canonry gate`."""

import gc
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from canonry.cli._gate_baseline import baseline, merge
from canonry.cli._gate_hooks import install_hook, write_ci
from canonry.cli._gate_prove import proofs, prove
from canonry.cli._gate_tests import write_tests
from canonry.cli._output import (
    config_option,
    report_options,
    show,
    workers_option,
)
from canonry.model.errors import UserError
from canonry.model.finding import Severity
from canonry.model.gate import Judgement, Kind
from canonry.report.gate import Format, renderer

if TYPE_CHECKING:
    from canonry.gate.terms import Terms

_LEVELS = {each.value: each for each in Severity}
_FOR_TERMINALS = frozenset(("full", "concise"))


class _WithDefault(click.Group):
    """A group whose first word may be a repository or a file: then its first command is meant."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does, with the name of the default command put before what is none."""
        if not args or (args[0] not in self.commands and args[0] not in ("-h", "--help")):
            args = ["check", *args]
        return super().parse_args(ctx, args)


@click.group("gate", cls=_WithDefault)
def command() -> None:
    """Refuse what makes the suite worse: violations only fall, tests only grow.

    `canonry gate [REPOSITORY] --against REV` compares with a commit, `canonry gate` alone with the baseline file;
    `canonry gate check --help` says all about it.
    """


_Function = TypeVar("_Function", bound=Callable[..., Any])


def _strictness(function: _Function) -> _Function:
    """The options that say how strict the gate is, and how it answers."""
    for option in reversed(
        (
            click.option(
                "--fail-on", type=click.Choice(list(_LEVELS)), default="warning", show_default=True,
                help="Violations of this severity and graver may only fall.",
            ),
            click.option(
                "--allow", multiple=True, type=click.Choice([each.value for each in Kind]), metavar="KIND",
                help="Agree to what is worse of this kind (parsing, tests, assertions, violations, exemptions, "
                "quarantine, contracts, canon); it is told all the same.",
            ),
            click.option("--select", multiple=True, metavar="CODE", help="Hold only these rules against it."),
            report_options(*(each.value for each in Format)),
            click.option("-v", "--verbose", is_flag=True, help="Every reason and every change."),
        )
    ):  # fmt: skip
        function = option(function)
    return function


@command.command("check")
@click.argument("repository", required=False, type=click.Path(path_type=Path))
@click.option("--repo", type=click.Path(path_type=Path), help="The same as REPOSITORY.")
@click.option("--rev", metavar="REV", help="Judge this commit, without a checkout.")
@click.option("--staged", is_flag=True, help="Judge what the index holds, not what is on disk.")
@click.option("--against", metavar="REV", help="Compare with this commit instead of the baseline file.")
@click.option("--merge-base", is_flag=True, help="Compare with the commit where the two histories part.")
@click.option("--absolute", is_flag=True, help="Compare with nothing: every open finding counts.")
@config_option
@click.option("--target-python", metavar="3.N", help="Judge syntax at this Python version.")
@workers_option
@click.option("--no-cache", is_flag=True, help="Keep no cache.")
@_strictness
def check(  # one parameter per option, in the order of the help page
    repository: Path | None,
    repo: Path | None,
    rev: str | None,
    staged: bool,
    against: str | None,
    merge_base: bool,
    absolute: bool,
    config: Path | None,
    target_python: str | None,
    workers: int | None,
    no_cache: bool,
    fail_on: str,
    allow: tuple[str, ...],
    select: tuple[str, ...],
    output_format: str,
    output_file: Path | None,
    color: str,
    quiet: bool,
    verbose: bool,
) -> int:
    """Compare a tree with its baseline, and refuse it where it is worse.

    REPOSITORY is a working tree or a (bare) git directory [default: the one around the current folder]. With --against
    no file and no checkout is needed. Exit 0 where it passes, 1 where it is refused.
    """
    from canonry.audit.request import Request
    from canonry.gate.files import judge_against_file, judge_against_nothing
    from canonry.gate.trees import judge_trees
    from canonry.report.progress import show_progress

    if rev and staged:
        raise UserError("`--staged` and `--rev` name two trees; give one of them")
    if absolute and against:
        raise UserError("`--absolute` compares with nothing, `--against` with a commit; give one of them")
    if merge_base and not against:
        raise UserError("`--merge-base` says where to compare with a commit; name it with `--against`")
    if repository is not None and repo is not None:
        raise UserError("REPOSITORY and `--repo` name two places; give one of them")
    gc.disable()  # a short life with many small records
    request = Request(
        repository=repository or repo or Path(),
        revision=rev,
        staged=staged,
        config=config,
        target=target_python,
        workers=workers or 0,
        cache=not no_cache,
        named=select,
    )
    strictness = terms(fail_on, allow, select)
    with show_progress(quiet=quiet) as progress:
        if against is not None:
            found = judge_trees(request, against, merge_base=merge_base, terms=strictness, progress=progress)
        elif absolute:
            found = judge_against_nothing(request, terms=strictness, progress=progress)
        else:
            found = judge_against_file(request, terms=strictness, progress=progress)
    return finish(found, output_format, output_file, color=color, quiet=quiet, verbose=verbose)


@command.command("staged")
@click.argument("files", nargs=-1, metavar="[FILE]...")
@click.option("--repo", type=click.Path(path_type=Path), default=".", metavar="PATH", help="The working tree.")
@click.option("--against", metavar="REV", default="HEAD", show_default=True, help="Compare with this commit.")
@config_option
@_strictness
def staged_files(  # one parameter per option, in the order of the help page
    files: tuple[str, ...],
    repo: Path,
    against: str,
    config: Path | None,
    fail_on: str,
    allow: tuple[str, ...],
    select: tuple[str, ...],
    output_format: str,
    output_file: Path | None,
    color: str,
    quiet: bool,
    verbose: bool,
) -> int:
    """Judge the files that are about to be committed, fast enough for a commit hook.

    FILEs narrow it. Only the files that the index changes are judged, each as it was and as it is; what a change does
    to other files and to the tree as a whole, `canonry gate --against` says.
    """
    from canonry.audit.request import Request
    from canonry.gate.commits import before_commit, repository
    from canonry.gate.staged import judge_staged

    gc.disable()
    request = Request(repository=repo, staged=True, config=config, workers=1, history=False, named=select)
    git = repository(request)
    base = before_commit(git, against)
    found = judge_staged(request, git, base, paths=files, terms=terms(fail_on, allow, select))
    return finish(found, output_format, output_file, color=color, quiet=quiet, verbose=verbose)


def terms(fail_on: str, allow: tuple[str, ...], select: tuple[str, ...]) -> "Terms":
    """How strict the options ask the gate to be."""
    from canonry.gate.terms import Terms

    rules = None
    if select:
        from canonry.rules.registry import all_rules
        from canonry.rules.selection import select_rules

        rules = select_rules(select, (), all_rules())
    return Terms(least=_LEVELS[fail_on], allowed=tuple(Kind(each) for each in dict.fromkeys(allow)), rules=rules)


def finish(
    found: Judgement, output_format: str, output_file: Path | None, *, color: str, quiet: bool, verbose: bool
) -> int:
    """Prints a judgement; the status to exit with."""
    render = renderer(output_format)
    show(
        lambda out, coloured: render(found, out, coloured, verbose),
        found.notes,
        output_file,
        color=color,
        quiet=quiet,
        terminal=output_format in _FOR_TERMINALS,
    )
    return 1 if found.refused else 0


for verb in (baseline, merge, install_hook, write_ci, write_tests, prove, proofs):
    command.add_command(verb)
