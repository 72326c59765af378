"""One file per output format; the only code that renders."""
