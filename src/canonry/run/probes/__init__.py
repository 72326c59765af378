"""Probes: short runs of chosen tests in a chosen order, in one process each, to find what tests do to each other."""
