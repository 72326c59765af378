"""The process environment, used directly."""
