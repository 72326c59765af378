"""Crowds, cuts and hundred-run bars: run by themselves."""
