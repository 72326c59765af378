"""The plugin that pytest loads by its entry point: PYTEST_DONT_REWRITE.

Without a controller it does only the guard and the fixtures of `canonry.testing`, and imports nothing else for it.
"""
