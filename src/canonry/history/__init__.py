"""What runs leave behind for later ones: durations and outcomes."""
