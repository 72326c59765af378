"""How a worker is asked what it does."""

import signal

STACKS_SIGNAL = signal.SIGRTMAX - 3 if hasattr(signal, "SIGRTMAX") else signal.SIGUSR2
"""A signal that no test is likely to use."""
