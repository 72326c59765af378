"""Formulas of reliability: pure functions of counts and times, each with its source."""
