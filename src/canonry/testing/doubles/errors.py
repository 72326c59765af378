"""What a double refuses."""

from canonry.model.errors import UserError


class DoubleError(UserError):
    """A double that cannot be made, configured or used as asked: it would not stand for anything real."""


class DriftError(DoubleError):
    """A double says something else than the real interface. One line for each difference."""


class MockPolicyError(DoubleError):
    """A double where the category of the running test does not admit it."""
