"""What calls the gate: git's own hook, pre-commit, a GitHub workflow, a GitLab job. No step can fail without notice."""

import shlex
import sys

from canonry.gate.writing import MARK

HOOK = "pre-commit"
COMMAND = "canonry gate staged"
PLACES = {
    "github": ".github/workflows/canonry-gate.yml",
    "gitlab": ".gitlab/canonry-gate.yml",
    "pre-commit": ".pre-commit-config.yaml",
}


def hook_script(python: str = sys.executable) -> bytes:
    """git's hook: this very Python if it is still there, else what PATH finds; a gate that cannot run refuses."""
    return f"""#!/bin/sh
# written by `canonry gate install-hook`: judges what is about to be committed; delete this file to take it away
python={shlex.quote(python)}
if [ -x "$python" ] && "$python" -c 'import canonry' 2>/dev/null; then
  exec "$python" -m canonry gate staged
fi
exec canonry gate staged
""".encode()


def github_workflow(version: str) -> bytes:
    """A workflow that compares each pull request, and each push, with what it starts from."""
    return f"""# {MARK} write-ci github`; change the canon, not this file
name: canonry gate
on:
  pull_request:
  push:
    branches: [main, master]
permissions:
  contents: read
jobs:
  gate:
    runs-on: ubuntu-latest
    timeout-minutes: 30
    steps:
      - uses: actions/checkout@v4
        with:
          fetch-depth: 0
      - uses: actions/setup-python@v5
        with:
          python-version: "3.12"
      - uses: actions/cache@v4
        with:
          path: .canonry/cache.db
          key: canonry-{version}-${{{{ github.sha }}}}
          restore-keys: canonry-{version}-
      - run: python -m pip install "canonry=={version}"
      - name: compare with what it starts from
        # the first push of a branch knows no commit before
        if: github.event_name == 'pull_request' || !startsWith(github.event.before, '0000000')
        env:
          BASE: ${{{{ github.event.pull_request.base.sha || github.event.before }}}}
        run: canonry gate --against "$BASE" --merge-base --output-format github
""".encode()


def gitlab_job(version: str) -> bytes:
    """A job to include: it compares each merge request with its target, each push with the commit before."""
    return f"""# {MARK} write-ci gitlab`; change the canon, not this file
# in .gitlab-ci.yml:   include: .gitlab/canonry-gate.yml
canonry-gate:
  stage: test
  image: python:3.12
  variables:
    GIT_DEPTH: "0"
  cache:
    key: canonry-{version}
    paths: [.canonry/cache.db]
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
      variables:
        BASE: $CI_MERGE_REQUEST_DIFF_BASE_SHA
    # scheduled, manual and first pipelines of a branch know no commit before
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH && $CI_COMMIT_BEFORE_SHA !~ /^0+$/
      variables:
        BASE: $CI_COMMIT_BEFORE_SHA
  script:
    - python -m pip install "canonry=={version}"
    - canonry gate --against "$BASE" --merge-base --output-format gitlab --output-file gl-code-quality-report.json
  artifacts:
    when: always
    reports:
      codequality: gl-code-quality-report.json
""".encode()


def pre_commit_config(version: str) -> bytes:
    """A configuration for pre-commit with a local hook, which needs no other repository."""
    return f"""# {MARK} write-ci pre-commit`
repos:
  - repo: local
    hooks:
      - id: canonry-gate
        name: canonry gate
        language: python
        additional_dependencies: ["canonry=={version}"]
        entry: canonry gate staged
        pass_filenames: false
        always_run: true
""".encode()
