"""The proof, on request, that a test which has to fail does fail: in every style, under every way to run.

``python -m canonry.testing.canary`` prints the table; exit status 1 where one passes that must not, or the other way
round.
"""
