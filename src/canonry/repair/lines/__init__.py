"""Mends a file that does not parse without any history: every line for itself, then the blocks."""
