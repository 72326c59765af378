"""Governance: what may be exempt from the rules, with a reason, until when."""
