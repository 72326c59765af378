"""Imports the reference service before the folder with its tests, which has the same name, can stand in its place."""

import reference_chat

__all__ = ["reference_chat"]
