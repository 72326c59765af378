"""The embedded model: an OpenAI-compatible endpoint for chat completions that says the same to the same question."""
