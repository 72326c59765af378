"""One canon for a Python code base's tests, and the proof that it is kept.

PYTEST_DONT_REWRITE: the package brings a plugin, and pytest would warn where a worker of ours imported it first.
"""

__version__ = "0.1.0"
