"""Doubles that stand where the canon wants the real thing, or the one factory."""
