"""Where a suite stands, as a page, as Markdown and as JSON."""
