"""The part that is asked over HTTP, and its OpenAPI document."""
