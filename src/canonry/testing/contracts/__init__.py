"""Event contracts in tests: attached to what a test receives, judged while it comes."""
