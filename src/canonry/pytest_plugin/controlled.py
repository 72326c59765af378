"""The half of the runner inside pytest: one session per process, which runs what its controller asks for."""

import contextlib
import importlib
import os
import sys
import time
from collections import deque
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from _pytest.config import ConftestImportFailure
from _pytest.mark import _parse_expression

from canonry.model.outcome import Outcome
from canonry.model.quarantine import forgives
from canonry.model.run_event import AttemptEnded, AttemptStarted, Collected, Leaked, Note, PhaseEnded, Uncollectable
from canonry.model.worker_message import (
    BundleEnded,
    FileEnded,
    FileStarted,
    Finish,
    Ready,
    Retired,
    RunBundle,
    SessionFailed,
    Task,
)
from canonry.pytest_plugin.ahead import import_ahead
from canonry.pytest_plugin.beside import AsWorker, notes, own_coverage, report_no_coverage, share_seed, stay_single
from canonry.pytest_plugin.channel import Channel
from canonry.pytest_plugin.collecting import Broken, Collection, Collector
from canonry.pytest_plugin.contained import contained
from canonry.pytest_plugin.forking import CONTEXT, EVENTS, Forked, rehearse, serve
from canonry.pytest_plugin.leaks import Leaks
from canonry.pytest_plugin.lean import Files, Places, bound_output, quieten
from canonry.pytest_plugin.mocks import ALLOWED, Mocks
from canonry.pytest_plugin.outcomes import attempt_ended, cut, lacks_service, phase_outcome

_NOTABLE = 0.01
"""A phase of at least so many seconds is told even where it passes."""


class _NextTime(pytest.Item):
    """Stands for a test that nobody knows yet: what is wider than a folder stays set up."""

    def runtest(self) -> None:
        """Never called."""


