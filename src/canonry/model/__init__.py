"""The shared frozen words. Imports nothing of ours."""
