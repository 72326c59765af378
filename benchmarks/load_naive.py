"""An aiohttp client that only receives and decodes: what nobody who judges can be faster than.

$ python benchmarks/load_naive.py URL USERS PACE SECONDS
"""

import asyncio
import json
import sys
import time

import aiohttp


async def main(url: str, users: int, pace: float, seconds: float) -> None:
    """Prints events for each CPU second."""
    loop = asyncio.get_running_loop()
    events = 0
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def user(number: int) -> None:
            nonlocal events
            headers = {"Authorization": f"Bearer naive-{number}"}
            async with session.ws_connect(url, headers=headers, compress=0) as socket:
                await socket.receive()
                due = loop.time() + pace * number / users
                while due < ends:
                    await asyncio.sleep(due - loop.time())
                    await socket.send_str(json.dumps({"type": "user_message", "text": "What is new today?"}))
                    while True:
                        message = await socket.receive()
                        events += 1
                        if json.loads(message.data)["type"] == "agent_completed":
                            break
                    due += pace

        ends = loop.time() + seconds
        begun = time.process_time()
        await asyncio.gather(*(user(number) for number in range(users)))
        print(events / (time.process_time() - begun))


asyncio.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])))
