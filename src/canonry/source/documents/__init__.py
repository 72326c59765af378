"""Files that are no Python -> readings: the commands in them with their places, and what was passed over."""
