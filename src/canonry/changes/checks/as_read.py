"""Check 6: the file on disk is the one that was read."""

from canonry.changes.splice import digest_of


def object_to_change(found: bytes | None, planned: str | None) -> str | None:
    """Objects where a file's bytes are not those with the digest that the plan was made on (None: no file)."""
    if found is None:
        return None if planned is None else "is gone; plan again from what is there now"
    if planned is None:
        return "is there already, and the plan is to make it; plan again from what is there now"
    if digest_of(found) != planned:
        return "changed since it was read; plan again from what is there now"
    return None
