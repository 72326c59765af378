"""What calls the gate: git's hook, pre-commit, and jobs of CI. No step of theirs can fail without notice."""

import os
import re
import subprocess

import pytest
from ruamel.yaml import YAML

from canonry.canon.options import Canon, Flow, SharedHistory
from canonry.gate.hooks import github_workflow, gitlab_job, hook_script, pre_commit_config
from canonry.gate.scheduled import github_scheduled, gitlab_scheduled
from canonry.model.checkpoint import Period
from tests.gate.test_trees import CANON, DIRECT, TWO
from tests.workbench import ROOT, SOUND, Folder, environment

SHIPPED = [".pre-commit-hooks.yaml", "action.yml"]
WRITTEN = {"github": github_workflow, "gitlab": gitlab_job, "pre-commit": pre_commit_config}
FLOWS = Canon(
    flows={"buy it": Flow(tests=["tests/e2e"], contract="contracts/a b.yaml"), "idle": Flow(contract="agent-events")},
    history=SharedHistory(url_env="SHOP_HISTORY"),
)
SCHEDULED = {"github-scheduled": github_scheduled, "gitlab-scheduled": gitlab_scheduled}


def commit(repository: Folder, *options: str) -> subprocess.CompletedProcess[str]:
    """`git commit` as a user calls it, with the hooks that are there."""
    command = [
        "git",
        "-c",
        "user.name=Ada",
        "-c",
        "user.email=ada@shop.example",
        "commit",
        "-q",
        "-m",
        "next",
        *options,
    ]
    return subprocess.run(command, cwd=repository.root, env=environment(), capture_output=True, text=True, check=False)


def test_the_hook_refuses_a_commit_and_lets_a_good_one_pass(repository: Folder) -> None:
    repository.write({"canonry.toml": CANON, "tests/test_a.py": TWO})
    assert repository.call("gate", "install-hook").returncode == 0
    repository.git("add", ".")
    assert commit(repository).returncode == 0  # the first commit: there is nothing to compare with
    assert "is there already" in repository.call("gate", "install-hook").stderr

    repository.write({"tests/test_a.py": SOUND, "tools/go.py": DIRECT})
    repository.git("add", ".")
    refused = commit(repository)
    assert refused.returncode == 1
    assert "1 test is gone" in refused.stdout + refused.stderr
    assert "1 more violation of RUN001" in refused.stdout + refused.stderr

    repository.git("checkout", "--quiet", "HEAD", "--", "tests/test_a.py")
    (repository.root / "tools/go.py").unlink()
    repository.write({"tests/test_b.py": SOUND})
    repository.git("add", "--all")
    assert commit(repository).returncode == 0


def test_a_hook_of_somebody_else_stays(repository: Folder) -> None:
    hook = repository.root / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 0\n")

    done = repository.call("gate", "install-hook")
    assert (done.returncode, "add the line `canonry gate staged`" in done.stderr) == (2, True)
    assert hook.read_text() == "#!/bin/sh\nexit 0\n"
    hook.unlink()
    hook.symlink_to("elsewhere")
    assert repository.call("gate", "install-hook").returncode == 2
    assert hook.readlink().name == "elsewhere"


def test_a_hook_of_ours_is_renewed_and_hooks_elsewhere_are_found(repository: Folder) -> None:
    repository.git("config", "core.hooksPath", "hooks")
    (repository.root / "hooks").mkdir()
    hook = repository.root / "hooks/pre-commit"
    hook.write_bytes(hook_script("/gone/python"))

    assert repository.call("gate", "install-hook").returncode == 0
    assert b"/gone/python" not in hook.read_bytes()
    assert os.access(hook, os.X_OK)


def texts() -> list[tuple[str, str]]:
    return (
        [(name, (ROOT / name).read_text()) for name in SHIPPED]
        + [(kind, made("1.0").decode()) for kind, made in WRITTEN.items()]
        + [(kind, made(FLOWS, ROOT, "1.0", Period.DAILY).decode()) for kind, made in SCHEDULED.items()]
    )


@pytest.mark.parametrize(("name", "text"), texts(), ids=[name for name, _ in texts()])
def test_no_step_can_fail_without_notice(name: str, text: str) -> None:
    YAML(typ="safe").load(text)
    assert "canonry gate" in text
    assert not re.search(r"\|\|\s*(true|:|exit 0)|continue-on-error|allow_failure|--exit-zero|set \+e", text)


@pytest.mark.parametrize(
    ("kind", "place"),
    [
        ("github", ".github/workflows/canonry-gate.yml"),
        ("gitlab", ".gitlab/canonry-gate.yml"),
        ("pre-commit", ".pre-commit-config.yaml"),
        ("github-scheduled", ".github/workflows/canonry-scheduled.yml"),
        ("gitlab-scheduled", ".gitlab/canonry-scheduled.yml"),
    ],
)
def test_what_is_written_for_ci_is_clean_itself_and_no_one_elses_is_lost(
    repository: Folder, kind: str, place: str
) -> None:
    repository.commit({"canonry.toml": CANON, "tests/test_a.py": SOUND})

    assert repository.call("gate", "write-ci", kind).returncode == 0
    assert [each.code for each in repository.findings() if each.path == place] == []
    assert "nothing to change" in repository.call("gate", "write-ci", kind).stderr
    repository.write({place: "mine: true\n"})
    done = repository.call("gate", "write-ci", kind)
    assert (done.returncode, (repository.root / place).read_text()) == (2, "mine: true\n")


def test_what_runs_by_the_clock_checks_contracts_and_flows_and_goes_on_to_the_report() -> None:
    document = YAML(typ="safe").load(github_scheduled(FLOWS, ROOT, "1.0", Period.BIWEEKLY).decode())
    assert document[True if True in document else "on"]["schedule"] == [{"cron": "17 4 1,15 * *"}]
    job = document["jobs"]["checkpoint"]
    assert job["env"] == {"SHOP_HISTORY": "${{ secrets.SHOP_HISTORY }}"}
    runs = [step["run"] for step in job["steps"] if "run" in step]
    assert runs == [
        "python -m pip install --editable .",
        'python -m pip install "canonry==1.0"',
        "canonry contract mutants 'contracts/a b.yaml'",
        "canonry contract mutants agent-events",
        "canonry run --flow 'buy it' --cover",
        "canonry report checkpoint biweekly --output-format markdown --output-file canonry-checkpoint.md",
        "canonry report --output-file canonry-report.html",
    ]
    after = job["steps"][job["steps"].index({"run": runs[1]}) + 1 :]
    assert {step["if"] for step in after} == {"${{ !cancelled() }}"}

    jobs = YAML(typ="safe").load(gitlab_scheduled(FLOWS, ROOT, "1.0", Period.BIWEEKLY).decode())
    assert [jobs[f"canonry-check-{number}"]["script"] for number in (1, 2, 3)] == [[run] for run in runs[2:5]]
    assert jobs["canonry-checkpoint"]["script"] == [runs[6], runs[5]]
    assert (jobs["canonry-checkpoint"]["when"], jobs["canonry-checkpoint"]["needs"]) == ("always", ["canonry-check-3"])
    assert jobs[".canonry-scheduled"]["before_script"] == runs[:2]
