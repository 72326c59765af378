"""The page of memory that a worker shares with its controller.

It holds what the worker has said and not yet written to its pipe, so that a process that dies in the middle of a test
loses no event and passing tests cost no system call; and since when the worker has been at what it does, so that the
controller can see a test that does not end without a word from it.

Eight-byte words, then bytes. ``VERSION`` is odd while the worker writes; ``BASE`` is the place in the whole stream of
the first byte of the buffer, ``LENGTH`` how many bytes are in it; ``SINCE`` is the monotonic clock in nanoseconds when
the running test, collection or teardown began, 0 where nothing runs; ``NUMBER`` counts what began.
"""

VERSION, BASE, LENGTH, SINCE, NUMBER = range(5)
HEADER = 64
"""Bytes before the buffer."""
CAPACITY = 256 * 1024
SIZE = HEADER + CAPACITY
