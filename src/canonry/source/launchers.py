"""Programs that start the command in their arguments: which words of a command line are that command.

Sources: the manual pages of the programs, and the command line references of Docker, Compose, uv, Poetry and coverage.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

Words = Sequence[str | None]
"""The words of a command; None stands for one that is computed."""

PYTHON = re.compile(r"(?:.*[/\\])?(?:python|pypy|py)[\d.]*(?:w)?(?:\.exe)?$", re.IGNORECASE)
_COMPUTED = re.compile(r"[\"'@]*(?:\$|%\w|!\w|\{)")
_HOLDS_OPTIONS = re.compile(r"(?i)arg|opt|flag|param|volume|env|mount|\[@\]|\$@|\$\*")
_ASSIGNMENT = re.compile(r"\w+=")
_DEPTH = 12


@dataclass(frozen=True, slots=True)
class Launcher:
    """How a program is told what to start.

    ``valued`` options take the next word, ``verbs`` are the subcommands that start something (one of them has to
    stand there), ``skipped`` words stand before the command, ``modular`` says that ``-m`` names a module of Python.
    """

    valued: frozenset[str] = frozenset()
    verbs: tuple[str, ...] = ()
    skipped: int = 0
    modular: bool = False
    dashes: bool = False
    """Whether the command stands behind ``--`` alone."""


def _launcher(
    valued: str = "", *, verbs: str = "", skipped: int = 0, modular: bool = False, dashes: bool = False
) -> Launcher:
    return Launcher(frozenset(valued.split()), tuple(verbs.split()), skipped, modular, dashes)


_UV = (
    "--with --with-requirements --with-editable --extra --group --only-group --no-group --no-extra --package --python"
    " -p --env-file --directory --project --index --index-url -i --default-index --extra-index-url --find-links -f -w"
    " --cache-dir --config-file --color --refresh-package --upgrade-package -P --reinstall-package --link-mode --from"
    " --resolution --prerelease --exclude-newer --config-setting -C --index-strategy --keyring-provider --constraints"
    " -c --overrides --no-build-package --no-binary-package --allow-insecure-host --python-platform"
)
LAUNCHERS = {
    "sudo": _launcher("-u -g -C -D -h -p -R -r -t -T -U --user --group --host --prompt --chdir --close-from --role"),
    "doas": _launcher("-u -C"),
    "env": _launcher("-u -C --unset --chdir"),
    "cross-env": _launcher(),
    "time": _launcher("-f -o --format --output"),
    "timeout": _launcher("-k -s --kill-after --signal", skipped=1),
    "gtimeout": _launcher("-k -s --kill-after --signal", skipped=1),
    "nice": _launcher("-n --adjustment"),
    "ionice": _launcher("-c -n --class --classdata"),
    "taskset": _launcher("", skipped=1),
    "nohup": _launcher(),
    "exec": _launcher("-a"),
    "command": _launcher(),
    "builtin": _launcher(),
    "call": _launcher(),
    "setsid": _launcher(),
    "unbuffer": _launcher(),
    "chronic": _launcher(),
    "caffeinate": _launcher("-t -w"),
    "catchsegv": _launcher(),
    "dbus-run-session": _launcher("--config-file --dbus-daemon"),
    "stdbuf": _launcher("-i -o -e --input --output --error"),
    "faketime": _launcher("-f", skipped=1),
    "flock": _launcher("-w -E --timeout --wait --conflict-exit-code", skipped=1),
    "chroot": _launcher("--userspec --groups", skipped=1),
    "gosu": _launcher("", skipped=1),
    "su-exec": _launcher("", skipped=1),
    "runuser": _launcher("-u -g -G --user --group"),
    "tini": _launcher("-p -e"),
    "dumb-init": _launcher("-r --rewrite"),
    "strace": _launcher("-o -e -p -s -E -u"),
    "systemd-run": _launcher(
        "-p -u -E -M -H --property --unit --slice --setenv --machine --host --uid --gid --nice --working-directory"
    ),
    "xvfb-run": _launcher("-n -s -e -f -p -w --server-num --server-args --auth-file --error-file --wait"),
    "wsl": _launcher("-d -u --distribution --user --cd"),
    "mpirun": _launcher("-n -np -c -host -H -hostfile --host --hostfile -x --map-by --bind-to --mca"),
    "mpiexec": _launcher("-n -np -c -host -H -hostfile --host --hostfile -x --map-by --bind-to --mca"),
    "srun": _launcher("-n -N -c -p -t -J -o -e -G"),
    "xargs": _launcher("-n -P -I -L -s -d -a -E --max-args --max-procs --replace --max-lines --delimiter"),
    "parallel": _launcher("-j --jobs -a --arg-file -I -N -n --joblog --timeout --retries --delay -S"),
    "watch": _launcher("-n --interval"),
    "entr": _launcher(),
    "ssh": _launcher("-b -c -D -E -e -F -I -i -J -L -l -m -O -o -p -Q -R -S -W -w", skipped=1),
    "uv": _launcher(_UV, verbs="run tool", modular=True),
    "uvx": _launcher(_UV),
    "pipx": _launcher("--spec --python --pip-args --index-url -i", verbs="run"),
    "poetry": _launcher("-C --directory -P --project", verbs="run"),
    "pipenv": _launcher("--python", verbs="run"),
    "pdm": _launcher("-p --project -c --config", verbs="run"),
    "hatch": _launcher("-e --env -p --project --data-dir --cache-dir --config", verbs="run"),
    "rye": _launcher("--pyproject", verbs="run"),
    "pixi": _launcher("-e --environment --manifest-path", verbs="run"),
    "conda": _launcher("-n -p --name --prefix --cwd", verbs="run"),
    "mamba": _launcher("-n -p --name --prefix --cwd", verbs="run"),
    "micromamba": _launcher("-n -p --name --prefix --cwd -r --root-prefix", verbs="run"),
    "direnv": _launcher("", verbs="exec", skipped=1),
    "dotenv": _launcher("-f --file -q --quote -e --export", verbs="run"),
    "doppler": _launcher("-p -c --project --config -t --token", verbs="run"),
    "npx": _launcher("-p --package -w --workspace"),
    "coverage": _launcher(
        "--source --omit --include --rcfile --data-file --concurrency --context --debug --save-signal",
        verbs="run",
        modular=True,
    ),
    "python": _launcher("-W -X -Q --check-hash-based-pycs", modular=True),
    "cprofile": _launcher("-o -s --outfile --sort", modular=True),
    "profile": _launcher("-o -s --outfile --sort", modular=True),
    "trace": _launcher("-f -C -g --file --coverdir --ignore-module --ignore-dir", modular=True),
    "pdb": _launcher("", modular=True),
    "debugpy": _launcher("--listen --connect --log-to", modular=True),
    "kernprof": _launcher("-o -s -p -i -u --outfile --setup --prof-mod", modular=True),
    "pyinstrument": _launcher("-o -r -t --outfile --renderer --from-path", modular=True),
    "viztracer": _launcher("-o --output_file --max_stack_depth --tracer_entries", modular=True),
    "scalene": _launcher("--outfile --profile-only", modular=True),
    "torchrun": _launcher("--nproc_per_node --nproc-per-node --nnodes --master_port --rdzv_endpoint", modular=True),
    "memray": _launcher("-o --output", verbs="run", modular=True),
    "ddtrace-run": _launcher(),
    "opentelemetry-instrument": _launcher("--traces_exporter --metrics_exporter --service_name"),
    "kubectl": _launcher("-n --namespace -c --container --context --kubeconfig", verbs="exec run debug", dashes=True),
    "oc": _launcher("-n --namespace -c --container --context --kubeconfig", verbs="exec run debug", dashes=True),
    "tox": _launcher("", verbs="exec e", dashes=True),
    "nox": _launcher("", verbs="exec", dashes=True),
}
LAUNCHERS |= {"coverage3": LAUNCHERS["coverage"], "torch.distributed.run": LAUNCHERS["torchrun"]}
CONTAINERS = frozenset(("docker", "podman", "nerdctl", "docker-compose", "podman-compose"))
OTHERS = frozenset(("start", "find"))

_CONTAINER_SWITCHES = frozenset(
    "--detach --interactive --tty --rm --privileged --init --no-healthcheck --oom-kill-disable --publish-all --build"
    " --read-only --sig-proxy --disable-content-trust --quiet --no-deps --service-ports --use-aliases --no-TTY --no-tty"
    " --remove-orphans --quiet-pull --quiet-build --all --latest --no-hosts --rmi --replace --debug --tls --tlsverify"
    " --compatibility --dry-run --all-resources --verbose --help --version --env-host --http-proxy --rmi".split()
)
"""Options of Docker and its like that take no value; the letters of short ones follow."""
_CONTAINER_LETTERS = frozenset("ditPqTl")
_GLOBAL_LETTERS = frozenset("Dv")


def started_by(words: Words, *, depth: int = _DEPTH) -> Iterator[Words]:
    """The commands that a command line comes to when every program that starts another has started it.

    ``-m`` and a module begin what an interpreter runs as a module. A line that hands on none is itself the command.
    """
    words = _without_assignments(list(words))
    if not words:
        return
    handed = _handed_on(words) if depth else None
    if handed is None:
        yield words
        return
    for command in handed:
        yield from started_by(command, depth=depth - 1)


def is_launcher(word: str) -> bool:
    """Whether a word names an interpreter of Python or a program that starts the command in its arguments."""
    name = basename(word)
    return bool(PYTHON.match(word)) or name in LAUNCHERS or name in CONTAINERS or name in OTHERS


def is_computed(word: str | None) -> bool:
    """Whether a word is, or begins with, a variable."""
    return word is None or _COMPUTED.match(word) is not None


def basename(word: str) -> str:
    """The name of a program without its folder and the ending of Windows."""
    return re.split(r"[/\\]", word)[-1].removesuffix(".exe")


def _without_assignments(words: Words) -> Words:
    at = 0
    while at < len(words) and (word := words[at]) is not None and _ASSIGNMENT.match(word):
        at += 1
    return words[at:]


def _handed_on(words: Words) -> list[Words] | None:
    """The commands that a program starts itself; None where the first word is no program that starts any."""
    first = words[0]
    if first is None:
        return None
    name = basename(first)
    if first == "-m":
        module = words[1] if len(words) > 1 else None
        name = (module or "").removesuffix(".__main__").lower()
        return _handed_on([name, *words[2:]]) if name in LAUNCHERS and name != "python" else None
    if name == "find":
        return list(_of_find(words))
    if name == "start":
        return [_of_start(words[1:])]
    if name in CONTAINERS:
        found = _of_container(name, words[1:])
        return [found] if found else []
    launcher = LAUNCHERS["python"] if PYTHON.match(first) else LAUNCHERS.get(name)
    if launcher is None:
        return None
    found = _of_launcher(name, launcher, words[1:])
    return [found] if found else []


def _of_launcher(name: str, launcher: Launcher, rest: Words) -> Words:
    if launcher.dashes:
        at = list(rest).index("--") if "--" in rest else len(rest)
        return rest[at + 1 :] if any(word in launcher.verbs for word in rest[:at]) else []
    if launcher.verbs:
        rest = _behind_options(rest, launcher.valued)
        if not rest or rest[0] not in launcher.verbs:
            return []
        rest = rest[2:] if rest[:2] == ["tool", "run"] else rest[1:] if rest[0] != "tool" else []
    at = 0
    while at < len(rest) and (word := rest[at]) is not None and word.startswith("-"):
        if launcher.modular and (word in ("-m", "--module") or re.fullmatch(r"-[a-zA-Z]*m", word)):
            return ["-m", *rest[at + 1 :]]
        if launcher.modular and re.match(r"-m\w", word):
            return ["-m", word[2:], *rest[at + 1 :]]
        if word in ("-c", "-") and launcher is LAUNCHERS["python"]:
            return []
        at += 2 if word in launcher.valued else 1
        if word == "--":
            break
    rest = _without_assignments(rest[at:])[launcher.skipped :]
    first = rest[0] if rest else None
    if first is None:
        return rest
    if name in ("parallel", "watch", "ssh") and " " in first and (len(rest) == 1 or name == "parallel"):
        return ["sh", "-c", first]
    if name == "hatch":
        return [first.rpartition(":")[2], *rest[1:]]
    return [first.partition("@")[0] or first, *rest[1:]] if name in ("uvx", "uv", "pipx", "npx") else rest


def _behind_options(words: Words, valued: frozenset[str]) -> Words:
    at = 0
    while at < len(words) and (word := words[at]) is not None and word.startswith("-"):
        at += 2 if word in valued else 1
    return words[at:]


def _of_find(words: Words) -> Iterator[Words]:
    for index, word in enumerate(words):
        if word in ("-exec", "-execdir", "-ok", "-okdir"):
            yield words[index + 1 :]


def _of_start(words: Words) -> Words:
    """What `start` of Windows starts: a title in quotes may stand before it, options begin with a slash."""
    at = 0
    while at < len(words) and (word := words[at]) is not None:
        title = at == 0 and (not word or " " in word or word[:1].isupper())
        if not title and not word.startswith("/"):
            break
        at += 2 if word.lower() == "/d" else 1
    return words[at:]


def _of_container(name: str, words: Words) -> Words:
    """The command that Docker or its like runs in a container; empty for anything but ``run`` and ``exec``."""
    rest, _ = _behind_switches(words, _GLOBAL_LETTERS)
    if not name.endswith("-compose") and rest[:1] in (["compose"], ["container"]):
        rest, _ = _behind_switches(rest[1:], frozenset())
    if not rest or rest[0] not in ("run", "exec"):
        return []
    rest, entrypoint = _behind_switches(rest[1:], _CONTAINER_LETTERS)
    while len(rest) > 1 and (rest[0] is None or is_computed(rest[0])) and _HOLDS_OPTIONS.search(rest[0] or "args"):
        rest, more = _behind_switches(rest[1:], _CONTAINER_LETTERS)
        entrypoint = entrypoint or more
    return [*entrypoint.split(), *rest[1:]]


def _behind_switches(words: Words, letters: frozenset[str]) -> tuple[Words, str]:
    """What follows the options, of which all take a value but those known to take none; and the entry point given."""
    at, entrypoint = 0, ""
    while at < len(words) and (word := words[at]) is not None and word.startswith("-") and word != "-":
        option, equals, value = word.partition("=")
        if word.startswith("--"):
            takes = not equals and word != "--" and word not in _CONTAINER_SWITCHES
        else:
            cluster = next((index for index, letter in enumerate(word[1:], 1) if letter not in letters), len(word))
            takes = cluster == len(word) - 1
        if option == "--entrypoint":
            entrypoint = value or (words[at + 1] or "" if at + 1 < len(words) else "")
        at += 2 if takes else 1
        if word == "--":
            break
    return words[at:], entrypoint
