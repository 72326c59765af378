"""What takes the failure of a test run: templates of GitLab, ends of scripts, pipes."""

import pytest

from canonry.source.documents.readers.registry import read_document, reader_of


def forgiven(path: str, text: str) -> list[str]:
    return [each.forgiven for each in read_document(reader_of(path), text.encode()).commands if each.tool]


ALLOWED = "`allow_failure: true`"
GITLAB = {
    "merged": (".t: &t {script: [pytest]}\nsoft: {<<: *t, allow_failure: true}\n", [ALLOWED]),
    "extended": (".t: {script: [pytest]}\nsoft: {extends: .t, allow_failure: true}\n", [ALLOWED]),
    "extended-twice": (".t: {script: [pytest]}\n.u: {extends: [.x, .t]}\nsoft: {extends: .u, allow_failure: true}\n", [ALLOWED]),
    "allowed-in-template": (".t: {script: [pytest], allow_failure: true}\nsoft: {extends: .t}\n", [ALLOWED]),
    "unused-template": (".t: {script: [pytest], allow_failure: true}\n", [ALLOWED]),
    "one-job-fails": (".t: {script: [pytest]}\nsoft: {extends: .t, allow_failure: true}\nhard: {extends: .t}\n", [""]),
    "taken-back": (".t: {script: [pytest], allow_failure: true}\nhard: {extends: .t, allow_failure: false}\n", [""]),
    "own-script": (".t: {script: [pytest]}\nsoft: {extends: .t, allow_failure: true, script: [ls]}\n", [""]),
    "exit-code": ("a: {allow_failure: {exit_codes: [1, 2]}, script: [pytest]}\n", ["`allow_failure` of exit code 1"]),
    "one-exit-code": ("a: {allow_failure: {exit_codes: 1}, script: [pytest]}\n", ["`allow_failure` of exit code 1"]),
    "other-exit-code": ("a: {allow_failure: {exit_codes: [137]}, script: [pytest]}\n", [""]),
    "extends-itself": ("a: {extends: a, script: [pytest]}\n", [""]),
    "no-scripts": ("a: {extends: b}\nb: {extends: a}\nc: {script: [pytest]}\n", [""]),
}  # fmt: skip


@pytest.mark.parametrize(("text", "why"), GITLAB.values(), ids=GITLAB)
def test_jobs_of_gitlab(text: str, why: list[str]) -> None:
    assert forgiven(".gitlab-ci.yml", text) == why


STEP = "jobs:\n  a:\n    steps:\n      - run: |\n          {}\n"
STEPS = {
    "echo-at-the-end": ("set +e\npytest\necho done", "", ["`echo done` at the end"]),
    "echo-and-errexit": ("pytest\necho done", "", [""]),
    "asks-for-the-status": ("set +e\npytest\nr=$?\necho $r\nexit $r", "", [""]),
    "real-end": ("set +e\npytest\nmake report", "", [""]),
    "tee": ("pytest | tee log", "", ["`| tee` without `pipefail`"]),
    "tee-of-all": ("pytest -q 2>&1 | tee -a log", "", ["`| tee` without `pipefail`"]),
    "tee-and-bash": ("pytest | tee log", "        shell: bash\n", [""]),
    "tee-and-sh": ("pytest | tee log", "        shell: sh\n", ["`| tee` without `pipefail`"]),
    "tee-and-pipefail": ("set -o pipefail\npytest | tee log", "", [""]),
    "tee-and-status": ("pytest | tee log\nexit ${PIPESTATUS[0]}", "", [""]),
    "grep": ("pytest | grep -q passed", "", [""]),
    "last-of-a-pipe": ("cat a | xargs pytest", "", [""]),
}


@pytest.mark.parametrize(("script", "more", "why"), STEPS.values(), ids=STEPS)
def test_steps_of_github(script: str, more: str, why: list[str]) -> None:
    text = STEP.format(script.replace("\n", "\n          ")) + more

    assert forgiven(".github/workflows/a.yml", text) == why


def test_a_pipeline_of_gitlab_fails_with_any_command() -> None:
    assert forgiven(".gitlab-ci.yml", "a: {script: ['pytest | tee log']}\n") == [""]
