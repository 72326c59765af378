"""Less usual places of commands: each is found where it stands, or passed over with the reason."""

import pytest

from canonry.source.documents.readers.registry import read_document, reader_of

FOUND = {
    "docker-action": ("action.yml", "runs:\n  using: docker\n  image: Dockerfile\n  entrypoint: pytest\n  args: [-q, a]\n", ["4:15 pytest -q a"]),
    "docker-action-before": ("action.yml", "runs:\n  using: docker\n  pre-entrypoint: pytest\n  args: [-q]\n", ["3:19 pytest"]),
    "post-start": ("compose.yml", "services:\n  a:\n    post_start:\n      - command: pytest -q\n", ["4:18 pytest -q"]),
    "pre-stop": ("compose.yml", "services:\n  a:\n    pre_stop:\n      - command: [sh, -c, 'pytest -q']\n", ["4:28 pytest -q"]),
    "watch": ("compose.yml", "services:\n  a:\n    develop:\n      watch:\n        - action: sync+exec\n          exec: {command: pytest -q}\n", ["6:27 pytest -q"]),
    "cross-env": ("package.json", '{"scripts": {"t": "cross-env X=1 pytest -q"}}', ["1:20 cross-env X=1 pytest -q"]),
    "concurrently": ("package.json", '{"scripts": {"t": "concurrently -n a,b \\"vite\\" \\"pytest -q\\""}}', ["1:51 pytest -q"]),
    "npx-concurrently": ("package.json", '{"scripts": {"t": "npx concurrently \'pytest -q\'"}}', ["1:38 pytest -q"]),
    "lint-staged": ("package.json", '{"lint-staged": {"*.py": "pytest -q"}}', ["1:27 pytest -q"]),
    "lint-staged-list": ("package.json", '{"lint-staged": {"*.py": ["ruff", "pytest -q"]}}', ["1:36 pytest -q"]),
    "husky": ("package.json", '{"husky": {"hooks": {"pre-push": "pytest -q"}}}', ["1:35 pytest -q"]),
    "just-backticks": ("justfile", "a := `pytest -q`\nt:\n    ls\n", ["1:7 pytest -q"]),
    "just-text": ("justfile", "a := 'a `pytest -q`'\nt:\n    ls\n", []),
    "myst": ("a.md", "```{code-block} bash\npytest -q\n```\n", ["2:1 pytest -q"]),
    "myst-python": ("a.md", "```{code-block} python\npytest\n```\n", []),
}  # fmt: skip


@pytest.mark.parametrize(("path", "text", "places"), FOUND.values(), ids=FOUND)
def test_found(path: str, text: str, places: list[str]) -> None:
    assert [
        f"{each.site.line}:{each.site.column} {' '.join(each.words)}"
        for each in read_document(reader_of(path), text.encode()).commands
        if each.tool
    ] == places


PASSED = {
    "local": (".gitlab-ci.yml", "include:\n  - local: /ci/jobs.yml\na: {script: [ls]}\n", ["2:12 the included `/ci/jobs.yml` is not read"]),
    "text": (".gitlab-ci.yml", "include: ci/jobs.yml\n", ["1:10 the included `ci/jobs.yml` is not read"]),
    "remote": (".gitlab-ci.yml", "include:\n  - remote: https://x/y.yml\n  - template: A.gitlab-ci.yml\n", ["2:13 the included `https://x/y.yml` is not read", "3:15 the included `A.gitlab-ci.yml` is not read"]),
    "project": (".gitlab-ci.yml", "include: {project: a/b, file: /c.yml}\n", ["1:20 the included `a/b` is not read"]),
    "read": (".gitlab-ci.yml", "include:\n  - local: ci/a.gitlab-ci.yml\n  - local: .gitlab/ci/b.yml\n", []),
    "inline": ("compose.yml", "services:\n  a:\n    build:\n      dockerfile_inline: |\n        RUN pytest\n", ["4:26 a Dockerfile inside YAML"]),
    "inline-without": ("compose.yml", "services:\n  a:\n    build:\n      dockerfile_inline: FROM a\n", []),
    "make-deep": ("Makefile", "A0 = pytest\n" + "".join(f"A{n} = $(A{n - 1})\n" for n in range(1, 12)) + "t:\n\t$(A11) x\n", ["14:2 variables in variables, deeper than 8 or too long"]),
    "just-condition": ("justfile", "t:\n    {{ if os() == 'a' { 'pytest' } else { 'tox' } }} -q\n", ["2:5 a condition inside an expression of just"]),
}  # fmt: skip


@pytest.mark.parametrize(("path", "text", "reasons"), PASSED.values(), ids=PASSED)
def test_passed_over(path: str, text: str, reasons: list[str]) -> None:
    reading = read_document(reader_of(path), text.encode())

    assert [f"{each.site.line}:{each.site.column} {each.reason}" for each in reading.passed_over] == reasons
    assert [each for each in reading.commands if each.tool] == []
