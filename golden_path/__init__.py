"""The golden suite: a user logs in and gets an AI response, held against a service that may be told to be wrong.

It stands beside `reference_chat` and imports nothing of it: the same tests run against any address that speaks its
protocol. `python -m golden_path` prints the fault matrix.
"""
