"""`canonry audit`."""

import gc
from collections.abc import Collection
from pathlib import Path

import click

from canonry.audit.compliance import Summary, summarise
from canonry.audit.engine import audit
from canonry.audit.request import Request
from canonry.audit.result import Result
from canonry.audit.session import Progress
from canonry.audit.sources import source_reader
from canonry.cli._output import color_option, config_option, output_file_option, painted, quiet_option, write_report
from canonry.model.errors import NothingValidatedError, RuleError, UserError
from canonry.model.finding import Severity
from canonry.report.content import Options, Report
from canonry.report.formats import Format, renderer
from canonry.report.grouping import GroupBy
from canonry.report.progress import show_progress
from canonry.report.summary import narrowed

_LEVELS = {"error": 0, "warning": 1, "info": 2}
_FOR_TERMINALS = frozenset(("full", "concise"))
"""The formats in the encoding of the terminal; all others are UTF-8 wherever they go."""
_GROUPABLE = frozenset(("full", "concise", "markdown"))


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--repo", type=click.Path(path_type=Path), help="A repository: a working tree or a (bare) git directory.")
@click.option("--rev", help="Audit this commit, without a checkout.")
@click.option("--staged", is_flag=True, help="Audit the tree as the index holds it, not as it is on disk.")
@click.option("--base", metavar="REV", help="Compare exemptions with this commit [default: HEAD, or its parent].")
@config_option
@click.option("--target-python", metavar="3.N", help="Judge syntax at this Python version.")
@click.option(
    "--select", multiple=True, metavar="CODE", help="Show only these rules (code, prefix or name; repeatable)."
)
@click.option("--ignore", multiple=True, metavar="CODE", help="Leave these rules out of what is shown.")
@click.option(
    "--owner", multiple=True, metavar="NAME", help="Only files of this owner in CODEOWNERS (`nobody`: unowned)."
)
@click.option("--category", multiple=True, metavar="NAME", help="Only files of this category of the canon.")
@click.option("--flow", multiple=True, metavar="NAME", help="Only tests and components of this flow of the canon.")
@click.option("--preview", is_flag=True, help="Let the rules in preview judge too.")
@click.option(
    "--group-by",
    type=click.Choice([each.value for each in GroupBy]),
    help="Put findings under a heading each (full, concise, markdown; the other formats have no groups).",
)
@click.option("--statistics", is_flag=True, help="Show counts per rule instead of findings.")
@click.option("--worst", type=click.IntRange(min=1), metavar="N", help="Show the N files with most errors instead.")
@click.option(
    "--sample", type=click.IntRange(min=1), metavar="N", help="Show N findings of each rule, drawn at random."
)
@click.option("--seed", type=int, default=0, show_default=True, help="The seed of --sample.")
@click.option(
    "--fail-on",
    type=click.Choice(list(_LEVELS)),
    default="error",
    show_default=True,
    help="Exit 1 from this severity on.",
)
@click.option("--exit-zero", is_flag=True, help="Exit 0 whatever is found.")
@click.option(
    "--fix", is_flag=True, help="Show what the codemods of these rules would mend, as `canonry migrate` does."
)
@click.option("--write", is_flag=True, help="With --fix: apply what is graded safe.")
@click.option("--output-format", type=click.Choice([each.value for each in Format]), default="full", show_default=True)
@output_file_option
@click.option(
    "--workers", type=click.IntRange(min=1), metavar="N", help="Processes that read files [default: all cores]."
)
@click.option("--no-cache", is_flag=True, help="Keep no cache.")
@click.option("--keep", is_flag=True, help="Add the numbers to the history, for `canonry report`.")
@color_option
@quiet_option
@click.option("-v", "--verbose", is_flag=True, help="More narration on stderr; every place of a cluster.")
def command(  # one parameter per option, in the order of the help page
    paths: tuple[str, ...],
    repo: Path | None,
    rev: str | None,
    staged: bool,
    base: str | None,
    config: Path | None,
    target_python: str | None,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    owner: tuple[str, ...],
    category: tuple[str, ...],
    flow: tuple[str, ...],
    preview: bool,
    group_by: str | None,
    statistics: bool,
    worst: int | None,
    sample: int | None,
    seed: int,
    fail_on: str,
    exit_zero: bool,
    fix: bool,
    write: bool,
    output_format: str,
    output_file: Path | None,
    workers: int | None,
    no_cache: bool,
    keep: bool,
    color: str,
    quiet: bool,
    verbose: bool,
) -> int:
    """Find every departure from the canon, count it, and say where the tests stand.

    PATHs are files or folders (default: the repository around the current folder); a first PATH that is a git
    directory names the repository. Nothing is run, imported or changed, unless `--fix --write` asks for it.

    --owner, --category and --flow narrow findings, population and compliance alike, as PATHs do: any of several names
    of one kind, and every kind that is given.
    """
    if staged and rev:
        raise UserError("`--staged` and `--rev` name two trees; give one of them")
    if sample and (statistics or worst):
        raise UserError("`--sample` draws findings, `--statistics` and `--worst` show counts; give one of them")
    if keep and (staged or fix or owner or category or flow):
        raise UserError("`--keep` keeps audits of whole trees; leave it out, or what narrows or changes the audit")
    if write and not fix:
        raise UserError("`--write` applies what `--fix` shows; give both")
    _check_format(output_format, counts=statistics or bool(worst), group_by=group_by)
    from canonry.rules.registry import all_rules
    from canonry.rules.selection import preview_words, select_rules

    gc.disable()  # a short life with many small records: collecting costs a tenth of the time and frees nothing
    request = Request(
        paths=paths,
        repository=repo,
        revision=rev,
        staged=staged,
        config=config,
        target=target_python,
        workers=workers or 0,
        cache=not no_cache,
        preview=preview_words(select, all_of_them=preview),
        named=(*select, *ignore),
        base=base,
        owners=owner,
        categories=category,
        flows=flow,
    )
    if fix:
        return _fix(
            request,
            select_rules(select, ignore, all_rules()) or all_rules(),
            write=write,
            output_format=output_format,
            output_file=output_file,
            color=color,
            quiet=quiet,
            verbose=verbose,
        )
    with show_progress(quiet=quiet) as progress:
        result = _audit(request, progress, keep=keep, verbose=verbose)
    own = result.header.own_rules
    names = {code: (rule.name, rule.severity) for code, rule in all_rules().items()}
    names |= {code: (rule.name, rule.severity) for code, rule in own.items()}
    selected = select_rules(select, ignore, names)
    summary = summarise(result, names, selected=selected)
    if not quiet:
        _narrate(result, verbose=verbose)
    validated = summary.population.files or summary.population.documents
    if not validated and not summary.rules:
        only = narrowed(result)
        where = f"and that belongs to {only} " if only else ""
        raise NothingValidatedError(f"no file that canonry reads {where}was found, so nothing was validated")
    with source_reader(request) as read:
        options = Options(
            selected=selected,
            statistics=statistics,
            worst=worst,
            sample=sample,
            seed=seed,
            color=painted(color, output_file),
            group_by=group_by,
            verbose=verbose,
            read=read,
        )
        _write(Report(result, summary, options), output_format, output_file)
    if not validated:
        raise NothingValidatedError(
            "no file that canonry reads was found outside shadow trees, so nothing was validated"
        )
    return 0 if exit_zero else _status(summary, fail_on)


