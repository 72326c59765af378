"""What is right: every option declared once, loaded with its origin, documented and checked from that declaration."""
