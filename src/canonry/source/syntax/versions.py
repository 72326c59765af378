"""Versions of Python's syntax. Apart from the parser, because most starts need the one without the other."""

import sys

Version = tuple[int, int]
RUNNING: Version = sys.version_info[:2]
