"""Tests that need a service and nothing else: they run against any address."""
