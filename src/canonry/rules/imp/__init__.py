"""Imports that drift from the canon."""
