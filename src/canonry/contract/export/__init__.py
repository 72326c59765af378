"""A contract in the words of other tools."""
