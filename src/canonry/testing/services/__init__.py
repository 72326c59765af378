"""Real services: processes that tests use, started, probed, leased and ended. `start.start` is the one engine."""
