"""Base test cases, and tests that nothing awaits or collects."""
