"""Second homes and copies."""
