"""canon x source x rules -> findings and compliance."""
