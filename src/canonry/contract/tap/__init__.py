"""A tap: a proxy on loopback that passes every byte on, and judges and records what it hears."""
