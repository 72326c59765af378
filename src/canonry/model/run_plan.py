"""What a run is to do: which tests, in which categories, under which policy."""

import msgspec


class Policy(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """How the tests of one category run. Times in seconds; None is no limit."""

    workers: int | None = None
    serial: bool = False
    timeout: float | None = None
    """The most that the whole category may take."""
    soft_limit: float | None = None
    """A test that runs longer is told as slow, with its stacks."""
    hard_limit: float | None = None
    """A test that runs longer is ended, with its process tree."""
    memory: int | None = None
    """Bytes of address space a worker may have."""
    retries: int = 0
    flaky_fails: bool = True
    mocks: str = "allowed"
    leaks: str = "warn"
    """``off``, ``warn`` or ``fail``."""
    global_leaks: bool = False
    """Whether globals of the project's modules are looked at, too."""
    services: tuple[str, ...] = ()


class Work(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A test file, or some of its tests: ``nodes`` are node ids, empty for all. ``expected``: seconds, from history."""

    path: str
    nodes: tuple[str, ...] = ()
    expected: float = 0.0


class CategoryPlan(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A category, or the tests that belong to none (``name`` is empty).

    A test belongs to it because its file is among ``work``; where ``markers`` are given, only tests of that file that
    carry one of them, or whose file the category's paths name (``whole``), do.
    """

    name: str = ""
    work: tuple[Work, ...] = ()
    whole: frozenset[str] = frozenset()
    markers: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    """Tests that carry one of these markers belong to another category of the run, which runs them."""
    policy: Policy = Policy()
    needs: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    priority: int = 2
    """0 for P0 (critical) to 3 for P3 (low)."""


class RunPlan(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A whole run. ``root`` is pytest's root directory, absolute; paths are relative to it, with ``/``.

    ``categories`` stand in the order in which they may start; ``pytest_arguments`` go to pytest unchanged.
    """

    root: str
    categories: tuple[CategoryPlan, ...] = ()
    paths: tuple[str, ...] = ()
    """What the user named; pytest gets them, so that it finds its root, options and conftest files as with them."""
    pytest_arguments: tuple[str, ...] = ()
    workers: int = 1
    max_failures: int | None = None
    repeat: int = 1
    until_fail: bool = False
    quarantined: tuple[str, ...] = ()
    """Tests whose failures fail neither their category nor the run."""
    shuffle: int | None = None
    """The seed of the order of tests; None keeps the order of the files."""
