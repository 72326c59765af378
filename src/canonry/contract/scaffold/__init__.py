"""What generated tests of a contract consist of: streams that keep it and break it, and what is asked of a service."""
