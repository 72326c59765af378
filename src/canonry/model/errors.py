"""Errors that a user can mend. Everything else is a bug and shows its traceback."""


class UserError(Exception):
    """A mistake of the user's: one sentence that says what was expected, and the next step. Exit status 2.

    ``str(error)`` is the whole message, without a prefix and without a final full stop being required.
    """


class RuleError(UserError):
    """A rule of the user's own raises while it judges. What it raised is the cause. Exit status 2."""


class NothingValidatedError(Exception):
    """Nothing was there to be judged: no Python file, no test, no event. Never green. Exit status 5."""
