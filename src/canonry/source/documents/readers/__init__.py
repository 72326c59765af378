"""Readers of files that are no Python and hold commands: one module per kind of file, found by its presence.

A reader's module declares ``PATTERNS``, the files that it reads, and ``read(document)``, which gives a `Reading`. A
pattern without a slash is matched against the file's name, one with a slash against the path from the root (``*``
stays inside a folder, ``**/`` crosses them); the ending, or the whole name, has no wildcard. A reader that takes every
file of an ending takes those that no other reader claims. Two more are optional: ``EXTENSIONLESS``, names of folders
whose files without an ending it reads, and ``HINTS``, bytes of which a content must hold one to be read at all. The
first two are written as tuples of plain strings: they are known before any reader is imported.
"""
