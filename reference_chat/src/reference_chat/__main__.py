"""``python -m reference_chat``."""

import argparse
import os
import sys
from collections.abc import Sequence

from reference_chat.settings import SettingsError, from_environment


def main(arguments: Sequence[str] | None = None) -> int:
    """Serves; a setting that cannot be is one sentence and status 2."""
    parser = argparse.ArgumentParser(
        prog="reference_chat", description="An agent chat service; CHAT_* variables set the rest."
    )
    parser.add_argument("--host")
    parser.add_argument("--port", type=int, help="0: any that is free")
    parser.add_argument("--port-file", help="where the address is written when the service listens")
    parser.add_argument("--workers", type=int, help="processes; more than one needs Redis and PostgreSQL")
    given = {name: value for name, value in vars(parser.parse_args(arguments)).items() if value is not None}
    try:
        settings = from_environment(os.environ, **given)
    except SettingsError as error:
        print(f"reference_chat: {error}", file=sys.stderr)
        return 2
    from reference_chat.server import serve

    return serve(settings)


if __name__ == "__main__":
    sys.exit(main())
