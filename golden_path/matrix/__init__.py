"""The fault matrix: rows, the runs that prove them, the verdicts, and how they are shown."""
