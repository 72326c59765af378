"""`python -m reference_chat.model`: the embedded model by itself, for a service that names it as `CHAT_MODEL_URL`."""

import argparse
import asyncio
import os
import signal
import sys

from reference_chat.model.endpoint.app import create_endpoint
from reference_chat.model.endpoint.server import EmbeddedServer


def main() -> int:
    """Serves until SIGINT or SIGTERM; the first line on stdout is the base URL."""
    parser = argparse.ArgumentParser(prog="python -m reference_chat.model", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: any that is free")
    parser.add_argument("--seed", type=int, help="names of completions repeat with it")
    given = parser.parse_args()
    app = create_endpoint(
        key=os.environ.get("CHAT_MODEL_KEY", ""), test_secret=os.environ.get("CHAT_TEST_SECRET", ""), seed=given.seed
    )
    try:
        server = EmbeddedServer(app, host=given.host, port=given.port)
    except OSError as error:
        print(f"cannot listen on {given.host}:{given.port}: {error.strerror}; choose another `--port`", file=sys.stderr)
        return 2
    asyncio.run(_serve(server))
    return 0


async def _serve(server: EmbeddedServer) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    await server.start()
    print(f"{server.url}/v1", flush=True)
    await stopped.wait()
    await server.stop()


if __name__ == "__main__":
    sys.exit(main())