def _fix(
    request: Request,
    rules: Collection[str],
    *,
    write: bool,
    output_format: str,
    output_file: Path | None,
    color: str,
    quiet: bool,
    verbose: bool,
) -> int:
    """The fixes of these rules, previewed or applied by the codemods that answer them."""
    from canonry.cli.migrate import finish
    from canonry.migrate.engine import Wanted, migrate

    if request.staged:
        raise UserError("the index cannot be written to; leave `--staged` out")
    if write and request.revision is not None:
        raise UserError(
            "a commit cannot be written to; `canonry migrate --rev REV --output DIR` writes results elsewhere"
        )
    if output_format not in ("full", "concise", "json", "markdown"):
        raise UserError(
            f"`--output-format {output_format}` holds findings; with `--fix` take full, concise, json or markdown"
        )
    with show_progress(quiet=quiet) as progress:
        found = migrate(request, Wanted(rules=frozenset(rules)), progress=progress)
    return finish(
        found,
        write=write,
        review=False,
        output=None,
        diff=True,
        output_format=output_format,
        output_file=output_file,
        color=color,
        quiet=quiet,
        verbose=verbose,
    )


def _audit(request: Request, progress: Progress, *, keep: bool, verbose: bool) -> Result:
    """The audit, kept where that is asked for.

    Where a rule of the user's raises, its traceback is narration that ``-v`` asks for.
    """
    try:
        if not keep:
            return audit(request, progress=progress)
        from canonry.standing.kept_audits import audit_and_keep

        result, trouble = audit_and_keep(request, progress=progress)
        if trouble:
            click.echo(f"canonry: {trouble}", err=True)
        return result
    except RuleError as error:
        if verbose and error.__cause__ is not None:
            import traceback

            traceback.print_exception(error.__cause__)
        raise


