"""How strict a gate is."""

import msgspec

from canonry.model.finding import Severity
from canonry.model.gate import Kind


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """How strict a gate is: the severity from which violations count, kinds that somebody agreed to, and rules."""

    least: Severity = Severity.WARNING
    allowed: tuple[Kind, ...] = ()
    rules: frozenset[str] | None = None
