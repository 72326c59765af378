"""The bulk of the tests: as many files as wanted, each a few checks of one topic in one style."""

from collections.abc import Iterable, Iterator
from random import Random

from demo.check import Check, Topic
from demo.source_file import SourceFile
from demo.styles import STYLES, Style, render
from demo.topics import all_topics

# In these folders every file is healthy and stays so: whoever needs tests that pass finds them here.
HEALTHY = ("tests/unit/identifiers", "tests/unit/money", "tests/unit/shipping")
CATEGORIES = ("unit", "integration")  # every topic has a file in both, so that the set of packages never varies
UNIT_SHARE = 0.78
SUFFIXES = (
    "",
    "_bulk",
    "_contract",
    "_corner_cases",
    "_regression",
    "_rules",
    "_smoke",
    "_v2",
    "_week_{n}",
    "_issue_{n}",
)


def write_suite(count: int, *, seed: int, taken: Iterable[str]) -> tuple[SourceFile, ...]:
    """``count`` test files whose paths are not ``taken``; the same ones for the same seed."""
    rng = Random(f"suite:{seed}")
    topics = all_topics()
    paths = set(taken)
    files = []
    for index in range(count):
        topic = topics[index % len(topics)]
        category = CATEGORIES[index // len(topics)] if index < 2 * len(topics) else ""
        path = next(path for path in _paths(topic, category, rng) if path not in paths)
        paths.add(path)
        files.append(_write_file(topic, path, rng))
    return tuple(files)


def _write_file(topic: Topic, path: str, rng: Random) -> SourceFile:
    clean = path.rpartition("/")[0] in HEALTHY
    style = _choose_style(rng, clean=clean)
    title = path.rpartition("/")[2].removeprefix("test_").removesuffix(".py")
    return SourceFile(
        path=path,
        text=render(style, title, _choose_checks(topic, rng), rng),
        since=style.since or rng.choice(topic.since),
        plants=style.plants,
    )


def _choose_style(rng: Random, *, clean: bool) -> Style:
    styles = [style for style in STYLES if not (clean and style.plants)]
    return rng.choices(styles, [style.weight for style in styles])[0]


def _choose_checks(topic: Topic, rng: Random) -> list[Check]:
    """Three to six checks, each with a name of its own."""
    chosen: dict[str, Check] = {}
    for make in rng.sample(topic.checks, rng.randint(3, min(6, len(topic.checks)))):
        check = make(rng)
        chosen.setdefault(check.says, check)
    return list(chosen.values())


def _paths(topic: Topic, category: str, rng: Random) -> Iterator[str]:
    """Names without end; without a ``category`` most of them are for unit tests."""
    while True:
        folder = category or ("unit" if rng.random() < UNIT_SHARE else "integration")
        name = rng.choice(topic.subjects) + rng.choice(SUFFIXES).format(n=rng.randint(2, 480))
        yield f"tests/{folder}/{topic.folder}/test_{name}.py"