class Controlled:
    """The plugin of a worker: collects and runs bundles until it is told to finish."""

    def __init__(self, channel: Channel | None, folder: str, *, fork_at: str = "") -> None:
        self._folder = folder
        self.channel = channel
        if channel is not None:
            self._channel = channel
        self._fork_at = fork_at
        """The socket of a zygote: each fork of it has a channel."""
        self._bundles: deque[RunBundle] = deque()
        self._finish: Finish | None = None
        self._reports: list[pytest.TestReport] = []
        self._early: dict[Path, BaseException] = {}
        self._collector: Collector | None = None
        self._last = ""
        self._failed = 0
        """How many tests have failed here."""
        self._lacks_service = False
        """Whether the running test met a service that is not to be had."""
        self._places = Places()
        self._files: Files | None = None
        self._leaks: Leaks | None = None
        self._testing: Any = None
        self._mocks: Mocks | None = None

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self) -> Generator[None, object, object]:
        """A test that asks the session to end fails, and the session goes on."""
        with contained():
            return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self) -> Generator[None, object, object]:
        """The same."""
        with contained():
            return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self) -> Generator[None, object, object]:
        """The same."""
        with contained():
            return (yield)

    @pytest.hookimpl(tryfirst=True)
    def pytest_cmdline_main(self, config: pytest.Config) -> None:
        """Options that would let others run the tests, or wait for a keyboard, are off here.

        Raises `pytest.UsageError` for an expression that pytest would refuse only after it has collected a file.
        """
        option = config.option
        _require_expressions(option)
        stay_single(option)
        share_seed(option, self._folder)
        option.usepdb = option.trace = False
        self._max_failures = int(option.maxfail or 0)
        option.maxfail = 0

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_load_initial_conftests(self, early_config: pytest.Config) -> Iterator[None]:
        """A conftest file that breaks costs its folder, not the session."""
        stay_single(early_config.known_args_namespace)
        try:
            with own_coverage(self._folder):
                return (yield)
        except ConftestImportFailure as error:
            self._early[error.path] = error
            return None

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> bool:
        """Nothing is collected before somebody asks."""
        self._collector = Collector(session, self._early)
        self._files = Files(session.config)
        quieten(session.config)
        bound_output(session.config)
        report_no_coverage(session.config, self._folder)
        session.config.pluginmanager.register(AsWorker(), "canonry-as-worker")
        return True

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        """Left out by pytest's options or a plugin."""
        if self._collector is not None:
            self._collector.note_deselected(items)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Kept where it failed: the file is uncollectable."""
        if report.failed and self._collector is not None:
            self._collector.note_failed(report)

    def pytest_exception_interact(self, call: pytest.CallInfo[Any], report: object) -> None:
        """Why a collector failed, while pytest still knows it; and whether a test failed for want of a service."""
        if call.excinfo is None:
            return
        if not isinstance(report, pytest.CollectReport):
            self._lacks_service = self._lacks_service or lacks_service(call.excinfo.value)
        elif self._collector is not None:
            self._collector.note_raised(report, call.excinfo.value)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A phase or subtest ended."""
        if report.when == "setup":  # also where a plugin runs a test again within its protocol
            self._reports.clear()
        self._reports.append(report)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Runs bundles until the controller wants no more."""
        if self._fork_at:
            rehearse(session.config)
            try:
                serve(session.config, self._fork_at, self._go_ahead)
            except Forked as child:
                self.channel = self._channel = child.channel
                self._files = Files(session.config)
                bound_output(session.config)
                self._open_root(session.config)
        for text in notes(session.config):
            self._channel.emit(Note(text=text, at=time.time(), worker=self._channel.worker))
        self._channel.emit(Ready(pid=os.getpid(), max_failures=self._max_failures), flush=True)
        while True:
            bundle = self._next(wait=True)
            if bundle is None:
                break
            self._run_bundle(session, bundle)
        self._tear_down(session)
        self._channel.flush()
        return True

    def _open_root(self, config: pytest.Config) -> None:
        """The folder that is above every file is open before the first is asked for."""
        assert self._collector is not None
        if config.invocation_params.dir == config.rootpath:
            self._channel.begin()
            self._collector.open_folders(config.rootpath / "any")
            self._channel.end()

    def _go_ahead(self, path: str) -> bool:
        """What comes before the first own statement of a test file is done; whether that is certain."""
        assert self._collector is not None
        return import_ahead(self._collector, self._collector.config.rootpath / path)

    def pytest_internalerror(self, excrepr: object) -> None:
        """A plugin, or pytest, broke."""
        text = str(excrepr)
        if self.channel is None:
            return
        self._channel.emit(SessionFailed(reason=_last_line(text), text=cut(text)), flush=True)

    def _next(self, *, wait: bool) -> RunBundle | None:
        """The next bundle; None where there is none now, or never again."""
        if self._finish is not None and (self._finish.now or not self._bundles):
            return None
        if self._bundles:
            return self._bundles.popleft()
        request = self._channel.next_request(wait=wait)
        if isinstance(request, Finish):
            self._finish = request
            return None
        return request

    def _run_bundle(self, session: pytest.Session, bundle: RunBundle) -> None:
        coming = deque(bundle.tasks)
        collected: tuple[Task, Collection] | None = self._collect(bundle, coming.popleft())
        while collected is not None:
            task, collection = collected
            following = self._collect(bundle, coming.popleft()) if coming else None
            self._run_items(session, bundle, task, collection, following)
            self._channel.emit(FileEnded(path=task.path, attempt=task.attempt, missing=collection.missing))
            if self._finish is not None and self._finish.now:
                break
            collected = following
        self._channel.emit(BundleEnded(number=bundle.number), flush=True)

    def _run_items(
        self,
        session: pytest.Session,
        bundle: RunBundle,
        task: Task,
        collection: Collection,
        following: tuple[Task, Collection] | None,
    ) -> None:
        if bundle.collect_only:
            return
        items = session.items = collection.items
        self._provide(bundle, task)
        self._keep_mock_policy(session, bundle)
        watches = bundle.leaks != "off" and bool(items)
        if watches:
            nodes = [item.nodeid for item in items]
            self._watch(session.config).begin(session.config, task.path, nodes, with_globals=bundle.global_leaks)
        for place, item in enumerate(items):
            if place + 1 < len(items):
                nextitem: pytest.Item | None = items[place + 1]
            else:
                nextitem = self._first(session, following)
            self._failed += self._run_item(bundle, task, item, nextitem)
            if 0 < bundle.failures <= self._failed:  # its controller will say so, but later than the next test begins
                self._finish = Finish(now=True)
            if self._stops():
                break
        if watches:
            self._tell_leaks(bundle, task)

    def _keep_mock_policy(self, session: pytest.Session, bundle: RunBundle) -> None:
        if self._mocks is None and bundle.mocks != ALLOWED:
            self._mocks = Mocks()
            session.config.pluginmanager.register(self._mocks, "canonry-mocks")
        if self._mocks is not None:
            self._mocks.policy, self._mocks.category = bundle.mocks, bundle.category

    def _watch(self, config: pytest.Config) -> Leaks:
        if self._leaks is None:
            self._leaks = Leaks(str(config.rootpath))
            config.pluginmanager.register(self._leaks, "canonry-leaks")
        return self._leaks

    def _tell_leaks(self, bundle: RunBundle, task: Task) -> None:
        """What the file left behind; a failure of the file where its category forbids that."""
        assert self._leaks is not None
        left = self._leaks.end()
        now, worker = time.time(), self._channel.worker
        for one in left:
            node = one.node or task.path
            leaked = Leaked(node=node, kind=one.kind, name=one.name, detail=one.detail, at=now, worker=worker)
            self._channel.emit(leaked)
        if left and bundle.leaks == "fail":
            told = (f"{one.node or task.path} leaves {one.kind} `{one.name}` {one.detail}".rstrip() for one in left)
            names = ", ".join(f"{one.kind} `{one.name}`" for one in left)
            self._channel.emit(
                AttemptEnded(
                    node=task.path,
                    outcome=Outcome.FAILED,
                    attempt=task.attempt,
                    category=bundle.category,
                    reason=f"leaves behind: {names}",
                    text=cut("\n".join(told)),
                    path=task.path,
                    at=now,
                    worker=worker,
                ),
                flush=True,
            )

    def _provide(self, bundle: RunBundle, task: Task) -> None:
        """`canonry.testing`, where it is there, knows what runs and hands its events to us."""
        if self._testing is None:
            try:
                self._testing = importlib.import_module(CONTEXT)
                importlib.import_module(EVENTS).set_sink(self._channel.emit)
            except ImportError:
                self._testing = False
        if self._testing:
            worker = self._channel.worker
            self._testing.provide(category=bundle.category, attempt=task.attempt, worker=worker, leaks=bundle.leaks)

    def _first(self, session: pytest.Session, following: tuple[Task, Collection] | None) -> pytest.Item | None:
        """What runs after the last test of a file, as far as it is known; None where nothing does."""
        if following is not None and following[1].items:
            return following[1].items[0]
        if not self._bundles and self._finish is None:
            request = self._channel.next_request(wait=False)
            if isinstance(request, Finish):
                self._finish = request
            elif request is not None:
                self._bundles.append(request)
        if following is None and not self._bundles and self._finish is not None:
            return None
        stub: pytest.Item = _NextTime.from_parent(session, name="next")
        return stub

    def _stops(self) -> bool:
        while self._finish is None or not self._finish.now:  # who was to end after its bundles may be told to end now
            request = self._channel.next_request(wait=False)
            if request is None:
                break
            if isinstance(request, Finish):
                self._finish = request
            else:
                self._bundles.append(request)
        return self._finish is not None and self._finish.now

    def _collect(self, bundle: RunBundle, task: Task) -> tuple[Task, Collection]:
        channel = self._channel
        assert self._collector is not None
        channel.emit(FileStarted(path=task.path))
        channel.begin()
        watches = bundle.leaks != "off" and not bundle.collect_only
        with self._watch(self._collector.config).importing(task.path) if watches else contextlib.nullcontext():
            collection = self._collector.collect(task, shuffle=bundle.shuffle)
        channel.end()
        if collection.broken is not None:
            self._tell_broken(bundle, task, collection.broken)
            return task, collection
        self._places.fill(collection.items)
        self._record_proofs(collection.items)
        nodes = tuple(item.nodeid for item in collection.items)
        channel.emit(
            Collected(
                path=task.path, nodes=nodes, deselected=collection.deselected, at=time.time(), worker=channel.worker
            )
        )
        return task, collection

    def _record_proofs(self, items: list[pytest.Item]) -> None:
        """What tests prove stands in their properties; nobody does who never loaded what marks them."""
        proof = sys.modules.get("canonry.testing.proof")
        if proof is not None:
            for item in items:
                proof.record_claims(item)

    def _tell_broken(self, bundle: RunBundle, task: Task, broken: Broken) -> None:
        now, worker = time.time(), self._channel.worker
        text = cut(broken.text)
        self._channel.emit(
            Uncollectable(path=task.path, reason=broken.reason, line=broken.line, text=text, at=now, worker=worker)
        )

    def _run_item(self, bundle: RunBundle, task: Task, item: pytest.Item, nextitem: pytest.Item | None) -> bool:
        """Whether the test failed, and that counts."""
        channel = self._channel
        node = item.nodeid
        self._last = node
        self._reports.clear()
        self._lacks_service = False
        channel.begin()
        channel.emit(AttemptStarted(node=node, attempt=task.attempt, at=time.time(), worker=channel.worker))
        leaks = self._leaks if bundle.leaks != "off" else None
        if leaks is not None:
            leaks.starts(node)
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=nextitem)
        if not channel.is_mine:  # the test forked, and its child came out here: the tests are its parent's
            os._exit(0)
        channel.end()
        if leaks is not None:
            leaks.ended(node)
        now = time.time()
        reports = self._reports
        for report in reports:
            if report.duration >= _NOTABLE or report.failed:
                self._tell_phase(report, now)
        ended = attempt_ended(
            node,
            reports,
            attempt=task.attempt,
            category=bundle.category,
            at=now,
            worker=channel.worker,
            root=str(item.config.rootpath),
        )
        if self._lacks_service and ended.outcome.is_bad:
            ended = msgspec.structs.replace(ended, outcome=Outcome.SERVICE_UNAVAILABLE)
        channel.emit(ended, flush=ended.outcome.is_bad)
        if self._files is not None and self._files.are_damaged():
            channel.emit(Retired(reason="a test closed files of pytest itself"), flush=True)
            os._exit(0)
        outcome = ended.outcome
        return outcome.is_bad and outcome is not Outcome.NOT_RUN and not forgives(bundle.quarantined, node, outcome)

    def _tell_phase(self, report: pytest.TestReport, now: float) -> None:
        phase = "subtest" if getattr(report, "context", None) is not None else str(report.when)
        self._channel.emit(
            PhaseEnded(
                node=report.nodeid,
                phase=phase,
                outcome=phase_outcome(report),
                duration=report.duration,
                at=now,
                worker=self._channel.worker,
            )
        )

    def _tear_down(self, session: pytest.Session) -> None:
        """What is left of the session's fixtures is torn down; what breaks there is told, and no test is to blame."""
        self._channel.begin()
        try:
            session._setupstate.teardown_exact(None)
        except BaseException as error:  # noqa: BLE001 - a fixture may raise anything
            reason = f"{type(error).__name__}: {error}"
            self._channel.emit(
                AttemptEnded(
                    node=self._last.partition("::")[0],
                    outcome=Outcome.TEARDOWN_ERROR,
                    reason=reason,
                    at=time.time(),
                    worker=self._channel.worker,
                ),
                flush=True,
            )
        self._channel.end()


def _require_expressions(option: Any) -> None:
    for flag, expression in (("-k", option.keyword), ("-m", option.markexpr)):
        if expression:
            _parse_expression(expression.lstrip(), f"the expression of `{flag}` cannot be read")


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:1000] if lines else ""
