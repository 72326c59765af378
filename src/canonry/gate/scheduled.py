"""What runs by the clock: contracts, flows, the checkpoint and the report, for GitHub and GitLab.

Steps after a failed one run all the same, so that the report of a bad night is there; the job fails for it.
"""

import re
import shlex
from pathlib import Path

from canonry.canon.options import Canon
from canonry.gate.writing import MARK
from canonry.model.checkpoint import Period

PLACES = {
    "github-scheduled": ".github/workflows/canonry-scheduled.yml",
    "gitlab-scheduled": ".gitlab/canonry-scheduled.yml",
}
_CRON = {
    Period.DAILY: "17 4 * * *",
    Period.WEEKLY: "17 4 * * 1",
    Period.BIWEEKLY: "17 4 1,15 * *",
    Period.MONTHLY: "17 4 1 * *",
}
_CHECKPOINT, _REPORT = "canonry-checkpoint.md", "canonry-report.html"
_REQUIREMENTS = ("requirements-dev.txt", "requirements-test.txt", "requirements.txt")
_PLAIN = re.compile(r"^[\w./-]+$", re.ASCII)


def checks(canon: Canon) -> tuple[str, ...]:
    """The commands that look at contracts and flows: that each rule can fail, and that each flow keeps its contract."""
    flows = [name for name, flow in canon.flows.items() if flow.tests]
    contracts = dict.fromkeys(flow.contract for flow in canon.flows.values() if flow.contract)
    return (
        *(f"canonry contract mutants {shlex.quote(name)}" for name in contracts if name),
        *(f"canonry run --flow {shlex.quote(name)} --cover" for name in flows),
    )


def installs(root: Path, version: str) -> tuple[str, ...]:
    """The commands that install canonry and what the tests of a tree need, as far as its files say."""
    own = [f"-r {name}" for name in _REQUIREMENTS if (root / name).is_file()][:1]
    if any((root / name).is_file() for name in ("setup.py", "setup.cfg")) or _is_package(root):
        own.append("--editable .")
    first = [f"python -m pip install {' '.join(own)}"] if own else []
    return (*first, f'python -m pip install "canonry=={version}"')


def _is_package(root: Path) -> bool:
    import tomllib

    try:
        document = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return "project" in document or "build-system" in document


def github_scheduled(canon: Canon, root: Path, version: str, period: Period) -> bytes:
    """A workflow that runs by the clock."""
    always = "        if: ${{ !cancelled() }}\n"
    address = canon.history.url_env
    lines = [
        f"# {MARK} write-ci github-scheduled`; change the canon, and write it again",
        "name: canonry, by the clock",
        "on:",
        "  schedule:",
        f'    - cron: "{_CRON[period]}"',
        "  workflow_dispatch:",
        "permissions:",
        "  contents: read",
        "jobs:",
        "  checkpoint:",
        "    runs-on: ubuntu-latest",
        "    timeout-minutes: 120",
    ]
    if address is not None:
        lines += ["    env:", f"      {address}: ${{{{ secrets.{address} }}}}"]
    lines += [
        "    steps:",
        "      - uses: actions/checkout@v4",
        "        with:",
        "          fetch-depth: 0",
        "      - uses: actions/setup-python@v5",
        "        with:",
        '          python-version: "3.12"',
        "      # the history of the runs before: what this one is compared with",
        "      - uses: actions/cache/restore@v4",
        "        with:",
        "          path: .canonry",
        "          key: canonry-history-${{ github.run_id }}",
        "          restore-keys: canonry-history-",
    ]
    lines += [f"      - run: {command}" for command in installs(root, version)]
    text = "\n".join(lines) + "\n"
    for command in (*checks(canon), f"canonry report checkpoint {period.value} {_to(_CHECKPOINT)}"):
        text += f"      - run: {_scalar(command)}\n{always}"
    text += f"      - run: canonry report --output-file {_REPORT}\n{always}"
    text += f"""      - uses: actions/upload-artifact@v4
{always}        with:
          name: canonry
          path: |
            {_CHECKPOINT}
            {_REPORT}
      - uses: actions/cache/save@v4
{always}        with:
          path: .canonry
          key: canonry-history-${{{{ github.run_id }}}}
"""
    return text.encode()


def gitlab_scheduled(canon: Canon, root: Path, version: str, period: Period) -> bytes:
    """Jobs to include, for a pipeline schedule of the project."""
    lines = [
        f"# {MARK} write-ci gitlab-scheduled`; change the canon, and write it again",
        "# in .gitlab-ci.yml:   include: .gitlab/canonry-scheduled.yml",
        f'# in Build > Pipeline schedules:   a schedule "{_CRON[period]}"',
        ".canonry-scheduled:",
        "  stage: test",
        "  image: python:3.12",
        "  rules:",
        '    - if: $CI_PIPELINE_SOURCE == "schedule"',
        "  variables:",
        '    GIT_DEPTH: "0"',
        "  # the history of the runs before: what this one is compared with",
        "  cache:",
        "    key: canonry-history",
        "    paths: [.canonry]",
        "    when: always",
        "  before_script:",
    ]
    lines += [f"    - {_scalar(command)}" for command in installs(root, version)]
    looks = checks(canon)
    for number, command in enumerate(looks, 1):
        lines += ["", f"canonry-check-{number}:", "  extends: .canonry-scheduled"]
        lines += ["  when: always", f"  needs: [canonry-check-{number - 1}]"] if number > 1 else []
        lines += ["  script:", f"    - {_scalar(command)}"]
    lines += ["", "canonry-checkpoint:", "  extends: .canonry-scheduled", "  when: always"]
    lines += [f"  needs: [canonry-check-{len(looks)}]"] if looks else []
    lines += [
        "  script:",
        f"    - canonry report --output-file {_REPORT}",
        f"    - canonry report checkpoint {period.value} {_to(_CHECKPOINT)}",
        "  artifacts:",
        "    when: always",
        f"    paths: [{_CHECKPOINT}, {_REPORT}]",
    ]
    return ("\n".join(lines) + "\n").encode()


def _to(file: str) -> str:
    return f"--output-format markdown --output-file {file}"


def _scalar(command: str) -> str:
    """A command as YAML takes it: quoted where a sign in it would say something else."""
    return command if all(_PLAIN.match(word) for word in command.split()) else "'" + command.replace("'", "''") + "'"
