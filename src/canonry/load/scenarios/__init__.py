"""Scenarios that come with canonry, one a file: the file's name is the scenario's, its docstring what it does."""