def _check_format(output_format: str, *, counts: bool, group_by: str | None) -> None:
    """Raises `UserError` where a format cannot hold what is asked of it."""
    if group_by and output_format not in _GROUPABLE:
        raise UserError(f"`--output-format {output_format}` has no groups; leave `--group-by` out")
    if not counts:
        return
    if group_by:
        raise UserError("`--group-by` arranges findings, `--statistics` and `--worst` show counts; give one of them")
    if output_format.startswith("json"):
        raise UserError(
            f"`--output-format {output_format}` always holds all counts; leave `--statistics` and `--worst` out"
        )
    if output_format not in _GROUPABLE:
        raise UserError(f"`--output-format {output_format}` holds findings; leave `--statistics` and `--worst` out")


def _status(summary: Summary, fail_on: str) -> int:
    open_findings = sum(
        count for severity, count in summary.severities.items() if Severity(severity).rank <= _LEVELS[fail_on]
    )
    return 1 if open_findings else 0


def _narrate(result: Result, *, verbose: bool) -> None:
    header = result.header
    if not header.canon_declared:
        click.echo(
            "canonry: no canon is declared, so the defaults apply (`canonry canon show` prints them); "
            "`canonry init` proposes your own by counting what the code uses",
            err=True,
        )
    for note in header.notes:
        click.echo(f"canonry: {note}", err=True)
    shown = list(header.missing.items())[: None if verbose else 5]
    for path, reason in shown:
        click.echo(f"canonry: `{path}` could not be read: {reason}", err=True)
    if len(header.missing) > len(shown):
        click.echo(f"canonry: {len(header.missing) - len(shown)} more could not be read (all with -v)", err=True)
    passed = [(document.path, *part) for document in result.documents() for part in document.passed_over]
    broken = [part for part in passed if part[2].startswith("broken")][:5]  # of these nothing at all is read
    for path, line, reason in passed if verbose else broken:
        click.echo(f"canonry: `{path}:{line}` is passed over: {reason}", err=True)
    rest = len(passed) - len(broken)
    if rest and not verbose:
        parts = f"{'more ' if broken else ''}{'part' if rest == 1 else 'parts'}"
        click.echo(f"canonry: {rest:,} {parts} of files that are no Python passed over (all with -v)", err=True)
    if verbose:
        click.echo(f"canonry: syntax judged as Python {header.target_python} ({header.target_origin})", err=True)


def _write(report: Report, output_format: str, output_file: Path | None) -> None:
    render = renderer(output_format)
    write_report(lambda out: render(report, out), output_file, terminal=output_format in _FOR_TERMINALS)
