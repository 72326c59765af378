"""One canon for a Python code base's tests, and the proof that it is kept.

PYTEST_DONT_REWRITE: pytest would rewrite a package that brings a plugin, and warn where its own worker imported it first.
"""

__version__ = "0.1.0"
