"""How a conversation ends, whoever drives it: what it broke, and what is nobody's fault."""

import msgspec

from canonry.contract.check.checker import Session


class Ended(msgspec.Struct, frozen=True):
    """How often a conversation broke each rule, and whether the client left it while something was open."""

    broken: dict[str, int]
    left_open: bool = False


def end(session: Session, at: float, close_code: int | str | None, *, is_ours: bool) -> Ended:
    """Ends a conversation at ``at`` and returns what it broke.

    Where the client broke it off (``is_ours``) while something was owed, only what was overdue is held against it.
    """
    if is_ours and session.owes:
        return Ended(session.end_overdue(at), left_open=True)
    session.end(at, None if is_ours else close_code)
    return Ended(dict(session.state.tally))
