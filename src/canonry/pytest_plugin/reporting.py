"""A session that runs no test: pytest-cov reports in it what all workers of a run have measured."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from canonry.pytest_plugin.beside import COVERAGE, stay_single


class Reporting:
    """A plugin. ``folder`` lies beside those of the workers; the report is written into it."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_load_initial_conftests(self, early_config: pytest.Config) -> Iterator[None]:
        """One process is enough."""
        stay_single(early_config.known_args_namespace)
        return (yield)

    @pytest.hookimpl(tryfirst=True)
    def pytest_cmdline_main(self, config: pytest.Config) -> None:
        """The same."""
        stay_single(config.option)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> bool:
        """Nothing is collected."""
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """What the workers measured lies where pytest-cov combines, as if this had been one session."""
        plugin: Any = session.config.pluginmanager.getplugin("_cov")
        measured = Path(plugin.cov_controller.combining_cov.config.data_file)
        for number, data in enumerate(sorted(self._folder.parent.glob(f"{COVERAGE}*/.coverage"))):
            shutil.copyfile(data, measured.with_name(f"{measured.name}.canonry.{number}"))
        return True

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """The report, and whether it is below what was asked for."""
        plugin: Any = session.config.pluginmanager.getplugin("_cov")
        report = {"text": plugin.cov_report.getvalue(), "failed": bool(session.testsfailed)}
        under = plugin.options.cov_fail_under
        if report["failed"] and under is not None:
            report["text"] += f"coverage of {plugin.cov_total:.2f} % is below {under:g} %\n"
        (self._folder / "report.json").write_text(json.dumps(report), encoding="utf-8")
