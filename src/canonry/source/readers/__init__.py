"""Readers of files that are no Python and hold commands: one module per kind of file, found by its presence.

A reader's module declares ``PATTERNS``, the files that it reads, and ``read(text)``, which gives a `Reading`. A pattern
without a slash is matched against the file's name, one with a slash against the path from the root (``*`` stays inside
a folder, ``**/`` crosses them). Where two readers claim a file, the one whose module comes first by name reads it; an
ending that only one reader names decides alone.
"""
