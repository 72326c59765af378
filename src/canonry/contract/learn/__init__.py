"""Contracts proposed from good recordings: guesses with their evidence, never more than what was seen."""
