"""Where the tests are, what is somebody else's code, and at which Python syntax is judged."""

import ast
import re
from collections import Counter
from collections.abc import Iterable, Mapping

from canonry.audit.infer.proposal import Answer, Entry, Omission, Other, plural
from canonry.audit.infer.python_versions import python_versions
from canonry.audit.infer.survey import Read, Survey
from canonry.canon.load import LoadedCanon
from canonry.model.finding import Confidence
from canonry.source.syntax.versions import RUNNING, Version
from canonry.source.target import OLDEST, choose_target

_COVERED = 0.99
_MOST_FOLDERS = 8
_NO_SUITE = re.compile(r"(?:docs?|examples?|samples?|demos?|bench(?:marks?)?|scripts?|tools?)", re.IGNORECASE)
"""Folders whose test files are examples or measurements: they are neither demanded of the folders nor left unsaid."""
_VENDORED = frozenset("vendor vendored _vendor _vendored third_party thirdparty 3rdparty extern _extern".split())


def vendored_folders(paths: Iterable[str]) -> dict[str, int]:
    """The topmost folders named for other people's code, with how many Python files each holds."""
    found: Counter[str] = Counter()
    for path in paths:
        folders = path.split("/")[:-1]
        at = next((at for at, name in enumerate(folders) if name.lower() in _VENDORED), None)
        if at is not None and path.isprintable():
            found["/".join(folders[: at + 1])] += 1
    return dict(found)


def propose_exclude(vendored: Mapping[str, int]) -> Answer:
    """Globs of the vendored folders."""
    if not vendored:
        return Omission("exclude", "no folder is named for vendored code")
    files = sum(vendored.values())
    why = f"{plural(files, 'Python file')} in {plural(len(vendored), 'folder')} named for other people's code"
    value = [f"/{folder}/**" for folder in sorted(vendored)]
    return Entry(key=("exclude",), value=value, why=why, evidence={"files": files, "folders": len(vendored)})


def propose_tests(survey: Survey) -> Answer:
    """The fewest folders that hold at least 99 % of the test files, as pytest's `testpaths` says where it does."""
    held = [file for file in survey.test_files if file.tests]
    held = [file for file in held if file.path.isprintable()]  # TOML holds no other names
    suite = [file.path.rpartition("/")[0] for file in held if not _is_example(file.path)]
    files = Counter(suite or [file.path.rpartition("/")[0] for file in held])
    total = sum(files.values())
    if not total:
        return Omission("tests", "no test file holds a test")
    declared = _testpaths(survey)
    inside = sum(count for folder, count in files.items() if _below(folder, declared))
    if declared and inside >= _COVERED * total:
        why = f"pytest's `testpaths` names them, and they hold {_share(inside, total)}"
        evidence = _evidence(inside, total)
        return Entry(key=("tests",), value=declared, why=why, evidence=evidence, confidence=Confidence.CERTAIN)
    folders = _fewest(files, set(declared))
    if not folders or len(folders) > _MOST_FOLDERS:
        if files[""]:
            stand = "stands" if files[""] == 1 else "stand"
            why = f"{_share(files[''], total)} {stand} at the root, which a list of folders would hide"
        else:
            why = f"no {_MOST_FOLDERS} folders hold {_COVERED:.0%} of the {plural(total, 'file')} with tests"
        return Omission("tests", f"{why}; test files are told by their names")
    inside = sum(count for folder, count in files.items() if _below(folder, folders))
    why = f"{'it holds' if len(folders) == 1 else 'they hold'} {_share(inside, total)}"
    if len(suite) < len(held) and suite:
        why += f", without {plural(len(held) - len(suite), 'example')}"
    if declared:
        within = sum(count for folder, count in files.items() if _below(folder, declared))
        why += f"; pytest's `testpaths` reaches {within:,}"
    every = Counter(file.path.rpartition("/")[0] for file in held)
    outside = tuple(Other(folder or ".", count) for folder, count in every.most_common() if not _below(folder, folders))
    return Entry(key=("tests",), value=folders, why=why, evidence=_evidence(inside, total), others=outside[:5])


