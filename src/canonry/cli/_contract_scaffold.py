"""`canonry contract scaffold`."""

from pathlib import Path

import click

from canonry.cli._contract_options import load, policy_option, profile_option
from canonry.cli._output import config_option, quiet_option, tell
from canonry.model.errors import UserError


@click.command("scaffold")
@click.argument("contract")
@click.argument("folder", metavar="DIR")
@click.option("--flow", required=True, metavar="NAME", help="The flow that the tests walk.")
@click.option("--repo", type=click.Path(exists=True, path_type=Path), default=".", metavar="PATH", help="The tree.")
@config_option
@profile_option
@policy_option
@quiet_option
def scaffold(
    contract: str,
    folder: str,
    *,
    flow: str,
    repo: Path,
    config: Path | None,
    profile: str | None,
    policies: tuple[str, ...],
    quiet: bool,
) -> int:
    """Write tests for each event, span and isolation rule of CONTRACT into DIR, which counts from the root of the tree.

    Unit tests run as they are. Integration and end-to-end tests are skipped until the fixtures of DIR/conftest.py,
    which is yours, are filled in. The same contract gives the same bytes; a file that canonry did not write is left
    alone; `canonry changes rollback` takes the tests back.
    """
    from canonry.audit.request import Request
    from canonry.audit.session import open_session
    from canonry.contract.scaffold.cases import ask_of
    from canonry.model.selection import matches
    from canonry.report.scaffold import render

    session = open_session(Request(repository=repo, config=config, cache=False))
    try:
        if session.tree.by_blob:
            raise UserError(f"`{repo}` is a git directory, which holds no files; name a working tree to write to")
        root, flows = session.tree.root, session.loaded.canon.flows
    finally:
        session.close()
    loaded = load(contract, profile, policies)
    place = _place(root, folder)
    named = _named(root, contract)
    declared = flows.get(flow)
    in_flow = declared is not None and declared.contract == named and matches(f"{place}/test_it.py", declared.tests)
    asked = ask_of(loaded)
    texts = render(asked, contract=named, flow=flow, in_flow=in_flow, depth=place.count("/") + 1)
    written = _write(root, {f"{place}/{name}": text.encode() for name, text in texts.items()})
    notes = list(asked.notes)
    if not in_flow:
        notes.append(
            f"`{place}` is no part of a flow `{flow}` with this contract; declare it as `[tool.canonry.flows.{flow}]` "
            f'with `tests = ["{place}"]` and `contract = "{named}"`'
        )
    notes.append(
        f"wrote {', '.join(f'`{each}`' for each in written)}" if written else f"nothing to change in `{place}`"
    )
    tell(notes, quiet=quiet)
    return 0


def _place(root: Path, folder: str) -> str:
    """The folder as paths of the tree are written. Raises UserError where it lies outside."""
    target = (root / folder).resolve()
    if not target.is_relative_to(root.resolve()) or target == root.resolve():
        raise UserError(f"`{folder}` is no folder within `{root}`; name one, such as `tests/contract`")
    return target.relative_to(root.resolve()).as_posix()


def _named(root: Path, contract: str) -> str:
    """The contract as the tests name it: a shipped one by its name, a file by its path from the root."""
    from canonry.contract.load import shipped

    if contract in shipped():
        return contract
    file = Path(contract).resolve()
    if not file.is_relative_to(root.resolve()):
        raise UserError(f"`{contract}` lies outside `{root}`, where no test would find it; copy it into the tree")
    return file.relative_to(root.resolve()).as_posix()


def _write(root: Path, contents: dict[str, bytes]) -> list[str]:
    """Writes the files as one change; returns those that it changes. Raises UserError for somebody's own file."""
    from canonry.changes.apply import apply_plan
    from canonry.changes.splice import replace_file
    from canonry.model.change_plan import ChangePlan, Verification
    from canonry.report.scaffold import BEGUN, MARK
    from canonry.source.trees.tree import read_file

    changes = []
    for path, after in contents.items():
        before = read_file(root / path)
        if before == after or (before is not None and before.startswith(BEGUN.encode())):
            continue
        if before is not None and not before.startswith(MARK.encode()):
            raise UserError(f"`{path}` is there already and canonry did not write it; name another folder")
        changes.append(replace_file(path, before, after, rule="contract-scaffold", reason="tests of a contract"))
    if changes:
        plan = ChangePlan(
            files=tuple(changes),
            reason="writes the tests of a contract",
            origin="contract scaffold",
            verification=Verification.OWN,
        )
        apply_plan(root, plan, verify=_object_to_python)
    return [change.path for change in changes]


def _object_to_python(path: str, _before: bytes, after: bytes) -> str | None:
    """Objects to what is no Python."""
    try:
        compile(after, path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        return f"the generated tests are no Python: {error}"
    return None
