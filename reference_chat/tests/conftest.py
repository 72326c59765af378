"""What a test needs of the machine is said and counted as in the tests of canonry."""

from tests.conftest import pytest_configure, pytest_runtest_setup

__all__ = ["pytest_configure", "pytest_runtest_setup"]
