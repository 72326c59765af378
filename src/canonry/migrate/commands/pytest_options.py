"""The options of pytest and of its common plugins: which take a value, and what the runner has in their place.

Sources: `pytest --help` of pytest 8 and 9, and the documentation of pytest-xdist, pytest-cov, pytest-timeout,
pytest-rerunfailures, pytest-asyncio, pytest-django, pytest-split, pytest-benchmark, pytest-html and pytest-randomly.
"""

VALUED = frozenset(
    (
        "--maxfail --tb --config-file --override-ini --pythonwarnings --rootdir --confcutdir --basetemp --junitxml"
        " --junit-xml --junitprefix --junit-prefix --durations --durations-min --ignore --ignore-glob --deselect"
        " --import-mode --log-level --log-cli-level --log-file --log-file-level --log-format --log-date-format"
        " --log-cli-format --log-cli-date-format --log-file-format --log-file-date-format --log-file-mode --color"
        " --code-highlight --show-capture --capture --assert --pastebin --verbosity --last-failed-no-failures --lfnf"
        " --doctest-glob --doctest-report --maxprocesses --dist --tx --rsyncdir --max-worker-restart --numprocesses"
        " --timeout --timeout-method --timeout_method --session-timeout --reruns --reruns-delay --only-rerun"
        " --rerun-except --cov-report --cov-config --cov-fail-under --cov-context --html --css --json-report-file"
        " --alluredir --asyncio-mode --random-order-bucket --random-order-seed --randomly-seed --count --repeat-scope"
        " --driver --base-url --browser --ds --dc --splits --group --durations-path --benchmark-storage"
        " --benchmark-min-rounds --benchmark-max-time --benchmark-json --benchmark-save --benchmark-compare-fail"
        " --hypothesis-profile --hypothesis-seed --nbmake-timeout --usepdb --pdbcls --log-disable --report-log"
        " --logger-disabled --md-report-output --self-contained-html-path --xfail-tb-level --testmon-env"
    ).split()
)
OPTIONAL = frozenset(("--cov", "--cache-show", "--debug", "--benchmark-compare", "--benchmark-autosave-name"))
"""Options that take the next word where that is no option."""
FLAGS = frozenset(
    (
        "--exitfirst --last-failed --lf --failed-first --ff --new-first --nf --stepwise --sw --stepwise-skip"
        " --sw-skip --stepwise-reset --sw-reset --verbose --quiet --no-header --no-summary --no-fold-skipped"
        " --showlocals --no-showlocals --full-trace --fulltrace --cache-clear --strict-markers --strict-config"
        " --strict --setup-only --setup-show --setup-plan --disable-warnings --disable-pytest-warnings --pdb --trace"
        " --pyargs --noconftest --keep-duplicates --collect-in-virtualenv --continue-on-collection-errors"
        " --doctest-modules --doctest-ignore-import-errors --doctest-continue-on-failure --runxfail --no-cov"
        " --cov-append --cov-branch --cov-reset --no-cov-on-fail --looponfail --self-contained-html --headed"
        " --create-db --reuse-db --nomigrations --no-migrations --store-durations --benchmark-only"
        " --benchmark-skip --benchmark-disable --benchmark-enable --benchmark-autosave --runslow --run-slow"
        " --json-report --snapshot-update --timeout-disable-debugger-detection --random-order --force-short-summary"
        " --xfail-tb --force-sugar --testmon --nbmake --slow --integration --e2e --live --allow-hosts --mypy --flake8"
        " --black --isort --ruff --pylint --import-mode-importlib"
    ).split()
)
SHORT_FLAGS = frozenset("xvqslhVd")
SHORT_VALUED = frozenset("kmncporW")

OWN_FLAGS = {
    "--exitfirst": "--fail-fast",
    "--verbose": "-v",
    "--quiet": "-q",
}
"""Flags that the runner has under another name."""
OWN_SHORT = {"x": "--fail-fast", "v": "-v", "q": "-q"}
OWN_VALUED = {"--maxfail": "--max-failures", "--timeout": "--timeout"}
REPORTS = frozenset(("--junitxml", "--junit-xml"))
COLLECTING = frozenset(("--collect-only", "--co"))
SPREADING = frozenset(("--dist", "--tx", "--maxprocesses", "--max-worker-restart"))
"""How pytest-xdist spreads tests, which the runner decides itself."""
REVIEWED = {
    "--doctest-modules": "`--doctest-modules` collects modules that are no test files, and the runner selects files",
    "--pyargs": "`--pyargs` names packages instead of files",
    "--stepwise": "`--stepwise` goes on where the last run stopped, which workers do not share",
    "--sw": "`--sw` goes on where the last run stopped, which workers do not share",
    "--looponfail": "`--looponfail` watches files; `canonry run --watch` does that",
    "--pdb": "`--pdb` wants a terminal, and workers have none",
    "--trace": "`--trace` wants a terminal, and workers have none",
    "--rootdir": "`--rootdir` moves the folder from which node ids are told",
    "--config-file": "`--config-file` brings settings that the selection of files does not know",
    "-c": "`-c` brings settings that the selection of files does not know",
    "--override-ini": "`--override-ini` may change which files are tests",
    "-o": "`-o` may change which files are tests",
    "--reruns": "attempts of pytest-rerunfailures are none of the runner's; `--retries` counts them",
    "--splits": "`--shard K/N` of the runner splits by its own measured durations",
    "--group": "`--shard K/N` of the runner splits by its own measured durations",
}
