"""The configurations of CI systems that are not read: each is passed over as a whole, so that nobody takes it for read.

A reader knows no path; what the file says at its top names the system where it can be told.
"""

import re

from canonry.source.documents.fragment import Document
from canonry.source.documents.reading import Reading, unread

PATTERNS = (
    ".circleci/config.yml",
    ".circleci/config.yaml",
    "azure-pipelines*.yml",
    "azure-pipelines*.yaml",
    ".travis.yml",
    "Jenkinsfile",
    "*.jenkinsfile",
    "bitbucket-pipelines.yml",
    "appveyor.yml",
    ".appveyor.yml",
    ".drone.yml",
    ".woodpecker.yml",
    ".woodpecker/*.yml",
    "buildspec.yml",
    "buildspec.yaml",
    "cloudbuild.yml",
    "cloudbuild.yaml",
    ".buildkite/**/*.yml",
    ".buildkite/**/*.yaml",
    ".cirrus.yml",
    ".cirrus.yaml",
    ".semaphore/*.yml",
    ".drone.yaml",
    ".woodpecker.yaml",
    ".woodpecker/*.yaml",
    ".build.yml",
    ".builds/*.yml",
    "codefresh.yml",
    "bitrise.yml",
    "wercker.yml",
)

_KEY = re.compile(r"^([A-Za-z_]+)[ \t]*:", re.MULTILINE)
_TASK = re.compile(r"^(?:\w+_)?task[ \t]*:", re.MULTILINE)
_STEP = re.compile(
    r"^[ \t]*-?[ \t]*(?:label|command|wait|block|plugins|group)[ \t]*:|^[ \t]*-[ \t]+wait\b", re.MULTILINE
)
_GROOVY = re.compile(r"^[ \t]*(?:pipeline|node|stage)\b[^\r\n:]*\{", re.MULTILINE)
_SYSTEMS = (
    ("CircleCI", ("workflows", "orbs", "executors")),
    ("Bitbucket Pipelines", ("pipelines",)),
    ("Azure Pipelines", ("pool", "trigger", "stages")),
    ("AppVeyor", ("test_script", "build_script", "skip_commits")),
    ("AWS CodeBuild", ("phases",)),
    ("Semaphore", ("blocks",)),
    ("SourceHut", ("tasks",)),
    ("Drone", ("kind",)),
    ("Travis CI", ("language", "python", "before_install", "script")),
)


def read(document: Document) -> Reading:
    """Nothing but the reason."""
    keys = set(_KEY.findall(document.text))
    system = "another CI system"
    if _GROOVY.search(document.text):
        system = "Jenkins"
    elif _TASK.search(document.text):
        system = "Cirrus CI"
    elif "steps" in keys and not keys & {"kind", "trigger", "pool"} and _STEP.search(document.text):
        system = "Buildkite"
    else:
        system = next((name for name, own in _SYSTEMS if keys & set(own)), system)
    return unread(f"a configuration of {system}, which canonry does not read")
