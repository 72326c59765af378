"""Tests that cannot fail."""
