"""One canon for a Python code base's tests, and the proof that it is kept."""

__version__ = "0.1.0"
