"""What is asked of a planned result before any byte is written: one module per question, each answers with objections.

An objection is a sentence without a subject's path; no objection, and the check is passed.
"""
