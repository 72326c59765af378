"""``python -m canonry.testing.doubles PACKAGE...``: are the doubles of these packages still what they stand for?"""

import sys
from collections.abc import Sequence
from pathlib import Path

from canonry.testing.doubles.compare import compare
from canonry.testing.doubles.errors import DoubleError
from canonry.testing.doubles.factory import SSotMockFactory

_USAGE = "usage: python -m canonry.testing.doubles [--pair FAKE=REAL]... PACKAGE..."


def main(arguments: Sequence[str]) -> int:
    """Prints each double with its drift. Exit 0 clean, 1 drift, 2 a mistake of the user's, 5 nothing compared."""
    pairs: list[tuple[str, str]] = []
    packages: list[str] = []
    left = iter(arguments)
    for each in left:
        pair = next(left, "") if each == "--pair" else each.removeprefix("--pair=") if each[:7] == "--pair=" else None
        if pair is not None and "=" in pair:
            fake, _, real = pair.partition("=")
            pairs.append((fake, real))
        elif pair is not None or each.startswith("-"):
            print(_USAGE, file=sys.stderr)
            return 2
        else:
            packages.append(each)
    sys.path.insert(0, str(Path.cwd()))
    unread: list[str] = []
    try:
        checked = compare(SSotMockFactory, *packages, pairs=pairs, unread=unread)
    except DoubleError as error:
        print(error, file=sys.stderr)
        return 2
    for one in checked:
        print(f"{'drift' if one.drift else 'ok':5}  {one.double} <- {one.real} ({one.how})")
        for sentence in one.drift:
            print(f"       {sentence}")
    for sentence in unread:
        print(f"unread {sentence}")
    stale = sum(bool(one.drift) for one in checked)
    print(f"{len(checked)} double{'' if len(checked) == 1 else 's'} compared, {stale} stale")
    if not checked:
        return 5
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
