"""The formats there are: one member here, one module of that name beside this file."""

import importlib
from collections.abc import Callable
from enum import StrEnum
from typing import IO, cast

from canonry.report.content import Report

Render = Callable[[Report, IO[str]], None]


class Format(StrEnum):
    """A name for ``--output-format``; the module ``canonry.report.<name>`` has its ``render``."""

    FULL = "full"
    CONCISE = "concise"
    JSON = "json"
    JSONL = "jsonl"
    SARIF = "sarif"
    GITHUB = "github"
    GITLAB = "gitlab"
    JUNIT = "junit"
    MARKDOWN = "markdown"


def renderer(name: str) -> Render:
    """The function that writes a report in this format; its module is imported only now."""
    return cast(Render, importlib.import_module(f"canonry.report.{Format(name).value}").render)