def _share(inside: int, total: int) -> str:
    """A part of the files that hold tests; a test file without a test is none of them."""
    return f"{inside:,} of {plural(total, 'file')} with tests"


def _is_example(path: str) -> bool:
    return any(_NO_SUITE.fullmatch(folder) for folder in path.split("/")[:-1])


def _evidence(inside: int, total: int) -> dict[str, int]:
    return {"inside": inside, "test-files": total}


def _testpaths(survey: Survey) -> list[str]:
    value = survey.pytest_values.get("testpaths", [])
    paths = (
        value.split() if isinstance(value, str) else [str(each) for each in value] if isinstance(value, list) else []
    )
    folders = [path.strip("/").removeprefix("./") for path in paths]
    return [folder for folder in folders if any(path.startswith(f"{folder}/") for path in survey.files)]


def _fewest(files: Counter[str], declared: set[str]) -> list[str]:
    """Folders that hold enough: the topmost ones named for tests (or declared), then the fullest of what is left."""
    tops: Counter[str] = Counter()
    for folder, count in files.items():
        tops[_top(folder, declared)] += count
    if "" in tops:
        return []  # the root would make every file one of a test, and without it these would be out of scope
    chosen: list[str] = []
    held = 0
    for folder, count in sorted(tops.items(), key=lambda row: (-row[1], row[0])):
        if held >= _COVERED * sum(files.values()):
            break
        chosen.append(folder)
        held += count
    return chosen


def _top(folder: str, declared: set[str]) -> str:
    parts = folder.split("/")
    for at in range(len(parts)):
        if "/".join(parts[: at + 1]) in declared or re.fullmatch(r"\w*tests?|testing", parts[at], re.IGNORECASE):
            return "/".join(parts[: at + 1])
    return folder


def _below(folder: str, folders: Iterable[str]) -> bool:
    return any(folder == each or folder.startswith(f"{each}/") for each in folders)


# the target version --------------------------------------------------------------------------------------------------


def propose_target(read: Read, documents: Iterable[str], loaded: LoadedCanon) -> Answer:
    """The lowest Python that the project runs under, where the default would be another. Paths of documents."""
    default, origin = choose_target(None, loaded.requires_python)
    setup = _setup_requirement(read)
    if loaded.requires_python is None and setup:
        lowest, said = choose_target(None, setup)[0], f"setup.py says `python_requires = {setup}`"
        return _target(lowest, default, said, Confidence.CERTAIN, declared=False)
    tested = python_versions(read, documents)
    versions = {version: count for text, count in tested.items() if (version := _version(text)) <= RUNNING}
    if not versions:
        return Omission("target-python", f"the default is right as far as can be told ({origin})")
    lowest = min(versions)
    total = plural(sum(tested.values()), "time")
    said = f"CI sets up Python {total}, and the lowest is this; "
    said += f"requires-python admits {_dotted(default)}" if loaded.requires_python else "no requires-python is declared"
    declared = loaded.requires_python is not None
    return _target(max(lowest, OLDEST), default, said, Confidence.LIKELY, declared=declared)


def _target(version: Version, default: Version, why: str, confidence: Confidence, *, declared: bool) -> Answer:
    """The entry where the version differs; what requires-python declares is never lowered."""
    if version == default:
        return Omission("target-python", f"the default is {_dotted(default)} already")
    if declared and version < default:
        return Omission("target-python", f"the default is {_dotted(default)}; CI also sets up {_dotted(version)}")
    return Entry(key=("target-python",), value=_dotted(version), why=why, confidence=confidence)


def _setup_requirement(read: Read) -> str:
    """The literal `python_requires` of setup.py, or an empty string."""
    content = read("setup.py")
    try:
        tree = ast.parse(content or b"")
    except (SyntaxError, ValueError):
        return ""
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "python_requires" and isinstance(node.value, ast.Constant):
            return str(node.value.value)
    return ""


def _version(text: str) -> Version:
    major, _, minor = text.partition(".")
    return int(major), int(minor)


def _dotted(version: Version) -> str:
    return f"{version[0]}.{version[1]}"
