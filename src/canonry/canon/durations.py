"""Durations as users write them: a number and a unit, such as ``10m``."""

from typing import Annotated

import msgspec

from canonry.model.durations import PATTERN, seconds

__all__ = ["PATTERN", "Duration", "seconds"]

Duration = Annotated[
    str,
    msgspec.Meta(
        pattern=PATTERN,
        extra={"one": "a duration such as `300ms`, `90s`, `10m` or `2h`", "many": "durations such as `90s`"},
    ),
]
