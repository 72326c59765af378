"""The golden path with the service's real times."""
