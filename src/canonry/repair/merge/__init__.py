"""Intent merge: a healthy ancestor, and on it the real changes that a broken text holds."""
