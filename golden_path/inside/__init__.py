"""Tests that look into the service or start one of their own: test mode, faults, processes, dependencies."""
