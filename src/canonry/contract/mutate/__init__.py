"""Streams that break one rule each: the proof that a contract's rules can be broken, and are noticed."""
