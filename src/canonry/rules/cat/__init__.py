"""The category table against what it selects."""
