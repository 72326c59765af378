"""Measurements: how fast an audit is, and whether its numbers agree with numbers that were counted elsewhere."""
